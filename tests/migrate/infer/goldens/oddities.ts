// Inferred from a database. What is changed here is lost when it is inferred again.
import { declare } from "../../../../migrate/scratch/declare.ts";
import {
  belongsTo,
  type Column,
  column,
  constraint,
  hasMany,
  index,
  model,
  relations,
  type Sql,
  sql,
} from "../../../../mod.ts";

export const selectType = column.enum("select", ["one"], { schema: "order" });

export const tableType = column.domain(
  "table",
  selectType.default(sql`'one'::"order"."select"`),
  { schema: "order" },
);

export const moodType = column.enum("Mood", [
  "it's",
  'a"b',
  "back\\slash",
  "`tick` ${x}",
], { schema: "Sales Dept" });

export const SalesDeptUser = model("Users", {
  id: column.integer().primaryKey(),
  mood: moodType.default("`tick` ${x}").nullable(),
  oldMood: moodType.array().default(sql`'{it''s}'::"Sales Dept"."Mood"[]`).nullable(),
}, { schema: "Sales Dept" });

export const ByName = model("by_name", {
  name: column.text().unique(),
  id: column.serial().primaryKey(),
}, { schema: "app" });

export const Checked = model("checked", {
  status: column.varchar(9).nullable(),
  other: column.varchar().nullable(),
  tax: column.text().nullable(),
}, {
  schema: "app",
  indexes: (t) => [
    index(t.other).where(sql`(other)::text = ANY (ARRAY['a'::character varying, 'b'::character varying])`),
  ],
  checks: () => ({
    checked_check: sql`((status)::text = 'a'::text) OR ((other)::text = 'b'::text)`,
    checked_status_check: sql`(status)::text = ANY (ARRAY['a'::character varying, 'b'::character varying])`,
    several:
      sql`((status)::text = ANY (ARRAY['a'::character varying, 'b''c'::character varying])) AND ((other)::text <> ALL (ARRAY['x'::character varying, 'y'::character varying]))`,
  }),
});

export const Counted = model("counted", {
  n: column.integer().default(sql`nextval('app."Odd seq"'::regclass)`),
  m: column.integer().default(sql`nextval('app."Odd seq"'::regclass)`).nullable(),
}, { schema: "app" });

export const Half = model("halves", {
  a: column.integer().nullable(),
  b: column.integer().nullable(),
  wholeB: column.integer().nullable(),
  wholeA: column.integer().nullable(),
  x: column.integer().default(sql`((3 + 4) * 2)`).nullable(),
  y: column.timestamp().default(sql`(now() AT TIME ZONE 'utc'::text)`).nullable(),
  z: column.text().default(sql`'a\\b'::text`).nullable(),
  w: column.varchar().default("it's").nullable(),
  v: column.char(3).default(sql`'ab'::bpchar`).nullable(),
  u: column.numeric().default("-1.5").nullable(),
  s: column.smallint().default(sql`'7'::smallint`).nullable(),
  r: column.integer().default(-3).nullable(),
  q: column.interval().default(sql`'1 day'::interval`).nullable(),
  p: column.boolean().default(false),
  o: column.jsonb().default([]).nullable(),
  n: column.date().default(sql`CURRENT_DATE`).nullable(),
  m: column.real().default(sql`'10000000000'::numeric`).nullable(),
}, { schema: "app" });

export const Listed = model("listed", {
  kind: column.text().nullable(),
  size: column.integer().nullable(),
}, {
  schema: "app",
  partitionBy: (t) => ({ list: [t.kind] }),
});

export const Named = model("named", {
  byName: column.text().nullable().references(() => ByName.name, { onUpdate: "cascade" }),
  nameKey: column.text().nullable().references(() => ByName.name),
}, { schema: "app" });

export const Newest = model("newest", {
  a: column.integer(),
  b: column.integer(),
}, { schema: "app" });

export const Pair = model("pairs", {
  b: column.integer().primaryKey(),
  a: column.integer().primaryKey(),
  c: column.text().nullable(),
  d: column.text().nullable().collate("de-x-icu"),
}, { schema: "app" });

export const Parent = model("parent", {
  a: column.integer().nullable(),
  b: column.integer().nullable(),
}, { schema: "app" });

export const AppUser = model("users", {
  id: column.integer().primaryKey(),
  publicUser: column.integer().nullable().references(() => Users.id),
  user: column.integer().name("User").nullable().references(() => Users.id),
}, { schema: "app" });

export const Table = model("%", {
  id: column.integer().primaryKey(),
});

export const _2020Sale = model("2020 sales", {
  id: column.integer().primaryKey(),
  userId: column.integer().nullable().references(() => Users.id),
  usersId: column.integer().nullable().references(() => AppUser.id),
});

export const DateModel = model("Date", {
  id: column.integer().primaryKey(),
});

export const InvoiceLine = model("InvoiceLine", {
  id: column.integer().primaryKey(),
});

