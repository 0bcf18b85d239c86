import assert from "node:assert/strict";
import { inspect } from "node:util";
import {
  CheckViolationError,
  ConstraintViolationError,
  ExclusionViolationError,
  ForeignKeyViolationError,
  NotNullViolationError,
  type Pool,
  PostgresError,
  type Sql,
  sql,
  UniqueViolationError,
  ValidationError,
} from "../../pool/mod.ts";
import { test } from "../harness.ts";
import { needs } from "../services/client.ts";
import { assertServes, livePool, rejection } from "./live_pool.ts";

const LIVE = needs("primary");
/** A value that must never be seen in anything printable. */
const CANARY = "cAnary-7c1f";

/** What anybody could print of an error, and of what led to it. */
function printed(error: unknown): string {
  const parts = [inspect(error, { depth: 10, showHidden: false }), JSON.stringify(error), String(error)];
  const { Deno } = globalThis as { Deno?: { inspect(value: unknown, options: object): string } };
  const { Bun } = globalThis as { Bun?: { inspect(value: unknown): string } };
  if (Deno !== undefined) parts.push(Deno.inspect(error, { depth: 10 }));
  if (Bun !== undefined) parts.push(Bun.inspect(error));
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    parts.push(cause.message, cause.stack ?? "", JSON.stringify({ ...cause }));
  }
  return parts.join("\n");
}

async function tables(pool: Pool): Promise<void> {
  await pool.execute(sql`create type mood as enum ('sad', 'happy')`);
  await pool.execute(sql`create domain short as text check (length(value) < 5)`);
  await pool.execute(sql`create table parents (id int primary key)`);
  await pool.execute(sql`
    create table children (
      id int primary key,
      name text not null constraint named unique,
      age int constraint grown check (age > 0),
      parent int constraint of_parent references parents,
      during int4range,
      constraint apart exclude using gist (during with &&)
    )`);
}

test("Constraint errors are classes with schema, table, column and constraint", LIVE, async () => {
  await using live = await livePool();
  const { pool, schema } = live;
  await tables(pool);
  await pool.execute(sql`insert into children values (1, ${CANARY}, 1, null, '[1,5)')`);
  type Class = abstract new (...args: never[]) => ConstraintViolationError;
  const cases: [Sql, Class, string, string | undefined, string | undefined][] = [
    [sql`insert into children values (2, ${CANARY})`, UniqueViolationError, "23505", undefined, "named"],
    [sql`insert into children values (2, ${null})`, NotNullViolationError, "23502", "name", undefined],
    [sql`insert into children values (2, 'b', ${-1})`, CheckViolationError, "23514", undefined, "grown"],
    [
      sql`insert into children values (2, 'b', 1, ${77})`,
      ForeignKeyViolationError,
      "23503",
      undefined,
      "of_parent",
    ],
    [
      sql`insert into children values (2, 'b', 1, null, '[2,3)')`,
      ExclusionViolationError,
      "23P01",
      undefined,
      "apart",
    ],
  ];
  for (const [statement, Class, sqlState, column, constraint] of cases) {
    const error = await rejection<ConstraintViolationError>(pool.execute(statement));
    assert.ok(error instanceof Class && error instanceof ConstraintViolationError, String(error));
    assert.ok(error instanceof PostgresError);
    assert.deepEqual(
      [error.sqlState, error.schema, error.table, error.column, error.constraint, error.severity],
      [sqlState, schema, "children", column, constraint, "ERROR"],
    );
    assert.equal(error.query, statement.text);
    assert.equal(error.name, Class.name);
    assert.equal(error.retryable, false);
  }
  const unique = await rejection<PostgresError>(
    pool.execute(sql`insert into children values (2, ${CANARY})`),
  );
  assert.match(unique.detail!, new RegExp(CANARY)); // For who asks for it only.
  await assertServes(live);
});

