/**
 * One layer of raw values for every place a setting can be written in, and a reader that takes each setting from
 * the first layer that has it. Layers are built from names to keys; values are checked when they are read.
 *
 * @module
 */
import type { Parameter } from "./connection_string.ts";
import { FOREIGN_PARAMETERS, type ForeignParameter } from "./connect_settings.ts";
import type { Environment } from "./environment.ts";
import { ConfigError } from "../errors.ts";
import {
  type Layer,
  listed,
  parseSetting,
  parseText,
  type RawValue,
  refuse,
  type Setting,
  type SettingType,
  snakeCase,
} from "./setting.ts";
import { namedSetting } from "./setting_names.ts";

/** The layer of an options object. */
export function optionsLayer(input: unknown, settings: readonly Setting[], source = "options"): Layer {
  return objectLayer(input, { settings, source, form: "option" });
}

/** The layer of a table in a TOML file. */
export function tableLayer(input: unknown, settings: readonly Setting[], source: string): Layer {
  return objectLayer(input, { settings, source, form: "table" });
}

interface ObjectLayerOptions {
  readonly settings: readonly Setting[];
  readonly source: string;
  readonly form: "option" | "table";
}

/** The types for which libpq takes an empty text as not set. */
const EMPTY_IS_UNSET: readonly SettingType[] = ["text", "secret", "list"];

function objectLayer(input: unknown, options: ObjectLayerOptions): Layer {
  const { settings, source, form } = options;
  if (typeof input !== "object" || input === null || Array.isArray(input)) {
    throw new ConfigError(source, "it is not an object; give an object of settings or a URL", source);
  }
  const usable = form === "option" ? settings : settings.filter(({ optionsOnly }) => optionsOnly !== true);
  const names = new Map(
    usable.map((setting) => [form === "option" ? setting.key : snakeCase(setting.key), setting]),
  );
  const layer = new Map<string, RawValue>();
  for (const [name, value] of Object.entries(input)) {
    const { key, type } = namedSetting(names, name, { source, form, printable: true });
    if (value === undefined || (value === "" && key !== "url" && EMPTY_IS_UNSET.includes(type))) continue;
    layer.set(key, { name, value, source, form, printable: type !== "secret" });
  }
  return layer;
}

/** The layer of a URL, a `key=value` string, or a section of the service file. */
export function parametersLayer(
  parameters: readonly Parameter[],
  options: { readonly settings: readonly Setting[]; readonly source: string },
): Layer {
  const { settings, source } = options;
  const names = new Map<string, Setting>();
  for (const setting of settings) if (setting.parameter !== undefined) names.set(setting.parameter, setting);
  const layer = new Map<string, RawValue>();
  for (const { name, value, printable } of parameters) {
    const foreign = FOREIGN_PARAMETERS.find((candidate) => candidate.parameter === name);
    if (foreign !== undefined) {
      refuseForeign(foreign, { name, value, source, form: "text", printable });
      continue;
    }
    const setting = namedSetting(names, name, { source, form: "text", printable });
    if (value === "") layer.delete(setting.key);
    else layer.set(setting.key, libpqRaw(setting, { name, value, source, form: "text", printable }));
  }
  return layer;
}

/** Which variables of ours are read. */
export interface PrefixedLayerOptions {
  /** What their names begin with. */
  readonly prefix: string;
  /** Each is named by the prefix and its TOML name in upper case. */
  readonly settings: readonly Setting[];
  /** Says of a name, without the prefix, that it is no concern of this layer. */
  readonly passOver?: (name: string) => boolean;
}

/** The layer of the variables with a prefix of ours. A name that is not a setting is found where they can be listed. */
export function prefixedLayer(environment: Environment, options: PrefixedLayerOptions): Layer {
  const { prefix, settings, passOver = () => false } = options;
  const usable = settings.filter(({ optionsOnly }) => optionsOnly !== true);
  const names = new Map(usable.map((setting) => [snakeCase(setting.key).toUpperCase(), setting]));
  for (const variable of environment.variableNames()) {
    const name = variable.slice(prefix.length);
    if (!variable.startsWith(prefix) || passOver(name)) continue;
    namedSetting(names, name, { source: variable, form: "text", printable: true });
  }
  const layer = new Map<string, RawValue>();
  for (const [name, { key, type }] of names) {
    const source = prefix + name;
    const value = environment.variable(source);
    if (value === undefined || value === "") continue;
    layer.set(key, { name: key, value, source, form: "text", printable: type !== "secret" });
  }
  return layer;
}