export const OddTable = model('Odd "table"', {
  firstName: column.text().nullable(),
  firstNameColumn3: column.text().name("first name").primaryKey(),
  firstNameColumn2: column.text().name("FirstName").nullable(),
  firstNameColumn4: column.text().name("firstName").primaryKey(),
  firstNameColumn: column.text().name("FIRST_NAME").nullable(),
  select: selectType.nullable(),
  table: tableType.nullable(),
  findColumn: column.integer().name("find").nullable(),
  row: column.integer().name("Row").nullable(),
  constructorColumn: column.integer().name("constructor").nullable(),
  insertColumn: column.integer().name("insert").nullable(),
  onColumn: column.integer().name("on").nullable(),
  asColumn: column.integer().name("as").nullable(),
  class: column.integer().nullable(),
  _2nd: column.integer().name("2nd").nullable(),
  日本: column.integer().nullable(),
  column: column.integer().name("%").nullable(),
  aB: column.integer().name("a.b").nullable(),
  itS: column.integer().name("it's").nullable(),
  qQ: column.integer().name('q"q').nullable().comment("\\"),
  bS: column.integer().name("b\\s").nullable(),
  tT: column.integer().name("t`t").nullable(),
  _1: column.integer().name("$1").nullable(),
  aNameThatIsAsLongAsANameCanBeAndNotOneByteLonger: column.integer().nullable(),
  protoX: column.integer().name("__proto__x").nullable(),
  e: column.integer().name("é").nullable(),
}, {
  comment: 'it\'s a \\ "comment" with `ticks` and ${dollars}\nand a second line',
  indexes: (t) => [
    index(t.qQ.desc(), sql`("2nd" + 1)`).name('odd "index"'),
  ],
  checks: () => ({
    'odd "check" of it\'s': sql`("a.b" > 1) AND ("select" IS NOT NULL)`,
  }),
  constraints: (t) => [
    constraint.unique([t.日本, t.column]),
  ],
});

export const InvoiceLineModel = model("invoice line", {
  id: column.integer().primaryKey(),
});

export const A = model("a", {
  bC: column.integer().nullable().unique({ name: "taken" }),
  bCD: column.integer().name("b_c_d").nullable().references(() => AB.c, { name: "a_b_c_fkey" }),
});

export const AB = model("a_b", {
  c: column.integer().primaryKey(),
  cD: column.integer().nullable().references((): Column<number> => AB.c),
});

export const ANameThatIsAsLongAsANameCanBeAndNotOneByteLonger = model(
  "a_name_that_is_as_long_as_a_name_can_be_and_not_one_byte_longer",
  {
    aNameThatIsAsLongAsANameCanBeAndNotOneByteLon: column.serial().unique(),
    id: column.integer().primaryKey(),
    other: column.integer()
      .nullable()
      .references((): Column<number> => ANameThatIsAsLongAsANameCanBeAndNotOneByteLonger.id),
  },
);

export const ColumnModel = model("column", {
  id: column.integer().primaryKey(),
  model: column.integer().nullable().references(() => User.id),
  sql: column.text().nullable(),
});

export const Index = model("index", {
  id: column.integer().primaryKey(),
});

export const InvoiceLines = model("invoice_lines", {
  id: column.integer().primaryKey(),
});

export const Model = model("model", {
  id: column.integer().primaryKey(),
});

export const Relation = model("relations", {
  id: column.integer().primaryKey(),
  column: column.integer().nullable().references(() => ColumnModel.id),
  columnId: column.integer().nullable().references(() => ColumnModel.id),
});

export const RingA = model("ring_a", {
  id: column.integer().primaryKey(),
  bId: column.integer()
    .nullable()
    .references((): Column<number> => RingB.id, { onDelete: "set null", name: "to_b" })
    .deferrable(),
  kind: moodType.nullable().unique(),
});

export const RingB = model("ring_b", {
  id: column.integer().primaryKey(),
  cId: column.integer().nullable(),
  kind: moodType.nullable(),
}, {
  constraints: (t) => [
    constraint.foreignKey([t.kind], (): readonly Sql[] => [RingA.kind]),
  ],
});

export const RingC = model("ring_c", {
  id: column.integer().primaryKey(),
  aId: column.integer().nullable().references((): Column<number> => RingA.id),
});

export const SqlModel = model("sql", {
  id: column.integer().primaryKey(),
});

export const User = model("user", {
  id: column.integer().primaryKey(),
});

export const Users = model("users", {
  id: column.integer().primaryKey(),
  name: column.text().nullable(),
});

export const OddView = model("Odd View", {
  aB: column.integer().name('a "b"').nullable(),
  selectMe: column.text().name("selectMe").nullable(),
  t: column.text().nullable(),
}, {
  schema: "app",
  view: "view",
  query: sql`SELECT "q""q" AS "a ""b""",
    first_name AS "selectMe",
    'it''s \\ \`\${x}\`'::text AS t
   FROM public."Odd ""table"""`,
});

export const Call = model("calls", {
  call: column.text().nullable(),
  name: column.text().nullable(),
  id: column.integer().nullable(),
}, {
  schema: "app",
  view: "view",
  query: sql`SELECT app."Odd ""func"""() AS call,
    name,
    id
   FROM app.by_name`,
});

