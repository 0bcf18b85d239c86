/**
 * From what a user said to what a pool needs: every setting is taken from the first of options, URL,
 * `LIFEGUARD__DATABASE__…` variables and TOML file that has it; what concerns a connection continues with libpq's
 * service file and `PG*` variables; the rest is default.
 *
 * Of the `url`s of several sources only the highest is read: it is one value.
 *
 * @module
 */
import { configFileLayer } from "./config_file.ts";
import type {
  PoolLogger,
  PoolOptions,
  PoolTarget,
  ResolvedCodecOptions,
  ResolvedPoolOptions,
  TierSize,
} from "./pool_options.ts";
import { SETTINGS, VARIABLE_PREFIX, variableName } from "./settings.ts";
import type { ResolvedConnectOptions } from "./wire/connect_options.ts";
import { CONNECT_SETTINGS } from "./wire/connect_settings.ts";
import { isPgliteUrl, parsePgliteUrl } from "./wire/connection_string.ts";
import { type Environment, processEnvironment } from "./wire/environment.ts";
import { ConfigError } from "./wire/errors.ts";
import {
  completeLayers,
  resolveConnectLayers,
  serviceLayers,
  urlLayer,
  urlText,
} from "./wire/resolve_connect_options.ts";
import { amount, type Layer, type RawValue, refuse } from "./wire/setting.ts";
import {
  optionsLayer,
  parametersLayer,
  SettingReader,
  tableLayer,
  withoutKeys,
} from "./wire/setting_layers.ts";
import { namedSetting } from "./wire/setting_names.ts";

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
  };
}

interface PoolLayers {
  /** Highest first; without the service file and the `PG*` variables. */
  readonly layers: readonly Layer[];
  /** Set when the URL asks for a PostgreSQL in this process. */
  readonly pglite: PgliteChoice | undefined;
}

interface PgliteChoice {
  readonly path: string | undefined;
  /** The layers that stand with or above the URL, which may therefore say as whom to log in. */
  readonly chosen: readonly Layer[];
}

function poolLayers(input: unknown, environment: Environment): PoolLayers {
  const isUrl = typeof input === "string" || input instanceof URL;
  const direct: RawValue = {
    name: "url",
    value: input,
    source: "argument",
    form: "option",
    printable: false,
  };
  const options: Layer = isUrl ? new Map([["url", direct]]) : optionsLayer(input, SETTINGS);
  const file = configFileLayer(environment, options.get("configFile"));
  const sources = [options, prefixedLayer(environment), ...(file === undefined ? [] : [file])];
  const layers: Layer[] = [];
  let urlSource: RawValue | undefined;
  let pglite: PgliteChoice | undefined;
  for (const source of sources) {
    layers.push(source);
    const raw = source.get("url");
    if (raw === undefined || urlSource !== undefined) continue;
    urlSource = raw;
    const text = urlText(raw);
    const origin = raw.form === "option" ? undefined : `URL in ${raw.source}`;
    if (isPgliteUrl(text)) {
      const url = parsePgliteUrl(text, origin);
      layers.push(parametersLayer(url.parameters, { settings: SETTINGS, source: url.source }));
      pglite = { path: url.path, chosen: [...layers] };
    } else {
      layers.push(urlLayer(text, SETTINGS, origin));
    }
  }
  return { layers, pglite };
}

/** The layer of the `LIFEGUARD__DATABASE__…` variables. A name that is not a setting is found if they can be listed. */
function prefixedLayer(environment: Environment): Layer {
  const layer = new Map<string, RawValue>();
  const settings = SETTINGS.filter(({ optionsOnly, key }) =>
    optionsOnly !== true && key !== "runtimeParameters"
  );
  const names = new Map(settings.map((setting) => [variableName(setting), setting]));
  const parameters: Record<string, string> = {};
  const parameterPrefix = "RUNTIME_PARAMETERS__";
  for (const variable of environment.variableNames()) {
    if (!variable.startsWith(VARIABLE_PREFIX)) continue;
    const name = variable.slice(VARIABLE_PREFIX.length);
    if (name.startsWith(parameterPrefix)) {
      const value = environment.variable(variable);
      if (value !== undefined) parameters[name.slice(parameterPrefix.length).toLowerCase()] = value;
    } else {
      namedSetting(names, name, { source: variable, form: "text", printable: true });
    }
  }
  for (const [name, { key, type }] of names) {
    const source = VARIABLE_PREFIX + name;
    const value = environment.variable(source);
    if (value === undefined || value === "") continue;
    layer.set(key, { name: key, value, source, form: "text", printable: type !== "secret" });
  }
  if (Object.keys(parameters).length > 0) {
    layer.set("runtimeParameters", {
      name: "runtimeParameters",
      value: parameters,
      source: `${VARIABLE_PREFIX}${parameterPrefix}…`,
      form: "text",
      printable: true,
    });
  }
  return layer;
}

