/**
 * What a pool says of itself.
 *
 * @module
 */

/** How many slots and calls are in which state. */
export interface TierStats {
  /** Open connections. */
  readonly size: number;
  /** Connections with nothing to do. */
  readonly idle: number;
  /** Connections that run statements of callers who share them. */
  readonly busy: number;
  /** Connections that one caller has for itself: transactions, streams, COPY, reservations. */
  readonly reserved: number;
  /** Connections being made, or waiting to be made again after a failure. */
  readonly healing: number;
  /** Calls that wait for a connection. */
  readonly waiting: number;
  /** Statements sent and not answered. */
  readonly inFlight: number;
}

/** The counts of a pool and of each of its tiers. */
export interface PoolStats extends TierStats {
  /** The counts by tier: `primary`, then `replica-1`, … in the order of the `replicas` option. */
  readonly tiers: Readonly<Record<string, TierStats>>;
}

/** Adds the counts of tiers up. */
export function totalStats(tiers: Readonly<Record<string, TierStats>>): PoolStats {
  const total = { size: 0, idle: 0, busy: 0, reserved: 0, healing: 0, waiting: 0, inFlight: 0 };
  for (const stats of Object.values(tiers)) {
    for (const key of Object.keys(total) as (keyof typeof total)[]) total[key] += stats[key];
  }
  return { ...total, tiers };
}
