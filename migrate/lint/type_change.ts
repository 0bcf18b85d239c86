/**
 * What a new type of a column costs and loses: which changes PostgreSQL makes without writing the table anew. What is
 * here is proved against servers by `tests/migrate/lint/type_change_test.ts`.
 *
 * @module
 */

/** A type's text, taken apart. */
export interface ParsedType {
  /** Its full name in PostgreSQL's words: `character varying`. */
  readonly base: string;
  /** Its modifiers: `[10, 2]`. */
  readonly modifiers: readonly number[];
  readonly isArray: boolean;
}

/** What a change costs. */
export interface TypeChangeCost {
  /** `"unknown"` where a type is not PostgreSQL's own, so that it may be. */
  readonly rewrites: boolean | "unknown";
  /** Whether values may not fit, so that it fails or loses something. */
  readonly narrows: boolean;
  /** Whether the session's time zone decides both. */
  readonly needsUtc?: boolean;
}

const ALIASES: Readonly<Record<string, string>> = {
  int: "integer",
  int4: "integer",
  serial: "integer",
  serial4: "integer",
  int2: "smallint",
  smallserial: "smallint",
  serial2: "smallint",
  int8: "bigint",
  bigserial: "bigint",
  serial8: "bigint",
  float4: "real",
  float8: "double precision",
  float: "double precision",
  decimal: "numeric",
  bool: "boolean",
  varchar: "character varying",
  "char varying": "character varying",
  char: "character",
  bpchar: "character",
  varbit: "bit varying",
  timestamp: "timestamp without time zone",
  timestamptz: "timestamp with time zone",
  time: "time without time zone",
  timetz: "time with time zone",
};

/** Types whose values keep all they are in a later one, whatever they are. */
const WIDER: Readonly<Record<string, readonly string[]>> = {
  smallint: ["integer", "bigint", "numeric", "real", "double precision"],
  integer: ["bigint", "numeric", "double precision"],
  bigint: ["numeric"],
  real: ["double precision"],
  date: ["timestamp without time zone", "timestamp with time zone"],
  json: ["jsonb"],
  cidr: ["inet"],
  "character varying": ["text"],
  character: ["text", "character varying"],
};

/** Types PostgreSQL brings, as far as a column's cost is known. */
const BUILT_IN: ReadonlySet<string> = new Set([
  ...Object.values(ALIASES),
  ...[
    "text",
    "date",
    "interval",
    "uuid",
    "json",
    "jsonb",
    "inet",
    "cidr",
    "macaddr",
    "bytea",
    "xml",
    "money",
    "bit",
  ],
  ...["oid", "name", "tsvector", "point", "int4range", "int8range", "numrange", "daterange", "tstzrange"],
]);

/** Types whose modifier is a length or a precision that may grow. */
const GROWING: ReadonlySet<string> = new Set([
  "character varying",
  "bit varying",
  "timestamp without time zone",
  "timestamp with time zone",
  "time without time zone",
  "time with time zone",
  "interval",
]);

/** Takes a type's text apart. */
export function parseType(text: string): ParsedType {
  let rest = text.trim().toLowerCase().replace(/\s+/g, " ").replaceAll("pg_catalog.", "");
  const isArray = /\[\d*\]$|\barray(\s*\[\d*\])?$/.test(rest);
  rest = rest.replace(/(\s*\[\d*\])+$/, "").replace(/\s+array$/, "");
  const modifier = /\(([^)]*)\)/.exec(rest);
  const modifiers = modifier === null ? [] : modifier[1].split(",").map((part) => Number(part.trim()));
  const base = rest.replace(/\s*\([^)]*\)\s*/, " ").trim();
  const full = ALIASES[base] ?? base;
  // A length is one where none is said.
  const isOne = (base === "char" || full === "character" || full === "bit") && modifiers.length === 0 &&
    base !== "bpchar";
  return { base: full, modifiers: isOne ? [1] : modifiers, isArray };
}

/**
 * What it costs to change a column's type.
 *
 * @param from The present type; `undefined` where it is not known.
 * @param to The new one.
 * @param options `using`: the expression that makes the new values; `column`: the column's name.
 */
