/**
 * Giving a read to one tier.
 *
 * @module
 */
import { giveUpSubmitted, watchSignal } from "../abort_watch.ts";
import type { Sql } from "../sql/sql.ts";
import type { PoolTier } from "../tier/pool_tiers.ts";
import { ConnectionError } from "../wire/errors.ts";
import type { Escort } from "../wire/session/escort.ts";
import { QueryExchange, type QueryResult } from "../wire/session/query_exchange.ts";

/** Milliseconds a read waits for a connection to a replica before it is sent elsewhere. */
const PATIENCE = 1_000;

/** How a read is made. */
export interface ReadCall {
  /** Milliseconds it may take, 0 for ever. */
  readonly timeout: number;
  /** Monotonic milliseconds by which it must have answered, where it was sent elsewhere before; or 0. */
  readonly deadline?: number;
  /** Gives it up. */
  readonly signal?: AbortSignal | undefined;
  /** Whether its rows stay bytes. */
  readonly raw?: boolean | undefined;
  /** Whether it can be sent elsewhere, so that it neither waits long nor is sent again here. */
  readonly hasAlternative?: boolean;
  /** What goes with it. */
  readonly escort?: Escort;
}

/** A read that was given to a tier. */
export interface SubmittedRead {
  readonly exchange: QueryExchange;
  readonly outcome: Promise<QueryResult>;
}

/** Gives a read to a tier; its statement must write nothing. */
export function submitRead(
  { tier, knowledge }: PoolTier,
  statement: Sql<unknown>,
  { timeout, deadline = 0, signal, raw, hasAlternative, escort }: ReadCall,
): SubmittedRead {
  const how = { readOnly: true, raw, once: hasAlternative };
  const observed = tier.observer?.statement(statement, how);
  const exchange = observed ?? new QueryExchange(statement.text, statement.values, how);
  exchange.timeout = timeout;
  exchange.deadline = deadline;
  exchange.escort = escort;
  tier.run(exchange, knowledge.plans.get(statement.text)?.estimate);
  if (signal !== undefined) {
    watchSignal(exchange, signal, (given, reason) => {
      if (!tier.giveUpQuery(given, reason)) giveUpSubmitted(given, reason);
    });
  }
  const outcome = observed === undefined ? exchange.promise : observed.whenGiven();
  return { exchange, outcome: hasAlternative ? impatiently(exchange, tier, outcome) : outcome };
}

async function impatiently(
  exchange: QueryExchange,
  tier: PoolTier["tier"],
  outcome: Promise<QueryResult>,
): Promise<QueryResult> {
  if (exchange.session !== undefined || exchange.settled) return await outcome;
  const timer = setTimeout(() => {
    tier.giveUpQuery(
      exchange,
      new ConnectionError(`Cannot get a connection to ${tier.name} within ${PATIENCE} ms`, {
        neverSent: true,
      }),
    );
  }, PATIENCE);
  try {
    return await outcome;
  } finally {
    clearTimeout(timer);
  }
}
