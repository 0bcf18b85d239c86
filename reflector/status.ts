/**
 * What a reflector says of itself: a snapshot for people, and an observer for metrics.
 *
 * @module
 */
import type { CacheStore } from "../orm/cache/stores/cache_store.ts";
import type { ElectionKind } from "./election/leader_election.ts";
import type { ReflectorFault } from "./reflector_log.ts";
import type { SourceKind } from "./source/change_source.ts";

/**
 * The states of a reflector: not started → `following` (another leads) → `establishing` (elected; the source is being
 * opened and the store taken over) → `leading` → … → `stopped`.
 */
export const REFLECTOR_STATES = ["idle", "following", "establishing", "leading", "stopped"] as const;

/** A state of a reflector. */
export type ReflectorState = typeof REFLECTOR_STATES[number];

/** What a reflector counts, from its start on. */
export const REFLECTOR_COUNTERS = [
  /** Changes that came out of the source: rows and tables as a whole. */
  "notifications",
  /** Rows that have changed. */
  "rows",
  /** Keys that were voided: entries of rows and lookups that somebody had. */
  "voided",
  /** Entries that were read again and stored, because they were active. */
  "refreshes",
  /** Refreshes that were given up: the ticket was void, too many waited, or PostgreSQL did not answer. */
  "refreshesSkipped",
  /** Keys of changed rows that nobody had: one command of the store, no read. */
  "ignored",
  /** Tables that were made void as a whole. */
  "tables",
  /** Canaries that came out of the stream. */
  "canaries",
  /** Times the leadership began or was lost. */
  "leaderChanges",
  /** Times an epoch was begun. */
  "epochs",
  /** Notifications on the channel that mean nothing to a reflector. */
  "strangers",
  /** Changes that were dropped while the store was away; the new epoch covers them. */
  "dropped",
  /** Times something failed; see `faults`. */
  "faults",
] as const;

/** A name of a counter. */
export type ReflectorCounter = typeof REFLECTOR_COUNTERS[number];

/** What a reflector has told the store last. */
export interface ReflectorWatermark {
  /** Counts up with every take-over. */
  readonly term: number;
  /** Sixteen characters, others in every epoch. */
  readonly epoch: string;
  /** Where its positions belong to: `"{system identifier}/{timeline}"`. */
  readonly timeline: string;
  /** The database's name. */
  readonly database: string;
  /** As PostgreSQL writes it, for example `0/16B3748`. */
  readonly lsn: string;
  /** The number of the last canary. */
  readonly seq: number;
}

/** How far behind it is. Times are milliseconds. */
export interface ReflectorLag {
  /** What the last canary took through the stream. */
  readonly canary: number | undefined;
  /** How long ago the last canary came out. */
  readonly silence: number | undefined;
  /** What the last batch took from its arrival until the store had it. */
  readonly apply: number | undefined;
  /** Bytes of WAL kept for its slot. */
  readonly walBytes: number | undefined;
  /** Share of the notification queue in use, 0 to 1. */
  readonly queueUsage: number | undefined;
}

/** A snapshot of a reflector. */
export interface ReflectorStatus {
  /** This reflector's name. */
  readonly name: string;
  /** What it does. */
  readonly state: ReflectorState;
  /** Since when it is in that state. */
  readonly since: Date;
  /** Who leads, as far as is known. */
  readonly leader: string | undefined;
  /** What elects the leader; `none` where it has no rival. */
  readonly election: ElectionKind | "none";
  /** Where it hears changes; undefined unless it leads. */
  readonly source: SourceKind | undefined;
  /** What holds the cache. */
  readonly store: CacheStore["kind"];
  /** Whether the store answered the last time. */
  readonly storeAnswers: boolean;
  /** What it told the store last; undefined before it has led. */
  readonly watermark: ReflectorWatermark | undefined;
  /** How far behind it is. */
  readonly lag: ReflectorLag;
  /** Keys that were found active lately, counted at changes: an approximation from below. */
  readonly activeKeys: number;
  /** The tables that may be cached, by `schema.table`, and those that may not, with the reason. */
  readonly coverage: {
    readonly hash: string;
    readonly tables: readonly string[];
    readonly refused: readonly { readonly name: string; readonly reason: string }[];
  } | undefined;
  /** What it has counted since it was made. */
  readonly counters: Readonly<Record<ReflectorCounter, number>>;
  /** The same, per second over the last ten seconds. */
  readonly rates: Readonly<Record<ReflectorCounter, number>>;
  /** What an operator should know now; empty when all is well. */
  readonly alarms: readonly string[];
  /** The last faults, the latest first. */
  readonly faults: readonly ReflectorFault[];
}

/** What takes time: the store, or PostgreSQL. */
export type ReflectorLink = "store" | "postgres";

/** Who is told of what happens; every method is optional, and none may throw. */
export interface ReflectorObserver {
  /** A counter went up. */
  counted?(counter: ReflectorCounter, by: number): void;
  /** One round trip was made: to the store (`void`, `fill`, `advance` …) or to PostgreSQL (`floor`, `read`, `probe` …). */
  timed?(link: ReflectorLink, operation: string, milliseconds: number): void;
  /** It is in another state. */
  moved?(state: ReflectorState, before: ReflectorState): void;
  /** Something failed. */
  fault?(fault: ReflectorFault): void;
}
