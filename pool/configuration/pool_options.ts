/**
 * What a user may say about a pool ({@link PoolOptions}), and what the pool works with once it was checked and
 * completed ({@link ResolvedPoolOptions}). Resolution is in `resolve_pool_options.ts`; every setting's default and
 * range is in `settings.ts`.
 *
 * @module
 */
import type { ReadPreference } from "../replicas/read_preference.ts";
import type { PrepareMode } from "../wire/session/database_knowledge.ts";
import type { CodecOptions } from "../wire/codec/codec.ts";
import type { CustomCodec } from "../wire/codec/custom.ts";
import type { PoolLogger, PoolLogRecord } from "../telemetry/pool_log.ts";
import type { MeterSource, TracerSource } from "../telemetry/providers.ts";
import type { SlowQuery } from "../telemetry/slow_query.ts";
import type { TelemetrySettings } from "../telemetry/pool_telemetry.ts";
import type { ConnectOptions, ResolvedConnectOptions } from "../wire/configuration/connect_options.ts";

export { PREPARE_MODES, type PrepareMode } from "../wire/session/database_knowledge.ts";

/** A notice from the server: a message that is not an error. */
export interface PoolNotice {
  /** For example `"NOTICE"` or `"WARNING"`. */
  readonly severity: string;
  /** SQLSTATE. */
  readonly code: string;
  /** The text. */
  readonly message: string;
  /** More about it. */
  readonly detail?: string | undefined;
  /** What to do about it. */
  readonly hint?: string | undefined;
}

/** A slot that has been held for longer than `leakAfter`. */
export interface PoolLeak {
  /** Milliseconds it has been held. */
  readonly heldFor: number;
  /** Stack of the call that took it. */
  readonly stack: string;
}

/** A duration: a number of milliseconds, or text with a unit such as `"250ms"`, `"30s"`, `"5 min"`, `"1h"`. */
export type Duration = number | string;

/**
 * How a pool connects and behaves. Every setting can also be given in the URL (`?pool_max=20`), in a variable
 * (`LIFEGUARD__DATABASE__MAX=20`) or in the table `[database]` of `config/config.toml` (`max = 20`); the first of
 * options, URL, variable, file, default that says something wins.
 *
 * @example
 * ```ts
 * import type { PoolOptions } from "@lifeguard/core";
 * const options: PoolOptions = {
 *   url: "postgres://app@primary.example/shop",
 *   replicas: ["postgres://replica1.example", { host: "replica2.example" }],
 *   max: 20,
 *   acquireTimeout: "5s",
 * };
 * ```
 */
export interface PoolOptions extends ConnectOptions, CodecOptions {
  /** Replicas, each a URL or options; what one does not say, except its host and port, is as for the primary. */
  readonly replicas?: readonly (string | URL | ConnectOptions)[];
  /** Connections to the primary kept open at least. Default: `max`. */
  readonly min?: number;
  /** Connections to the primary at most. Default 10. */
  readonly max?: number;
  /** Connections to each replica kept open at least. Default: `min`. */
  readonly replicaMin?: number;
  /** Connections to each replica at most. Default: `max`. */
  readonly replicaMax?: number;
  /** Where reads may come from, unless a call says otherwise. Default `"primary"`. */
  readonly read?: ReadPreference;
  /** Bytes of log, or text such as `"16MB"`, that a replica may be behind and still be read from. Default 16 MiB. */
  readonly maxLag?: number | string;
  /** How long a replica may be behind and still be read from. Default 10 s. */
  readonly maxLagTime?: Duration;
  /** How often each replica is checked. Default 1 s. */
  readonly replicaCheckInterval?: Duration;
  /** How long a strong read waits for a replica to be new enough before it goes to the primary. Default 20 ms. */
  readonly strongWait?: Duration;
  /** How long a call may wait for a connection. Default 30 s. */
  readonly acquireTimeout?: Duration;
  /** Calls that may wait at the same time; more are refused at once. Default 100,000. */
  readonly maxWaiting?: number;
  /** How long a statement may run before it is cancelled; 0 for no limit. Default 0. */
  readonly queryTimeout?: Duration;
  /** How long a connection above `min` may be idle before it is closed; 0 for ever. Default 10 min. */
  readonly idleTimeout?: Duration;
  /** An idle connection silent for this long is probed before or while it waits; 0 for never. Default 30 s. */
  readonly probeInterval?: Duration;
  /** Age at which a connection is replaced; 0 for never. Default 30 min. */
  readonly maxLifetime?: Duration;
  /** Share of `maxLifetime` by which it varies at random, so that not all retire at once. Default 0.1. */
  readonly maxLifetimeJitter?: number;
  /** How long a reservation may be held before a leak is reported; 0 for never. Default 60 s. */
  readonly leakAfter?: Duration;
  /** Pause before the first attempt to replace a lost connection. Default 100 ms. */
  readonly backoffMin?: Duration;
  /** Longest pause between attempts to replace a lost connection. Default 400 ms. */
  readonly backoffMax?: Duration;
  /** How long `close()` waits for running work before it is cancelled. Default 10 s. */
  readonly drainTimeout?: Duration;
  /** Prepared statements kept per connection. Default 256. */
  readonly statementCacheSize?: number;
  /** Statement descriptions kept per database, shared by its connections. Default 1,024. */
  readonly planCacheSize?: number;
  /** Statements in flight on one connection at most; 1 turns pipelining off. Default 16. */
  readonly pipelineDepth?: number;
  /** Whether statements are prepared by name; `"auto"` stops when a transaction pooler is found. Default `"auto"`. */
  readonly prepare?: PrepareMode;
  /** Codecs of your own, by the type's name (`"geometry"`) or its schema and name; they replace those that exist. */
  readonly codecs?: Readonly<Record<string, CustomCodec>>;
  /** The function of your database that receives the session context at the start of a transaction. */
  readonly sessionContextFunction?: string;
  /** Path of the TOML file instead of `config/config.toml`; it must then exist. `false` reads none. */
  readonly configFile?: string | false;
  /** Called with every notice from a server. */
  readonly onNotice?: (notice: PoolNotice) => void;
  /** Called when a connection was held for longer than `leakAfter`. Default: a warning through `logger`. */
  readonly onLeak?: (leak: PoolLeak) => void;
  /**
   * Receives what the pool reports, by level or every record in one function. Default: warnings and errors go to the
   * console.
   */
  readonly logger?: PoolLogger | ((record: PoolLogRecord) => void);
  /** How long a statement may run before it is reported as slow; 0 for never. Default 0. */
  readonly slowQueryAfter?: Duration;
  /** Called when a statement ran for longer than `slowQueryAfter`. Default: a warning through `logger`. */
  readonly onSlowQuery?: (query: SlowQuery) => void;
  /** Whether spans and metrics are made where a provider of OpenTelemetry was set. Default true. */
  readonly telemetry?: boolean;
  /** OpenTelemetry's provider of spans. Default: the one set for the whole program, if any. */
  readonly tracerProvider?: TracerSource;
  /** OpenTelemetry's provider of metrics. Default: the one set for the whole program, if any. */
  readonly meterProvider?: MeterSource;
  /** Whether spans have the statement's text, with placeholders. Default true. */
  readonly traceQueryText?: boolean;
}

