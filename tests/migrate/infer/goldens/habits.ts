// Inferred from a database. What is changed here is lost when it is inferred again.
import { declare } from "../../../../migrate/scratch/declare.ts";
import {
  belongsTo,
  type Column,
  column,
  constraint,
  hasMany,
  hasOne,
  index,
  model,
  relations,
  sql,
  trigger,
} from "../../../../mod.ts";

export const placeType = column.composite("place", {
  street: column.text().nullable(),
  town: column.text().nullable(),
});

export const amountType = column.domain("amount", column.integer());

export const Audit = model("audit", {
  revisionId: column.integer().references(() => Grant.id),
});

export const AuditRevision = model("audit_revision", {
  id: column.integer(),
});

export const Catalogued = model("catalogued", {
  // The type name has no function of its own; its values are taken for strings
  name: column.custom("name").primaryKey(),
  // The type xid has no function of its own; its values are taken for strings
  transaction: column.custom("xid").nullable(),
  // The type "char" has no function of its own; its values are taken for strings
  short: column.custom('"char"').nullable(),
  blank: column.char(3).nullable(),
  // The type name has no function of its own; its values are taken for strings
  many: column.custom("name").array().nullable(),
});

export const Coded = model("coded", {
  pk: column.integer().primaryKey(),
  code: column.text().nullable().comment("Of the parent"),
  note: column.text().default("none").nullable(),
  made: column.timestamptz().defaultNow(),
});

export const Grant = model("grants", {
  id: column.integer().primaryKey(),
  permission: column.text().nullable().references(() => Permission.permission, { onDelete: "cascade" }),
});

export const Held = model("held", {
  amount: amountType.nullable(),
  place: placeType.nullable(),
});

export const Late = model("late", {
  a: column.integer(),
  b: column.integer(),
});

export const Measured = model("measured", {
  at: column.date(),
  value: column.integer().nullable(),
}, { partitionBy: (t) => ({ range: [t.at] }) });

export const Page = model("pages", {
  id: column.integer().primaryKey(),
  title: column.text().nullable(),
  slug: column.text().nullable(),
  made: column.timestamptz().name("Made").nullable(),
  words: column.tsvector().nullable(),
}, {
  triggers: (t) => [
    trigger("Odd ON name", {
      when: "after",
      on: ["insert", "delete", "truncate"],
      each: "statement",
      call: { function: "touch", schema: "Shared" },
    }),
    trigger("slugged", {
      on: ["insert", "update"],
      of: [t.title, t.slug],
      where: sql`(new.title IS NOT NULL) AND (new.slug <> 'a'::text)`,
      body: sql`begin new.slug := lower(replace(new.title, '\\ ', '-')); return new; end`,
    }),
    trigger("used", { when: "after", on: "insert", call: { function: "pages_used", schema: "public" } }),
    trigger("used_too", { when: "after", on: "update", call: { function: "pages_used", schema: "public" } }),
    trigger("worded", {
      on: ["insert", "update"],
      call: { function: "tsvector_update_trigger", arguments: ["words", "pg_catalog.simple", "title"] },
    }),
  ],
});

export const ParticipantsRequirementUsageComponentsOfProject = model(
  "participants_requirement_usage_components_of_projects",
  {
    targetProjectClusterMilestoneModuleIdOfParticipants: column.integer().primaryKey(),
    otherProjectClusterMilestoneModuleIdOfParticipantS: column.integer()
      .nullable()
      .references(
        (): Column<number> =>
          ParticipantsRequirementUsageComponentsOfProject.targetProjectClusterMilestoneModuleIdOfParticipants,
      ),
    otherProjectClusterMilestoneModuleIdOfParticipant2: column.integer()
      .name("other_project_cluster_milestone_module_id_of_participant_2")
      .nullable()
      .unique(),
  },
  {
    constraints: (t) => [
      constraint.unique(
        [
          t.otherProjectClusterMilestoneModuleIdOfParticipantS,
          t.targetProjectClusterMilestoneModuleIdOfParticipants,
        ],
        { name: "participants_requirement_usag_other_project_cluster_milest_key1" },
      ),
    ],
  },
);

