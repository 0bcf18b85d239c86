/**
 * The names that PostgreSQL gives constraints that have none, so that a migration's are those of `createTables()`.
 *
 * @module
 */
import type { ConstraintRecord } from "../../orm/compiling/ddl/schema_records.ts";

/** `NAMEDATALEN - 1`. */
const MAX_BYTES = 63;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * The name of a constraint.
 *
 * @param table The table's name.
 * @param constraint The constraint.
 * @param context The names of the table's columns, which a condition may name, and the names that are taken; the new one
 * is added.
 */
export function constraintName(
  table: string,
  constraint: ConstraintRecord,
  { columns, taken }: { readonly columns: readonly string[]; readonly taken: Set<string> },
): string {
  const [middle, end] = partsOf(constraint, columns);
  for (let count = 0;; count++) {
    const name = constraint.name ?? shortened(table, middle, count === 0 ? end : `${end}${count}`);
    if (taken.has(name) && constraint.name === undefined) continue;
    taken.add(name);
    return name;
  }
}

function partsOf(constraint: ConstraintRecord, columns: readonly string[]): [string | undefined, string] {
  switch (constraint.kind) {
    case "primary key":
      return [undefined, "pkey"];
    case "unique":
      return [constraint.columns.join("_"), "key"];
    case "foreign key":
      return [constraint.columns.join("_"), "fkey"];
    case "exclude":
      return [
        constraint.elements.map(([text]) => /^"(?:[^"]|"")+"$/.test(text) ? text.slice(1, -1) : "expr").join(
          "_",
        ),
        "excl",
      ];
    case "check": {
      const words = wordsOf(constraint.condition);
      const named = columns.filter((column) => words.has(column));
      return [named.length === 1 ? named[0] : undefined, "check"];
    }
  }
}

/** The names in an expression. */
function wordsOf(expression: string): Set<string> {
  const names = new Set<string>();
  const text = expression.replace(/'(?:[^']|'')*'/g, " ");
  for (const [, quoted] of text.matchAll(/"((?:[^"]|"")+)"/g)) names.add(quoted.replaceAll('""', '"'));
  for (const [word] of text.replace(/"(?:[^"]|"")+"/g, " ").matchAll(/[\p{L}_][\p{L}\p{N}_$]*/gu)) {
    names.add(word.toLowerCase());
  }
  return names;
}

/** `makeObjectName` of PostgreSQL: the longer of two parts is shortened until the name fits. */
function shortened(first: string, second: string | undefined, end: string): string {
  const one = encoder.encode(first);
  const two = encoder.encode(second ?? "");
  const available = MAX_BYTES - encoder.encode(end).length - 1 - (second === undefined ? 0 : 1);
  let [oneLength, twoLength] = [one.length, two.length];
  while (oneLength + twoLength > available) {
    if (oneLength > twoLength) oneLength--;
    else twoLength--;
  }
  const parts = [clipped(one, oneLength)];
  if (second !== undefined) parts.push(clipped(two, twoLength));
  return [...parts, end].join("_");
}

/** As many bytes, or fewer where the last character would be cut. */
function clipped(bytes: Uint8Array, length: number): string {
  let end = length;
  while (end > 0 && end < bytes.length && (bytes[end] & 0xc0) === 0x80) end--;
  return decoder.decode(bytes.subarray(0, end));
}
