/**
 * What a pool reports: one record for each event, with the same names whoever receives it.
 *
 * @module
 */

/** The events of a pool. */
export const POOL_EVENTS = [
  "connected",
  "connect_failed",
  "connection_lost",
  "healed",
  "rotated",
  "shrunk",
  "acquire_timeout",
  "slow_query",
  "leak",
  "listen_lost",
  "callback_failed",
  "outcome_unknown",
  "evicted",
  "replica_changed",
] as const;

/** What has happened; `docs/observability.md` has the fields of each. */
export type PoolEvent = typeof POOL_EVENTS[number];

/** What is known of an event besides its message. */
export interface PoolLogFields {
  /** What has happened. */
  readonly event: PoolEvent;
  /** The tier it happened in. */
  readonly tier?: string;
  /** What else is known; times are milliseconds. */
  readonly [field: string]: unknown;
}

/** Levels of the log, the least important first. */
export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;

/** How much an event matters. */
export type LogLevel = typeof LOG_LEVELS[number];

/** An event with everything about it; never a parameter's value. */
export interface PoolLogRecord extends PoolLogFields {
  /** How much it matters. */
  readonly level: LogLevel;
  /** The event in words. */
  readonly message: string;
}

/** Receives what the pool has to report, by level; every method is optional, so `console` is one. */
export interface PoolLogger {
  /** Of interest when something is being investigated. */
  debug?(message: string, fields: PoolLogFields): void;
  /** A connection was made, lost, healed or retired. */
  info?(message: string, fields: PoolLogFields): void;
  /** Something should be looked at. */
  warn?(message: string, fields: PoolLogFields): void;
  /** Something failed. */
  error?(message: string, fields: PoolLogFields): void;
}

/** A logger that gives every event to one function. */
export function recordLogger(log: (record: PoolLogRecord) => void): PoolLogger {
  const at = (level: LogLevel) => (message: string, fields: PoolLogFields): void =>
    log({ level, message, ...fields });
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}
