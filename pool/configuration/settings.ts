/**
 * The settings of a pool: one row each, from which defaults, validation, the names in URLs, variables and files, and
 * the tables in `docs/configuration.md` derive.
 *
 * @module
 */
import { type PoolOptions, PREPARE_MODES } from "./pool_options.ts";
import { DATE_MODES, INT8_MODES, NUMERIC_MODES } from "../wire/codec/codec.ts";
import { READ_PREFERENCES } from "../replicas/read_preference.ts";
import { CONNECT_SETTINGS } from "../wire/configuration/connect_settings.ts";
import { amount, rangeText, type Setting, snakeCase } from "../wire/configuration/setting.ts";

interface PoolSetting extends Setting {
  readonly key: keyof PoolOptions;
}

/** Connections a tier may have at most. */
const MOST_CONNECTIONS = 10_000;
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const ROWS: readonly PoolSetting[] = [
  {
    key: "replicas",
    type: "structure",
    defaultText: "none",
    description:
      "Replicas: URLs (in a variable separated by spaces) or, in options and TOML, objects. What a replica does not say, " +
      "except its host and port, is as for the primary.",
  },
  {
    key: "min",
    type: "integer",
    defaultText: "`max`",
    min: 0,
    max: MOST_CONNECTIONS,
    description:
      "Connections to the primary kept open at least. Below `max`, the others are made when calls wait.",
  },
  {
    key: "max",
    type: "integer",
    default: 10,
    min: 1,
    max: MOST_CONNECTIONS,
    description: "Connections to the primary at most. Always 1 for `pglite:`.",
  },
  {
    key: "replicaMin",
    type: "integer",
    defaultText: "`min`",
    min: 0,
    max: MOST_CONNECTIONS,
    description: "Connections to each replica kept open at least.",
  },
  {
    key: "replicaMax",
    type: "integer",
    defaultText: "`max`",
    min: 1,
    max: MOST_CONNECTIONS,
    description: "Connections to each replica at most.",
  },
  {
    key: "read",
    type: "choice",
    default: "primary",
    choices: READ_PREFERENCES,
    description: "Where reads may come from, unless a call says otherwise.",
  },
  {
    key: "maxLag",
    type: "bytes",
    default: 16 * 1024 ** 2,
    min: 0,
    max: 1024 ** 4,
    description: "Log that a replica may be behind and still be read from.",
  },
  {
    key: "maxLagTime",
    type: "duration",
    default: 10 * SECOND,
    min: 1,
    max: DAY,
    description: "How long a replica may be behind and still be read from.",
  },
  {
    key: "replicaCheckInterval",
    type: "duration",
    default: SECOND,
    min: 10,
    max: HOUR,
    description: "How often each replica is checked.",
  },
  {
    key: "strongWait",
    type: "duration",
    default: 20,
    min: 1,
    max: MINUTE,
    zero: "not at all",
    description: "How long a strong read waits for a replica to be new enough before it goes to the primary.",
  },
  {
    key: "acquireTimeout",
    type: "duration",
    default: 30 * SECOND,
    min: 1,
    max: HOUR,
    description: "How long a call may wait for a connection.",
  },
  {
    key: "maxWaiting",
    type: "integer",
    default: 100_000,
    min: 0,
    max: 10_000_000,
    description: "Calls that may wait at the same time; more are refused at once.",
  },
  {
    key: "queryTimeout",
    type: "duration",
    default: 0,
    min: 1,
    max: DAY,
    zero: "no limit",
    description: "How long a statement may run before it is cancelled.",
  },
  {
    key: "idleTimeout",
    type: "duration",
    default: 10 * MINUTE,
    min: 100,
    max: DAY,
    zero: "no limit",
    description: "How long a connection above the minimum may be idle before it is closed.",
  },
  {
    key: "probeInterval",
    type: "duration",
    default: 30 * SECOND,
    min: 100,
    max: HOUR,
    zero: "never",
    description: "After how much silence an idle connection is probed, so that a half-open socket is found.",
  },
  {
    key: "maxLifetime",
    type: "duration",
    default: 30 * MINUTE,
    min: SECOND,
    max: 30 * DAY,
    zero: "no limit",
    description: "Age at which a connection is replaced.",
  },
  {
    key: "maxLifetimeJitter",
    type: "ratio",
    default: 0.1,
    min: 0,
    max: 1,
    description: "Share of `maxLifetime` by which it varies at random, so that not all retire at once.",
  },
  {
    key: "leakAfter",
    type: "duration",
    default: 60 * SECOND,
    min: 1,
    max: DAY,
    zero: "never",
    description: "How long a connection may be held before a leak is reported.",
  },
  {
    key: "backoffMin",
    type: "duration",
    default: 100,
    min: 1,
    max: MINUTE,
    description: "Pause before the first attempt to replace a lost connection.",
  },
  {
    key: "backoffMax",
    type: "duration",
    default: 400,
    min: 1,
    max: HOUR,
    description: "Longest pause between attempts to replace a lost connection.",
  },
  {
    key: "drainTimeout",
    type: "duration",
    default: 10 * SECOND,
    min: 1,
    max: HOUR,
    zero: "not at all",
    description: "How long `close()` waits for running work before it is cancelled.",
  },
  {
    key: "statementCacheSize",
    type: "integer",
    default: 256,
    min: 1,
    max: 10_000,
    description: "Prepared statements kept per connection.",
  },
  {
    key: "planCacheSize",
    type: "integer",
    default: 1024,
    min: 1,
    max: 100_000,
    description: "Statement descriptions kept per database, shared by its connections.",
  },
  {
    key: "pipelineDepth",
    type: "integer",
    default: 16,
    min: 1,
    max: 1000,
    description: "Statements in flight on one connection at most; 1 turns pipelining off.",
  },
  {
    key: "prepare",
    type: "choice",
    default: "auto",
    choices: PREPARE_MODES,
    description: "Whether statements are prepared by name; `auto` stops when a transaction pooler is found.",
  },
  {
    key: "int8",
    type: "choice",
    default: "bigint",
    choices: INT8_MODES,
    description: "How `int8` values appear; a value that does not fit is a `DecodeError`.",
  },
  {
    key: "numeric",
    type: "choice",
    default: "string",
    choices: NUMERIC_MODES,
    description: "How `numeric` values appear; a value that does not fit is a `DecodeError`.",
  },
  {
    key: "dates",
    type: "choice",
    default: "Temporal",
    choices: DATE_MODES,
    description: "How dates, times and intervals appear.",
  },
  {
    key: "codecs",
    type: "structure",
    optionsOnly: true,
    defaultText: "none",
    description: "Codecs of your own, by the name of their type.",
  },
  {
    key: "sessionContextFunction",
    type: "text",
    description:
      "The function of your database that receives the session context at the start of a transaction.",
  },
  {
    key: "configFile",
    type: "text",
    optionsOnly: true,
    defaultText: "`config/config.toml`",
    description: "Path of the TOML file, which must then exist; `false` reads none. Also `LIFEGUARD_CONFIG`.",
  },
  {
    key: "onNotice",
    type: "function",
    optionsOnly: true,
    description: "Called with every notice from a server.",
  },
  {
    key: "onLeak",
    type: "function",
    optionsOnly: true,
    defaultText: "a warning through `logger`",
    description: "Called when a connection was held for longer than `leakAfter`.",
  },
  {
    key: "logger",
    type: "structure",
    optionsOnly: true,
    defaultText: "warnings and errors go to the console",
    description:
      "Receives what the pool reports: an object with `debug`, `info`, `warn`, `error`, such as `console`, or a " +
      "function that gets every record.",
  },
  {
    key: "slowQueryAfter",
    type: "duration",
    default: 0,
    min: 1,
    max: DAY,
    zero: "never",
    description: "How long a statement may run before it is reported as slow.",
  },
  {
    key: "onSlowQuery",
    type: "function",
    optionsOnly: true,
    defaultText: "a warning through `logger`",
    description: "Called when a statement ran for longer than `slowQueryAfter`.",
  },
  {
    key: "telemetry",
    type: "boolean",
    default: true,
    description: "Whether spans and metrics are made where a provider of OpenTelemetry was set.",
  },
  {
    key: "tracerProvider",
    type: "structure",
    optionsOnly: true,
    defaultText: "the one set for the whole program, if any",
    description: "OpenTelemetry's provider of spans.",
  },
  {
    key: "meterProvider",
    type: "structure",
    optionsOnly: true,
    defaultText: "the one set for the whole program, if any",
    description: "OpenTelemetry's provider of metrics.",
  },
  {
    key: "traceQueryText",
    type: "boolean",
    default: true,
    description: "Whether spans have the statement's text, with placeholders.",
  },
];

