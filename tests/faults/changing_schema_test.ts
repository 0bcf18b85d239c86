/** Fault 16: tables, types and prepared statements change ten times a second under load. */
import assert from "node:assert/strict";
import { type Executor, type Pool, type Sql, sql } from "../../pool/mod.ts";
import { PostgresError } from "../../pool/wire/postgres_error.ts";
import { assertSound, openPool, sleep } from "../pool/tier/pools.ts";
import { randomIntegers, rounds, SEED } from "../random.ts";
import { freshDatabase, needs } from "../services/client.ts";
import { fault } from "./fault.ts";

const SIZE = 4;
const CALLERS = 8;
const CHANGES = rounds(40, 3_000);
const EVERY = 100;

/** What another part of the program does to the schema, in turn. */
const SCHEMA: readonly string[] = [
  "alter table items alter column v type bigint",
  "alter table items add column extra int default 9",
  "alter table items alter column v type text",
  "alter table items drop column extra",
  `do $$ begin
    drop table items;
    create table items (v int, id bigint primary key, between_them text default 'x');
    insert into items values (7, 1), (7, 2);
  end $$`,
  "alter table items alter column v type bigint",
  "alter table items rename between_them to other_name",
  // A type that nobody has seen, each time.
  `do $$ begin
    create type amount as enum ('7', '8');
    alter table items alter column v type amount using v::text::amount;
  end $$`,
  `do $$ begin
    alter table items alter column v type float8 using v::text::float8;
    drop type amount;
  end $$`,
  `do $$ begin
    drop table items;
    create table items (id int primary key, v int);
    insert into items values (1, 7), (2, 7);
  end $$`,
];

/** What takes prepared statements away, on whatever connection it runs. */
const FORGETTING: readonly Sql<unknown>[] = [
  sql`deallocate all`,
  sql`discard all`,
  // The pool cannot see what a function does.
  sql`select forget_statements()`,
  sql`set search_path = elsewhere, public`,
];

interface Item {
  readonly id: number | bigint;
  readonly v: unknown;
  readonly type: string;
}

/**
 * What a transaction is told: the cached plan's columns have changed, the prepared statement is gone, or there are not as
 * many columns any more as formats were asked for.
 */
const OF_A_CHANGE: readonly string[] = ["0A000", "26000", "08P01"];

/** What a value of each type is read as. */
const READ_AS: Readonly<Record<string, unknown>> = {
  integer: 7,
  bigint: 7n,
  text: "7",
  amount: "7",
  "double precision": 7,
};

/** Fails when a row was read as it was in an earlier schema. */
function assertCurrent(row: Item): void {
  assert.ok(row.type in READ_AS, `a row of type ${row.type}`);
  assert.equal(row.v, READ_AS[row.type], `${row.type} was read as ${typeof row.v}`);
  assert.equal(Number(row.id), 1);
}

/** Statements that see the table's columns of the moment; each returns one row. */
const CALLS: readonly ((executor: Executor, isRead: boolean) => Promise<Item>)[] = [
  (executor, readOnly) =>
    executor.one(sql<Item>`select *, pg_typeof(v)::text as type from items where id = ${1}`, { readOnly }),
  (executor, readOnly) =>
    executor.one(sql<Item>`select id, v, pg_typeof(v)::text as type from items where id = ${1}`, {
      readOnly,
    }),
  (executor) =>
    executor.one<Item>(
      sql`update items set id = id where id = ${1} returning *, pg_typeof(v)::text as type`,
    ),
  (executor) =>
    executor.one<Item>(
      sql`with moved as (update items set id = id where id = ${1} returning *)
        select *, pg_typeof(v)::text as type from moved`,
    ),
];

const STREAMED = sql<Item>`select *, pg_typeof(v)::text as type from items where id = ${1}`;

/** What only a pool can do: each statement is for itself here too. */
const OF_POOL: readonly ((pool: Pool) => Promise<Item>)[] = [
  async (pool) => {
    for await (const row of pool.stream(STREAMED)) return row;
    throw new Error("no row");
  },
  async (pool) => {
    const [, outcome] = await pool.batch([sql`select 1`, STREAMED], { atomic: false });
    if (outcome.status === "rejected") throw outcome.reason;
    return outcome.value[0];
  },
];

fault(
  16,
  "the schema changes every 100 ms → only transactions are told, no row is read as of before",
  {
    ...needs("primary"),
    timeout: 60_000 + 3 * EVERY * CHANGES,
  },
  async (report) => {
    await using database = await freshDatabase();
    await using admin = openPool({ url: database.url, max: 1 });
    await admin.execute(sql`create schema elsewhere`);
    await admin.execute(sql`create table elsewhere.items as select '7'::text as v, 1::bigint as id`);
    await admin.execute(sql`create table items (id int primary key, v int)`);
    await admin.execute(sql`insert into items values (1, 7), (2, 7)`);
    await admin.execute(sql`create function forget_statements() returns void language plpgsql as
    $$ begin execute 'deallocate all'; end $$`);
    await using pool = openPool({ url: database.url, max: SIZE });
    await pool.connect();

    const surfaced: unknown[] = [];
    let isChanging = true;
    let served = 0;
    let failedInside = 0;
    let begun = 0;
    let repeated = 0;
    const outside = async (below: (bound: number) => number): Promise<void> => {
      try {
        const kind = below(CALLS.length + OF_POOL.length);
        const row = kind < CALLS.length
          ? await CALLS[kind](pool, below(2) === 0)
          : await OF_POOL[kind - CALLS.length](pool);
        assertCurrent(row);
        served++;
      } catch (error) {
        surfaced.push(error);
      }
    };
    const inside = async (below: (bound: number) => number): Promise<void> => {
      let times = 0;
      begun++;
      try {
        const settings: Record<string, string> = below(3) === 0 ? { search_path: "elsewhere, public" } : {};
        await pool.withSettings(settings, async (tx) => {
          times++;
          for (let n = 0; n < 3; n++) {
            assertCurrent(await CALLS[below(CALLS.length)](tx, false));
            // Whoever holds a lock keeps the schema as it is; who has none yet may meet a new one.
            if (n === 0 && below(4) === 0) await sleep(below(20));
          }
        });
      } catch (error) {
        if (!(error instanceof PostgresError && OF_A_CHANGE.includes(error.sqlState))) throw error;
        failedInside++;
      }
      if (times > 1) repeated++;
    };
    await Promise.all([
      (async () => {
        for (let n = 0; n < CHANGES; n++) {
          await admin.query(sql.unsafe(SCHEMA[n % SCHEMA.length]));
          await pool.query(FORGETTING[n % FORGETTING.length]);
          await sleep(EVERY);
        }
        isChanging = false;
      })(),
      ...Array.from({ length: CALLERS }, async (_, index) => {
        const below = randomIntegers(SEED + index);
        while (isChanging) await (below(8) === 0 ? inside(below) : outside(below));
      }),
    ]);
    if (surfaced.length > 0) throw surfaced[0];
    await assertSound(pool, SIZE);
    report.figure("changes of the schema and of prepared statements", 2 * CHANGES, "changes");
    report.figure("calls outside transactions that were served", served, "calls", { least: CHANGES });
    report.figure("of these, that failed or were read by old types", surfaced.length, "calls", { most: 0 });
    report.figure("transactions", begun, "transactions", { least: CHANGES / 10 });
    report.figure("of these, that were told of a change", failedInside, "transactions");
    report.figure("of these, that were run twice", repeated, "transactions", { most: 0 });
  },
);
