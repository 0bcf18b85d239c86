import assert from "node:assert/strict";
import { objectKey } from "../../../migrate/catalog/object_key.ts";
import type { EnumObject } from "../../../migrate/catalog/objects.ts";
import { readCatalog } from "../../../migrate/catalog/read_catalog.ts";
import { splitStatements } from "../../../migrate/files/statement.ts";
import { isVolatileDefault } from "../../../migrate/lint/default_volatility.ts";
import { type Finding, type LintOptions, lintStatements, lintSteps } from "../../../migrate/lint/lint.ts";
import { parseStatement } from "../../../migrate/lint/parse_statement.ts";
import { RESERVED_WORDS } from "../../../migrate/lint/reserved_words.ts";
import type { Step } from "../../../migrate/steps/step.ts";
import { Schema } from "../../../migrate/schema/schema.ts";
import { reverseSteps } from "../../../migrate/steps/reverse.ts";
import { writeStep } from "../../../migrate/steps/write_step.ts";
import { Pool } from "../../../pool/pool.ts";
import { sql } from "../../../pool/sql/sql.ts";
import { test } from "../../harness.ts";
import { freshDatabase, needs } from "../../services/client.ts";
import { BEFORE, EXAMPLES } from "./examples.ts";

const OPTIONS: LintOptions = { serverVersion: 18 };

function lint(text: string, options: Partial<LintOptions> = {}): readonly Finding[] {
  return lintStatements(splitStatements(text), { ...OPTIONS, ...options });
}

function rules(text: string, options: Partial<LintOptions> = {}): readonly string[] {
  return lint(text, options).map(({ rule }) => rule);
}

test("lintStatements() leaves alone what the migration itself has created", () => {
  assert.deepEqual(
    rules(`
      create table tags (id bigint primary key, name text, owner bigint);
      create index tags_name on tags (name);
      alter table tags add unique (name);
      alter table tags alter name set not null;
      alter table tags alter name type varchar(10);
      alter table tags add token uuid default gen_random_uuid();
      alter table public.tags rename to labels;
      alter table labels drop column owner;
      drop table labels;
    `),
    [],
  );
});

test("lintStatements() tells transactions apart: what the runner takes out, and what is none", () => {
  const add = "alter table users add constraint grown check (age > 0) not valid";
  const validate = "alter table users validate constraint grown";
  const build = "create index concurrently users_age on users (age)";
  assert.deepEqual(rules(`${add}; ${validate}`), ["validated-in-same-transaction"]);
  assert.deepEqual(rules(`${add}; ${validate}`, { transaction: false }), []);
  assert.deepEqual(rules(`${add}; ${build}; ${validate}`), []);
  const schema = new Schema();
  schema.sql(add);
  schema.sql("vacuum users", { transaction: false });
  schema.sql(validate);
  assert.deepEqual(lintSteps(schema.steps, OPTIONS), []);
  const label = "alter type mood add value 'fine'";
  assert.deepEqual(rules(`${label}; insert into moods values ('fine')`), ["enum-label-used-at-once"]);
  assert.deepEqual(rules(`${label}; ${build}; insert into moods values ('fine')`), []);
});

test("lintStatements() knows what the migrations before it have made", () => {
  const steps = (text: string): readonly Step[] => splitStatements(text).flatMap(parseStatement);
  const before = steps(`
    alter table users add constraint named check (name is not null) not valid;
    alter table users validate constraint named;
    alter table users add nick text;
    create table tags (name text);
    create index on users (team_id);
  `);
  const schema = new Schema();
  schema.sql("create table labels (name text)");
  const text = `
    alter table users alter name set not null;
    alter table users rename nick to called;
    alter table tags alter name set not null;
    alter table users add foreign key (team_id) references teams not valid;
    drop table labels;
  `;
  assert.deepEqual(rules(text), [
    "set-not-null",
    "column-renamed",
    "set-not-null",
    "foreign-key-without-index",
    "table-dropped",
  ]);
  assert.deepEqual(rules(text, { before: [...before, ...schema.steps] }), []);
});

test("lintStatements() leaves columns alone that the migration itself has added", () => {
  assert.deepEqual(
    rules(`
      alter table users add nick text;
      alter table users rename nick to called;
      alter table users drop column called;
    `),
    [],
  );
  assert.deepEqual(rules("alter table users drop column nick; alter table users add column nick text"), [
    "column-dropped",
  ]);
});

test("lintStatements() tells the index of the statement, and what to do instead", () => {
  const [finding, ...others] = lint("select 1; create index on shop.users (name)");
  assert.deepEqual(others, []);
  assert.equal(finding.step, 1);
  assert.equal(finding.severity, "danger");
  assert.match(
    finding.message,
    /^Creating the index "users_idx" keeps all who write to "shop\.users" waiting/,
  );
  assert.equal((finding.safer as readonly Step[]).length, 1);
});