/** The layer of the `PG*` variables. */
export function variablesLayer(environment: Environment, settings: readonly Setting[]): Layer {
  const layer = new Map<string, RawValue>();
  for (const setting of settings) {
    const { key, variable } = setting;
    const value = variable === undefined ? undefined : environment.variable(variable);
    if (variable === undefined || value === undefined || value === "") continue;
    layer.set(key, libpqRaw(setting, { name: key, value, source: variable, form: "text", printable: true }));
  }
  for (const foreign of FOREIGN_PARAMETERS) {
    const value = foreign.variable === undefined ? undefined : environment.variable(foreign.variable);
    if (foreign.variable === undefined || value === undefined || value === "") continue;
    refuseForeign(foreign, {
      name: foreign.parameter,
      value,
      source: foreign.variable,
      form: "text",
      printable: true,
    });
  }
  return layer;
}

function libpqRaw(setting: Setting, raw: RawValue & { readonly value: string }): RawValue {
  const printable = raw.printable && setting.type !== "secret";
  const isSeconds = setting.libpqSeconds === true && /^\s*-?\d+\s*$/.test(raw.value);
  return { ...raw, printable, value: isSeconds ? `${raw.value.trim()}s` : raw.value };
}

function refuseForeign(foreign: ForeignParameter, raw: RawValue & { readonly value: string }): void {
  const { harmless } = foreign;
  if (harmless === undefined || raw.value === "" || harmless.includes(raw.value.toLowerCase())) return;
  const advice = harmless.length === 0 ? "remove it" : `give ${listed(harmless)}, or remove it`;
  throw refuse(raw, "is not supported", advice);
}

/** A layer without some of its keys. */
export function withoutKeys(layer: Layer, keys: readonly string[]): Layer {
  return new Map([...layer].filter(([key]) => !keys.includes(key)));
}

/** Takes each setting from the first layer that has it, and its default from its table. */
export class SettingReader {
  readonly #settings: ReadonlyMap<string, Setting>;
  readonly #layers: readonly Layer[];

  /** Creates a reader of `layers`, the first of which ranks highest. */
  constructor(settings: readonly Setting[], layers: readonly Layer[]) {
    this.#settings = new Map(settings.map((setting) => [setting.key, setting]));
    this.#layers = layers;
  }

  /** What was written for a setting, by the highest layer. */
  raw(key: string): RawValue | undefined {
    for (const layer of this.#layers) {
      const raw = layer.get(key);
      if (raw !== undefined) return raw;
    }
    return undefined;
  }

  /** What every layer wrote for a setting, highest first. */
  allRaw(key: string): RawValue[] {
    return this.#layers.flatMap((layer) => layer.get(key) ?? []);
  }

  /** The setting's row. */
  setting(key: string): Setting {
    const setting = this.#settings.get(key);
    if (setting === undefined) throw new Error(`BUG: setting "${key}" is in no table`);
    return setting;
  }

  /** A text, or undefined. */
  text(key: string): string | undefined {
    return this.#value(key) as string | undefined;
  }

  /** One of the words of an `as const` tuple; its table has a default. */
  choice<Word extends string>(key: string): Word {
    return this.#value(key) as Word;
  }

  /** A number; its table has a default. */
  number(key: string): number {
    return this.#value(key) as number;
  }

  /** A boolean; its table has a default. */
  boolean(key: string): boolean {
    return this.#value(key) as boolean;
  }

  /** A function that only options can hold. */
  function<Value>(key: string): Value | undefined {
    const raw = this.raw(key);
    if (raw === undefined) return undefined;
    if (typeof raw.value !== "function") throw refuse(raw, "is not a function", "give a function");
    return raw.value as Value;
  }

  /** The items of a list: an array in options and files, separated by commas in text. */
  list(key: string): string[] | undefined {
    const raw = this.raw(key);
    if (raw === undefined) return undefined;
    const items: unknown[] = Array.isArray(raw.value) ? raw.value : [raw.value];
    if (items.length === 0) throw refuse(raw, "is empty", "give at least one item, or leave it out");
    return items.flatMap((item) => parseText({ ...raw, value: item }).split(",")).map((item) => item.trim());
  }

  #value(key: string): string | number | boolean | undefined {
    const setting = this.setting(key);
    const raw = this.raw(key);
    return raw === undefined ? setting.default : parseSetting(setting, raw);
  }
}
