/**
 * What the tiers of a pool connect to: a primary with its replicas, or a PostgreSQL in this process.
 *
 * @module
 */
import type { PgliteChoice } from "./pool_layers.ts";
import type { PoolTarget } from "./pool_options.ts";
import type { ResolvedConnectOptions } from "../wire/configuration/connect_options.ts";
import { CONNECT_SETTINGS } from "../wire/configuration/connect_settings.ts";
import type { Environment } from "../wire/configuration/environment.ts";
import { ConfigError } from "../wire/errors.ts";
import {
  completeLayers,
  resolveConnectLayers,
  serviceLayers,
  urlLayer,
  urlText,
} from "../wire/configuration/resolve_connect_options.ts";
import { type Layer, type RawValue, refuse } from "../wire/configuration/setting.ts";
import {
  optionsLayer,
  SettingReader,
  tableLayer,
  withoutKeys,
} from "../wire/configuration/setting_layers.ts";

/** What an in-process PostgreSQL understands of a connection's settings, whatever source they are from. */
const PGLITE_KEYS = ["connectTimeout", "maxMessageSize", "runtimeParameters", "applicationName"] as const;
/** What else it understands when it is said together with its URL. */
const PGLITE_CHOSEN_KEYS = [...PGLITE_KEYS, "user", "database"] as const;

/** The target of a `pglite:` URL. */
export function pgliteTarget(pglite: PgliteChoice, layers: readonly Layer[]): PoolTarget {
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

/** What the tiers of a pool connect to. */
export interface PoolTargets {
  /** The primary. */
  readonly primary: PoolTarget;
  /** The replicas. */
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

/** The servers of a pool. */
export function serverTargets(
  layers: readonly Layer[],
  reader: SettingReader,
  environment: Environment,
): PoolTargets {
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
