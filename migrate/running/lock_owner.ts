/**
 * Who has the lock of the migrations.
 *
 * A session shows when it took the lock by a second lock whose key is the time, so that whoever waits can read it from
 * `pg_locks` and it ends with the session, however that ends.
 *
 * @module
 */
import { type Sql, sql } from "../../pool/sql/sql.ts";

/** The session that has the lock. */
export interface LockOwner {
  /** Its process on the server. */
  readonly processId: number;
  /** What it calls itself: `application_name`. */
  readonly application: string;
  /** The role it acts as. */
  readonly user: string;
  /** Where it comes from; `undefined` for a socket of the server's own machine. */
  readonly address: string | undefined;
  /** When it took the lock, as ISO 8601 in UTC; `undefined` where it is just doing so. */
  readonly since: string | undefined;
}

/** The key of the lock: an advisory lock is of its database, so that the key need not name it. "lgmigrat" as bytes. */
export const LOCK_KEY: bigint = 0x6c676d6967726174n;
/** The first half of the key of the lock that tells the time: "lgms" as bytes. */
const SINCE_KEY = 0x6c676d73;

/** Takes the lock if nobody has it. */
export const TRY_LOCK: Sql<{ locked: boolean }> = sql`select pg_catalog.pg_try_advisory_lock(${
  sql.unsafe(String(LOCK_KEY))
}) as locked`;

/** Shows since when it is held; from 2038 on the seconds are negative as an integer, and as they are as the oid that is read. */
export const SHOW_SINCE: Sql = sql`select pg_catalog.pg_advisory_lock_shared(${
  sql.unsafe(String(SINCE_KEY))
}, ((extract(epoch from pg_catalog.clock_timestamp())::bigint + 2147483648) % 4294967296 - 2147483648)::int)`;

/** Gives both back. */
export const UNLOCK: Sql = sql`select pg_catalog.pg_advisory_unlock_all()`;

/** What a session says of itself. */
export interface OwnState {
  /** Whether it has the lock. */
  readonly held: boolean;
  /** Its process on the server. */
  readonly pid: number;
  /** The role it acts as. */
  readonly role: string;
}

/** Whether the session that asks has the lock, which it is, and as whom it acts. */
export const OWN_STATE: Sql<OwnState> = sql`select pg_catalog.pg_backend_pid() as pid,
  current_user::text as role, exists (
  select from pg_catalog.pg_locks
  where locktype = 'advisory' and granted and pid = pg_catalog.pg_backend_pid() and objsubid = 1
    and classid = ${sql.unsafe(String(LOCK_KEY >> 32n))} and objid = ${
  sql.unsafe(String(LOCK_KEY & 0xffffffffn))
}
    and database = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database())
) as held`;

/** Who has the lock. */
export const FIND_OWNER: Sql<LockOwnerRow> = sql`select
  l.pid as process_id, coalesce(a.application_name, '') as application, coalesce(a.usename, '')::text as user,
  host(a.client_addr) as address,
  (select to_char(to_timestamp(s.objid::bigint) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
   from pg_catalog.pg_locks s
   where s.locktype = 'advisory' and s.pid = l.pid and s.objsubid = 2 and s.granted and s.database = l.database
     and s.classid = ${sql.unsafe(String(SINCE_KEY))} limit 1) as since
from pg_catalog.pg_locks l left join pg_catalog.pg_stat_activity a on a.pid = l.pid
where l.locktype = 'advisory' and l.granted and l.objsubid = 1
  and l.classid = ${sql.unsafe(String(LOCK_KEY >> 32n))} and l.objid = ${
  sql.unsafe(String(LOCK_KEY & 0xffffffffn))
}
  and l.database = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database())
limit 1`;

/** A row of {@link FIND_OWNER}. */
export interface LockOwnerRow {
  readonly process_id: number;
  readonly application: string;
  readonly user: string;
  readonly address: string | null;
  readonly since: string | null;
}

/** The owner of a row. */
export function ownerOf(row: LockOwnerRow): LockOwner {
  return {
    processId: row.process_id,
    application: row.application,
    user: row.user,
    address: row.address ?? undefined,
    since: row.since ?? undefined,
  };
}

/** An owner in words. */
export function describeOwner(owner: LockOwner | undefined): string {
  if (owner === undefined) return "a session that cannot be seen";
  const { application, processId, user, address, since } = owner;
  const who = application === "" ? "a session without a name" : `"${application}"`;
  const from = address === undefined ? "" : ` from ${address}`;
  return `${who} (process ${processId}, user "${user}"${from}${
    since === undefined ? "" : `, since ${since}`
  })`;
}