test("lintSteps() takes a danger to a small table for a warning, where its size matters", () => {
  const key = objectKey({
    kind: "table",
    schema: "public",
    name: "users",
    columns: [],
    parameters: {},
    dependsOn: [],
  });
  const severity = (text: string, rows: number): string =>
    lint(text, { sizes: new Map([[key, rows]]) })[0].severity;
  assert.equal(severity("create index on users (name)", 10_000), "warning");
  assert.equal(severity("create index on users (name)", 10_001), "danger");
  assert.equal(severity("create index on public.users (name)", 5), "warning");
  assert.equal(severity("drop table users", 5), "danger", "lost is lost");
  assert.equal(
    lint("create index on users (name)", { sizes: new Map([[key, 500]]), smallTable: 100 })[0].severity,
    "danger",
  );
  assert.deepEqual(rules("create index on users (name)", { created: [key] }), []);
});

test("lintStatements() ignores what a comment says, and wants a reason", () => {
  assert.deepEqual(rules("-- lint: ignore table-dropped nobody uses it\ndrop table a; drop table b"), [
    "table-dropped",
  ]);
  assert.deepEqual(rules("/* lint: ignore table-dropped nobody uses it */ drop table a"), []);
  const [unreasoned, dropped] = lint("-- lint: ignore table-dropped\ndrop table a");
  assert.equal(unreasoned.rule, "ignore-not-understood");
  assert.match(unreasoned.message, /without a reason/);
  assert.equal(dropped.rule, "table-dropped");
  const [unknown] = lint("-- lint: ignore table-droped gone\ndrop table a");
  assert.match(unknown.advice, /Did you mean "table-dropped"\?/);
});

test("lintSteps() ignores what its caller says, for a step or for all, in SQL within steps, too", () => {
  const steps: readonly Step[] = [
    { kind: "sql", text: "drop table a; create index on b (c)" },
    { kind: "sql", text: "-- lint: ignore table-dropped not used\ndrop table c" },
    { kind: "sql", text: "drop table d" },
  ];
  const found = (options: Partial<LintOptions>): readonly string[] =>
    lintSteps(steps, { ...OPTIONS, ...options }).map(({ rule, step }) => `${step} ${rule}`);
  assert.deepEqual(found({}), ["0 table-dropped", "0 index-not-concurrently", "2 table-dropped"]);
  const ignored = { rule: "table-dropped", reason: "not used" };
  assert.deepEqual(found({ ignored: [{ ...ignored, step: 0 }] }), [
    "0 index-not-concurrently",
    "2 table-dropped",
  ]);
  assert.deepEqual(found({ ignored: [ignored] }), ["0 index-not-concurrently"]);
  assert.deepEqual(
    found({ ignored: [{ rule: "table-dropped", reason: "", step: 2 }] }).at(-2),
    "2 ignore-not-understood",
  );
});

test("Schema.ignore() has the lint ignore a rule for the next step, and does nothing else", {
  sanitize: false,
  timeout: 60_000,
}, async () => {
  const schema = new Schema();
  schema.ignore("table-dropped", "nobody uses it");
  schema.ignore("drop-cascades", "nor what depends on it");
  schema.dropTable("drafts", { cascade: true });
  schema.dropTable("notes");
  assert.deepEqual(lintSteps(schema.steps, OPTIONS).map(({ rule, step }) => `${step} ${rule}`), [
    "3 table-dropped",
  ]);
  schema.ignore("table-droped", "a slip");
  schema.sql("select 1");
  assert.equal(lintSteps(schema.steps, OPTIONS).at(-1)?.rule, "ignore-not-understood");
  assert.throws(() => schema.ignore("table-dropped", " "), { message: /say in one line/ });
  assert.throws(() => schema.ignore("no such rule", "x"), { message: /no name of a rule/ });
  const [step] = schema.steps;
  assert.equal(reverseSteps([step]).losses.length, 0);
  await using pool = new Pool("pglite:");
  for (const { text } of writeStep(step, 18)) await pool.execute(sql.unsafe(text));
});

test("lintSteps() sees that an enum loses a label", () => {
  const mood = (labels: readonly string[], name = "mood"): EnumObject => ({
    kind: "enum",
    schema: "public",
    name,
    labels,
    dependsOn: [],
  });
  const steps: readonly Step[] = [
    { kind: "create", object: mood(["sad", "ok"], "mood_new") },
    { kind: "drop", object: mood(["sad", "ok", "happy"]) },
    { kind: "rename", object: mood(["sad", "ok"], "mood_new"), to: "mood" },
  ];
  const found = lintSteps(steps, OPTIONS).find(({ rule }) => rule === "enum-label-removed");
  assert.match(found!.message, /^The enum "mood" loses 'happy'/);
  assert.equal(found!.step, 1);
});

test("lintStatements() knows what is quoted, in strings, and in other schemas", () => {
  assert.deepEqual(rules(`insert into log values ('drop table users')`), []);
  assert.deepEqual(rules(`create function f() returns void language sql as $$ drop table users $$`), []);
  assert.match(lint(`drop table "Odd ""name"""`)[0].message, /"Odd "name""/);
  assert.deepEqual(
    rules(`create table a.t (id bigint primary key); create index on a.t (id); create index on b.t (id)`),
    [
      "index-not-concurrently",
    ],
  );
  assert.deepEqual(rules(`alter table t add a text, add b text not null, drop column c`), [
    "column-not-null-without-default",
    "column-dropped",
  ]);
  assert.deepEqual(rules("create index concurrently if not exists i on t using gin (a) where b is null"), []);
  assert.deepEqual(rules("alter table t add c bigint references u"), ["foreign-key-without-index"]);
});

