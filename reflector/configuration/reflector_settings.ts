/**
 * The settings of `lifeguard-reflector`: one row each, from which flags, variables, the names in the file, defaults,
 * validation, `--help` and the table in `docs/configuration.md` derive.
 *
 * @module
 */
import { defaultText, typeText } from "../../pool/configuration/settings.ts";
import { LOG_LEVELS } from "../../pool/telemetry/pool_log.ts";
import { type Setting, snakeCase } from "../../pool/wire/configuration/setting.ts";
import { ELECTION_KINDS } from "../election/leader_election.ts";
import { SOURCE_KINDS } from "../source/change_source.ts";

/** What `--help` groups settings by. */
export const SETTING_GROUPS = ["PostgreSQL", "Redis", "Changes", "Leadership", "HTTP", "Log"] as const;

/** A setting of the reflector. */
export interface ReflectorSetting extends Setting {
  /** Its place in `--help`. */
  readonly group: typeof SETTING_GROUPS[number];
  /** What its value is called there. */
  readonly placeholder?: string;
  /** What the flag that turns it off does, for a boolean that is on by default. */
  readonly off?: string;
  /** Whether no flag takes it, since other users of the machine can read the flags of a program. */
  readonly noFlag?: true;
}

/** Where changes may come from; `auto` is `logical` where the server allows it. */
export const SOURCE_CHOICES: readonly ["auto", ...typeof SOURCE_KINDS] = ["auto", ...SOURCE_KINDS];
/** What the Redis servers are to each other. */
export const REDIS_MODES = ["standalone", "sentinel", "cluster"] as const;
/** How log records are written. */
export const LOG_FORMATS = ["json", "text"] as const;

/** What a variable of the reflector begins with. */
export const REFLECTOR_PREFIX = "LIFEGUARD__REFLECTOR__";
/** The table of the file that holds the reflector's settings. */
export const REFLECTOR_TABLE = "reflector";

