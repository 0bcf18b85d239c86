/**
 * SQL in source: as a template with the tag `sql`, and read so that PostgreSQL makes the same of it again.
 *
 * @module
 */
import { type Piece, text } from "./layout.ts";

/** SQL as a tagged template. */
export function sqlTemplate(statement: string): Piece {
  const escaped = statement.replaceAll("\\", "\\\\").replaceAll("`", "\\`").replaceAll("${", "\\${");
  return text(`sql\`${escaped.replaceAll("\r", "\\r")}\``);
}

/** A string as source: in double quotes, unless it holds more of them than of single ones. */
export function stringText(value: string): string {
  const text = JSON.stringify(value).replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029");
  const count = (quote: string): number => value.split(quote).length;
  if (count('"') <= count("'")) return text;
  return `'${text.slice(1, -1).replace(/\\.|'/g, (found) => QUOTES[found] ?? found)}'`;
}

const QUOTES: Readonly<Record<string, string>> = { '\\"': '"', "'": "\\'" };

/** An array of `varchar` that was compared with a text: `(ARRAY['a'::character varying])::text[]`. */
const CAST_ARRAY =
  /(= ANY|<> ALL) \(\((ARRAY\['(?:[^']|'')*'::character varying(?:, '(?:[^']|'')*'::character varying)*\])\)::text\[\]\)/g;

/** A field that was given as a text in upper case: it is told without quotes, and without them read in lower case. */
const EXTRACTED = /\bEXTRACT\((?=\w*[A-Z])(\w+) FROM /g;

/**
 * An expression as PostgreSQL tells it, so that it tells the same when it has read it again.
 *
 * It prints `status in ('a', 'b')` of a `varchar` with a cast of the array, and reading that moves the cast into the
 * array, for good. Without the cast it makes one itself, where it was.
 */
export function rereadable(expression: string): string {
  return expression.replaceAll(CAST_ARRAY, "$1 ($2)").replaceAll(EXTRACTED, "EXTRACT('$1' FROM ");
}

/** An expression without the parentheses around all of it. */
export function unwrapped(expression: string): string {
  if (!expression.startsWith("(") || !expression.endsWith(")")) return expression;
  let depth = 0;
  for (
    const [at, character] of [...expression.replace(/'(?:[^']|'')*'|"(?:[^"]|"")*"/g, blanked)].entries()
  ) {
    if (character === "(") depth++;
    else if (character === ")" && --depth === 0 && at < [...expression].length - 1) return expression;
  }
  return expression.slice(1, -1);
}

function blanked(quoted: string): string {
  return "x".repeat([...quoted].length);
}

/** A name as PostgreSQL writes it, without its quotes; `undefined` where it has a schema. */
export function simpleName(quoted: string): string | undefined {
  const parts = nameParts(quoted);
  return parts?.length === 1 || parts?.[0] === "pg_catalog" ? parts.at(-1) : undefined;
}

/** The parts of a name with its schema, without quotes; `undefined` where it is no name. */
export function nameParts(quoted: string): readonly string[] | undefined {
  if (!/^("(?:[^"]|"")+"|[^".\s()]+)(\.("(?:[^"]|"")+"|[^".\s()]+))?$/.test(quoted)) return undefined;
  return quoted.match(/"(?:[^"]|"")+"|[^".]+/g)!.map((part) =>
    part.startsWith('"') ? part.slice(1, -1).replaceAll('""', '"') : part
  );
}
