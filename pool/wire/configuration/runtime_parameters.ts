/**
 * Server settings that are sent at startup. Those with a setting of their own, and those that our reading of values
 * depends on, are refused.
 *
 * @module
 */
import type { Environment } from "./environment.ts";
import { ConfigError } from "../errors.ts";
import { parseText, type RawValue, refuse } from "./setting.ts";
import type { SettingReader } from "./setting_layers.ts";

/** Parameters of the startup message that have a setting of their own. */
const OWN_SETTINGS: Readonly<Record<string, string>> = {
  user: "user",
  database: "database",
  application_name: "applicationName",
  options: "options",
  replication: "replication",
};

/** Variables that libpq turns into server settings. */
const VARIABLES: readonly (readonly [variable: string, parameter: string])[] = [
  ["PGTZ", "TimeZone"],
  ["PGGEQO", "geqo"],
];

/** The server settings of all layers; of two with the same name, whatever its case, the higher layer's wins. */
export function readRuntimeParameters(
  reader: SettingReader,
  environment: Environment,
): Readonly<Record<string, string>> {
  const found = new Map<string, [name: string, value: string]>();
  const add = (name: string, value: string) => {
    if (!found.has(name.toLowerCase())) found.set(name.toLowerCase(), [name, value]);
  };
  for (const raw of reader.allRaw("runtimeParameters")) {
    if (typeof raw.value !== "object" || raw.value === null || Array.isArray(raw.value)) {
      throw refuse(raw, "is not an object", 'give an object of strings, for example { TimeZone: "UTC" }');
    }
    for (const [name, value] of Object.entries(raw.value)) {
      if (value !== undefined) add(name, checkParameter(raw, name, value));
    }
  }
  for (const [variable, name] of VARIABLES) {
    const value = environment.variable(variable);
    if (value === undefined || value === "") continue;
    add(name, parseText({ name, value, source: variable, form: "text", printable: true }));
  }
  return Object.fromEntries(found.values());
}

function checkParameter(raw: RawValue, name: string, value: unknown): string {
  const key = `${raw.name}.${name.slice(0, 60)}`;
  if (!/^[a-z_][\w$]*(\.[a-z_][\w$]*)*$/i.test(name) || name.startsWith("_pq_.")) {
    throw new ConfigError(
      JSON.stringify(key).slice(1, -1),
      'its name is not the name of a server setting; use letters, digits, "_" and "."',
      raw.source,
    );
  }
  const own = Object.hasOwn(OWN_SETTINGS, name.toLowerCase()) ? OWN_SETTINGS[name.toLowerCase()] : undefined;
  if (own !== undefined) {
    throw new ConfigError(key, `it has a setting of its own; give "${own}" instead`, raw.source);
  }
  const text = parseText({ ...raw, name: key, value, printable: false });
  if (name.toLowerCase() === "client_encoding" && !/^(utf-?8|unicode)$/i.test(text)) {
    throw refuse({ ...raw, name: key, value }, "is not supported", 'give "UTF8", or remove it');
  }
  return text;
}
