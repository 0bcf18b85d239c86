/**
 * What a reflector reports: one record for each event, with the same names whoever receives it.
 *
 * @module
 */

/** The events of a reflector. */
export const REFLECTOR_EVENTS = [
  "following",
  "establishing",
  "leading",
  "deposed",
  "election_failed",
  "stopped",
  "source_lost",
  "store_lost",
  "store_back",
  "postgres_lost",
  "connection",
  "coverage",
  "refused",
  "schema_changed",
  "refresh_failed",
  "alarm",
  "callback_failed",
] as const;

/** What has happened. */
export type ReflectorEvent = typeof REFLECTOR_EVENTS[number];

/** What is known of an event besides its message. */
export interface ReflectorLogFields {
  /** What has happened. */
  readonly event: ReflectorEvent;
  /** What else is known; times are milliseconds. */
  readonly [field: string]: unknown;
}

/** Receives what a reflector has to report, by level; every method is optional, so `console` is one. */
export interface ReflectorLogger {
  /** Of interest when something is being investigated. */
  debug?(message: string, fields: ReflectorLogFields): void;
  /** It leads, follows, has stopped. */
  info?(message: string, fields: ReflectorLogFields): void;
  /** Something should be looked at. */
  warn?(message: string, fields: ReflectorLogFields): void;
  /** Something failed. */
  error?(message: string, fields: ReflectorLogFields): void;
}

/** Something that failed. */
export interface ReflectorFault {
  /** When. */
  readonly at: Date;
  /** What. */
  readonly event: ReflectorEvent;
  /** In words. */
  readonly message: string;
}
