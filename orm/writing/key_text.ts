/**
 * Keys as text, to find the same one twice.
 *
 * @module
 */
import type { AnyColumn } from "../building/column.ts";
import { comparableOf } from "../definition/comparable_value.ts";
import type { GivenValues } from "../executing/input.ts";

/** A text for each row, the same for keys that PostgreSQL says are equal. */
export function keyTexts(key: readonly AnyColumn[], rows: readonly GivenValues[]): readonly string[] {
  const parts = key.map(({ property, settings: { type } }) => {
    const comparable = comparableOf(type, type) ?? String;
    return (row: GivenValues) => String(comparable(row[property]));
  });
  const [first] = parts;
  if (parts.length === 1) return rows.map(first);
  return rows.map((row) =>
    parts.map((part) => {
      const text = part(row);
      return `${text.length}:${text}`;
    }).join("")
  );
}
