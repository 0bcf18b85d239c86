/**
 * From what an operator said to what `lifeguard-reflector` needs: every setting is taken from the first of flags,
 * `LIFEGUARD__REFLECTOR__…` variables and the table `[reflector]` of the TOML file that has it; the rest is default.
 *
 * @module
 */
import { configTableLayer } from "../../pool/configuration/config_file.ts";
import type { LogLevel } from "../../pool/telemetry/pool_log.ts";
import { type Environment, processEnvironment } from "../../pool/wire/configuration/environment.ts";
import { type Layer, type RawValue, refuse, type Setting } from "../../pool/wire/configuration/setting.ts";
import { prefixedLayer, SettingReader } from "../../pool/wire/configuration/setting_layers.ts";
import type { ElectionKind } from "../election/leader_election.ts";
import {
  flagName,
  type LOG_FORMATS,
  type REDIS_MODES,
  REFLECTOR_PREFIX,
  REFLECTOR_SETTINGS,
  REFLECTOR_TABLE,
  type SOURCE_CHOICES,
} from "./reflector_settings.ts";

/** Everything `lifeguard-reflector` works with. */
export interface ReflectorConfiguration {
  /** The options of the pool: what they leave out it finds where every pool looks. */
  readonly database: {
    readonly url?: string;
    readonly configFile?: string;
    /** No day is looked at here, and not every runtime has Temporal. */
    readonly dates: "string";
  };
  readonly redis: {
    readonly mode: typeof REDIS_MODES[number];
    readonly urls: readonly string[];
    /** What sentinels call the master. */
    readonly master: string;
    /** What every key begins with. */
    readonly prefix: string;
  };
  readonly source: typeof SOURCE_CHOICES[number];
  readonly slot: string;
  readonly publication: string;
  readonly tables: readonly string[];
  /** Milliseconds. */
  readonly canaryInterval: number;
  readonly refresh: boolean;
  readonly refreshConcurrency: number;
  readonly name: string;
  readonly election: ElectionKind;
  /** Milliseconds. */
  readonly lease: number;
  readonly etcd: {
    readonly endpoints: readonly string[];
    readonly user: string | undefined;
    readonly password: string | undefined;
  };
  /** Milliseconds. */
  readonly shutdownTimeout: number;
  /** Where to serve; undefined for not at all. */
  readonly http: { readonly host: string; readonly port: number } | undefined;
  readonly log: {
    readonly level: LogLevel;
    /** Undefined: `text` on a terminal, else `json`. */
    readonly format: typeof LOG_FORMATS[number] | undefined;
  };
}

/** What the command line says, and the surroundings. */
export interface ReflectorSources {
  /** The flags that were given, by their settings' keys. */
  readonly flags?: Readonly<Record<string, string | boolean>>;
  /** The file that `--config` names. */
  readonly configFile?: string | undefined;
  /** Default: the surroundings of this process. */
  readonly environment?: Environment;
}

/**
 * Completes and checks what an operator said about a reflector.
 *
 * @param sources The command line and the surroundings.
 * @returns Everything the program needs.
 * @throws {ConfigError} When a setting is unknown, malformed, out of range, or contradicts another.
 */
export function resolveReflectorConfiguration(sources: ReflectorSources = {}): ReflectorConfiguration {
  const { flags = {}, configFile, environment = processEnvironment } = sources;
  const file = configTableLayer(environment, configFlag(configFile), {
    table: REFLECTOR_TABLE,
    settings: REFLECTOR_SETTINGS,
  });
  const variables = prefixedLayer(environment, { prefix: REFLECTOR_PREFIX, settings: REFLECTOR_SETTINGS });
  const reader = new SettingReader(REFLECTOR_SETTINGS, [
    flagsLayer(flags),
    variables,
    ...(file === undefined ? [] : [file]),
  ]);
  const url = reader.text("databaseUrl");
  return {
    database: {
      dates: "string",
      ...(url === undefined ? {} : { url }),
      ...(configFile === undefined ? {} : { configFile }),
    },
    redis: readRedis(reader),
    source: reader.choice("source"),
    slot: readName(reader, "slot", SLOT),
    publication: readName(reader, "publication"),
    tables: reader.list("tables") ?? [],
    canaryInterval: reader.number("canaryInterval"),
    refresh: reader.boolean("refresh"),
    refreshConcurrency: reader.number("refreshConcurrency"),
    name: readName(reader, "name", ELECTION_NAME),
    election: reader.choice("election"),
    lease: reader.number("lease"),
    etcd: readEtcd(reader),
    shutdownTimeout: reader.number("shutdownTimeout"),
    http: reader.boolean("http")
      ? { host: readName(reader, "httpHost"), port: reader.number("httpPort") }
      : undefined,
    log: {
      level: reader.choice("logLevel"),
      format: reader.raw("logFormat") === undefined ? undefined : reader.choice("logFormat"),
    },
  };
}