export const ParticipantsRequirementUsageComponentsOfProjects2 = model(
  "participants_requirement_usage_components_of_projects_2",
  {
    targetProjectClusterMilestoneModuleIdOfParticipants: column.bigint(),
    otherProjectClusterMilestoneModuleIdOfParticipantS: column.integer()
      .unique({ name: "participants_requirement_usag_other_project_cluster_milest_key2" })
      .references(
        () =>
          ParticipantsRequirementUsageComponentsOfProject.targetProjectClusterMilestoneModuleIdOfParticipants,
        { onDelete: "cascade", name: "participants_requirement_usa_other_project_cluster_milest_fkey1" },
      ),
    otherProjectClusterMilestoneModuleIdOfParticipant2: column.integer()
      .name("other_project_cluster_milestone_module_id_of_participant_2")
      .nullable(),
  },
  {
    indexes: (t) => [
      index(
        t.targetProjectClusterMilestoneModuleIdOfParticipants,
        t.otherProjectClusterMilestoneModuleIdOfParticipant2.desc({ nulls: "last" }),
      )
        .include(t.otherProjectClusterMilestoneModuleIdOfParticipantS)
        .where(sql`target_project_cluster_milestone_module_id_of_participants > 1`)
        .name("participants_requirement_usag_target_project_cluster_milest_idx"),
    ],
    constraints: (t) => [
      constraint.foreignKey(
        [t.otherProjectClusterMilestoneModuleIdOfParticipant2],
        () => [
          ParticipantsRequirementUsageComponentsOfProject.otherProjectClusterMilestoneModuleIdOfParticipant2,
        ],
        { name: "participants_requirement_usa_other_project_cluster_milest_fkey2" },
      ),
      constraint.foreignKey(
        [t.targetProjectClusterMilestoneModuleIdOfParticipants],
        () => [
          ParticipantsRequirementUsageComponentsOfProject.targetProjectClusterMilestoneModuleIdOfParticipants,
        ],
      ),
    ],
    triggers: (t) => [
      trigger("participants_requirement_usage_components_of_projects_touched", {
        on: "update",
        of: [
          t.targetProjectClusterMilestoneModuleIdOfParticipants,
          t.otherProjectClusterMilestoneModuleIdOfParticipantS,
        ],
        call: { function: "touch", schema: "Shared" },
      }),
    ],
  },
);

export const Part = model("parts", {
  a: column.integer().default(1).nullable(),
  b: column.integer().default(2).nullable(),
}, {
  partitionBy: (t) => ({ range: [t.a] }),
  triggers: () => [
    trigger("settled", { on: "insert", call: { function: "touch", schema: "Shared" } }),
  ],
});

export const Permission = model("permissions", {
  id: column.serial(),
  permission: column.varchar(255).primaryKey().unique({ name: "permission_unique" }),
});

export const Pivot = model("pivots", {
  id: column.integer().primaryKey(),
  // The type public.tablefunc_crosstab_2 has no function of its own; its values are taken for strings
  cells: column.custom("public.tablefunc_crosstab_2").array().nullable(),
});

export const Setting = model("settings", {
  project: column.text().primaryKey(),
  environment: column.text().primaryKey(),
}, {
  constraints: (t) => [
    constraint.unique([t.project, t.environment], { name: "settings_again" }),
    constraint.unique([t.project, t.environment]),
  ],
});

export const Settled = model("settled", {
  id: column.integer().primaryKey(),
  name: column.text().nullable().unique(),
  made: column.timestamptz().nullable(),
  coded: column.text().nullable(),
}, {
  indexes: (t) => [
    index(t.name, sql`lower(coded)`).name("settled_low"),
  ],
});

export const Blank = model("blanks", {
  // The type bpchar has no function of its own; its values are taken for strings
  blank: column.custom("bpchar").nullable(),
}, {
  view: "view",
  query: sql`SELECT COALESCE(blank, 'x'::bpchar) AS blank
   FROM public.catalogued`,
});

export const Title = model("titles", {
  id: column.integer().nullable(),
  title: column.text().nullable(),
}, {
  view: "view",
  query: sql`SELECT id,
    title
   FROM public.pages`,
  triggers: () => [
    trigger("gone", {
      when: "instead of",
      on: "delete",
      call: { function: "titles_gone", schema: "public" },
    }),
    trigger("written", { when: "instead of", on: "update", call: { function: "touch", schema: "Shared" } }),
  ],
});

export const Year = model("years", {
  year: column.numeric().nullable(),
  month: column.numeric().nullable(),
}, {
  view: "view",
  query: sql`SELECT EXTRACT(year FROM made) AS year,
    EXTRACT(month FROM made) AS month
   FROM public.coded`,
});

