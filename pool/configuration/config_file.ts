/**
 * The TOML file of an application: its table `[database]` holds settings of the pool, `[reflector]` those of the
 * reflector.
 *
 * @module
 */
import { parse, TomlError } from "smol-toml";
import type { Environment } from "../wire/configuration/environment.ts";
import { ConfigError } from "../wire/errors.ts";
import type { Layer, RawValue, Setting } from "../wire/configuration/setting.ts";
import { tableLayer } from "../wire/configuration/setting_layers.ts";
import { parseText, refuse } from "../wire/configuration/setting.ts";
import { SETTINGS } from "./settings.ts";

/** Where the file is when nobody says otherwise; it need not exist. */
export const DEFAULT_CONFIG_FILE = "config/config.toml";
/** The variable that names another file. */
export const CONFIG_FILE_VARIABLE = "LIFEGUARD_CONFIG";

/**
 * Reads the settings of the file: the one an option or a variable names, which must exist, otherwise the default one.
 *
 * @param environment Where files and variables are read.
 * @param option The option `configFile`, if it was given.
 * @returns The layer of the file's `[database]`, or undefined when there is no file or no such table.
 * @throws {ConfigError} When a named file cannot be read, or the file is not TOML, or a setting is unknown.
 */
export function configFileLayer(environment: Environment, option: RawValue | undefined): Layer | undefined {
  return configTableLayer(environment, option, { table: "database", settings: SETTINGS });
}

/** A table of the file, and the settings it may hold. */
export interface ConfigTable {
  /** Its name, without brackets. */
  readonly table: string;
  /** What it may hold. */
  readonly settings: readonly Setting[];
}

/** {@link configFileLayer} of any table of the file. */
export function configTableLayer(
  environment: Environment,
  option: RawValue | undefined,
  { table, settings }: ConfigTable,
): Layer | undefined {
  if (option?.value === false) return undefined;
  const named = option ?? configFileVariable(environment);
  const path = named === undefined ? DEFAULT_CONFIG_FILE : parseText(named);
  const text = environment.readFile(path);
  if (text === undefined) {
    if (named === undefined) return undefined;
    throw refuse(
      named,
      "cannot be read",
      "give the path of a file that exists (Deno needs --allow-read for it)",
    );
  }
  const { [table]: found } = parseToml(text, path);
  return found === undefined ? undefined : tableLayer(found, settings, path);
}

function configFileVariable(environment: Environment): RawValue | undefined {
  const value = environment.variable(CONFIG_FILE_VARIABLE);
  if (value === undefined || value === "") return undefined;
  return { name: "configFile", value, source: CONFIG_FILE_VARIABLE, form: "text", printable: true };
}

function parseToml(text: string, path: string): Readonly<Record<string, unknown>> {
  try {
    return parse(text);
  } catch (error) {
    // Neither message nor cause is kept: they repeat the line, which may hold a password.
    const where = error instanceof TomlError ? ` at line ${error.line}, column ${error.column}` : "";
    throw new ConfigError("configFile", `it is not TOML${where}; correct the file`, path);
  }
}
