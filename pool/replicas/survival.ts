/**
 * Whether a write made on a timeline that has ended is still there: it is when the server that was promoted had it, that
 * is when it lies before the point where the new timeline begins.
 *
 * That point is known from the server itself, which remembers how far it had replayed when it was promoted, until it is
 * restarted; and from the timeline's history file, where the user may read it.
 *
 * @module
 */
import { parseLsn } from "../consistency/lsn.ts";
import { parseTimeline } from "../consistency/timeline.ts";
import type { Token } from "../consistency/token.ts";
import { QueryExchange } from "../wire/session/query_exchange.ts";
import type { PoolTier } from "../tier/pool_tiers.ts";
import { checkServer } from "./server_check.ts";

/** Milliseconds one question may take. */
const TIMEOUT = 5_000;

const HISTORY = "select pg_read_file($1::text, true) as history";

/**
 * Tells whether a token's write survived on the primary's present timeline.
 *
 * @param primary Where the primary is.
 * @param token The token, of another timeline as a rule.
 * @returns False where that cannot be shown.
 * @throws {ConnectionError} When the primary cannot be asked.
 */
export async function survived(primary: PoolTier, token: Token): Promise<boolean> {
  const { timeline, promotedAt } = await checkServer(primary, TIMEOUT);
  if (timeline === token.timeline) return true;
  const now = parseTimeline(timeline)!;
  const then = parseTimeline(token.timeline)!;
  if (now.system !== then.system || then.number > now.number) return false;
  if (promotedAt !== undefined && then.number === now.number - 1) return token.lsn <= promotedAt;
  const end = await endOf(primary, then.number, now.number);
  return end !== undefined && token.lsn <= end;
}

/** Where a timeline ended, by the history of a later one. */
async function endOf(primary: PoolTier, ended: number, later: number): Promise<bigint | undefined> {
  const name = later.toString(16).toUpperCase().padStart(8, "0");
  const exchange = new QueryExchange(HISTORY, [`pg_wal/${name}.history`], { readOnly: true });
  exchange.timeout = TIMEOUT;
  primary.tier.run(exchange, undefined);
  try {
    const { rows } = await exchange.promise;
    const text = rows[0].history;
    if (typeof text !== "string") return undefined;
    for (const line of text.split("\n")) {
      const [number, end] = line.trim().split(/\s+/);
      if (Number(number) === ended && number !== "") return parseLsn(end);
    }
  } catch {
    // Reading files is for few users.
  }
  return undefined;
}
