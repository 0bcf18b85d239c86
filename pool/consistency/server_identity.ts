/**
 * What a connection's server is part of: its system identifier, asked for once on each connection together with
 * something else, so that it costs no round trip.
 *
 * @module
 */
import type { DatabaseKnowledge } from "../wire/session/database_knowledge.ts";
import type { Session } from "../wire/session/session.ts";
import { PostgresError, SQLSTATE } from "../wire/postgres_error.ts";
import { formatTimeline, timelineOfWalFile, UNKNOWN_SYSTEM } from "./timeline.ts";

const SYSTEMS = new WeakMap<Session, string>();
const PRIMARIES = new WeakMap<Session, string>();
const REFUSED = new WeakSet<DatabaseKnowledge>();

/** The system identifier of a connection's server; undefined when it was not asked yet. */
export function systemOf(session: Session): string | undefined {
  return REFUSED.has(session.shared) ? UNKNOWN_SYSTEM : SYSTEMS.get(session);
}

/** Takes note of what a connection's server answered. */
export function learnSystem(session: Session, system: string): void {
  SYSTEMS.set(session, system);
}

/**
 * Takes note of a server's refusal to tell its system identifier.
 *
 * @returns Whether that was why a statement failed, so that it may be tried again without.
 */
export function wasSystemRefused(session: Session, error: unknown): boolean {
  if (SYSTEMS.has(session) || REFUSED.has(session.shared) || !(error instanceof PostgresError)) return false;
  if (error.sqlState !== SQLSTATE.insufficientPrivilege && error.sqlState !== SQLSTATE.undefinedFunction) {
    return false;
  }
  REFUSED.add(session.shared);
  return true;
}

/**
 * The timeline of a connection's server, where that is known to be a primary: it stays one, on that timeline, as long as
 * the connection lives.
 */
export function primaryTimeline(session: Session): string | undefined {
  return PRIMARIES.get(session);
}

/** What tells where a server's log is. */
export interface LogPlace {
  /** Only where the system identifier was asked for. */
  readonly system?: string;
  /** The WAL file written to, on a primary. */
  readonly file: string | null;
  /** The timeline followed, on a standby. */
  readonly followed: number | null;
}

/** SQL of {@link LogPlace}, for behind a `select` with other columns. */
export const LOG_PLACE =
  `case when not pg_is_in_recovery() then pg_walfile_name(pg_current_wal_insert_lsn()) end as file,
  case when pg_is_in_recovery() then greatest((select received_tli from pg_stat_wal_receiver),
    (pg_control_checkpoint()).timeline_id, (pg_control_recovery()).min_recovery_end_timeline) end as followed`;
/** The columns of {@link LOG_PLACE}. */
export const LOG_PLACE_COLUMNS = { file: "text", followed: "int4" } as const;
/** SQL of the system identifier. */
export const SYSTEM = "(pg_control_system()).system_identifier::text as system";

/** The timeline that a place of a connection's server is on. */
export function timelineOf(session: Session, { system, file, followed }: LogPlace): string {
  if (system !== undefined) learnSystem(session, system);
  const timeline = formatTimeline({
    system: systemOf(session) ?? UNKNOWN_SYSTEM,
    number: file === null ? followed ?? 0 : timelineOfWalFile(file),
  });
  if (file !== null) PRIMARIES.set(session, timeline);
  return timeline;
}
