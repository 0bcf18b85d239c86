/**
 * Values of columns as JSON holds them, and back by the column's type.
 *
 * @module
 */
import { Range, RANGE_BOUNDS, type RangeBounds } from "../../pool/wire/codec/mod.ts";
import type { ColumnType } from "../definition/column_type.ts";

/** Stands for JSON that is no value of a type. */
export const MALFORMED: unique symbol = Symbol("malformed");

/** Reads one value; {@link MALFORMED} when it is none. */
type Reader = (json: unknown) => unknown;

/**
 * A value as JSON holds it: bigints, dates, times and numbers that JSON has not are strings, bytes are base64.
 *
 * @param type Its column's type.
 * @param value The value; null, or of the type.
 */
export function jsonValue(type: ColumnType, value: unknown): unknown {
  if (type.dimensions === 0 && JSON_TYPES.has(baseOf(type))) return value;
  return plainJson(value);
}

/**
 * A value of a type from JSON: read as the pool would decode it, then converted as a row's.
 *
 * @param type The type.
 * @param json What JSON held; not null.
 * @returns The value, not yet checked for more than its form; {@link MALFORMED} when it is none.
 */
export function valueOfJson(type: ColumnType, json: unknown): unknown {
  const value = read(type, json);
  const { conversion } = type;
  if (value === MALFORMED || conversion === undefined || conversion.fits(value)) return value;
  try {
    return conversion.convert(value);
  } catch {
    return MALFORMED;
  }
}

function read(type: ColumnType, json: unknown): unknown {
  if (type.dimensions > 0) {
    const element = { ...type, dimensions: type.dimensions - 1 };
    return listOf(json, (item) => item === null ? null : read(element, item));
  }
  const { declared } = type;
  if (declared?.kind === "enum") return isOneOf(declared.labels, json) ? json : MALFORMED;
  if (declared?.kind === "domain") return read(declared.type, json);
  if (declared?.kind === "composite") {
    if (typeof json !== "object" || json === null || Array.isArray(json)) return MALFORMED;
    const given = json as Readonly<Record<string, unknown>>;
    const names = declared.attributes.map(({ name }) => name);
    if (!Object.keys(given).every((name) => names.includes(name))) return MALFORMED;
    const values = declared.attributes.map((
      { name, type },
    ) => [name, (given[name] ?? null) === null ? null : read(type, given[name])] as const);
    if (values.some(([, value]) => value === MALFORMED)) return MALFORMED;
    return Object.fromEntries(values);
  }
  return (READERS[type.base] ?? asItIs)(json);
}

const JSON_TYPES: ReadonlySet<string> = new Set(["json", "jsonb"]);

function baseOf({ declared, base }: ColumnType): string {
  return declared?.kind === "domain" ? baseOf(declared.type) : base;
}

function plainJson(value: unknown): unknown {
  switch (typeof value) {
    case "bigint":
      return String(value);
    case "number":
      return Number.isFinite(value) ? value : String(value);
    case "object":
      break;
    default:
      return value;
  }
  if (value === null) return null;
  if (value instanceof Uint8Array) return toBase64(value);
  if (Array.isArray(value)) return value.map(plainJson);
  const { toJSON } = value as { readonly toJSON?: unknown };
  // Dates, Temporal's classes and our intervals print themselves.
  if (typeof toJSON === "function") return toJSON.call(value);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plainJson(item)]));
}

const DIGITS = /^-?\d{1,20}$/;
const DECIMAL = /^(?:[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d{1,5})?|NaN|-?Infinity)$/i;
const NOT_FINITE: Readonly<Record<string, number>> = { NaN, Infinity, "-Infinity": -Infinity };
const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

const asItIs: Reader = (json) => json;
const readString: Reader = (json) => typeof json === "string" ? json : MALFORMED;
const readNumber: Reader = (json) => {
  if (typeof json === "string" && Object.hasOwn(NOT_FINITE, json)) return NOT_FINITE[json];
  return typeof json === "number" ? json : MALFORMED;
};

