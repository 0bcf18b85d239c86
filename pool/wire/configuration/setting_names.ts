/**
 * The settings by the names a source gives them, with advice for a name that is not one.
 *
 * @module
 */
import { ConfigError } from "../errors.ts";
import { nearestWord, plainWord } from "./nearest_word.ts";
import { listed, type RawValue, type Setting } from "./setting.ts";

/** What users of other libraries write, by its plain form, and the setting that does it here. */
const SYNONYMS: Readonly<Record<string, string>> = {
  username: "user",
  pass: "password",
  pwd: "password",
  passfile: "passwordFile",
  db: "database",
  dbname: "database",
  hostname: "host",
  hostaddr: "hostAddress",
  server: "host",
  ssl: "sslmode",
  tls: "sslmode",
  ca: "sslRootCert",
  cert: "sslCert",
  key: "sslKey",
  connectionstring: "url",
  connectionlimit: "max",
  maxconnections: "max",
  poolsize: "max",
  size: "max",
  poolmin: "min",
  poolmax: "max",
  maxuses: "maxLifetime",
  maxage: "maxLifetime",
  connectiontimeoutmillis: "acquireTimeout",
  pooltimeout: "acquireTimeout",
  idletimeoutmillis: "idleTimeout",
  statementtimeout: "queryTimeout",
  schema: "runtimeParameters",
  searchpath: "runtimeParameters",
  timezone: "runtimeParameters",
  pgbouncer: "prepare",
};

/** The settings by the names one kind of source gives them. */
export type Names = ReadonlyMap<string, Setting>;

/** The setting of a name as a user wrote it, or a ConfigError with a suggestion. */
export function namedSetting(names: Names, name: string, raw: Omit<RawValue, "name" | "value">): Setting {
  const setting = names.get(name);
  if (setting !== undefined) return setting;
  const word = plainWord(name);
  const synonym = Object.hasOwn(SYNONYMS, word) ? SYNONYMS[word] : undefined;
  const elsewhere = [...names].find(([, { key }]) => key === synonym || plainWord(key) === word)?.[0];
  const hint = elsewhere ?? nearestWord(name, [...names.keys()]);
  const advice = hint === undefined ? `use ${listed([...names.keys()])}` : `did you mean "${hint}"?`;
  if (!raw.printable) {
    throw new ConfigError(
      "url",
      `one of its parameters (not shown, it may be a part of a password) is not known; ${advice}`,
      raw.source,
    );
  }
  throw new ConfigError(
    name.length > 60 ? `${name.slice(0, 60)}…` : name,
    `it is not known; ${advice}`,
    raw.source,
  );
}
