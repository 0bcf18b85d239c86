/**
 * What a setting is, and how its value is read from where a user wrote it. Tables of settings are data; defaults,
 * validation, the names in URLs, variables and files, and the tables in the docs all derive from them.
 *
 * @module
 */
import { ConfigError } from "../errors.ts";
import { nearestWord } from "./nearest_word.ts";

/** One setting: a row of the tables in `docs/configuration.md`. */
export interface Setting {
  /** Its name in an options object; its snake_case form is the name in TOML and in variables. */
  readonly key: string;
  /** Its name in a URL, a `key=value` string and a service file; undefined when it cannot be given there. */
  readonly parameter?: string;
  /** The variable that libpq reads it from. */
  readonly variable?: string;
  /** What values it takes. */
  readonly type: SettingType;
  /** The value when nothing is given; undefined for none. */
  readonly default?: string | number | boolean;
  /** What happens when nothing is given, for the docs, where `default` does not say it. */
  readonly defaultText?: string;
  /** Smallest number allowed. */
  readonly min?: number;
  /** Largest number allowed. */
  readonly max?: number;
  /** What 0 means where it is allowed besides `min` to `max`. */
  readonly zero?: string;
  /** The words allowed. */
  readonly choices?: readonly string[];
  /** Whether only an options object can hold it. */
  readonly optionsOnly?: true;
  /** Whether a bare number in libpq's sources is seconds. */
  readonly libpqSeconds?: true;
  /** What it does, for the docs. */
  readonly description: string;
}

/** The kinds of value a setting can have. */
export type SettingType =
  | "text"
  | "secret"
  | "choice"
  | "integer"
  | "duration"
  | "bytes"
  | "ratio"
  | "boolean"
  | "list"
  | "structure"
  | "function";

/** How a value was written: by a program, as text, or in a typed file. */
export type ValueForm = "option" | "text" | "table";

/** A value as it was found, before it was checked. */
export interface RawValue {
  /** The setting's name as the user wrote it. */
  readonly name: string;
  /** What was found. */
  readonly value: unknown;
  /** Where it was found, for example `"URL"` or `"PGPORT"`. */
  readonly source: string;
  /** How it was written. */
  readonly form: ValueForm;
  /** False when the text may hold a part of a password and must not be repeated in an error. */
  readonly printable: boolean;
}

/** The values one source gave, by the settings' keys. */
export type Layer = ReadonlyMap<string, RawValue>;

/** A setting's name in TOML and, in upper case, in variables: `acquireTimeout` is `acquire_timeout`. */
export function snakeCase(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Refuses a found value: names the setting and the source, repeats the value when that is safe, says what is allowed. */
export function refuse(raw: RawValue, problem: string, advice: string): ConfigError {
  return new ConfigError(raw.name, `${show(raw)} ${problem}; ${advice}`, raw.source);
}

/** The value in an error: quoted and shortened, or only its type. */
function show(raw: RawValue): string {
  const { value, printable } = raw;
  if (typeof value === "string") {
    if (!printable) return "its value (not shown)";
    return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  }
  if (printable && (typeof value === "number" || typeof value === "boolean")) return String(value);
  return `a value of type ${value === null ? "null" : Array.isArray(value) ? "array" : typeof value}`;
}

const MILLISECONDS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  sec: 1000,
  second: 1000,
  seconds: 1000,
  min: 60_000,
  minute: 60_000,
  minutes: 60_000,
  h: 3_600_000,
  hour: 3_600_000,
  hours: 3_600_000,
  d: 86_400_000,
  day: 86_400_000,
  days: 86_400_000,
};

const BYTES: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1024,
  kib: 1024,
  mb: 1024 ** 2,
  mib: 1024 ** 2,
  gb: 1024 ** 3,
  gib: 1024 ** 3,
};

const TRUE_WORDS: readonly string[] = ["true", "on", "yes", "1"];
const FALSE_WORDS: readonly string[] = ["false", "off", "no", "0"];

/** Reads a value as its setting's type, or throws a ConfigError. Lists, structures and functions are not read here. */
export function parseSetting(setting: Setting, raw: RawValue): string | number | boolean {
  switch (setting.type) {
    case "text":
    case "secret":
      return parseText(raw);
    case "choice":
      return parseChoice(setting, raw);
    case "boolean":
      return parseBoolean(raw);
    case "integer":
    case "ratio":
    case "duration":
    case "bytes":
      return parseNumber(setting, raw);
    case "list":
    case "structure":
    case "function":
      throw new Error(`BUG: setting "${setting.key}" has a reader of its own`);
    default:
      return setting.type satisfies never;
  }
}

