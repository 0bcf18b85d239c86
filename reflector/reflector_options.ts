/**
 * How a reflector works: its options, their defaults, and their check.
 *
 * @module
 */
import { DEFAULT_PREFIX } from "../orm/cache/protocol/keys.ts";
import type { CacheStore } from "../orm/cache/stores/cache_store.ts";
import type { PoolOptions } from "../pool/configuration/pool_options.ts";
import { Pool } from "../pool/pool.ts";
import { nearestWord } from "../pool/wire/configuration/nearest_word.ts";
import { ConfigError } from "../pool/wire/errors.ts";
import { type AnyElection, LoneLeader } from "./election/lone_leader.ts";
import type { ReflectorLogger } from "./reflector_log.ts";
import { type ChangeSource, SOURCE_KINDS } from "./source/change_source.ts";
import type { ReflectorObserver } from "./status.ts";

/** Where changes come from; `auto` is `logical` where the server allows it, else `notify`. */
export type SourceChoice = "auto" | ChangeSource["kind"];

/** How a {@link Reflector} works. */
export interface ReflectorOptions {
  /** The primary: what a pool takes, or a pool, which is not closed. `logical` needs what a pool takes. */
  readonly database: string | URL | PoolOptions | Pool;
  /** What holds the cache; it is not closed. */
  readonly store: CacheStore;
  /** What elects the leader; it is not closed. Default: it has no rival, as inside the only program that uses the cache. */
  readonly election?: AnyElection;
  /** Default `"lifeguard"`. */
  readonly name?: string;
  /** Where changes come from, or what makes a source for each opening. Default `"auto"`. */
  readonly source?: SourceChoice | (() => ChangeSource);
  /** What the keys in the store begin with. Default `"lifeguard:"`. */
  readonly prefix?: string;
  /** The publication of `logical`. Default `"lifeguard"`. */
  readonly publication?: string;
  /** The slot of `logical`. Default `"lifeguard_reflector"`. */
  readonly slot?: string;
  /** Tables that are to be covered: those that are not are named with the reason. By their names in SQL. */
  readonly tables?: readonly string[];
  /** Milliseconds between canaries, 50 to 1,000. Default 250. */
  readonly canaryInterval?: number;
  /** Whether changed rows that are in use are read again at once. Default true. */
  readonly refresh?: boolean;
  /** How many of these reads run at a time. Default 4. */
  readonly refreshConcurrency?: number;
  /** Told what happens, in words. */
  readonly logger?: ReflectorLogger;
  /** Told what happens, in figures. */
  readonly observer?: ReflectorObserver;
}

const REQUIRED = ["database", "store"] as const;

/** The options of a reflector that says none. */
export const REFLECTOR_DEFAULTS: Omit<Required<ReflectorOptions>, typeof REQUIRED[number]> = {
  election: new LoneLeader(),
  name: "lifeguard",
  source: "auto",
  prefix: DEFAULT_PREFIX,
  publication: "lifeguard",
  slot: "lifeguard_reflector",
  tables: [],
  canaryInterval: 250,
  refresh: true,
  refreshConcurrency: 4,
  logger: {},
  observer: {},
};

/** Options that are complete. */
export type ResolvedReflectorOptions = Required<ReflectorOptions>;

/**
 * Completes and checks options.
 *
 * @throws {ConfigError} Says which is wrong, and what to give.
 */
export function resolveReflectorOptions(options: ReflectorOptions): ResolvedReflectorOptions {
  const names = [...REQUIRED, ...Object.keys(REFLECTOR_DEFAULTS)];
  for (const name of Object.keys(options)) {
    if (names.includes(name)) continue;
    const nearest = nearestWord(name, names);
    throw new ConfigError(
      name,
      nearest === undefined
        ? `it is unknown; allowed are ${names.join(", ")}`
        : `it is unknown; did you mean "${nearest}"?`,
    );
  }
  for (const name of REQUIRED) {
    if (options[name] === undefined) throw new ConfigError(name, "it is missing; a reflector needs one");
  }
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const resolved: ResolvedReflectorOptions = {
    ...REFLECTOR_DEFAULTS,
    ...(Object.fromEntries(given) as unknown as ReflectorOptions),
  };
  const { source, database, canaryInterval, refreshConcurrency } = resolved;
  if (typeof source !== "function" && source !== "auto" && !SOURCE_KINDS.includes(source)) {
    throw new ConfigError("source", `"${source}" is none; give "auto", "notify" or "logical"`);
  }
  if (source === "logical" && database instanceof Pool) {
    throw new ConfigError("source", '"logical" makes connections of its own; give a URL as "database"');
  }
  between("canaryInterval", canaryInterval, 50, 1_000);
  between("refreshConcurrency", refreshConcurrency, 1, 100);
  return resolved;
}

function between(name: string, value: number, least: number, most: number): void {
  if (typeof value === "number" && value >= least && value <= most) return;
  throw new ConfigError(name, `"${value}" is not allowed; give a number from ${least} to ${most}`);
}
