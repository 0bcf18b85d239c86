/**
 * Asking a server what it is: a primary or a standby, on which timeline, and how far.
 *
 * @module
 */
import { EscortExchange, type EscortStatement } from "../consistency/escort_exchange.ts";
import { parseLsn } from "../consistency/lsn.ts";
import {
  LOG_PLACE,
  LOG_PLACE_COLUMNS,
  type LogPlace,
  SYSTEM,
  timelineOf,
  wasSystemRefused,
} from "../consistency/server_identity.ts";
import { ConnectionError } from "../wire/errors.ts";
import type { Tier } from "../tier/tier.ts";
import type { CodecRegistry } from "../wire/codec/registry.ts";

interface CheckRow extends LogPlace {
  readonly standby: boolean;
  readonly lsn: string | null;
  readonly replayed: string | null;
  readonly receives: boolean;
}

const TEXT = `select pg_is_in_recovery() as standby,
  case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_flush_lsn() end::text as lsn,
  pg_last_wal_replay_lsn()::text as replayed,
  exists(select from pg_stat_wal_receiver) as receives, ${LOG_PLACE}`;
const COLUMNS = {
  standby: "bool",
  lsn: "text",
  replayed: "text",
  receives: "bool",
  ...LOG_PLACE_COLUMNS,
} as const;

const CHECK: EscortStatement = { text: TEXT, columns: COLUMNS };
const CHECK_WITH_SYSTEM: EscortStatement = {
  text: `${TEXT}, ${SYSTEM}`,
  columns: { ...COLUMNS, system: "text" },
};

/** What a server says of itself. */
export interface ServerCheck {
  /** Whether it only replays what another one writes. */
  readonly isStandby: boolean;
  /** The timeline it is on. */
  readonly timeline: string;
  /** How far it has flushed, or replayed as a standby. */
  readonly lsn: bigint;
  /** Where it was promoted, if it was since it was started. */
  readonly promotedAt: bigint | undefined;
  /** Whether a standby receives the log from another server. */
  readonly receives: boolean;
  /** Who it is. */
  readonly address: string;
}

/** Where a server is asked. */
export interface CheckedTier {
  readonly tier: Tier;
  readonly knowledge: { readonly registry: CodecRegistry };
}

/**
 * Asks one server of a tier.
 *
 * @param of The tier.
 * @param timeout Milliseconds to wait for an answer, waiting for a connection included.
 * @returns What it says.
 */
export async function checkServer({ tier, knowledge }: CheckedTier, timeout: number): Promise<ServerCheck> {
  const ask = (statement: EscortStatement): Promise<ServerCheck> =>
    answered(tier, new EscortExchange<CheckRow>(statement, knowledge.registry), timeout);
  try {
    return await ask(CHECK_WITH_SYSTEM);
  } catch (error) {
    if (error instanceof RefusedError) return await ask(CHECK);
    throw error;
  }
}

/** The server does not tell its system identifier. */
class RefusedError extends Error {}

async function answered(
  tier: Tier,
  exchange: EscortExchange<CheckRow>,
  timeout: number,
): Promise<ServerCheck> {
  const late = new ConnectionError(`Cannot check the server (${tier.name}): no answer within ${timeout} ms`);
  const timer = setTimeout(() => {
    if (!tier.giveUpQuery(exchange, late)) exchange.session?.giveUp(exchange, () => late);
    // One that was neither waiting nor sent has nobody else to end it.
    exchange.reject(late);
  }, timeout);
  try {
    tier.run(exchange, exchange.estimate);
    const row = await exchange.row();
    const session = exchange.session!;
    return {
      isStandby: row.standby,
      timeline: timelineOf(session, row),
      lsn: row.lsn === null ? 0n : parseLsn(row.lsn),
      promotedAt: row.standby || row.replayed === null ? undefined : parseLsn(row.replayed),
      receives: row.receives,
      address: session.address,
    };
  } catch (error) {
    const { session } = exchange;
    if (session !== undefined && wasSystemRefused(session, error)) throw new RefusedError();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