export function typeChangeCost(
  from: string | undefined,
  to: string,
  { using, column }: { readonly using?: string; readonly column?: string } = {},
): TypeChangeCost {
  if (from === undefined) return { rewrites: "unknown", narrows: false };
  const [old, next] = [parseType(from), parseType(to)];
  const isPlain = using === undefined || isOnlyCast(using, column, next);
  const narrows = isNarrower(old, next);
  if (!isPlain) return { rewrites: true, narrows };
  if (sameType(old, next)) return { rewrites: false, narrows: false };
  if (old.isArray || next.isArray) {
    // Only what takes a modifier away: an array is made anew where its elements' type is another, however alike.
    const isFreed = old.isArray && next.isArray && old.base === next.base && next.modifiers.length === 0;
    return { rewrites: !isFreed, narrows };
  }
  const isZoned = (type: ParsedType): boolean => /^timestamp with/.test(type.base);
  if (isZoned(old) && isZoned(next) && old.base !== next.base) {
    // Any other precision is a function of its own around the change of zone.
    return { rewrites: (next.modifiers[0] ?? 6) < 6, narrows, needsUtc: true };
  }
  if (!BUILT_IN.has(old.base) || !BUILT_IN.has(next.base)) return { rewrites: "unknown", narrows };
  return { rewrites: !isFree(old, next), narrows };
}

/** Whether the bytes of every value are those of the new type, and PostgreSQL knows it. */
function isFree(old: ParsedType, next: ParsedType): boolean {
  if (next.base === "character" && next.modifiers.length === 0) {
    return ["text", "character varying", "character"].includes(old.base);
  }
  if (old.base === "bit" && next.base === "bit varying") return next.modifiers.length === 0;
  if (next.base === "text") return old.base === "character varying" || old.base === "xml";
  if (old.base === "text") return next.base === "character varying" && next.modifiers.length === 0;
  if (old.base === "cidr") return next.base === "inet";
  if (old.base === "integer" && next.base === "oid") return true;
  if (old.base === "oid" && next.base === "integer") return true;
  if (old.base !== next.base) return false;
  if (old.base === "numeric") {
    if (next.modifiers.length === 0) return true;
    if (old.modifiers.length === 0) return false;
    const [precision, scale = 0] = old.modifiers;
    const [newPrecision, newScale = 0] = next.modifiers;
    return newScale === scale && newPrecision >= precision;
  }
  return GROWING.has(old.base) && grows(old, next);
}

function grows(old: ParsedType, next: ParsedType): boolean {
  const [newLength] = next.modifiers;
  if (newLength === undefined) return true;
  const [length = /^(time|interval)/.test(old.base) ? 6 : Infinity] = old.modifiers;
  return newLength >= length;
}

function isNarrower(old: ParsedType, next: ParsedType): boolean {
  if (sameType(old, next)) return false;
  if (old.isArray !== next.isArray) return true;
  if (!BUILT_IN.has(old.base) || !BUILT_IN.has(next.base)) return false;
  if (old.base !== next.base) {
    if (next.modifiers.length > 0 && !/^time/.test(next.base)) return true;
    if (next.base === "text" || (next.base === "character varying" && next.modifiers.length === 0)) {
      return false;
    }
    if (/^timestamp with/.test(old.base) && /^timestamp with/.test(next.base)) return !grows(old, next);
    return !(WIDER[old.base] ?? []).includes(next.base);
  }
  if (old.base === "numeric") {
    if (next.modifiers.length === 0) return false;
    if (old.modifiers.length === 0) return true;
    const [precision, scale = 0] = old.modifiers;
    const [newPrecision, newScale = 0] = next.modifiers;
    return newScale < scale || newPrecision - newScale < precision - scale;
  }
  const [length = Infinity] = old.modifiers;
  const [newLength = Infinity] = next.modifiers;
  return newLength < length && !(/^(time|interval)/.test(old.base) && newLength >= 6);
}

function sameType(one: ParsedType, other: ParsedType): boolean {
  return one.base === other.base && one.isArray === other.isArray &&
    one.modifiers.join() === other.modifiers.join();
}

/** Whether an expression is the column itself, or its cast to the new type: then it is as if it were not said. */
function isOnlyCast(using: string, column: string | undefined, next: ParsedType): boolean {
  if (column === undefined) return false;
  const match = /^("(?:[^"]|"")+"|[a-z_][a-z0-9_$]*)(?:\s*::\s*(.+))?$/i.exec(
    using.trim().replace(/^\(("(?:[^"]|"")+"|[a-z0-9_$]+)\)/i, "$1"),
  );
  if (match === null) return false;
  const [, name, type] = match;
  const plain = name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name.toLowerCase();
  return plain === column && (type === undefined || sameType(parseType(type), next));
}
