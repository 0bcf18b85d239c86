/**
 * Keys as text, to find the same one twice.
 *
 * @module
 */
import type { AnyColumn } from "../building/column.ts";
import type { GivenValues } from "../executing/input.ts";

/** A text for each row, the same for the same key. */
export function keyTexts(key: readonly AnyColumn[], rows: readonly GivenValues[]): readonly string[] {
  if (key.length === 1) {
    const { property } = key[0];
    return rows.map((row) => textOf(row[property]));
  }
  return rows.map((row) => key.map(({ property }) => textOf(row[property])).join("\0"));
}

function textOf(value: unknown): string {
  if (typeof value !== "object") return String(value);
  return value instanceof Uint8Array ? value.join() : JSON.stringify(value);
}