test("parseStatement() takes whatever it is given", () => {
  let parsed = 0;
  for (const { bad, good } of Object.values(EXAMPLES)) {
    for (const { text, tokens } of splitStatements(`${bad};${good}`)) {
      for (let length = 1; length <= tokens.length; length++) {
        for (
          const part of [tokens.slice(0, length), tokens.slice(-length), tokens.slice(0, length).toReversed()]
        ) {
          assert.ok(parseStatement({ text, tokens: part }).length > 0);
          parsed++;
        }
      }
    }
  }
  console.log(`${parsed} pieces of statements parsed`);
});

for (const [name, serverVersion] of [["primary", 18], ["pg15", 15]] as const) {
  test(`the safer steps of findings run, and are no such finding (PostgreSQL ${serverVersion})`, {
    ...needs(name),
    timeout: 120_000,
  }, async () => {
    await using database = await freshDatabase({ server: name });
    await using pool = new Pool(database.url);
    let tried = 0;
    for (const [id, { bad }] of Object.entries(EXAMPLES)) {
      const options = { serverVersion, transaction: false };
      const safer = lint(bad, options).find(({ rule }) => rule === id)?.safer;
      if (safer === undefined || typeof safer === "string") continue;
      assert.ok(!lintSteps(safer, options).some(({ rule }) => rule === id && id !== "table-renamed"), id);
      await pool.batch(
        splitStatements(
          `drop schema if exists old cascade; drop schema public cascade; create schema public; ${BEFORE}`,
        )
          .map(({ text }) => sql.unsafe(text)),
      );
      const statements = safer.flatMap((step) => writeStep(step, serverVersion));
      for (const { text } of statements) {
        await assert.doesNotReject(pool.execute(sql.unsafe(text)), `${id}: ${text}`);
      }
      tried++;
    }
    console.log(`${tried} safer ways run on PostgreSQL ${serverVersion}`);
    assert.ok(tried >= 10);
  });
}

test("lintSteps() knows of a catalog what there is: types, indexes, checks", needs("primary"), async () => {
  await using database = await freshDatabase();
  await using pool = new Pool(database.url);
  for (const { text } of splitStatements(BEFORE)) await pool.execute(sql.unsafe(text));
  await pool.execute(sql`alter table users add constraint named check (name is not null)`);
  await pool.execute(sql`create index on users (team_id)`);
  const catalog = await readCatalog(pool);
  const both = (text: string): readonly (readonly string[])[] => [rules(text), rules(text, { catalog })];
  assert.deepEqual(both("alter table users alter name set not null"), [["set-not-null"], []]);
  assert.deepEqual(both("alter table users alter email type varchar(90)"), [["type-rewrites-table"], []]);
  assert.deepEqual(both("alter table users add foreign key (team_id) references teams not valid"), [
    ["foreign-key-without-index"],
    [],
  ]);
  assert.match(lint("create index on events (at)", { catalog })[0].advice, /ONLY/);
});

test("RESERVED_WORDS are those of PostgreSQL 18", needs("primary"), async () => {
  await using database = await freshDatabase();
  await using pool = new Pool(database.url);
  const words = await pool.query(
    sql<{ word: string }>`select word from pg_get_keywords() where catcode in ('R', 'T')`,
  );
  assert.deepEqual([...RESERVED_WORDS].toSorted(), words.map(({ word }) => word).toSorted());
});

test("isVolatileDefault() agrees with what PostgreSQL says of its functions", needs("primary"), async () => {
  await using database = await freshDatabase();
  await using pool = new Pool(database.url);
  const functions = await pool.query(sql<{ name: string; volatile: boolean }>`
    select proname::text as name, bool_or(provolatile = 'v') as volatile from pg_proc
    where pronamespace = 'pg_catalog'::regnamespace and prokind = 'f' and proname ~ '^[a-z][a-z0-9_]*$' group by 1`);
  let known = 0;
  const wrong = functions.filter(({ name, volatile }) => {
    const said = isVolatileDefault(`${name}()`);
    if (said !== "unknown") known++;
    return said !== "unknown" && said !== volatile;
  });
  console.log(`${known} of ${functions.length} functions known`);
  assert.deepEqual(wrong, []);
  assert.ok(known > 60);
  for (
    const steady of [
      "0",
      "'nextval()'",
      "now()",
      "'x'::varchar(20)",
      "(1 + 2)",
      "current_timestamp(3)",
      "'{}'::jsonb",
    ]
  ) {
    assert.equal(isVolatileDefault(steady), false, steady);
  }
  assert.equal(isVolatileDefault("my_function()"), "unknown");
  assert.equal(isVolatileDefault("lower(gen_random_uuid()::text)"), true);
});