/** What an in-process PostgreSQL understands of a connection's settings, whatever source they are from. */
const PGLITE_KEYS = ["connectTimeout", "maxMessageSize", "runtimeParameters", "applicationName"] as const;
/** What else it understands when it is said together with its URL. */
const PGLITE_CHOSEN_KEYS = [...PGLITE_KEYS, "user", "database"] as const;

function pgliteTarget(pglite: PgliteChoice, layers: readonly Layer[]): PoolTarget {
  const [options] = layers;
  for (const key of ["host", "hostAddress", "port", "replicas"]) {
    const raw = options.get(key);
    if (raw !== undefined) {
      throw new ConfigError(
        raw.name,
        'it has no meaning for a "pglite:" URL; remove one of them',
        raw.source,
      );
    }
  }
  const allowed = layers.map((layer) =>
    onlyKeys(layer, pglite.chosen.includes(layer) ? PGLITE_CHOSEN_KEYS : PGLITE_KEYS)
  );
  const fixed = new Map<string, RawValue>();
  for (const [name, value] of [["user", "postgres"], ["database", "postgres"], ["sslmode", "disable"]]) {
    fixed.set(name, { name, value, source: "pglite", form: "option", printable: true });
  }
  const connect = resolveConnectLayers([...allowed, fixed], NOTHING);
  return { kind: "pglite", path: pglite.path, connect };
}

/** Surroundings that say nothing: an in-process PostgreSQL has no use for those of libpq. */
const NOTHING: Environment = {
  variable: () => undefined,
  variableNames: () => [],
  readFile: () => undefined,
  fileMode: () => undefined,
  warn: () => {},
  homeDirectory: undefined,
  userName: undefined,
};

function onlyKeys(layer: Layer, keys: readonly string[]): Layer {
  return new Map([...layer].filter(([key]) => keys.includes(key)));
}

interface ServerTargets {
  readonly primary: PoolTarget;
  readonly replicas: readonly ResolvedConnectOptions[];
}

/** What a replica never takes from the primary. */
const PRIMARY_KEYS = [
  "url",
  "host",
  "hostAddress",
  "port",
  "targetSessionAttrs",
  "sslServerName",
  "service",
] as const;

function serverTargets(
  layers: readonly Layer[],
  reader: SettingReader,
  environment: Environment,
): ServerTargets {
  const complete = completeLayers(layers, environment);
  const connect = resolveConnectLayers(complete, environment);
  const inherited = complete.map((layer) => withoutKeys(layer, PRIMARY_KEYS));
  const replicas = readReplicas(reader).map((replica) => {
    const own = [
      ...replica.layers,
      ...serviceLayers([...replica.layers, ...complete], environment, replica.layers),
    ];
    if (new SettingReader(CONNECT_SETTINGS, own).raw("host") === undefined) {
      throw new ConfigError(replica.name, "it names no host; give the host of the replica", replica.source);
    }
    return resolveConnectLayers([...own, ...inherited], environment);
  });
  return { primary: { kind: "server", connect }, replicas };
}

interface Replica {
  readonly name: string;
  readonly source: string;
  readonly layers: readonly Layer[];
}

function readReplicas(reader: SettingReader): Replica[] {
  const raw = reader.raw("replicas");
  if (raw === undefined) return [];
  const value = raw.form === "text" && typeof raw.value === "string"
    ? raw.value.trim().split(/\s+/)
    : raw.value;
  if (!Array.isArray(value)) {
    throw refuse({ ...raw, printable: false }, "is not an array", "give an array of URLs or objects");
  }
  return value.map((item: unknown, index) => {
    const name = `replicas[${index}]`;
    const source = raw.form === "option" ? name : `${name} in ${raw.source}`;
    return { name, source: raw.source, layers: replicaLayers(item, source, raw) };
  });
}

function replicaLayers(item: unknown, source: string, raw: RawValue): Layer[] {
  if (typeof item === "string" || item instanceof URL) {
    return [urlLayer(String(item), CONNECT_SETTINGS, `URL in ${source}`)];
  }
  const read = raw.form === "table" ? tableLayer : optionsLayer;
  const layer = read(item, CONNECT_SETTINGS, source);
  const url = layer.get("url");
  return url === undefined ? [layer] : [layer, urlLayer(urlText(url), CONNECT_SETTINGS, `URL in ${source}`)];
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

const LOGGER_METHODS = ["debug", "info", "warn", "error"] as const;

function readLogger(reader: SettingReader): PoolLogger | undefined {
  const raw = reader.raw("logger");
  if (raw === undefined) return undefined;
  const logger = raw.value as PoolLogger | null;
  const isLogger = typeof logger === "object" && logger !== null &&
    LOGGER_METHODS.every((method) => logger[method] === undefined || typeof logger[method] === "function");
  if (!isLogger) {
    throw refuse(
      raw,
      "is not a logger",
      "give an object with any of debug, info, warn, error, such as console",
    );
  }
  return logger;
}