const readInt8: Reader = (json) => {
  const text = Number.isSafeInteger(json) ? String(json) : json;
  if (typeof text !== "string" || !DIGITS.test(text)) return MALFORMED;
  const value = BigInt(text);
  return BigInt.asIntN(64, value) === value ? value : MALFORMED;
};

const readNumeric: Reader = (json) => {
  const text = typeof json === "number" ? String(json) : json;
  return typeof text === "string" && DECIMAL.test(text) ? text : MALFORMED;
};

const readBytes: Reader = (json) => {
  if (typeof json !== "string" || !BASE64.test(json)) return MALFORMED;
  return Uint8Array.from(atob(json), (character) => character.charCodeAt(0));
};

/** What Temporal's classes have in common; without Temporal the strings of dates stay. */
interface FromText {
  readonly from: (text: string) => unknown;
}

interface MaybeTemporal {
  readonly Temporal?: Readonly<Record<string, FromText>>;
}

function temporal(name: string): Reader {
  return (json) => {
    if (typeof json !== "string") return MALFORMED;
    const { Temporal: classes } = globalThis as unknown as MaybeTemporal;
    try {
      if (classes !== undefined) return classes[name].from(json);
      const date = new Date(json);
      return name === "Duration" || name === "PlainTime" ? json : isNaN(date.getTime()) ? MALFORMED : date;
    } catch {
      return MALFORMED;
    }
  };
}

function range(bound: string): Reader {
  return (json) => {
    if (typeof json !== "object" || json === null) return MALFORMED;
    const { lower = null, upper = null, bounds = "[)", empty = false } = json as Record<string, unknown>;
    if (empty === true) return Range.empty();
    if (!isOneOf(RANGE_BOUNDS, bounds)) return MALFORMED;
    const values = [lower, upper].map((value) => value === null ? null : READERS[bound](value));
    if (values.includes(MALFORMED)) return MALFORMED;
    return new Range(values[0], values[1], { bounds: bounds as RangeBounds });
  };
}

function multirange(bound: string): Reader {
  return (json) => listOf(json, range(bound));
}

const READERS: Readonly<Record<string, Reader>> = {
  int2: readNumber,
  int4: readNumber,
  oid: readNumber,
  float4: readNumber,
  float8: readNumber,
  int8: readInt8,
  xid8: readInt8,
  numeric: readNumeric,
  bool: (json) => typeof json === "boolean" ? json : MALFORMED,
  text: readString,
  varchar: readString,
  bpchar: readString,
  citext: readString,
  timetz: readString,
  uuid: (json) => typeof json === "string" && UUID.test(json) ? json : MALFORMED,
  bytea: readBytes,
  date: temporal("PlainDate"),
  time: temporal("PlainTime"),
  timestamp: temporal("PlainDateTime"),
  timestamptz: temporal("Instant"),
  interval: temporal("Duration"),
  int4range: range("int4"),
  int8range: range("int8"),
  numrange: range("numeric"),
  daterange: range("date"),
  tsrange: range("timestamp"),
  tstzrange: range("timestamptz"),
  int4multirange: multirange("int4"),
  int8multirange: multirange("int8"),
  nummultirange: multirange("numeric"),
  datemultirange: multirange("date"),
  tsmultirange: multirange("timestamp"),
  tstzmultirange: multirange("timestamptz"),
};

function listOf(json: unknown, read: (item: unknown) => unknown): unknown {
  if (!Array.isArray(json)) return MALFORMED;
  const values = json.map(read);
  return values.includes(MALFORMED) ? MALFORMED : values;
}

function isOneOf(words: readonly string[], value: unknown): boolean {
  return typeof value === "string" && words.includes(value);
}

/** In slices: a call takes only so many arguments. */
function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8_192) {
    text += String.fromCharCode(...bytes.subarray(at, at + 8_192));
  }
  return btoa(text);
}