export const Choice = model("choices", {
  status: column.varchar(9).nullable(),
  other: column.varchar().nullable(),
  tax: column.text().nullable(),
}, {
  schema: "app",
  view: "view",
  query: sql`SELECT status,
    other,
    tax
   FROM app.checked
  WHERE ((status)::text = ANY (ARRAY['a'::character varying, 'b'::character varying]))`,
});

export const byName = relations(ByName, {
  nameds: hasMany(Named, Named.byName),
  namedsByName: hasMany(Named, Named.nameKey),
});

export const named = relations(Named, {
  byNameRow: belongsTo(ByName, Named.byName),
  name: belongsTo(ByName, Named.nameKey),
});

export const appUser = relations(AppUser, {
  userRow: belongsTo(Users, AppUser.user),
  publicUserRow: belongsTo(Users, AppUser.publicUser),
  _2020Sales: hasMany(_2020Sale, _2020Sale.usersId),
});

export const _2020SaleRelations = relations(_2020Sale, {
  user: belongsTo(Users, _2020Sale.userId),
  users: belongsTo(AppUser, _2020Sale.usersId),
});

export const a = relations(A, {
  aB: belongsTo(AB, A.bCD),
});

export const ab = relations(AB, {
  parent: belongsTo(AB, AB.cD),
  as: hasMany(A, A.bCD),
  children: hasMany(AB, AB.cD),
});

export const aNameThatIsAsLongAsANameCanBeAndNotOneByteLonger = relations(
  ANameThatIsAsLongAsANameCanBeAndNotOneByteLonger,
  {
    parent: belongsTo(
      ANameThatIsAsLongAsANameCanBeAndNotOneByteLonger,
      ANameThatIsAsLongAsANameCanBeAndNotOneByteLonger.other,
    ),
    children: hasMany(
      ANameThatIsAsLongAsANameCanBeAndNotOneByteLonger,
      ANameThatIsAsLongAsANameCanBeAndNotOneByteLonger.other,
    ),
  },
);

export const columnModel = relations(ColumnModel, {
  user: belongsTo(User, ColumnModel.model),
  relations: hasMany(Relation, Relation.column),
  relationsByColumn: hasMany(Relation, Relation.columnId),
});

export const relation = relations(Relation, {
  columnRow: belongsTo(ColumnModel, Relation.column),
  columnRow2: belongsTo(ColumnModel, Relation.columnId),
});

export const ringA = relations(RingA, {
  b: belongsTo(RingB, RingA.bId),
  ringBs: hasMany(RingB, RingB.kind, { key: RingA.kind }),
  ringCs: hasMany(RingC, RingC.aId),
});

export const ringB = relations(RingB, {
  c: belongsTo(RingC, RingB.cId),
  ringA: belongsTo(RingA, RingB.kind, { key: RingA.kind }),
  ringAs: hasMany(RingA, RingA.bId),
});

export const ringC = relations(RingC, {
  a: belongsTo(RingA, RingC.aId),
  ringBs: hasMany(RingB, RingB.cId),
});

export const user = relations(User, {
  columns: hasMany(ColumnModel, ColumnModel.model),
});

export const users = relations(Users, {
  users: hasMany(AppUser, AppUser.user),
  usersByPublicUser: hasMany(AppUser, AppUser.publicUser),
  _2020Sales: hasMany(_2020Sale, _2020Sale.userId),
});

// table:app.child has no model and is declared: it inherits from another table
export const declarations = declare([
  sql`alter table "app"."pairs" drop constraint "pairs_pkey"`,
  sql`alter table "app"."pairs" add constraint "named key" primary key ("b", "a") deferrable initially deferred`,
  sql`comment on schema "order" is 'A word SQL keeps'`,
  sql`create collation "app"."german" (provider = icu, locale = 'de-DE')`,
  sql`create type "public"."mood" as enum ('calm')`,
  sql`CREATE OR REPLACE FUNCTION app."Odd ""func"""("a b" text DEFAULT 'x''y'::text)
 RETURNS text
 LANGUAGE sql
AS $function$select $1 || '\`\${y}\\'$function$`,
  sql`create sequence "app"."Odd seq" maxvalue 5 cycle`,
  sql`create table "app"."child" (
  "c" integer
) inherits ("app"."parent")`,
  sql`create table "app"."listed_a" partition of "app"."listed" FOR VALUES IN ('a', 'it''s') partition by hash (size)`,
  sql`create table "app"."listed_a0" partition of "app"."listed_a" FOR VALUES WITH (modulus 1, remainder 0)`,
  sql`alter table "app"."newest" rename constraint "newest_a_not_null" to "it is ""there"""`,
  sql`alter table "app"."pairs" alter column "c" set data type text collate app.german`,
  sql`alter table "app"."halves" add constraint "halves_a_b_x_key" unique ("a", "b") include ("x")`,
  sql`alter table "public"."ring_b" add constraint "ring_b_c_id_fkey" foreign key ("c_id") references "public"."ring_c" ("id") not valid`,
]);
