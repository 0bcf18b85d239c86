/** What databases have that have grown for years: each of it once came back different, or not at all. */

/** The statements, in an order that runs. */
export function habitsSchema(version: number): readonly string[] {
  return [...STATEMENTS, ...(version >= 18 ? NEWEST : [])];
}

const NEWEST = [
  `create table late (a int, b int)`,
  `alter table late add constraint "is there" not null a not valid`,
  `alter table late add constraint alone not null b no inherit`,
  `comment on constraint "is there" on late is 'soon'`,
];

const STATEMENTS = [
  // A unique constraint that is the primary key again, which a foreign key uses.
  `create table permissions (id serial not null, permission varchar(255) primary key)`,
  `alter table permissions add constraint permission_unique unique (permission)`,
  `create table grants (id int primary key, permission text references permissions (permission) on delete cascade)`,
  `create table settings (project text, environment text, primary key (project, environment))`,
  `alter table settings add unique (project, environment)`,
  `alter table settings add constraint settings_again unique (project, environment)`,
  // Types of an extension, one of which is no type of ours for all that it is a row.
  `create extension tablefunc`,
  `create table pivots (id int primary key, cells tablefunc_crosstab_2[])`,
  // A name that PostgreSQL had to number.
  `create table audit_revision (id int not null)`,
  `create table audit (revision_id int not null references grants)`,
  // What a table says of its parents' columns.
  `create table coded (pk int primary key, code text, note text default 'none', made timestamptz default now() not null)`,
  `comment on column coded.code is 'Of the parent'`,
  `create table coded_item (fk_item int not null) inherits (coded)`,
  `alter table coded_item alter code set not null, alter note set default 'item', alter made drop default,
     alter code set statistics 50, alter note set storage external`,
  `comment on column coded_item.code is 'Of the child; it''s other'`,
  `create table coded_part (like coded) inherits (coded)`,
  `create table measured (at date not null, value int) partition by range (at)`,
  `create table measured_old partition of measured (value default 7 not null) for values from (minvalue) to ('2020-01-01')`,
  `comment on column measured_old.value is 'Of the partition'`,
  // Comments of what is called by its arguments.
  `create aggregate joined_array(anycompatiblearray) (sfunc = array_cat, stype = anycompatiblearray, initcond = '{}')`,
  `comment on aggregate joined_array(anycompatiblearray) is 'Rows; one array'`,
  `create function near(float8, float8) returns boolean language sql immutable return abs($1 - $2) < 0.01`,
  `create operator ~~~ (leftarg = float8, rightarg = float8, function = near)`,
  `comment on operator ~~~ (float8, float8) is 'About'`,
  // A field in upper case is told without its quotes.
  `create view years as select extract('YEAR' from made) as year, extract(month from made) as month from coded`,
  // Triggers: with a function of their own, with one of everybody's, of the system's, and those no model says.
  `create schema "Shared"`,
  `create table pages (id int primary key, title text, slug text, "Made" timestamptz, words tsvector)`,
  `create function pages_slugged() returns trigger language plpgsql as $fn$
begin new.slug := lower(replace(new.title, '\\ ', '-')); return new; end
$fn$`,
  `comment on function pages_slugged() is 'Own'`,
  `create trigger slugged before insert or update of title, slug on pages for each row
     when (new.title is not null and new.slug <> 'a') execute function pages_slugged()`,
  `comment on trigger slugged on pages is 'Makes the slug'`,
  `create function "Shared".touch() returns trigger language plpgsql as 'begin new."Made" := now(); return new; end'`,
  `create trigger touched before update on pages for each row when (old.* is distinct from new.*)
     execute function "Shared".touch('it''s', 'a, ''b', '', 'x) EXECUTE FUNCTION y(')`,
  `create trigger "Odd ON name" after delete or truncate or insert on pages for each statement
     execute function "Shared".touch()`,
  `create trigger worded before insert or update on pages for each row
     execute function tsvector_update_trigger('words', 'pg_catalog.simple', 'title')`,
  `create trigger sleeping before insert on pages for each row execute function "Shared".touch()`,
  `alter table pages disable trigger sleeping`,
  `create constraint trigger checked after insert on pages deferrable initially deferred for each row
     execute function "Shared".touch()`,
  `create trigger rows after update on pages referencing old table as before new table as after
     for each statement execute function "Shared".touch()`,
  `create view titles as select id, title from pages`,
  `create trigger written instead of update on titles for each row execute function "Shared".touch()`,
  `create function titles_gone() returns trigger language plpgsql as 'begin return old; end'`,
  `create trigger gone instead of delete on titles for each row execute function titles_gone()`,
  `create function pages_used() returns trigger language plpgsql as $fn$
begin return null; end
$fn$`,
  `create trigger used after insert on pages for each row execute function pages_used()`,
  `create trigger used_too after update on pages for each row execute function pages_used()`,
  `grant select on pages to public`,
  `grant update (title) on pages to public`,
  // What is set by statements of their own.
  `create table settled (id int primary key, name text unique, made timestamptz, coded text)`,
  `create index settled_low on settled (name, lower(coded))`,
  `alter table settled cluster on settled_low`,
  `alter table settled alter name set (n_distinct = 5, n_distinct_inherited = 7)`,
  `alter index settled_low alter column 2 set statistics 500`,
  `comment on index settled_pkey is 'the key''s'`,
  `comment on constraint settled_name_key on settled is 'the name''s'`,
  `create statistics settled_pairs on name, id from settled`,
  `alter statistics settled_pairs set statistics 77`,
  `create type place as (street text, town text)`,
  `comment on column place.street is 'of the town'`,
  `create domain amount as int constraint positive check (value > 0)`,
  `comment on constraint positive on domain amount is 'above'`,
  `create table held (amount amount, place place)`,
  `create table parts (a int default 1, b int default 2) partition by range (a)`,
  `create table parts_1 (b int not null, a int default 3)`,
  `alter table parts attach partition parts_1 for values from (1) to (2)`,
  `create table merged (made timestamptz, extra int) inherits (coded)`,
  `create trigger settled before insert on parts for each row execute function "Shared".touch()`,
  `alter table parts_1 disable trigger settled`,
  // Names that are longer than a line.
  `create table participants_requirement_usage_components_of_projects (
     target_project_cluster_milestone_module_id_of_participants int primary key,
     other_project_cluster_milestone_module_id_of_participant_s int references
       participants_requirement_usage_components_of_projects,
     other_project_cluster_milestone_module_id_of_participant_2 int unique,
     unique (other_project_cluster_milestone_module_id_of_participant_s, target_project_cluster_milestone_module_id_of_participants))`,
  `create table participants_requirement_usage_components_of_projects_2 (
     target_project_cluster_milestone_module_id_of_participants bigint not null references
       participants_requirement_usage_components_of_projects,
     other_project_cluster_milestone_module_id_of_participant_s int not null unique references
       participants_requirement_usage_components_of_projects on delete cascade,
     other_project_cluster_milestone_module_id_of_participant_2 int references
       participants_requirement_usage_components_of_projects (other_project_cluster_milestone_module_id_of_participant_2))`,
  `create index on participants_requirement_usage_components_of_projects_2 (
     target_project_cluster_milestone_module_id_of_participants,
     other_project_cluster_milestone_module_id_of_participant_2 desc nulls last)
     include (other_project_cluster_milestone_module_id_of_participant_s)
     where target_project_cluster_milestone_module_id_of_participants > 1`,
  `create trigger participants_requirement_usage_components_of_projects_touched
     before update of target_project_cluster_milestone_module_id_of_participants,
     other_project_cluster_milestone_module_id_of_participant_s
     on participants_requirement_usage_components_of_projects_2 for each row execute function "Shared".touch()`,
  // Types without a function of their own.
  `create table catalogued (name name primary key, transaction xid, short "char", blank char(3), many name[])`,
  `create view blanks as select coalesce(blank, 'x') as blank from catalogued`,
];
