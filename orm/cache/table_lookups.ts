/**
 * Which rows of a model have some values in some columns: the primary keys, by a unique column or a foreign key.
 *
 * What is kept is only a list of keys. The rows are read by these, and asked whether they still have the values: so a row
 * that has changed its value, or is gone, shows even before the lookup is voided; one that is new under the value voids
 * it, since the reflector hears the values that changed rows have.
 *
 * @module
 */
import { quoteIdentifier } from "../../pool/sql/identifier.ts";
import type { AnyColumn } from "../building/column.ts";
import type { Table } from "../definition/table.ts";
import type { CacheCore } from "./cache_core.ts";
import { bytesReader, type CacheRows } from "./described_rows.ts";
import { KeyedReads, type Loaded } from "./keyed_reads.ts";
import { selectByKeys } from "./payload_shape.ts";
import { lookupKey } from "./protocol/keys.ts";
import type { Entry } from "./stores/cache_store.ts";

/** The primary keys of rows: for each the values of its columns. */
export type KeyList = readonly (readonly unknown[])[];

/** Lists that are longer are not kept. */
const MAX_LISTED = 1_000;

const SHAPE = "keys";
const NOTHING: Loaded<KeyList> = { value: [], payload: undefined, shape: "" };

/** The rows of a model by some of its columns. */
export class TableLookups extends KeyedReads<KeyList> {
  readonly #table: Table;
  readonly #label: string;
  readonly #keyNames: string;
  readonly #parsers: readonly ((text: string) => unknown)[];

  /** Of a model whose table is called `name` in keys. */
  constructor(core: CacheCore, table: Table, { name, columns }: {
    readonly name: string;
    readonly columns: readonly AnyColumn[];
  }) {
    const names = columns.map(({ columnName }) => columnName);
    super(core, {
      ...table.cache!,
      name,
      columns,
      keyOf: (id) => lookupKey(name, { columns: names, id, prefix: core.prefix }),
      select: selectByKeys(table, {
        list: [...new Set([...table.key, ...columns])].map(({ columnName }) => quoteIdentifier(columnName)),
        columns,
      }),
    });
    this.#table = table;
    this.#label = names.join("+");
    this.#keyNames = table.key.map(({ columnName }) => columnName).join("+");
    this.#parsers = table.key.map(parserOf);
  }

  protected override get nothing(): Loaded<KeyList> {
    return NOTHING;
  }

  override get isCovered(): boolean {
    // A list of other keys, or of keys in another order, would be read by those who know the right ones.
    return this.core.coversKey(this.kind.name, this.#keyNames) &&
      this.core.coversLookup(this.kind.name, this.#label);
  }

  protected override ready(): boolean {
    return true;
  }

  protected override decode({ payload, shape }: Entry): Loaded<KeyList> | undefined {
    if (payload === undefined) return NOTHING;
    if (shape !== SHAPE) return undefined;
    const keys = JSON.parse(new TextDecoder().decode(payload)) as string[][];
    return { value: keys.map((key) => key.map((part, index) => this.#parsers[index](part))), payload, shape };
  }

  protected override loaded(answer: CacheRows): ReadonlyMap<unknown, Loaded<KeyList>> {
    const read = bytesReader(answer);
    const found = new Map<unknown, unknown[][]>();
    for (const bytes of answer.rows) {
      const row = read(bytes);
      const of = (column: AnyColumn): unknown => converted(column, row[column.columnName]);
      const comparable = this.comparable(this.kind.columns.map(of));
      const key = this.#table.key.map(of);
      const keys = found.get(comparable);
      if (keys === undefined) found.set(comparable, [key]);
      else keys.push(key);
    }
    return new Map(
      [...found].map(([comparable, value]) => [comparable, {
        value,
        payload: new TextEncoder().encode(JSON.stringify(value.map((key) => key.map(String)))),
        shape: SHAPE,
        isTransient: value.length > MAX_LISTED,
      }]),
    );
  }
}

/** A value as rows of the model have it. */
function converted({ settings: { type: { conversion } } }: AnyColumn, value: unknown): unknown {
  return conversion === undefined || value === null || conversion.fits(value)
    ? value
    : conversion.convert(value);
}

function parserOf(column: AnyColumn): (text: string) => unknown {
  switch (column.settings.type.base) {
    case "int2":
    case "int4":
      return Number;
    case "int8":
      return (text) => converted(column, BigInt(text));
    default:
      return (text) => text;
  }
}