function configFlag(path: string | undefined): RawValue | undefined {
  if (path === undefined) return undefined;
  return { name: "configFile", value: path, source: "--config", form: "text", printable: true };
}

function flagsLayer(flags: Readonly<Record<string, string | boolean>>): Layer {
  const layer = new Map<string, RawValue>();
  for (const setting of REFLECTOR_SETTINGS) {
    const { key, type } = setting;
    const value = flags[key];
    if (value === undefined) continue;
    const source = `--${value === false ? "no-" : ""}${flagName(setting)}`;
    layer.set(key, { name: key, value, source, form: "text", printable: type !== "secret" });
  }
  return layer;
}

function readRedis(reader: SettingReader): ReflectorConfiguration["redis"] {
  const mode = reader.choice<typeof REDIS_MODES[number]>("redisMode");
  const urls = readUrls(reader, "redisUrl", {
    protocols: ["redis:", "rediss:"],
    example: "redis://127.0.0.1:6379",
  });
  if (mode === "standalone" && urls.length > 1) {
    const raw = hidden(reader.raw("redisUrl")!);
    throw refuse(
      raw,
      "names several servers",
      'name one, or say with "redisMode" that they are sentinels or nodes of a cluster',
    );
  }
  const prefix = readName(reader, "prefix");
  if (/[{}]/.test(prefix)) {
    throw refuse(
      reader.raw("prefix")!,
      "contains a brace",
      "leave braces out: in a cluster they decide where keys live",
    );
  }
  return { mode, urls, master: readName(reader, "redisMaster"), prefix };
}

function readEtcd(reader: SettingReader): ReflectorConfiguration["etcd"] {
  const endpoints = readUrls(reader, "etcdEndpoints", {
    protocols: ["http:", "https:"],
    example: "http://127.0.0.1:2379",
  });
  const user = reader.text("etcdUser");
  const password = reader.text("etcdPassword");
  const raw = user === undefined ? reader.raw("etcdPassword") : reader.raw("etcdUser");
  if ((user === undefined) !== (password === undefined) && raw !== undefined) {
    const other = user === undefined ? "etcdUser" : "etcdPassword";
    throw refuse(raw, `needs "${other}" beside it`, "give both, or neither");
  }
  return { endpoints, user, password };
}

interface UrlRules {
  readonly protocols: readonly string[];
  /** The default, and what advice shows. */
  readonly example: string;
}

/** URLs, which may hold passwords: no error repeats them. */
function readUrls(reader: SettingReader, key: string, { protocols, example }: UrlRules): readonly string[] {
  const urls = reader.list(key) ?? [example];
  for (const url of urls) {
    if (!URL.canParse(url) || !protocols.includes(new URL(url).protocol) || new URL(url).hostname === "") {
      const words = protocols.map((protocol) => `${protocol}//`).join(" or ");
      throw refuse(
        hidden(reader.raw(key)!),
        `is not a URL that begins with ${words}`,
        `write it like "${example}"`,
      );
    }
  }
  return urls;
}

function hidden(raw: RawValue): RawValue {
  return { ...raw, value: "", printable: false };
}

interface NameRule {
  readonly pattern: RegExp;
  readonly problem: string;
  readonly advice: string;
}

/** https://www.postgresql.org/docs/current/warm-standby.html#STREAMING-REPLICATION-SLOTS-MANIPULATION */
const SLOT: NameRule = {
  pattern: /^[a-z0-9_]{1,63}$/,
  problem: "is not the name of a replication slot",
  advice: "use at most 63 lower-case letters, digits and underscores",
};

/** What elections take for a name. */
const ELECTION_NAME: NameRule = {
  pattern: /^[\w.:\-/]{1,100}$/,
  problem: "is not usable as a name",
  advice: "use 1 to 100 letters, digits, dots, colons, slashes, dashes and underscores",
};

/** What PostgreSQL takes for a name without cutting it off. */
const NAME: NameRule = {
  pattern: /^.{1,63}$/,
  problem: "is not usable as a name",
  advice: "give 1 to 63 characters",
};

function readName(reader: SettingReader, key: string, rule: NameRule = NAME): string {
  const setting: Setting = reader.setting(key);
  const name = reader.text(key);
  if (name === undefined) throw new Error(`BUG: setting "${setting.key}" has no default`);
  if (!rule.pattern.test(name)) throw refuse(reader.raw(key)!, rule.problem, rule.advice);
  return name;
}
