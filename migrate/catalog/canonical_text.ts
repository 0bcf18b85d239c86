/**
 * Expressions of which PostgreSQL prints another text once it has read its own: they are told in one form, which comes
 * back as it is, so that what was written from a catalog is equal to it.
 *
 * - `status in ('a', 'b')` of a `varchar` is printed with a cast of the array, `(ARRAY['a'::character varying])::text[]`;
 *   reading that moves the cast into the array, for good. Without any cast PostgreSQL makes one itself, where it was.
 * - `extract('YEAR' from at)` is printed without quotes, in upper case; names without quotes are read in lower case.
 *
 * @module
 */
import type { CatalogObject } from "./objects.ts";

const LABEL = "'(?:[^']|'')*'::character varying";

/** An array of `varchar` that is compared with a text, as it is printed first. */
const CAST_ARRAY = new RegExp(
  `(= ANY|<> ALL) \\(\\((ARRAY\\[${LABEL}(?:, ${LABEL})*\\])\\)::text\\[\\]\\)`,
  "g",
);

/** The same as it is printed when that was read. */
const CAST_ITEMS = new RegExp(
  `(= ANY|<> ALL) \\(ARRAY\\[(\\(${LABEL}\\)::text(?:, \\(${LABEL}\\)::text)*)\\]\\)`,
  "g",
);

const CAST_ITEM = new RegExp(`\\((${LABEL})\\)::text`, "g");

const EXTRACTED = /\bEXTRACT\((?=\w*[A-Z])(\w+) FROM /g;

/** An expression in the form that comes back as it is. */
export function canonicalText(expression: string): string {
  let text = expression;
  if (text.includes("::character varying")) {
    text = text.replaceAll(CAST_ARRAY, "$1 ($2)")
      .replaceAll(
        CAST_ITEMS,
        (_, operator: string, items: string) => `${operator} (ARRAY[${items.replaceAll(CAST_ITEM, "$1")}])`,
      );
  }
  return text.includes("EXTRACT(")
    ? text.replaceAll(EXTRACTED, (_, field: string) => `EXTRACT(${field.toLowerCase()} FROM `)
    : text;
}

/** Fields of objects that are expressions, queries, or statements with some. */
const EXPRESSIONS: ReadonlySet<string> = new Set([
  "check",
  "condition",
  "default",
  "definition",
  "expression",
  "keys",
  "query",
  "using",
  "where",
]);

/** An object with its expressions in the form that comes back as it is; itself where they are. */
export function canonicalObject<T extends Partial<CatalogObject>>(object: T): T {
  // The body of a function is what somebody wrote, unless PostgreSQL has parsed it.
  if (object.kind === "function" && / AS (\$|')/i.test(object.definition ?? "")) return object;
  return canonicalValue(object, "") as T;
}

function canonicalValue(value: unknown, field: string): unknown {
  if (typeof value === "string") return EXPRESSIONS.has(field) ? canonicalText(value) : value;
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    const items = value.map((item) => canonicalValue(item, field));
    return items.some((item, index) => item !== value[index]) ? items : value;
  }
  let copy: Record<string, unknown> | undefined;
  for (const [key, item] of Object.entries(value)) {
    const next = canonicalValue(item, key);
    if (next !== item) (copy ??= { ...value })[key] = next;
  }
  return copy ?? value;
}