export const audit = relations(Audit, {
  revision: belongsTo(Grant, Audit.revisionId),
});

export const grant = relations(Grant, {
  permissionRow: belongsTo(Permission, Grant.permission),
  audits: hasMany(Audit, Audit.revisionId),
});

export const participantsRequirementUsageComponentsOfProject = relations(
  ParticipantsRequirementUsageComponentsOfProject,
  {
    parent: belongsTo(
      ParticipantsRequirementUsageComponentsOfProject,
      ParticipantsRequirementUsageComponentsOfProject.otherProjectClusterMilestoneModuleIdOfParticipantS,
    ),
    children: hasMany(
      ParticipantsRequirementUsageComponentsOfProject,
      ParticipantsRequirementUsageComponentsOfProject.otherProjectClusterMilestoneModuleIdOfParticipantS,
    ),
    participantsRequirementUsageComponentsOfProjects2ByOtherProjectClusterMilestoneModuleIdOfParticipantS:
      hasOne(
        ParticipantsRequirementUsageComponentsOfProjects2,
        ParticipantsRequirementUsageComponentsOfProjects2.otherProjectClusterMilestoneModuleIdOfParticipantS,
      ),
    participantsRequirementUsageComponentsOfProjects2sByOtherProjectClusterMilestoneModuleIdOfParticipant2:
      hasMany(
        ParticipantsRequirementUsageComponentsOfProjects2,
        ParticipantsRequirementUsageComponentsOfProjects2.otherProjectClusterMilestoneModuleIdOfParticipant2,
        {
          key: ParticipantsRequirementUsageComponentsOfProject
            .otherProjectClusterMilestoneModuleIdOfParticipant2,
        },
      ),
    participantsRequirementUsageComponentsOfProjects2sByTargetProjectClusterMilestoneModuleIdOfParticipants:
      hasMany(
        ParticipantsRequirementUsageComponentsOfProjects2,
        ParticipantsRequirementUsageComponentsOfProjects2.targetProjectClusterMilestoneModuleIdOfParticipants,
      ),
  },
);

export const participantsRequirementUsageComponentsOfProjects2 = relations(
  ParticipantsRequirementUsageComponentsOfProjects2,
  {
    otherProjectClusterMilestoneModuleIdOfParticipantSParticipantsRequirementUsageComponentsOfProject:
      belongsTo(
        ParticipantsRequirementUsageComponentsOfProject,
        ParticipantsRequirementUsageComponentsOfProjects2.otherProjectClusterMilestoneModuleIdOfParticipantS,
      ),
    otherProjectClusterMilestoneModuleIdOfParticipant2ParticipantsRequirementUsageComponentsOfProject:
      belongsTo(
        ParticipantsRequirementUsageComponentsOfProject,
        ParticipantsRequirementUsageComponentsOfProjects2.otherProjectClusterMilestoneModuleIdOfParticipant2,
        {
          key: ParticipantsRequirementUsageComponentsOfProject
            .otherProjectClusterMilestoneModuleIdOfParticipant2,
        },
      ),
    targetProjectClusterMilestoneModuleIdOfParticipantsParticipantsRequirementUsageComponentsOfProject:
      belongsTo(
        ParticipantsRequirementUsageComponentsOfProject,
        ParticipantsRequirementUsageComponentsOfProjects2.targetProjectClusterMilestoneModuleIdOfParticipants,
      ),
  },
);

export const permission = relations(Permission, {
  grants: hasMany(Grant, Grant.permission),
});

