/**
 * What is remembered of rows after they were read: whether their relations may still be loaded, and, while somebody
 * watches for relations that are loaded one row at a time, which rows were read together.
 *
 * Nothing is remembered of rows of queries that are not strict while nobody watches.
 *
 * @module
 */
import type { Link } from "./relation_value.ts";

const STRICT = new WeakSet<object>();
const READINGS = new WeakMap<object, Reading>();

let watchers = 0;

/** Rows that were read together, and how often a relation was loaded for one of them alone. */
export class Reading {
  readonly #counts = new Map<Link, number>();
  readonly #related = new Map<Link, Reading>();

  /** Counts one more load of a relation for a single row. */
  count(link: Link): number {
    const count = (this.#counts.get(link) ?? 0) + 1;
    this.#counts.set(link, count);
    return count;
  }

  /** The reading that the related rows of its rows belong to, however many statements they come with. */
  related(link: Link): Reading {
    let related = this.#related.get(link);
    if (related === undefined) this.#related.set(link, related = new Reading());
    return related;
  }
}

/** Begins to remember which rows are read together; the function returned ends it. */
export function watchReadings(): () => void {
  watchers++;
  return () => void watchers--;
}

/** Rows that others may have, too, for one reader: the same, unless something will be remembered of them. */
export function notableRows(rows: readonly unknown[], strict: boolean | undefined): unknown[] {
  if (strict !== true && watchers === 0) return [...rows];
  return rows.map((row) => Object.freeze({ ...row as object }));
}

/** Told of rows a query returned. */
export function noteLoaded(rows: readonly unknown[], strict: boolean | undefined): void {
  if (strict === true) { for (const row of rows) if (isObject(row)) STRICT.add(row); }
  if (watchers === 0) return;
  noteReading(rows, new Reading());
}

/** Told of the reading rows belong to. */
export function noteReading(rows: readonly unknown[], reading: Reading): void {
  if (watchers === 0) return;
  for (const row of rows) if (isObject(row)) READINGS.set(row, reading);
}

/** The reading a row belongs to, where one is known. */
export function readingOf(row: object): Reading | undefined {
  return READINGS.get(row);
}

/** Whether relations of a row must not be loaded. */
export function isStrict(row: object): boolean {
  return STRICT.has(row);
}

function isObject(row: unknown): row is object {
  return typeof row === "object" && row !== null;
}