const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** The settings of the reflector. */
export const REFLECTOR_SETTINGS: readonly ReflectorSetting[] = [
  {
    group: "PostgreSQL",
    key: "databaseUrl",
    type: "secret",
    placeholder: "url",
    defaultText: "the pool's own configuration",
    description:
      "The primary whose changes are followed. Everything else about the connection is configured like a pool's.",
  },
  {
    group: "Redis",
    key: "redisUrl",
    type: "list",
    placeholder: "urls",
    defaultText: "`redis://127.0.0.1:6379`",
    description:
      "Where Redis is: `redis://` or `rediss://` (TLS), with user, password and database number. Several for Sentinel (then those are the master's) and Cluster.",
  },
  {
    group: "Redis",
    key: "redisMode",
    type: "choice",
    default: "standalone",
    choices: REDIS_MODES,
    description: "What the URLs name: one server, sentinels, or some nodes of a cluster.",
  },
  {
    group: "Redis",
    key: "redisMaster",
    type: "text",
    placeholder: "name",
    default: "mymaster",
    description: "What the sentinels call the master.",
  },
  {
    group: "Redis",
    key: "prefix",
    type: "text",
    placeholder: "text",
    default: "lifeguard:",
    description: "What all keys begin with. The applications' caches must say the same.",
  },
  {
    group: "Changes",
    key: "source",
    type: "choice",
    default: "auto",
    choices: SOURCE_CHOICES,
    description: "Where changes come from. `auto` takes `logical` where the server allows it, else `notify`.",
  },
  {
    group: "Changes",
    key: "slot",
    type: "text",
    placeholder: "name",
    default: "lifeguard_reflector",
    description: "The replication slot of `logical`; it is made when it is missing.",
  },
  {
    group: "Changes",
    key: "publication",
    type: "text",
    placeholder: "name",
    default: "lifeguard",
    description: "The publication of `logical`, with the tables to follow.",
  },
  {
    group: "Changes",
    key: "tables",
    type: "list",
    placeholder: "names",
    defaultText: "none",
    description:
      "Tables that are expected to be followed: the log and the status page say why, where one of them is not.",
  },
  {
    group: "Changes",
    key: "canaryInterval",
    type: "duration",
    placeholder: "duration",
    default: 250,
    min: 50,
    max: SECOND,
    description:
      "How often a canary goes through the stream of changes. Caches are trusted for 1 s after the last one.",
  },
  {
    group: "Changes",
    key: "refresh",
    type: "boolean",
    default: true,
    off: "leave changed rows to their next reader rather than read them again at once",
    description:
      "Whether changed rows that are in use are read again at once, rather than by their next reader.",
  },
  {
    group: "Changes",
    key: "refreshConcurrency",
    type: "integer",
    placeholder: "count",
    default: 4,
    min: 1,
    max: 100,
    description: "How many of these reads run at the same time at most.",
  },
  {
    group: "Leadership",
    key: "name",
    type: "text",
    placeholder: "name",
    default: "lifeguard",
    description: "Reflectors of one name stand in for one another: one leads, the others wait.",
  },
  {
    group: "Leadership",
    key: "election",
    type: "choice",
    default: "postgres",
    choices: ELECTION_KINDS,
    description: "What elects the leader: an advisory lock of PostgreSQL, or etcd.",
  },
  {
    group: "Leadership",
    key: "lease",
    type: "duration",
    placeholder: "duration",
    default: 3 * SECOND,
    min: SECOND,
    max: MINUTE,
    description: "How long a leader that is gone without a word stays the leader.",
  },
  {
    group: "Leadership",
    key: "etcdEndpoints",
    type: "list",
    placeholder: "urls",
    defaultText: "`http://127.0.0.1:2379`",
    description: "Where etcd is.",
  },
  {
    group: "Leadership",
    key: "etcdUser",
    type: "text",
    placeholder: "name",
    description: "Who logs in to etcd.",
  },
  {
    group: "Leadership",
    key: "etcdPassword",
    type: "secret",
    noFlag: true,
    description: "The password of `etcdUser`. No flag takes it.",
  },
  {
    group: "Leadership",
    key: "shutdownTimeout",
    type: "duration",
    placeholder: "duration",
    default: 10 * SECOND,
    min: 100,
    max: 10 * MINUTE,
    description:
      "How long handing over may take after SIGTERM or SIGINT before the program ends all the same.",
  },
  {
    group: "HTTP",
    key: "http",
    type: "boolean",
    default: true,
    off: "serve nothing",
    description: "Whether the status page, `/healthz`, `/readyz` and `/metrics` are served.",
  },
  {
    group: "HTTP",
    key: "httpHost",
    type: "text",
    placeholder: "host",
    default: "127.0.0.1",
    description: "The address to listen on: `0.0.0.0` or `::` lets other machines in. There is no login.",
  },
  {
    group: "HTTP",
    key: "httpPort",
    type: "integer",
    placeholder: "port",
    default: 9464,
    min: 1,
    max: 65_535,
    zero: "any free port",
    description: "The port; its default is the one of OpenTelemetry's exporter for Prometheus.",
  },
  {
    group: "Log",
    key: "logLevel",
    type: "choice",
    default: "info",
    choices: LOG_LEVELS,
    description: "What is logged: this and what matters more.",
  },
  {
    group: "Log",
    key: "logFormat",
    type: "choice",
    defaultText: "`text` on a terminal, else `json`",
    choices: LOG_FORMATS,
    description: "One JSON object a line, or words for people. It goes to the standard error stream.",
  },
];

/** The flag of a setting, without dashes: `httpPort` is `http-port`. */
export function flagName(setting: Setting): string {
  return snakeCase(setting.key).replaceAll("_", "-");
}

/**
 * Writes the Markdown table of the reflector's settings, as it stands in `docs/configuration.md`.
 *
 * @returns The table, one row a setting.
 */
export function reflectorSettingsTable(): string {
  const rows = REFLECTOR_SETTINGS.map((setting) => [
    setting.noFlag === true ? "" : `\`--${flagName(setting)}\``,
    `\`${snakeCase(setting.key)}\``,
    typeText(setting),
    defaultText(setting),
    setting.description,
  ]);
  const header = ["Flag", "In TOML", "Values", "Default", "What it does"];
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(header), line(header.map(() => "---")), ...rows.map(line)].join("\n");
}
