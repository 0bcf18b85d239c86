/**
 * Reads rows again that were in use when they changed, and stores them with the tickets of their voiding (R11), so that
 * the next reader finds them.
 *
 * It is efficiency only: whatever fails here leaves a tombstone, and the next reader fills it.
 *
 * Invariants: at most `concurrency` reads at a time, at most {@link MOST_WAITING} keys wait; of several voidings of a key
 * only the latest is served, since only its ticket is still there.
 *
 * @module
 */
import { idTextSql } from "../../orm/cache/protocol/key_text.ts";
import {
  type CacheStore,
  type Fill,
  type Leader,
  NotLeaderError,
  StoreUnavailableError,
  type Voided,
} from "../../orm/cache/stores/cache_store.ts";
import { quoteIdentifier } from "../../pool/sql/identifier.ts";
import { type Sql, sql } from "../../pool/sql/sql.ts";
import type { LabelledRows } from "../../pool/consistency/labelled.ts";
import type { CoveredTable } from "../coverage/covered_table.ts";
import type { StatusBoard } from "../status_board.ts";
import type { Primary } from "./primary.ts";

/** Keys that may wait. */
const MOST_WAITING = 10_000;
/** Rows read by one statement. */
const BATCH = 500;
/** How often rows are read until the log was flushed far enough. */
const ATTEMPTS = 3;
/** Shapes that are remembered. */
const MOST_SHAPES = 1_000;

/** A row to be read again. */
export interface StaleRow {
  readonly table: CoveredTable;
  /** Its id, as in its key. */
  readonly id: string;
  readonly voided: Voided;
}

/** What a shape's document says: the columns, their formats, their types' OIDs. */
interface Shape {
  readonly table: string;
  readonly columns: readonly (readonly [name: string, format: 0 | 1, type: number])[];
}

/** Rows of one table that are stored in one shape. */
interface Group {
  readonly table: CoveredTable;
  readonly shape: string;
  /** By id. */
  readonly rows: Map<string, Voided>;
}

/** What a {@link RowRefresher} works with. */
export interface RowRefresherOptions {
  readonly store: CacheStore;
  readonly primary: Primary;
  readonly leader: Leader;
  readonly board: StatusBoard;
  readonly concurrency: number;
  readonly signal: AbortSignal;
}

/** Reads rows again; see the module's head. */
export class RowRefresher {
  readonly #options: RowRefresherOptions;
  readonly #groups = new Map<string, Group>();
  readonly #shapes = new Map<string, Shape | undefined>();
  readonly #running = new Set<Promise<void>>();
  #waiting = 0;

  /** Creates one for a leadership. */
  constructor(options: RowRefresherOptions) {
    this.#options = options;
  }

  /** Takes rows on; returns at once. */
  add(rows: readonly StaleRow[]): void {
    for (const { table, id, voided } of rows) {
      if (this.#waiting >= MOST_WAITING || id.startsWith("md5:")) {
        this.#options.board.count("refreshesSkipped");
        continue;
      }
      const name = `${table.name} ${voided.shape}`;
      let group = this.#groups.get(name);
      if (group === undefined) {
        this.#groups.set(name, group = { table, shape: voided.shape, rows: new Map() });
      }
      if (!group.rows.has(id)) this.#waiting++;
      group.rows.set(id, voided);
    }
    this.#start();
  }

  /** Forgets what shapes are: tables have changed. */
  forgetShapes(): void {
    this.#shapes.clear();
  }

