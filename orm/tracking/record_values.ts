/**
 * A record's values as properties: one prototype of accessors for each model.
 *
 * @module
 */
import type { Table } from "../definition/table.ts";

/** What the accessors call. */
export interface ValueHolder {
  /** Reads a value. */
  get(property: string): unknown;
  /** Sets a value. */
  set(property: string, value: unknown): unknown;
}

/** Makes the values of one record. */
export type ValuesOfRecord = new (record: ValueHolder) => object;

const CLASSES = new WeakMap<object, ValuesOfRecord>();

/** The values of records of a table: the same class for all of them. */
export function valuesClassOf(table: Table): ValuesOfRecord {
  // An alias shares the fragment of its table, and the columns' properties.
  let found = CLASSES.get(table.fragment);
  if (found === undefined) CLASSES.set(table.fragment, found = makeClass([...table.columns.keys()]));
  return found;
}

function makeClass(properties: readonly string[]): ValuesOfRecord {
  const holders = new WeakMap<object, ValueHolder>();
  class Values {
    constructor(record: ValueHolder) {
      holders.set(this, record);
      Object.freeze(this);
    }
  }
  for (const property of properties) {
    Object.defineProperty(Values.prototype, property, {
      enumerable: true,
      get(this: object): unknown {
        return holders.get(this)?.get(property);
      },
      set(this: object, value: unknown): void {
        holders.get(this)?.set(property, value);
      },
    });
  }
  return Values;
}
