/**
 * The reflector's replication slot: it keeps what was not read while no reflector ran, and so WAL on the primary's disk.
 *
 * @module
 */
import { parseLsn } from "../../../pool/consistency/lsn.ts";
import { pause } from "../../../pool/pause.ts";
import type { ReplicationConnection } from "../../../pool/wire/replication/replication_connection.ts";
import type { SourceBacklog } from "../change_source.ts";
import type { SqlLine } from "./sql_line.ts";

/** Milliseconds for which a slot may be in use by a reflector before us, which has lost its leadership. */
const PREDECESSOR = 2_000;
/** Milliseconds between two looks at a slot that is in use. */
const LOOK = 100;
/** Bytes kept that are worth an alarm where no limit is set. */
const MUCH = 4n * 1024n ** 3n;

/** What is known of a slot. */
export interface SlotState {
  readonly plugin: string | null;
  readonly database: string | null;
  /** `reserved`, `extended`, `unreserved`, `lost`. */
  readonly walStatus: string | null;
  /** Why the server has given it up, if so; from PostgreSQL 16. */
  readonly invalid: string | null;
  /** The process that reads it. */
  readonly activeProcess: number | null;
  /** Up to where it was confirmed, as `X/Y`. */
  readonly confirmed: string | null;
  /** Bytes of WAL kept for it. */
  readonly walBytes: bigint;
  /** How far the server's WAL is, as `X/Y`. */
  readonly serverLsn: string;
  /** `max_slot_wal_keep_size` in bytes; negative for no limit. */
  readonly keepSize: bigint;
}

const SLOT_QUERY = `select s.plugin::text, s.database::text, s.wal_status::text as "walStatus",
  coalesce(to_jsonb(s) ->> 'invalidation_reason', (to_jsonb(s) ->> 'conflicting') || ' conflict')::text as "invalid",
  s.active_pid::text as "activeProcess", s.confirmed_flush_lsn::text as "confirmed",
  greatest(pg_wal_lsn_diff(pg_current_wal_lsn(), s.restart_lsn), 0)::text as "walBytes",
  pg_current_wal_insert_lsn()::text as "serverLsn",
  (case when k.setting::bigint < 0 then -1 else k.setting::bigint * 1024 * 1024 end)::text as "keepSize"
from pg_replication_slots s, pg_settings k
where s.slot_name = $1 and k.name = 'max_slot_wal_keep_size'`;

/** Reads the state of a slot; undefined when there is none of this name. */
export async function readSlot(
  line: SqlLine,
  name: string,
  signal?: AbortSignal,
): Promise<SlotState | undefined> {
  const [row] = await line.ask(SLOT_QUERY, [name], signal) as readonly Record<string, string | null>[];
  if (row === undefined) return undefined;
  const { plugin, database, walStatus, invalid, activeProcess, confirmed, walBytes, serverLsn, keepSize } =
    row;
  return {
    plugin,
    database,
    walStatus,
    invalid: invalid === "false conflict" ? null : invalid,
    activeProcess: activeProcess === null ? null : Number(activeProcess),
    confirmed,
    walBytes: BigInt(walBytes ?? 0),
    serverLsn: serverLsn!,
    keepSize: BigInt(keepSize ?? -1),
  };
}

/** What to prepare a slot with. */
export interface PrepareSlotOptions {
  readonly name: string;
  /** Whether standbys keep a copy of it, from PostgreSQL 17. */
  readonly failover: boolean;
  /** Whether what it has must be forgotten: the plugin could not read it. */
  readonly renew: boolean;
  readonly signal: AbortSignal;
  /** Told of what an operator should know. */
  readonly report: (message: string) => void;
}

/**
 * Makes a slot ready to be read: creates it where it is missing or of no use any more, and takes it from a predecessor
 * that still reads it, who has lost its leadership or we would not be here.
 *
 * @throws {Error} When the name belongs to a slot of another kind.
 */
export async function prepareSlot(
  replication: ReplicationConnection,
  line: SqlLine,
  options: PrepareSlotOptions,
): Promise<void> {
  const { name, failover, signal, report } = options;
  let state = await readSlot(line, name, signal);
  if (state !== undefined) {
    const [{ database }] = await line.ask("select current_database()::text as database", [], signal);
    if (state.plugin !== "pgoutput" || state.database !== database) {
      throw new Error(
        `Cannot use replication slot "${name}": it is of plugin "${state.plugin}" in database "${state.database}"; give the reflector a slot of another name`,
      );
    }
    state = await takeOver(line, state, options);
  }
  const reason = state === undefined ? undefined : uselessness(state, options.renew);
  if (state !== undefined && reason === undefined) return;
  if (reason !== undefined) {
    report(`Replication slot "${name}" is made anew: ${reason}`);
    await replication.dropSlot(name);
  }
  await replication.createSlot(name, { failover });
}

/** Why a slot cannot be read from where it is. */
function uselessness(state: SlotState, renew: boolean): string | undefined {
  if (renew) return "the server could not read on from where it is";
  if (state.walStatus === "lost" || state.invalid !== null) {
    return `the server has given it up (${state.invalid ?? "wal_removed"})`;
  }
  if (state.confirmed !== null && parseLsn(state.confirmed) > parseLsn(state.serverLsn)) {
    return `it is at ${state.confirmed}, but the server only at ${state.serverLsn}`;
  }
  return undefined;
}

/** Waits until nobody else reads the slot; ends who still does after a while. */
async function takeOver(
  line: SqlLine,
  found: SlotState,
  { name, signal, report }: PrepareSlotOptions,
): Promise<SlotState | undefined> {
  let state: SlotState | undefined = found;
  const since = performance.now();
  let isEnded = false;
  while (state !== undefined && state.activeProcess !== null) {
    const waited = performance.now() - since;
    if (waited > PREDECESSOR && !isEnded) {
      isEnded = true;
      report(`Replication slot "${name}" is taken from process ${state.activeProcess}, which still reads it`);
      await line.ask("select pg_terminate_backend($1::int)::text as ended", [state.activeProcess], signal);
    } else if (waited > 5 * PREDECESSOR) {
      throw new Error(
        `Cannot use replication slot "${name}": process ${state.activeProcess} reads it; end it, or give this reflector a slot of its own`,
      );
    }
    await pause(LOOK, signal);
    state = await readSlot(line, name, signal);
  }
  return state;
}

/** What an operator should know of a slot. */
export function slotBacklog(name: string, state: SlotState | undefined): SourceBacklog {
  if (state === undefined) {
    return { alarms: [`Replication slot "${name}" does not exist; restart the reflector, which creates it`] };
  }
  const { walBytes, walStatus, keepSize, invalid } = state;
  const alarms: string[] = [];
  if (walStatus !== "reserved" && walStatus !== "extended") {
    alarms.push(
      `Replication slot "${name}" is "${walStatus}"${invalid === null ? "" : ` (${invalid})`}: the server ${
        walStatus === "lost" ? "has removed" : "is about to remove"
      } WAL it needs; raise "max_slot_wal_keep_size", and see why the reflector does not keep up`,
    );
  }
  if (keepSize >= 0n ? walBytes * 2n >= keepSize && walBytes > 0n : walBytes >= MUCH) {
    const limit = keepSize >= 0n
      ? `of "max_slot_wal_keep_size" ${keepSize}`
      : `and "max_slot_wal_keep_size" sets no limit to it`;
    alarms.push(
      `Replication slot "${name}" keeps ${walBytes} bytes of WAL, ${limit}; see why the reflector does not keep up, and drop the slot if there is none any more`,
    );
  }
  return { walBytes: Number(walBytes), alarms };
}
