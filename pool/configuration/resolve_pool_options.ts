/**
 * From what a user said to what a pool needs: every setting is taken from the first of options, URL,
 * `LIFEGUARD__DATABASE__…` variables and TOML file that has it; what concerns a connection continues with libpq's
 * service file and `PG*` variables; the rest is default.
 *
 * @module
 */
import { poolLayers } from "./pool_layers.ts";
import { LOG_LEVELS, type PoolLogger, recordLogger } from "../telemetry/pool_log.ts";
import type { PoolOptions, ResolvedCodecOptions, ResolvedPoolOptions, TierSize } from "./pool_options.ts";
import { pgliteTarget, serverTargets } from "./pool_targets.ts";
import { SETTINGS } from "./settings.ts";
import { type Environment, processEnvironment } from "../wire/configuration/environment.ts";
import { amount, refuse } from "../wire/configuration/setting.ts";
import { SettingReader } from "../wire/configuration/setting_layers.ts";

/** What resolution looks at besides its input. */
export interface ResolvePoolContext {
  /** The surroundings. Default: those of this process. */
  readonly environment?: Environment;
}

/**
 * Completes and checks what a user said about a pool. It reads files and variables without waiting, so that
 * whatever is wrong is thrown where the pool is created.
 *
 * @param input A URL, a `key=value` string, or options; they are not written to.
 * @param context See {@link ResolvePoolContext}.
 * @returns Everything a pool needs.
 * @throws {ConfigError} When a setting is unknown, malformed, out of range, or contradicts another.
 */
export function resolvePoolOptions(
  input: string | URL | PoolOptions = {},
  context: ResolvePoolContext = {},
): ResolvedPoolOptions {
  const environment = context.environment ?? processEnvironment;
  const { layers, pglite } = poolLayers(input, environment);
  const reader = new SettingReader(SETTINGS, layers);
  const targets = pglite === undefined
    ? serverTargets(layers, reader, environment)
    : { primary: pgliteTarget(pglite, layers), replicas: [] };
  const size = readSize(reader, "min", "max");
  const limit = pglite === undefined ? Infinity : 1;
  return {
    ...targets,
    size: { min: Math.min(size.min, limit), max: Math.min(size.max, limit) },
    replicaSize: readSize(reader, "replicaMin", "replicaMax", size),
    read: reader.choice("read"),
    maxLag: reader.number("maxLag"),
    maxLagTime: reader.number("maxLagTime"),
    replicaCheckInterval: reader.number("replicaCheckInterval"),
    strongWait: reader.number("strongWait"),
    acquireTimeout: reader.number("acquireTimeout"),
    maxWaiting: reader.number("maxWaiting"),
    queryTimeout: reader.number("queryTimeout"),
    idleTimeout: reader.number("idleTimeout"),
    probeInterval: reader.number("probeInterval"),
    maxLifetime: reader.number("maxLifetime"),
    maxLifetimeJitter: reader.number("maxLifetimeJitter"),
    leakAfter: reader.number("leakAfter"),
    ...readBackoff(reader),
    drainTimeout: reader.number("drainTimeout"),
    statementCacheSize: reader.number("statementCacheSize"),
    planCacheSize: reader.number("planCacheSize"),
    pipelineDepth: reader.number("pipelineDepth"),
    prepare: reader.choice("prepare"),
    codecs: {
      int8: reader.choice("int8"),
      numeric: reader.choice("numeric"),
      dates: reader.choice("dates"),
      codecs: readCodecs(reader),
    },
    sessionContextFunction: reader.text("sessionContextFunction"),
    onNotice: reader.function("onNotice"),
    onLeak: reader.function("onLeak"),
    logger: readLogger(reader),
    slowQueryAfter: reader.number("slowQueryAfter"),
    onSlowQuery: reader.function("onSlowQuery"),
    telemetry: reader.boolean("telemetry"),
    tracerProvider: readProvider(reader, "tracerProvider", "getTracer"),
    meterProvider: readProvider(reader, "meterProvider", "getMeter"),
    traceQueryText: reader.boolean("traceQueryText"),
  };
}

function readSize(reader: SettingReader, minKey: string, maxKey: string, inherited?: TierSize): TierSize {
  const max = reader.raw(maxKey) === undefined
    ? inherited?.max ?? reader.number(maxKey)
    : reader.number(maxKey);
  const rawMin = reader.raw(minKey);
  if (rawMin === undefined) return { min: Math.min(inherited?.min ?? max, max), max };
  const min = reader.number(minKey);
  if (min > max) {
    throw refuse(rawMin, `is more than "${maxKey}", which is ${max}`, "lower it, or raise the other");
  }
  return { min, max };
}

function readBackoff(reader: SettingReader): Pick<ResolvedPoolOptions, "backoffMin" | "backoffMax"> {
  const backoffMin = reader.number("backoffMin");
  const backoffMax = reader.number("backoffMax");
  if (backoffMin > backoffMax) {
    const longest = amount(reader.setting("backoffMax"), backoffMax);
    const raw = reader.raw("backoffMin") ?? reader.raw("backoffMax")!;
    const state = raw.name.toLowerCase().endsWith("min")
      ? `is more than "backoffMax", which is ${longest}`
      : 'is less than "backoffMin"';
    throw refuse(raw, state, "set both");
  }
  return { backoffMin, backoffMax };
}

function readCodecs(reader: SettingReader): ResolvedCodecOptions["codecs"] {
  const raw = reader.raw("codecs");
  if (raw === undefined) return {};
  if (typeof raw.value !== "object" || raw.value === null || Array.isArray(raw.value)) {
    throw refuse(raw, "is not an object", "give an object of codecs by the names of their types");
  }
  return raw.value as ResolvedCodecOptions["codecs"];
}

/** A provider of OpenTelemetry, known by its method. */
function readProvider<Provider>(reader: SettingReader, key: string, method: string): Provider | undefined {
  const raw = reader.raw(key);
  if (raw === undefined) return undefined;
  const provider = raw.value as Record<string, unknown> | null;
  if (typeof provider !== "object" || provider === null || typeof provider[method] !== "function") {
    throw refuse(raw, "is not a provider", `give an object with ${method}(), from an SDK of OpenTelemetry`);
  }
  return provider as Provider;
}

/** What nobody has asked to be told otherwise should not pass unseen. */
const CONSOLE_LOGGER: PoolLogger = {
  warn: (message) => console.warn(message),
  error: (message) => console.error(message),
};

function readLogger(reader: SettingReader): PoolLogger {
  const raw = reader.raw("logger");
  if (raw === undefined) return CONSOLE_LOGGER;
  if (typeof raw.value === "function") {
    return recordLogger(raw.value as Parameters<typeof recordLogger>[0]);
  }
  const logger = raw.value as PoolLogger | null;
  const isLogger = typeof logger === "object" && logger !== null &&
    LOG_LEVELS.every((method) => logger[method] === undefined || typeof logger[method] === "function");
  if (!isLogger) {
    throw refuse(
      raw,
      "is not a logger",
      "give an object with any of debug, info, warn, error, such as console, or a function",
    );
  }
  return logger;
}