// the privileges of roles on one object are left out: grant them in a migration
// table:public.coded_item has no model and is declared: it inherits from another table
// table:public.coded_part has no model and is declared: it inherits from another table
// table:public.merged has no model and is declared: it inherits from another table
export const declarations = declare([
  sql`create schema if not exists "Shared"`,
  sql`create extension if not exists "tablefunc" schema "public"`,
  sql`alter domain "public"."amount" add constraint "positive" check ((VALUE > 0))`,
  sql`comment on constraint positive on domain public.amount is 'above'`,
  sql`comment on column public.place.street is 'of the town'`,
  sql`CREATE OR REPLACE FUNCTION "Shared".touch()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$begin new."Made" := now(); return new; end$function$`,
  sql`CREATE OR REPLACE FUNCTION public.near(double precision, double precision)
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE
RETURN (abs(($1 - $2)) < (0.01)::double precision)`,
  sql`comment on function "public"."pages_slugged"() is 'Own'`,
  sql`CREATE OR REPLACE FUNCTION public.pages_used()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin return null; end
$function$`,
  sql`CREATE OR REPLACE FUNCTION public.titles_gone()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$begin return old; end$function$`,
  sql`create table "public"."coded_item" (
  "fk_item" integer not null
) inherits ("public"."coded")`,
  sql`alter table "public"."coded_item" alter column "code" set statistics 50`,
  sql`comment on column "public"."coded_item"."code" is 'Of the child; it''s other'`,
  sql`alter table "public"."coded_item" alter column "code" set not null`,
  sql`alter table "public"."coded_item" alter column "note" set default 'item'::text`,
  sql`alter table "public"."coded_item" alter column "note" set storage external`,
  sql`alter table "public"."coded_item" alter column "made" drop default`,
  sql`create table "public"."coded_part" (
  "pk" integer not null,
  "code" text,
  "note" text default ('none'::text),
  "made" timestamp with time zone not null default now()
) inherits ("public"."coded")`,
  sql`alter table "public"."late" rename constraint "late_a_not_null" to "is there"`,
  sql`alter table "public"."late" rename constraint "late_b_not_null" to "alone"`,
  sql`alter table public.late drop constraint "is there", add constraint "is there" not null a not valid`,
  sql`alter table public.late alter constraint alone no inherit`,
  sql`comment on constraint "is there" on public.late is 'soon'`,
  sql`create table "public"."measured_old" partition of "public"."measured" FOR VALUES FROM (MINVALUE) TO ('2020-01-01')`,
  sql`comment on column "public"."measured_old"."value" is 'Of the partition'`,
  sql`alter table "public"."measured_old" alter column "value" set default 7`,
  sql`alter table "public"."measured_old" alter column "value" set not null`,
  sql`create table "public"."merged" (
  "made" timestamp with time zone not null default now(),
  "extra" integer
) inherits ("public"."coded")`,
  sql`create table "public"."parts_1" partition of "public"."parts" FOR VALUES FROM (1) TO (2)`,
  sql`alter table "public"."parts_1" alter column "b" drop default`,
  sql`alter table "public"."parts_1" alter column "b" set not null`,
  sql`alter table "public"."parts_1" alter column "a" set default 3`,
  sql`alter table public.settled alter column name set (n_distinct=5, n_distinct_inherited=7)`,
  sql`comment on constraint "settled_name_key" on "public"."settled" is 'the name''s'`,
  sql`comment on index public.settled_pkey is 'the key''s'`,
  sql`alter table public.settled cluster on settled_low`,
  sql`alter index public.settled_low alter column 2 set statistics 500`,
  sql`CREATE STATISTICS public.settled_pairs ON id, name FROM public.settled`,
  sql`alter statistics public.settled_pairs set statistics 77`,
  sql`CREATE CONSTRAINT TRIGGER checked AFTER INSERT ON public.pages DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION "Shared".touch()`,
  sql`CREATE TRIGGER rows AFTER UPDATE ON public.pages REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION "Shared".touch()`,
  sql`CREATE TRIGGER sleeping BEFORE INSERT ON public.pages FOR EACH ROW EXECUTE FUNCTION "Shared".touch()`,
  sql`alter table "public"."pages" disable trigger "sleeping"`,
  sql`comment on trigger "slugged" on "public"."pages" is 'Makes the slug'`,
  sql`CREATE TRIGGER touched BEFORE UPDATE ON public.pages FOR EACH ROW WHEN ((old.* IS DISTINCT FROM new.*)) EXECUTE FUNCTION "Shared".touch('it''s', 'a, ''b', '', 'x) EXECUTE FUNCTION y(')`,
  sql`alter table public.parts_1 disable trigger settled`,
  sql`create aggregate public.joined_array(anycompatiblearray) (sfunc = array_cat, stype = anycompatiblearray, initcond = '{}')`,
  sql`comment on aggregate public.joined_array(anycompatiblearray) is 'Rows; one array'`,
  sql`create operator public.~~~ (function = public.near, leftarg = double precision, rightarg = double precision)`,
  sql`comment on operator public.~~~(double precision,double precision) is 'About'`,
]);
