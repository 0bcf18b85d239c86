/**
 * The rows of one model behind the cache of one pool: see `keyed_reads.ts` for how they are read.
 *
 * @module
 */
import type { Table } from "../definition/table.ts";
import type { CacheCore } from "./cache_core.ts";
import type { CacheRows } from "./described_rows.ts";
import { KeyedReads, type Loaded } from "./keyed_reads.ts";
import { cacheSelect, PayloadShape, shapeDocumentName } from "./payload_shape.ts";
import { rowKey } from "./protocol/keys.ts";
import type { Entry } from "./stores/cache_store.ts";

/** A row, or that there is none. */
export type CachedRow = Readonly<Record<string, unknown>> | undefined;

const NO_ROW: Loaded<CachedRow> = { value: undefined, payload: undefined, shape: "" };

/** The rows of a model by primary key. */
export class TableRows extends KeyedReads<CachedRow> {
  readonly #table: Table;
  readonly #keyNames: string;
  #shape: PayloadShape | undefined;
  /** When the shape was described for the reflector last. */
  #described = -Infinity;

  /** Of a model that is cached, whose table is called `name` in keys. */
  constructor(core: CacheCore, table: Table, name: string) {
    super(core, {
      ...table.cache!,
      name,
      columns: table.key,
      keyOf: (id) => rowKey(name, { id, prefix: core.prefix }),
      select: cacheSelect(table),
    });
    this.#table = table;
    this.#keyNames = table.key.map(({ columnName }) => columnName).join("+");
    // Another epoch may be that of a store which was emptied, of the shape's description, too.
    core.onEpoch(() => this.#described = -Infinity);
  }

  protected override get nothing(): Loaded<CachedRow> {
    return NO_ROW;
  }

  override get isCovered(): boolean {
    return this.core.coversKey(this.kind.name, this.#keyNames);
  }

  protected override ready(learn: () => Promise<CacheRows>): boolean | Promise<boolean> {
    if (this.#shape !== undefined) return true;
    return learn().then((described) => {
      this.#takeShape(described);
      return true;
    });
  }

  protected override decode({ payload, shape }: Entry): Loaded<CachedRow> | undefined {
    if (payload === undefined) return NO_ROW;
    return shape === this.#shape!.id ? { value: this.#shape!.row(payload), payload, shape } : undefined;
  }

  protected override loaded(labelled: CacheRows): ReadonlyMap<unknown, Loaded<CachedRow>> {
    const shape = this.#takeShape(labelled);
    const rows = new Map<unknown, Loaded<CachedRow>>();
    for (const payload of labelled.rows) {
      const value = shape.row(payload);
      const key = this.comparable(this.#table.key.map(({ property }) => value[property]));
      rows.set(key, { value, payload, shape: shape.id });
    }
    return rows;
  }

  /** Learns, or checks, what payloads are made of. */
  #takeShape(described: CacheRows): PayloadShape {
    if (this.#shape?.describes(described) !== true) {
      this.#shape = new PayloadShape(this.#table, this.kind.name, described);
      this.#described = -Infinity;
    }
    const now = performance.now();
    if (now - this.#described > this.kind.ttl) {
      this.#described = now;
      void this.core.describe(shapeDocumentName(this.#shape.id), this.#shape.text);
    }
    return this.#shape;
  }
}
