/** Migrations of twenty statements, each of which would be seen if it were run twice or not at all. */
import { sql } from "../../../pool/mod.ts";
import { Pool } from "../../../pool/pool.ts";

/** Twenty statements that may be in a transaction. */
export const INSIDE: readonly string[] = [
  "create table steps (id int generated always as identity, what text not null)",
  ...Array.from({ length: 19 }, (_, index) => `insert into steps (what) values ('step ${index + 2}')`),
];

/** Twenty statements, half of which no transaction may have. */
const OUTSIDE: readonly string[] = [
  "create table steps (id int generated always as identity, what text not null)",
  "insert into steps (what) select 'row ' || n from generate_series(1, 100) as n",
  "create index concurrently steps_a on steps (what)",
  "insert into steps (what) values ('after a')",
  "create unique index concurrently steps_b on steps (id)",
  "drop index concurrently steps_a",
  "create index concurrently if not exists steps_c on steps (what, id)",
  "insert into steps (what) values ('after c')",
  "insert into steps (what) values ('after c, too')",
  "vacuum steps",
  "create table parts (a int) partition by list (a)",
  "create table parts_1 partition of parts for values in (1)",
  "alter table parts detach partition parts_1 concurrently",
  "insert into parts_1 values (1)",
  "reindex table concurrently steps",
  "insert into steps (what) values ('after reindex')",
  "create index concurrently steps_d on steps (id desc)",
  "drop index concurrently steps_d",
  "alter table steps add column done boolean not null default true",
  "insert into steps (what) values ('end')",
];

/** Statements that depend on what those before them have set, in a session that the next run does not have. */
const SETTINGS: readonly string[] = [
  "create schema app",
  "create schema other",
  "set search_path = app",
  "create table steps (id int generated always as identity, what text not null)",
  "insert into steps (what) values (current_schema())",
  "create index concurrently steps_a on steps (what)",
  "set local work_mem = '5MB'",
  "insert into steps (what) values (current_schema())",
  "select pg_catalog.set_config('search_path', 'other', false)",
  "create table steps (what text)",
  "vacuum steps",
  "insert into steps values (current_schema())",
  "create index concurrently steps_b on steps (what)",
  "reset search_path",
  "set datestyle = 'SQL, DMY'",
  "create table steps as select id, what from app.steps",
  "vacuum steps",
  "insert into steps select 100 + count(*), string_agg(what, ' ') from other.steps",
  "create index concurrently steps_c on steps (what)",
  "insert into steps values (200, date '2026-11-23'::text)",
];

const TYPESCRIPT = `
export function up(schema: { sql(text: string): void }) {
  for (const statement of STATEMENTS) schema.sql(statement);
}
export function down(schema: { sql(text: string): void }) {
  schema.sql("drop table steps");
}
// deno-lint-ignore no-explicit-any
export async function data(db: any, { sql, signal }: any) {
  for (let id = 1000; id < 1003; id++) {
    signal?.throwIfAborted();
    await db.transaction(async (tx: any) => {
      await tx.execute(sql\`delete from steps where id = \${id}\`);
      await tx.execute(sql\`insert into steps (id, what) overriding system value values (\${id}, 'data')\`);
    });
  }
}
`;

/** A migration, and which way it is run. */
export interface Kind {
  readonly name: string;
  readonly file: string;
  readonly text: string;
  readonly direction: "up" | "down";
}

/** The kinds of a migration of twenty statements. */
export const KINDS: readonly Kind[] = [
  { name: "in one transaction", text: INSIDE.join(";\n") },
  { name: "that are outside of a transaction or beside such", text: OUTSIDE.join(";\n") },
  { name: "under transaction: off", text: `-- transaction: off\n${INSIDE.join(";\n")}` },
  { name: "that set what others depend on", text: SETTINGS.join(";\n") },
  {
    name: "of a TypeScript file, and its data()",
    file: "20261123094500_steps.ts",
    text: TYPESCRIPT.replace("STATEMENTS", JSON.stringify(OUTSIDE)),
  },
  {
    name: "on their way down",
    text: `-- up\ncreate table kept (a int);\n-- down\n${OUTSIDE.join(";\n")}`,
    direction: "down" as const,
  },
].map((kind) => ({ file: "20261123094500_steps.sql", direction: "up", ...kind }));

/** Everything that the migration makes, but for what passes without a trace: numbers of a sequence that were drawn. */
export async function outcome(url: string): Promise<unknown> {
  await using pool = new Pool({ url, max: 1 });
  const rows = async (table: string): Promise<unknown> =>
    await pool.value(sql`select to_regclass(${table}) is null`)
      ? "missing"
      : await pool.query(sql`select * from ${sql.unsafe(table)} as t order by t::text`);
  return {
    steps: await pool.query(sql`select what from steps order by id`),
    others: [await rows("parts_1"), await rows("other.steps"), await rows("kept")],
    attached: await pool.value(sql`select count(*) from pg_inherits i join pg_class c on c.oid = i.inhparent
      where c.relname = 'parts'`),
    indexes: await pool.query(
      sql`select i.indrelid::regclass::text, c.relname, i.indisvalid, pg_get_indexdef(i.indexrelid) from pg_index i
      join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace
      where n.nspname in ('public', 'app', 'other') order by 1, 2`,
    ),
    columns: await pool.query(sql`select column_name, data_type, is_nullable from information_schema.columns
      where table_schema = 'public' and table_name = 'steps' order by ordinal_position`),
    applied: await pool.query(sql`select version from lifeguard_migrate.migrations`),
    progress: await pool.query(sql`select version, done, state from lifeguard_migrate.progress`),
    locks: await pool.value(sql`select count(*)::int from pg_locks where locktype = 'advisory'
      and database = (select oid from pg_database where datname = current_database())`),
  };
}
