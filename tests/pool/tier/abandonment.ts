/** What one user of a connection may leave behind, in every way to use one, and how the next would see it. */
import { type Executor, type Pool, type Sql, sql } from "../../../pool/mod.ts";
import { PostgresError } from "../../../pool/wire/postgres_error.ts";
import { rejection } from "./pools.ts";

/** The key of the advisory lock among {@link DIRT}. */
export const LOCK = 424_242;

/** What a session keeps after the statement; the shared lock is one that many may leave behind at a time. */
export const DIRT: readonly Sql<unknown>[] = [
  sql`set work_mem = '7MB'`,
  sql`select set_config('app.tenant', 'somebody', false)`,
  sql`create temp table left_behind (n int)`,
  sql`select pg_advisory_lock_shared(${LOCK})`,
  sql`listen left_behind`,
  sql`prepare left_behind as select 1`,
  sql`declare left_behind cursor with hold for select 1`,
  sql`set search_path = pg_temp, pg_catalog`,
  sql`set role pg_monitor`,
  sql`set session characteristics as transaction read only`,
];

/** Everything of a session that its last user may have changed. */
export async function sessionState(executor: Executor): Promise<unknown> {
  return await executor.one(sql`
    select session_user::text as "user", current_user::text as role, current_schemas(false)::text as schemas,
      (select array_agg(name || ' = ' || setting order by name) from pg_settings
        where source = 'session' and name not in ('transaction_isolation')) as settings,
      coalesce(current_setting('app.tenant', true), '') as tenant,
      pg_current_xact_id_if_assigned() is null as "hasWrittenNothing",
      (select count(*)::int from pg_class where relnamespace = pg_my_temp_schema()) as temporary,
      (select count(*)::int from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()) as locks,
      (select count(*)::int from pg_listening_channels()) as channels,
      (select count(*)::int from pg_cursors where is_holdable) as cursors,
      (select count(*)::int from pg_prepared_statements where from_sql) as prepared`);
}

async function leaveAll(executor: Executor, dirt: readonly Sql<unknown>[]): Promise<void> {
  for (const statement of dirt) await executor.execute(statement);
}

/** The ways to leave `dirt` behind; each resolves when its call has. */
export const WAYS: Readonly<Record<string, (pool: Pool, dirt: readonly Sql<unknown>[]) => Promise<unknown>>> =
  {
    "pool.execute()": leaveAll,
    "pool.execute() of many at once": (pool, dirt) =>
      Promise.all(dirt.map((statement) => pool.execute(statement).catch(() => {}))),
    "pool.reserve()": async (pool, dirt) => {
      await using session = await pool.reserve();
      await leaveAll(session, dirt);
    },
    "pool.reserve() with an open transaction": async (pool, dirt) => {
      await using session = await pool.reserve();
      await session.execute(sql`begin`);
      await leaveAll(session, dirt);
    },
    "pool.reserve() with a failed transaction": async (pool) => {
      await using session = await pool.reserve();
      await session.execute(sql`begin`);
      await rejection(session.query(sql`select 1 / 0`), PostgresError);
    },
    "pool.transaction()": async (pool, dirt) => {
      await pool.transaction((tx) => leaveAll(tx, dirt));
    },
    "pool.transaction() that throws": async (pool, dirt) => {
      await pool.transaction(async (tx) => {
        await leaveAll(tx, dirt);
        throw new Error("thrown");
      }).catch(() => {});
    },
    "pool.transaction() that leaves statements running": async (pool, dirt) => {
      const left: Promise<unknown>[] = [];
      await pool.transaction((tx) => {
        for (const statement of dirt) left.push(tx.execute(statement).catch(() => {}));
        left.push(tx.execute(sql`select pg_sleep(10)`).catch(() => {}));
        throw new Error("thrown");
      }).catch(() => {});
      await Promise.all(left);
    },
    "pool.reserve() that leaves statements running": async (pool, dirt) => {
      const left: Promise<unknown>[] = [];
      {
        await using session = await pool.reserve();
        for (const statement of dirt) left.push(session.execute(statement).catch(() => {}));
        for (let n = 0; n < 3; n++) left.push(session.execute(sql`select pg_sleep(10)`).catch(() => {}));
      }
      await Promise.all(left);
    },
    "pool.reserve() that leaves a stream open": async (pool) => {
      await using session = await pool.reserve();
      const rows = session.stream(sql`select n from generate_series(1, 1000000) as n`);
      await rows.next();
    },
    "pool.stream() that is given up": async (pool) => {
      for await (
        const _ of pool.stream(
          sql`select n, set_config('work_mem', '7MB', false) from generate_series(1, 100000) as n`,
        )
      ) {
        break;
      }
    },
    "pool.batch()": async (pool, dirt) => {
      await pool.batch(dirt, { atomic: false });
    },
  };
