/**
 * Defaults as values where a value is the same default again, else as SQL.
 *
 * @module
 */
import { type Piece, text } from "./layout.ts";
import { rereadable, sqlTemplate, stringText } from "./sql_text.ts";
import type { TypeSource } from "./type_source.ts";

/** What a column's default becomes. */
export interface DefaultSource {
  /** The method. */
  readonly method: "default" | "defaultNow";
  readonly args: readonly Piece[];
  /** Whether `sql` is used. */
  readonly isSql: boolean;
}

/** The functions whose columns take `defaultNow()`. */
const TIMES: ReadonlySet<string> = new Set(["date", "time", "timetz", "timestamp", "timestamptz"]);

/** A string without a backslash, and what it is cast to. */
const STRING = /^'((?:[^'\\]|'')*)'::(.+)$/;

/**
 * A default as source.
 *
 * @param expression The default as PostgreSQL tells it.
 * @param type The column's type.
 * @param labels The labels, where it is an enum.
 */
export function defaultSource(
  expression: string,
  type: TypeSource,
  labels: readonly string[] | undefined,
): DefaultSource {
  if (expression === "now()" && TIMES.has(type.builder) && !type.isArray) {
    return { method: "defaultNow", args: [], isSql: false };
  }
  const value = valueOf(expression, type, labels);
  return value === undefined
    ? { method: "default", args: [sqlTemplate(rereadable(expression))], isSql: true }
    : { method: "default", args: [text(value)], isSql: false };
}

function valueOf(
  expression: string,
  { builder, isArray }: TypeSource,
  labels: readonly string[] | undefined,
): string | undefined {
  const [, quoted, cast] = STRING.exec(expression) ?? [];
  const string = quoted?.replaceAll("''", "'");
  if (isArray) return string === "{}" ? "[]" : undefined;
  const number = /^\d+(\.\d+)?$/.test(expression)
    ? expression
    : /^(integer|bigint|numeric)$/.test(cast ?? "") && /^-\d+(\.\d+)?$/.test(string!)
    ? string
    : undefined;
  switch (builder) {
    case "smallint":
    case "integer":
      return number !== undefined && /^-?\d{1,9}$/.test(number) ? number : undefined;
    case "bigint":
      if (number !== undefined && /^-?\d{1,9}$/.test(number)) return `${number}n`;
      return cast === "bigint" && /^-?\d{11,18}$/.test(string!) ? `${string}n` : undefined;
    case "numeric":
      return number === undefined ? undefined : stringText(number);
    case "real":
    case "double":
      return number !== undefined && String(Number(number)) === number ? number : undefined;
    case "boolean":
      return expression === "true" || expression === "false" ? expression : undefined;
    case "text":
      return cast === "text" ? stringText(string!) : undefined;
    case "varchar":
      return cast === "character varying" ? stringText(string!) : undefined;
    case "uuid":
      return cast === "uuid" ? stringText(string!) : undefined;
    case "json":
    case "jsonb":
      return cast === builder && (string === "{}" || string === "[]") ? string : undefined;
    case "enum":
      return string !== undefined && labels?.includes(string) === true ? stringText(string) : undefined;
  }
  return undefined;
}