test("PostgresError carries SQLSTATE, position and text of the query", LIVE, async () => {
  await using live = await livePool();
  const error = await rejection<PostgresError>(live.pool.query(sql`select ${1}::int, wrong from nowhere`));
  assert.equal(error.sqlState, "42P01");
  assert.equal(error.position, 28);
  assert.equal(error.query, "select $1::int, wrong from nowhere");
  assert.match(error.message, /relation "nowhere" does not exist \(SQLSTATE 42P01\)/);
  const hinted = await rejection<PostgresError>(live.pool.query(sql`select nam from (select 1 as name) x`));
  assert.match(hinted.hint ?? "", /name/);
  const inside = await rejection<PostgresError>(
    live.pool.query(sql`do $$ begin perform 1 / 0; end $$`),
  );
  assert.match(inside.context ?? "", /PL\/pgSQL/);
});

test("No error prints a value: messages, stacks, causes, inspection, JSON", LIVE, async () => {
  await using live = await livePool();
  const { pool } = live;
  await tables(pool);
  await pool.execute(sql`insert into children values (1, ${CANARY})`);
  await pool.execute(sql`
    create function shout(t text) returns text language plpgsql as $$
    begin return t::int; end $$`);
  const statements: Sql[] = [
    sql`insert into children values (2, ${CANARY})`,
    sql`insert into children values (1, ${CANARY + 2})`,
    sql`insert into children values (3, ${CANARY + 3}, ${-1})`,
    sql`select ${CANARY}::text::mood`,
    sql`select ${CANARY}::mood`,
    sql`select ${CANARY}::short`,
    sql`select ${CANARY}::text::int`,
    sql`select ${CANARY}::text::uuid`,
    sql`select ${CANARY}::text::date`,
    sql`select ${CANARY}::text::json`,
    sql`select ${`{"a": ${CANARY}`}::text::jsonb`,
    sql`select ${`(${CANARY}`}::text::regclass`,
    sql`select ${CANARY}::regclass`,
    sql`select 'x' ~ ${`(${CANARY}`}`,
    sql`select shout(${CANARY})`,
    sql`select to_date(${CANARY}, 'YYYY')`,
    sql`select ${[CANARY]}::text[]::int[]`,
    sql`select ${{ a: [CANARY] }}::jsonb::int`,
    sql`select (${{ a: CANARY }}::jsonb ->> 'a')::int`,
    sql`select (${[CANARY, "b"]}::text[])[1]::int`,
    sql`select set_config(${CANARY}, 'x', true)`,
    sql`select set_config('work_mem', ${CANARY}, true)`,
    sql`select ${CANARY} + 1`,
    sql`select ${new TextEncoder().encode(CANARY)}::bytea::text::int`,
    sql`select convert_from(${new TextEncoder().encode(CANARY + "\xff")}, 'UTF8')::int`,
  ];
  for (const statement of statements) {
    const runs: (() => Promise<unknown>)[] = [
      () => pool.query(statement),
      () => pool.batch([sql`select 1`, statement]),
      () => pool.transaction((tx) => tx.query(statement)),
      () => pool.stream(statement).next(),
      // Swallowed, it is the cause of the transaction's error, unless it was refused before it was sent.
      () =>
        pool.transaction(async (tx) => {
          const isRefused = await tx.query(statement).catch((error) => error instanceof ValidationError);
          if (isRefused) throw new Error("refused");
        }),
    ];
    for (const run of runs) {
      const error = await rejection(run());
      assert.ok(!printed(error).includes(CANARY), `${statement.text}: ${printed(error)}`);
    }
  }
  const copied = await rejection(pool.copyFrom(sql`copy children (id) from stdin`, `${CANARY}\n`));
  assert.ok(!printed(copied).includes(CANARY), printed(copied));
  const twice = await rejection(pool.copyFrom(sql`copy children (id, name) from stdin`, `9\t${CANARY}\n`));
  assert.ok(!printed(twice).includes(CANARY), printed(twice));
  assert.ok(!inspect(sql`select ${CANARY}`).includes(CANARY));
  await assertServes(live);
});

test("Every error shows the caller's line", LIVE, async () => {
  await using live = await livePool({ sessionContextFunction: "nowhere" });
  const { pool } = live;
  const bad = sql`select 1 / ${0}::int`;
  const calls: Record<string, () => Promise<unknown>> = {
    query: async () => await pool.query(bad),
    one: async () => await pool.one(bad),
    maybeOne: async () => await pool.maybeOne(bad),
    value: async () => await pool.value(bad),
    execute: async () => await pool.execute(bad),
    batch: async () => await pool.batch([bad]),
    stream: async () => {
      for await (const row of pool.stream(bad)) assert.fail(String(row));
    },
    copyFrom: async () => await pool.copyFrom(sql`copy nowhere from stdin`, ""),
    copyTo: async () => await new Response(pool.copyTo(sql`copy nowhere to stdout`)).text(),
    notFound: async () => await pool.one(sql`select 1 where false`),
    refused: async () => await pool.query(sql`select ${"x"}::int`),
    commit: async () => await pool.transaction(async (tx) => void await tx.query(bad).catch(() => {})),
    inside: async () => await pool.transaction(async (tx) => await tx.query(bad)),
    streamInside: async () =>
      await pool.transaction(async (tx) => {
        for await (const row of tx.stream(bad)) assert.fail(String(row));
      }),
    notify: async () => await pool.notify("x", "x".repeat(9_000)),
    setup: async () => await pool.withContext({ tenant: 1 }, (tx) => tx.query(sql`select 1`)),
    resultSets: async () => await pool.resultSets(bad),
    listen: async () => await pool.listen("", () => {}),
    lock: async () => await pool.advisoryLock(1.5),
  };
  for (const [name, call] of Object.entries(calls)) {
    try {
      await call();
      assert.fail(`${name} resolved`);
    } catch (error) {
      assert.match((error as Error).stack!, /errors_test\.ts:\d+/, `${name}: ${(error as Error).stack}`);
      assert.ok((error as Error).stack!.includes((error as Error).message), name);
    }
  }
  await assertServes(live);
});

test("A signal's own reason comes back untouched", LIVE, async () => {
  await using live = await livePool();
  const { pool } = live;
  const abort = new AbortController();
  const reason = new RangeError("mine");
  const { stack } = reason;
  const gone = rejection(pool.query(sql`select pg_sleep(5)`, { signal: abort.signal }));
  setTimeout(() => abort.abort(reason), 20);
  assert.equal(await gone, reason);
  assert.equal(await rejection(pool.query(sql`select 1`, { signal: abort.signal })), reason);
  assert.equal(await rejection(pool.reserve({ signal: abort.signal })), reason);
  assert.equal(reason.stack, stack);
  await assertServes(live);
});

test("Errors keep PostgreSQL's own words and names, whatever values happen to equal them", LIVE, async () => {
  await using live = await livePool();
  const { pool } = live;
  await tables(pool);
  const add = (name: string, age: number) =>
    pool.execute(sql`insert into children (id, name, age) values (${age}, ${name}, ${age})`);
  assert.match((await rejection(add("children", -1)) as Error).message, /violates check constraint "grown"/);
  await add("named", 1);
  assert.match(
    (await rejection(add("named", 1)) as Error).message,
    /unique constraint "(named|children_pkey)"/,
  );
  await pool.execute(sql`create table narrow (text varchar(5))`);
  const narrow = await rejection(pool.execute(sql`insert into narrow values (${"too long"})`));
  assert.match((narrow as Error).message, /value too long for type character varying\(5\)/);
});

test("Errors of syntax say what a placeholder is for, and how to run several commands", LIVE, async () => {
  await using live = await livePool();
  const { pool } = live;
  const table = await rejection(pool.query(sql`select * from ${"users"}`));
  assert.match(
    (table as Error).message,
    /at or near "\$1".*; a placeholder can stand for a value only.*sql\.identifier/,
  );
  const several = await rejection(pool.query(sql`select 1; select 2`));
  assert.match((several as Error).message, /multiple commands.*; run them one by one, or by batch\(\)/);
});