/** What a URL calls these differently: structures have no place in it. */
function withParameter(setting: PoolSetting): Setting {
  const inUrl = setting.optionsOnly !== true && setting.type !== "structure";
  return inUrl ? { ...setting, parameter: `pool_${snakeCase(setting.key)}` } : setting;
}

/** The settings of a pool besides those of its connections, in the order the docs list them. */
export const POOL_SETTINGS: readonly Setting[] = ROWS.map(withParameter);

/** All that can be said about a pool. */
export const SETTINGS: readonly Setting[] = [...CONNECT_SETTINGS, ...POOL_SETTINGS];

/** What the name of every variable of a pool begins with. */
export const VARIABLE_PREFIX = "LIFEGUARD__DATABASE__";

/** What the variables of a pool call a setting. */
export function variableName(setting: Setting): string {
  return snakeCase(setting.key).toUpperCase();
}

/**
 * Writes the Markdown table of some settings, as it stands in `docs/configuration.md`.
 *
 * @param settings The settings. Default: those of a pool besides its connections.
 * @returns The table, one row a setting.
 */
export function settingsTable(settings: readonly Setting[] = POOL_SETTINGS): string {
  const rows = settings.map((setting) =>
    [
      code(setting.key),
      code(setting.parameter),
      code(setting.variable),
      setting.optionsOnly === true ? "" : code(snakeCase(setting.key)),
      typeText(setting),
      defaultText(setting),
      setting.description,
    ].map((cell) => cell.replaceAll("|", "\\|"))
  );
  const header = ["Option", "In a URL", "`PG*` variable", "In TOML", "Values", "Default", "What it does"];
  const columns = header.map((_, index) => index).filter((index) => rows.some((row) => row[index] !== ""));
  const line = (cells: readonly string[]): string =>
    `| ${columns.map((index) => cells[index]).join(" | ")} |`;
  return [line(header), line(header.map(() => "---")), ...rows.map(line)].join("\n");
}

function code(name: string | undefined): string {
  return name === undefined ? "" : `\`${name}\``;
}

/** The values a setting takes, in words. */
export function typeText(setting: Setting): string {
  switch (setting.type) {
    case "choice":
      return (setting.choices ?? []).map(code).join(", ");
    case "integer":
    case "ratio":
    case "duration":
    case "bytes":
      return rangeText(setting);
    case "list":
      return setting.min === undefined ? "text, or several" : `${rangeText(setting)}, or several`;
    case "boolean":
      return "`true`, `false`";
    case "text":
    case "secret":
      return "text";
    case "structure":
      return setting.key === "replication" ? "`true`, `false`, `database`" : "object";
    case "function":
      return "function";
    default:
      return setting.type satisfies never;
  }
}

/** What holds when nothing is given, in words. */
export function defaultText(setting: Setting): string {
  if (setting.defaultText !== undefined) return setting.defaultText;
  if (setting.default === undefined) return "none";
  if (setting.default === 0 && setting.zero !== undefined) return `0 (${setting.zero})`;
  return typeof setting.default === "number" ? amount(setting, setting.default) : `\`${setting.default}\``;
}