/** Number of connections of a tier. */
export interface TierSize {
  /** Kept open at least. */
  readonly min: number;
  /** At most. */
  readonly max: number;
}

/** What a pool's tier connects to: a server, or a PostgreSQL inside this process. */
export type PoolTarget =
  | { readonly kind: "server"; readonly connect: ResolvedConnectOptions }
  | {
    readonly kind: "pglite";
    /** Directory of the database; undefined keeps it in memory. */
    readonly path: string | undefined;
    /** How the session logs in; its `hosts` are not used. */
    readonly connect: ResolvedConnectOptions;
  };

/** What the registry of codecs is told. */
export interface ResolvedCodecOptions extends Required<CodecOptions> {
  /** The user's own codecs; the registry checks them. */
  readonly codecs: Readonly<Record<string, CustomCodec>>;
}

/** {@link PoolOptions} after everything was looked up and checked. Durations are milliseconds; 0 is as above. */
export interface ResolvedPoolOptions extends Omit<TelemetrySettings, "slow"> {
  /** What the primary tier connects to. */
  readonly primary: PoolTarget;
  /** Where each replica is. */
  readonly replicas: readonly ResolvedConnectOptions[];
  /** Size of the primary tier. */
  readonly size: TierSize;
  /** Size of each replica's tier. */
  readonly replicaSize: TierSize;
  /** Where reads may come from. */
  readonly read: ReadPreference;
  /** Bytes of log a replica may be behind. */
  readonly maxLag: number;
  /** How long a replica may be behind. */
  readonly maxLagTime: number;
  /** How often each replica is checked. */
  readonly replicaCheckInterval: number;
  /** How long a strong read waits for a replica; 0 for not at all. */
  readonly strongWait: number;
  /** How long a call may wait for a connection. */
  readonly acquireTimeout: number;
  /** Calls that may wait at the same time. */
  readonly maxWaiting: number;
  /** How long a statement may run; 0 for no limit. */
  readonly queryTimeout: number;
  /** How long a connection above the minimum may be idle; 0 for ever. */
  readonly idleTimeout: number;
  /** After how much silence an idle connection is probed; 0 for never. */
  readonly probeInterval: number;
  /** Age at which a connection is replaced; 0 for never. */
  readonly maxLifetime: number;
  /** Share of `maxLifetime` by which it varies, 0 to 1. */
  readonly maxLifetimeJitter: number;
  /** How long a reservation may be held before a leak is reported; 0 for never. */
  readonly leakAfter: number;
  /** Pause before the first attempt to replace a lost connection. */
  readonly backoffMin: number;
  /** Longest pause between such attempts. */
  readonly backoffMax: number;
  /** How long `close()` waits for running work. */
  readonly drainTimeout: number;
  /** Prepared statements kept per connection. */
  readonly statementCacheSize: number;
  /** Statement descriptions kept per database. */
  readonly planCacheSize: number;
  /** Statements in flight on one connection at most. */
  readonly pipelineDepth: number;
  /** Whether statements are prepared by name. */
  readonly prepare: PrepareMode;
  /** What the registry of codecs is told. */
  readonly codecs: ResolvedCodecOptions;
  /** The function that receives the session context. */
  readonly sessionContextFunction: string | undefined;
  /** Called with every notice. */
  readonly onNotice: ((notice: PoolNotice) => void) | undefined;
  /** Called with every leak. */
  readonly onLeak: ((leak: PoolLeak) => void) | undefined;
  /** Receives what the pool reports. */
  readonly logger: PoolLogger | undefined;
  /** How long a statement may run before it is reported as slow; 0 for never. */
  readonly slowQueryAfter: number;
  /** Called with every slow statement. */
  readonly onSlowQuery: ((query: SlowQuery) => void) | undefined;
}
