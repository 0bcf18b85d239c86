/**
 * Where sequences stand that come to a table with rows, or are to count in another range.
 *
 * @module
 */
import type { TableName } from "../catalog/objects.ts";
import { type Counting, restartOption } from "../steps/counting.ts";
import type { Step } from "../steps/step.ts";
import { quoteIdentifier } from "../../pool/sql/identifier.ts";
import { qualified } from "./compare_objects.ts";

/** Lets a new sequence begin after the rows that are there. */
export function continueCounting(table: TableName, column: string, increment: bigint): Step {
  const end = increment < 0n ? "min" : "max";
  const quoted = quoteIdentifier(column);
  const sequence = sequenceOf(table, column);
  return {
    kind: "sql",
    text: `select setval(${sequence}, ${end}(${quoted}) ${increment < 0n ? "-" : "+"} 1, false) from ${
      qualified(table)
    } having ${end}(${quoted}) is not null;`,
    down: "",
  };
}

/**
 * Puts a sequence that has not come to its new range yet at the beginning of that: PostgreSQL takes no range without the
 * value a sequence stands at. One that is past the end of the range stays, and so do its values: that is refused.
 *
 * @param sequence The sequence, as an expression: its name as a literal, or `sequenceOf()`.
 * @returns The step; `undefined` where none is needed, or where it begins anew as the ranges have nothing in common.
 */
export function comeIntoRange(
  sequence: string,
  { from, to }: { readonly from: Counting; readonly to: Counting },
): Step | undefined {
  const isUp = to.increment > 0n;
  if (isUp ? from.start >= to.min : from.start <= to.max) return undefined;
  if (restartOption(from, to).length > 0) return undefined;
  const isIn = to.start >= from.min && to.start <= from.max;
  const first = isUp ? (to.min > from.min ? to.min : from.min) : (to.max < from.max ? to.max : from.max);
  const place = "coalesce(pg_sequence_last_value(seqrelid), seqstart)";
  return {
    kind: "sql",
    text: `select setval(seqrelid, ${
      isIn ? to.start : first
    }, false) from pg_sequence where seqrelid = ${sequence}::regclass and ${place} ${
      isUp ? `< ${to.min}` : `> ${to.max}`
    };`,
    down: "",
  };
}

/** The sequence of a column, as an expression. */
export function sequenceOf(table: TableName, column: string): string {
  return `pg_get_serial_sequence(${literal(qualified(table))}, ${literal(column)})`;
}

/** A text in quotes. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