/** Reads a text; a NUL is refused, because the protocol ends texts with it. */
export function parseText(raw: RawValue): string {
  if (typeof raw.value !== "string") throw refuse(raw, "is not a string", "give a string");
  if (raw.value.includes("\0")) {
    throw new ConfigError(raw.name, "its value contains a NUL character; remove it", raw.source);
  }
  return raw.value;
}

function parseChoice(setting: Setting, raw: RawValue): string {
  const choices = setting.choices ?? [];
  if (typeof raw.value === "string" && choices.includes(raw.value)) return raw.value;
  const hint = typeof raw.value === "string" && raw.printable ? nearestWord(raw.value, choices) : undefined;
  throw refuse(
    raw,
    "is not allowed",
    `give ${listed(choices)}${hint === undefined ? "" : `; did you mean "${hint}"?`}`,
  );
}

function parseBoolean(raw: RawValue): boolean {
  if (typeof raw.value === "boolean") return raw.value;
  if (raw.form === "text" && typeof raw.value === "string") {
    const word = raw.value.toLowerCase();
    if (TRUE_WORDS.includes(word)) return true;
    if (FALSE_WORDS.includes(word)) return false;
  }
  throw refuse(raw, "is not a boolean", "give true or false");
}

function parseNumber(setting: Setting, raw: RawValue): number {
  const value = numberOf(setting, raw);
  if (
    value === undefined || !Number.isFinite(value) || (setting.type !== "ratio" && !Number.isInteger(value))
  ) {
    throw refuse(raw, `is not ${NUMBER_NAMES[setting.type]}`, `give ${rangeText(setting)}`);
  }
  const { min = 0, max = Number.MAX_SAFE_INTEGER, zero } = setting;
  if ((value < min || value > max) && !(value === 0 && zero !== undefined)) {
    throw refuse(raw, "is out of range", `give ${rangeText(setting)}`);
  }
  return value;
}

const NUMBER_NAMES: Readonly<Partial<Record<SettingType, string>>> = {
  integer: "a whole number",
  ratio: "a number",
  duration: "a duration",
  bytes: "a size",
};

function numberOf(setting: Setting, raw: RawValue): number | undefined {
  if (typeof raw.value === "number") return raw.value;
  if (typeof raw.value !== "string") return undefined;
  const unitAllowed = setting.type === "duration" || setting.type === "bytes";
  if (!unitAllowed && raw.form !== "text") return undefined;
  const match = /^\s*([+-]?\d{1,15}(?:\.\d{1,6})?)\s*([a-zA-Z]*)\s*$/.exec(raw.value);
  if (match === null) return undefined;
  const [, digits, unit] = match;
  if (unit === "") return Number(digits);
  const units = setting.type === "duration" ? MILLISECONDS : BYTES;
  const factor = unitAllowed && Object.hasOwn(units, unit.toLowerCase())
    ? units[unit.toLowerCase()]
    : undefined;
  return factor === undefined ? undefined : Math.round(Number(digits) * factor);
}

/** The range a number may lie in, in words: for errors and for the docs. */
export function rangeText(setting: Setting): string {
  const { min = 0, max = Number.MAX_SAFE_INTEGER, zero } = setting;
  const range = `${amount(setting, min)} to ${amount(setting, max)}`;
  return zero === undefined ? range : `${range}, or 0 (${zero})`;
}

/** A number of a setting with its unit, in words: `30 s`, `64 MiB`, `256`. */
export function amount(setting: Setting, value: number): string {
  if (setting.type === "duration") {
    for (
      const [unit, factor] of [["d", 86_400_000], ["h", 3_600_000], ["min", 60_000], ["s", 1000]] as const
    ) {
      if (value >= factor && value % factor === 0) return `${value / factor} ${unit}`;
    }
    return `${value} ms`;
  }
  if (setting.type === "bytes") {
    for (const [unit, factor] of [["GiB", 1024 ** 3], ["MiB", 1024 ** 2], ["KiB", 1024]] as const) {
      if (value >= factor && value % factor === 0) return `${value / factor} ${unit}`;
    }
    return `${value} B`;
  }
  return value >= 100_000 ? String(value).replace(/\B(?=(\d{3})+$)/g, ",") : String(value);
}

/** Words in a sentence: `"a", "b" or "c"`. */
export function listed(words: readonly string[]): string {
  const quoted = words.map((word) => `"${word}"`);
  return quoted.length < 2
    ? quoted.join("")
    : `${quoted.slice(0, -1).join(", ")} or ${quoted[quoted.length - 1]}`;
}