  /** Resolves when nothing runs any more. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  #start(): void {
    const { concurrency, signal } = this.#options;
    while (this.#running.size < concurrency && this.#groups.size > 0 && !signal.aborted) {
      const group = this.#next();
      const run = this.#refresh(group).finally(() => {
        this.#running.delete(run);
        this.#start();
      });
      this.#running.add(run);
    }
  }

  /** Takes rows of the first group, and puts the rest of it behind the others. */
  #next(): Group {
    const [name, group] = this.#groups.entries().next().value!;
    this.#groups.delete(name);
    const rows = new Map([...group.rows].slice(0, BATCH));
    this.#waiting -= rows.size;
    if (rows.size < group.rows.size) {
      for (const id of rows.keys()) group.rows.delete(id);
      this.#groups.set(name, group);
    }
    return { ...group, rows };
  }

  async #refresh(group: Group): Promise<void> {
    const { board, signal, store, leader } = this.#options;
    try {
      const shape = await this.#shapeOf(group);
      const found = shape === undefined ? undefined : await this.#read(group, shape);
      const fills = found === undefined ? [] : this.#fills(group, found);
      const outcomes = fills.length === 0
        ? []
        : await board.timed("store", "fill", () => store.fill(fills, leader));
      const stored = outcomes.filter((outcome) => outcome === "stored").length;
      board.count("refreshes", stored);
      board.count("refreshesSkipped", group.rows.size - stored);
    } catch (error) {
      board.count("refreshesSkipped", group.rows.size);
      // Whoever leads hears of these in another way.
      if (signal.aborted || error instanceof StoreUnavailableError || error instanceof NotLeaderError) return;
      this.#shapes.delete(group.shape);
      board.fault("refresh_failed", `Rows of ${group.table.name} could not be read again`, error);
    }
  }

  async #shapeOf({ table, shape }: Group): Promise<Shape | undefined> {
    if (this.#shapes.has(shape)) return this.#shapes.get(shape);
    const text = await this.#options.store.document(`shape:${shape}`);
    const read = text === undefined ? undefined : readShape(text);
    const known = read?.table === table.name ? read : undefined;
    if (this.#shapes.size >= MOST_SHAPES) this.#shapes.clear();
    this.#shapes.set(shape, known);
    return known;
  }

  /** The rows, read after the log was flushed up to every ticket's floor; undefined when their columns are others. */
  async #read(group: Group, shape: Shape): Promise<LabelledRows<Uint8Array> | undefined> {
    const { primary, signal } = this.#options;
    let floor = 0n;
    for (const { ticket } of group.rows.values()) if (ticket!.floor > floor) floor = ticket!.floor;
    const statement = selectSql(group, shape);
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const found = await primary.read(statement, signal);
      if (found.version >= floor) return fits(found, shape) ? found : undefined;
      await primary.flush(signal);
    }
    return undefined;
  }

  #fills(group: Group, { rows, version, upper }: LabelledRows<Uint8Array>): readonly Fill[] {
    const fills: Fill[] = [];
    for (const row of rows) {
      const { id, payload } = withoutId(row);
      const voided = group.rows.get(id);
      if (voided?.ticket === undefined) continue;
      const { key, shape, ticket, ttl } = voided;
      fills.push({ key, table: group.table.name, ticket, ttl, version, upper, shape, payload });
    }
    return fills;
  }
}

/** Selects the id's text before the columns of a shape. */
function selectSql({ table, rows }: Group, { columns }: Shape): Sql {
  const key = table.key.map((column) => `row.${quoteIdentifier(column)}`);
  const parts = [...rows.keys()].map(partsOf);
  const arrays = table.key.map((_, index) => parts.map((part) => part[index]));
  const values = table.keyTypes.map((type, index) => `$${index + 1}::text[]::${type}[]`);
  const condition = key.length === 1
    ? `${key[0]} = any(${values[0]})`
    : `(${key.join(", ")}) in (select * from unnest(${values.join(", ")}))`;
  const list = columns.map(([name]) => `row.${quoteIdentifier(name)}`).join(", ");
  const from = namesOf(table.name).map(quoteIdentifier).join(".");
  return sql.unsafe(
    `select ${idTextSql(key)} as "lifeguard id", ${list} from ${from} as row where ${condition}`,
    arrays,
  );
}

/** The texts of a key's columns out of an id. */
function partsOf(id: string): readonly string[] {
  return splitEscaped(id, ",");
}

/** The schema and the table out of a table's name in keys. */
function namesOf(table: string): readonly string[] {
  return splitEscaped(table, ".");
}

/** Splits what was joined by a separator, and escaped by `\`. */
function splitEscaped(text: string, separator: string): readonly string[] {
  const parts = [""];
  for (let index = 0; index < text.length; index++) {
    const character = text[index];
    if (character === separator) parts.push("");
    else parts[parts.length - 1] += character === "\\" ? text[++index] ?? "" : character;
  }
  return parts;
}

/** Whether rows are of a shape: the id, then each of its columns in its type and format. */
function fits({ fields, formats }: LabelledRows<Uint8Array>, { columns }: Shape): boolean {
  return fields.length === columns.length + 1 &&
    columns.every(([, format, type], index) =>
      fields[index + 1].type === type && formats[index + 1] === format
    );
}

/** Takes the first column, a text, out of a DataRow's body. */
function withoutId(row: Uint8Array): { readonly id: string; readonly payload: Uint8Array } {
  const view = new DataView(row.buffer, row.byteOffset, row.byteLength);
  const length = view.getInt32(2);
  const id = new TextDecoder().decode(row.subarray(6, 6 + length));
  const payload = row.slice(4 + length);
  new DataView(payload.buffer).setInt16(0, view.getInt16(0) - 1);
  return { id, payload };
}

/** Reads a shape's document; undefined when it is none. */
function readShape(text: string): Shape | undefined {
  try {
    const { table, columns } = JSON.parse(text) as Partial<Shape>;
    const isShape = typeof table === "string" && Array.isArray(columns) && columns.length > 0 &&
      columns.every((column: unknown) =>
        Array.isArray(column) && typeof column[0] === "string" && (column[1] === 0 || column[1] === 1) &&
        typeof column[2] === "number"
      );
    return isShape ? { table, columns } : undefined;
  } catch {
    return undefined;
  }
}
