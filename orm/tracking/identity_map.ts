/**
 * The records of a session by their primary keys: one for each, however it was found.
 *
 * Invariant: a record stands in the map under the key it had when it was put there, and once.
 *
 * @module
 */
import type { Table } from "../definition/table.ts";
import type { GivenValues } from "../executing/input.ts";
import { type KeyOf, keyReader } from "../relations/row_keys.ts";
import type { LifeRecordObject } from "./life_record.ts";

/** Where a record stands. */
interface Place {
  readonly records: Map<unknown, LifeRecordObject>;
  readonly key: unknown;
}

const READERS = new WeakMap<object, KeyOf>();

/** A row's key as something that is the same for the same key; `undefined` while it is not known. */
export function identityOf(table: Table, row: GivenValues): unknown {
  let read = READERS.get(table.fragment);
  if (read === undefined) {
    read = keyReader(table.key.map(({ property }) => property), table.key, table.key);
    READERS.set(table.fragment, read);
  }
  return read(row as Record<string, unknown>);
}

/** Records by model and key. */
export class IdentityMap {
  /** By what all aliases of a table share. */
  readonly #tables = new Map<object, Map<unknown, LifeRecordObject>>();
  readonly #places = new Map<LifeRecordObject, Place>();

  /** Every record. */
  get records(): IterableIterator<LifeRecordObject> {
    return this.#places.keys();
  }

  /** Whether a record is in it. */
  has(record: LifeRecordObject): boolean {
    return this.#places.has(record);
  }

  /** The record of a row's key. */
  find(table: Table, row: GivenValues): LifeRecordObject | undefined {
    return this.#tables.get(table.fragment)?.get(identityOf(table, row));
  }

  /** Puts a record in, under the key of a row; a record that has that place loses it. */
  set(record: LifeRecordObject, row: GivenValues): void {
    this.delete(record);
    const { table } = record.home;
    const key = identityOf(table, row);
    let records = this.#tables.get(table.fragment);
    if (records === undefined) this.#tables.set(table.fragment, records = new Map());
    const other = records.get(key);
    if (other !== undefined) this.#places.delete(other);
    records.set(key, record);
    this.#places.set(record, { records, key });
  }

  /** Takes a record out. */
  delete(record: LifeRecordObject): boolean {
    const place = this.#places.get(record);
    if (place === undefined) return false;
    this.#places.delete(record);
    return place.records.delete(place.key);
  }

  /** Takes every record out. */
  clear(): void {
    this.#tables.clear();
    this.#places.clear();
  }
}
