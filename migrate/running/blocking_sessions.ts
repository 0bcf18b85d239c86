/**
 * The sessions that a waiting session waits for.
 *
 * @module
 */
import type { Pool } from "../../pool/pool.ts";
import { sql } from "../../pool/sql/sql.ts";

/** A session that has, or waits in front for, a lock that another wants. */
export interface BlockingSession {
  /** Its process on the server: what `pg_terminate_backend` takes. */
  readonly processId: number;
  /** What it calls itself: `application_name`. */
  readonly application: string;
  /** The role it acts as. */
  readonly user: string;
  /** Where it comes from; `undefined` for a socket. */
  readonly address: string | undefined;
  /** `active`, `idle in transaction`, … */
  readonly state: string;
  /** Since when its transaction runs, as ISO 8601 in UTC. */
  readonly since: string | undefined;
}

interface Row {
  readonly process_id: number;
  readonly application: string;
  readonly user: string;
  readonly address: string | null;
  readonly state: string;
  readonly since: string | null;
}

/** Milliseconds the question may take. */
const TIMEOUT = 5_000;

/** Who is in the way of a process of the server. */
export async function blockingSessions(
  pool: Pool,
  processId: number,
  signal: AbortSignal,
): Promise<readonly BlockingSession[]> {
  const rows = await pool.query(
    sql<Row>`select a.pid as process_id, coalesce(a.application_name, '') as application,
      coalesce(a.usename, a.backend_type)::text as user, host(a.client_addr) as address,
      coalesce(a.state, a.backend_type) as state,
      to_char(a.xact_start at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as since
    from unnest(pg_catalog.pg_blocking_pids(${processId}::int)) as b(pid)
    join pg_catalog.pg_stat_activity a on a.pid = b.pid`,
    { signal, timeout: TIMEOUT },
  );
  return rows.map(({ process_id, address, since, ...row }) => ({
    ...row,
    processId: process_id,
    address: address ?? undefined,
    since: since ?? undefined,
  }));
}

/** Sessions in words. */
export function describeBlockers(blockers: readonly BlockingSession[]): string {
  if (blockers.length === 0) return "a session that was gone when it was looked for";
  return blockers.map(({ processId, application, user, address, state, since }) => {
    const who = application === "" ? "a session without a name" : `"${application}"`;
    const from = address === undefined ? "" : ` from ${address}`;
    return `${who} (process ${processId}, user "${user}"${from}, ${state}${
      since === undefined ? "" : `, its transaction since ${since}`
    })`;
  }).join(" and ");
}
