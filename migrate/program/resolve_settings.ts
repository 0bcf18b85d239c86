/**
 * From what a person said to what `lifeguard` needs: every setting is taken from the first of flags, variables and the
 * table `[migrate]` of the TOML file that has it; the database is the file's `[database]` where nobody names another.
 *
 * @module
 */
import { configTableLayer } from "../../pool/configuration/config_file.ts";
import type { Environment } from "../../pool/wire/configuration/environment.ts";
import type { Layer, RawValue } from "../../pool/wire/configuration/setting.ts";
import { prefixedLayer, SettingReader } from "../../pool/wire/configuration/setting_layers.ts";
import { ConfigError } from "../../pool/wire/errors.ts";
import { stateSchemaProblem } from "../running/migration_state.ts";
import {
  DATABASE_VARIABLES,
  flagName,
  MIGRATE_PREFIX,
  MIGRATE_SETTINGS,
  MIGRATE_TABLE,
  type SCRATCH_CHOICES,
  type UNKNOWN_CHOICES,
} from "./migrate_settings.ts";

/** Everything the program works with. */
export interface Settings {
  /** The options of the pool; without a URL it finds what every pool finds. */
  readonly database: { readonly url?: string; readonly configFile?: string };
  readonly dir: string;
  readonly models: string;
  readonly seeds: string;
  readonly backfills: string;
  readonly schemas: readonly string[] | undefined;
  readonly unknown: typeof UNKNOWN_CHOICES[number];
  readonly scratch: typeof SCRATCH_CHOICES[number];
  readonly scratchUrl: string | undefined;
  readonly stateSchema: string;
  /** Milliseconds. */
  readonly lockTimeout: number;
  /** Milliseconds. */
  readonly wait: number;
  /** Where each setting was written, by its key; what nobody wrote is not in it. */
  readonly sources: ReadonlyMap<string, string>;
}

/** What the command line says, and the surroundings. */
export interface SettingSources {
  /** The flags that were given, by their settings' keys. */
  readonly flags: Readonly<Record<string, string | boolean>>;
  /** The file that `--config` names. */
  readonly configFile: string | undefined;
  readonly environment: Environment;
}

/**
 * Completes and checks what a person said.
 *
 * @throws {ConfigError} When a setting is unknown, malformed or out of range.
 */
export function resolveSettings({ flags, configFile, environment }: SettingSources): Settings {
  const file = configTableLayer(environment, configFlag(configFile), {
    table: MIGRATE_TABLE,
    settings: MIGRATE_SETTINGS,
  });
  const variables = prefixedLayer(environment, { prefix: MIGRATE_PREFIX, settings: MIGRATE_SETTINGS });
  const [own, common] = DATABASE_VARIABLES.map((name) => databaseVariable(environment, name));
  const reader = new SettingReader(MIGRATE_SETTINGS, [
    flagsLayer(flags),
    own,
    variables,
    common,
    ...(file === undefined ? [] : [file]),
  ]);
  const url = reader.text("databaseUrl");
  return {
    database: {
      ...(url === undefined ? {} : { url }),
      ...(configFile === undefined ? {} : { configFile }),
    },
    dir: textOf(reader, "dir"),
    models: textOf(reader, "models"),
    seeds: textOf(reader, "seeds"),
    backfills: textOf(reader, "backfills"),
    schemas: reader.list("schemas"),
    unknown: reader.choice("unknown"),
    scratch: reader.choice("scratch"),
    scratchUrl: reader.text("scratchUrl"),
    stateSchema: stateSchemaOf(reader),
    lockTimeout: reader.number("lockTimeout"),
    wait: reader.number("wait"),
    sources: new Map(
      MIGRATE_SETTINGS.flatMap(({ key }) => {
        const raw = reader.raw(key);
        return raw === undefined ? [] : [[key, raw.source] as const];
      }),
    ),
  };
}

function stateSchemaOf(reader: SettingReader): string {
  const name = textOf(reader, "stateSchema");
  const problem = stateSchemaProblem(name);
  if (problem === undefined) return name;
  throw new ConfigError("stateSchema", problem, reader.raw("stateSchema")?.source);
}

function textOf(reader: SettingReader, key: string): string {
  const text = reader.text(key);
  if (text === undefined) throw new Error(`BUG: setting "${key}" has no default`);
  return text;
}

function configFlag(path: string | undefined): RawValue | undefined {
  if (path === undefined) return undefined;
  return { name: "configFile", value: path, source: "--config", form: "text", printable: true };
}

function flagsLayer(flags: SettingSources["flags"]): Layer {
  const layer = new Map<string, RawValue>();
  for (const setting of MIGRATE_SETTINGS) {
    const { key, type } = setting;
    if (flags[key] === undefined) continue;
    const source = `--${flagName(setting)}`;
    layer.set(key, { name: key, value: flags[key], source, form: "text", printable: type !== "secret" });
  }
  return layer;
}

function databaseVariable(environment: Environment, source: string): Layer {
  const value = environment.variable(source);
  if (value === undefined || value === "") return new Map();
  return new Map([["databaseUrl", { name: "databaseUrl", value, source, form: "text", printable: false }]]);
}
