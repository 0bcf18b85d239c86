/**
 * A unit of work: records by their keys, what is to become of them, and one flush that writes all of it.
 *
 * States of a session: `open` → `closed`. While a flush runs, its records can be neither set nor written otherwise, and
 * a second flush waits for it. States of a record in a session:
 *
 * - **added**: new, inserted by the next flush;
 * - **tracked**: stored; updated by the next flush when it is dirty, which the record itself knows;
 * - **removed**: stored; deleted by the next flush;
 * - not in it: never seen, evicted, or deleted.
 *
 * Invariants:
 * - of a model and a primary key there is at most one tracked or removed record, however often its row was found;
 * - a row that is found again is taken over by its record, unless something was set there or it was removed: that stays,
 *   with the row it was decided on, so that optimistic locking still sees that the row changed;
 * - a flush writes everything in one transaction, or nothing: then every record is in the state it was in, and knows
 *   what it knew; the same holds when the session runs in a transaction that is rolled back later, but for what was set
 *   since;
 * - a flush of nothing sends nothing.
 *
 * @module
 */
import type { Executor } from "../../pool/executor.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import type { Query } from "../building/query.ts";
import type { SelectQuery } from "../building/select_query.ts";
import type { Joinable } from "../building/source.ts";
import { clausesOf } from "../compiling/select.ts";
import type { ColumnDefinitions, KeyOf, RowOf } from "../definition/row_types.ts";
import { type Table, tableOf } from "../definition/table.ts";
import { type Bound, chooseExecutor } from "../executing/executor_argument.ts";
import { checkKey, type GivenValues } from "../executing/input.ts";
import { atomically } from "../writing/atomically.ts";
import { checkOptions } from "../writing/write_options.ts";
import { Flush, type FlushWork } from "./flush.ts";
import { IdentityMap } from "./identity_map.ts";
import { LifeRecordObject } from "./life_record.ts";
import { homeOf } from "./record_home.ts";
import { assertKeyed } from "./record_writes.ts";
import type { AnyRecord } from "./record_reference.ts";
import type { LifeRecord, RecordValues } from "./record_types.ts";
import type { RecordState } from "./record_state.ts";

/** How a session behaves. */
export interface SessionOptions {
  /**
   * What happens when the session is disposed of with changes that were never flushed: `"warn"` writes to the console,
   * `"throw"` throws, `"ignore"` does nothing. A flush that failed has told of them. Default `"warn"`.
   */
  readonly unflushed?: "warn" | "throw" | "ignore";
}

const OPTIONS: readonly (keyof SessionOptions)[] = ["unflushed"];

/** A model, as far as a session finds and adds records of it. */
export interface SessionModel<Columns extends ColumnDefinitions> extends Joinable {
  /** The model's columns; no value at run time. */
  readonly "~columns"?: Columns;
}

/** A model at run time, as far as a session uses it. */
interface Finder {
  findById(key: unknown, executor: Executor): Promise<GivenValues | undefined>;
}

/** How many records the next flush writes. */
export interface SessionChanges {
  /** How many rows it inserts. */
  readonly inserts: number;
  /** How many rows it updates. */
  readonly updates: number;
  /** How many rows it deletes. */
  readonly deletes: number;
}

/**
 * A unit of work.
 *
 * @example
 * ```ts
 * import { column, createTables, model, Pool, ref, Session } from "@lifeguard/core";
 * const Artist = model("artists", { id: column.identity().primaryKey(), name: column.text() });
 * const Album = model("albums", {
 *   id: column.identity().primaryKey(),
 *   artistId: column.integer().references(() => Artist.id),
 *   title: column.text(),
 * });
 * await using pool = new Pool("pglite:");
 * await createTables([Artist, Album], pool);
 *
 * await using session = new Session(pool);
 * const artist = session.add(Artist, { name: "Björk" });
 * for (const title of ["Debut", "Post"]) session.add(Album, { artistId: ref(artist, "id"), title });
 * await session.flush(); // begin; one insert for each model; commit
 *
 * const [debut] = await session.query(Album.find().where({ title: "Debut" }));
 * console.assert(debut === await session.find(Album, debut.key!));
 * debut.set("title", "Debut (Live)");
 * session.remove(artist); // its albums are still there:
 * const error = await session.flush().catch((error) => error);
 * console.assert(error.code === "POSTGRES" && debut.isDirty);
 * for (const album of await session.query(Album.find())) session.remove(album);
 * await session.flush(); // albums first
 * console.assert(await Artist.find().count(pool) === 0);
 * ```
 */
export class Session implements AsyncDisposable {
  readonly #executor: Executor;
  readonly #unflushed: "warn" | "throw" | "ignore";
  readonly #added = new Set<LifeRecordObject>();
  readonly #removed = new Set<LifeRecordObject>();
  readonly #stored = new IdentityMap();
  #flushing: Promise<void> = Promise.resolve();
  #isClosed = false;
  #hasFailed = false;

  /**
   * Creates a session.
   *
   * @param executor The pool or the transaction it reads and writes on.
   * @param options See {@link SessionOptions}.
   */
  constructor(executor: Executor, options: SessionOptions = {}) {
    checkOptions(options, OPTIONS, "a Session");
    const { unflushed = "warn" } = options;
    if (unflushed !== "warn" && unflushed !== "throw" && unflushed !== "ignore") {
      throw new ValidationError(
        'option "unflushed" of a Session',
        'it is unknown; use "warn", "throw" or "ignore"',
      );
    }
    this.#executor = chooseExecutor("a Session", executor, undefined);
    this.#unflushed = unflushed;
  }

  /** How many records the next flush writes. */
  get changes(): SessionChanges {
    const { inserts, updates, deletes } = this.#work();
    return { inserts: inserts.length, updates: updates.length, deletes: deletes.length };
  }

  /** Whether the next flush writes anything. */
  get isDirty(): boolean {
    const { inserts, updates, deletes } = this.changes;
    return inserts + updates + deletes > 0;
  }

  /**
   * Finds a record by its primary key: the one the session has, else its row is read.
   *
   * @param model The model.
   * @param key The key: a value, or of several columns an object.
   * @returns The record; `undefined` when there is none, or it was removed.
   */
  async find<Columns extends ColumnDefinitions>(
    model: SessionModel<Columns>,
    key: KeyOf<Columns>,
  ): Promise<LifeRecord<Columns, Bound> | undefined> {
    this.#assertOpen();
    const table = tableOf(model);
    const values = checkKey(table, key);
    const known = this.#stored.find(
      table,
      Object.fromEntries(table.key.map(({ property }, index) => [property, values[index]])),
    );
    if (known !== undefined) return this.#removed.has(known) ? undefined : typed(known);
    const row = await (model as unknown as Finder).findById(key, this.#executor);
    if (row === undefined) return undefined;
    const record = this.#track(table, row);
    return this.#removed.has(record) ? undefined : typed(record);
  }

  /**
   * Finds records by a query of a model's whole rows.
   *
   * @param query The query: `User.find().where(…).limit(10)`.
   * @returns The records in the query's order, without those that were removed.
   * @throws {ValidationError} When the query selects something else.
   */
  async query<
    Columns extends ColumnDefinitions,
    Row extends RowOf<Columns>,
    Args extends readonly unknown[],
    From extends string,
    Nullable extends string,
    Ordered extends string,
  >(query: Query<Columns, Row, Args, From, Nullable, Ordered>): Promise<LifeRecord<Columns, Bound>[]> {
    this.#assertOpen();
    const { shape } = query as unknown as SelectQuery;
    const { select, only } = clausesOf(shape);
    if (!("tableName" in shape.source) || select.length + only.length > 0) {
      throw new ValidationError(
        "the query of a session",
        "it does not select whole rows of a model; leave out select() and only(), or run it by itself",
      );
    }
    const table = shape.source as Table;
    assertKeyed(table, "query");
    const rows = await (query as unknown as SelectQuery).all(this.#executor) as GivenValues[];
    const records = rows.map((row) => this.#track(table, row));
    return records.filter((record) => !this.#removed.has(record)).map((record) => typed<Columns>(record));
  }

  /** Adds a new record of a model, to be inserted. See the other form. */
  add<Columns extends ColumnDefinitions>(
    model: SessionModel<Columns>,
    values: RecordValues<Columns>,
  ): LifeRecord<Columns, Bound>;
  /**
   * Adds a record: a new one is inserted by the next flush; one of a row is tracked, and not removed any more.
   *
   * @param record The record, or a model with the values of a new one.
   * @returns The record.
   * @throws {ValidationError} When the session has another record of the same row.
   */
  add<Added extends AnyRecord>(record: Added): Added;
  add(first: unknown, values?: GivenValues): unknown {
    this.#assertOpen();
    if (first instanceof LifeRecordObject) {
      this.#attach(first);
      return first;
    }
    const record = new LifeRecordObject(homeOf(tableOf(first as Joinable)), this.#executor).set(values ?? {});
    this.#added.add(record);
    return record;
  }

  /**
   * Removes a record: a stored one is deleted by the next flush, softly where its model says so; one that was only added
   * is forgotten.
   *
   * @param record The record.
   */
  remove(record: AnyRecord): void {
    this.#assertOpen();
    const known = recordOf(record);
    if (this.#added.delete(known) || known.isDeleted) return;
    if (known.isNew) return;
    const { softDelete } = known.home.table;
    if (softDelete !== undefined && (known.original?.[softDelete.property] ?? null) !== null) {
      throw new ValidationError(known.subject, "it is deleted already; restore() it, or use forceDelete()");
    }
    if (!this.#stored.has(known)) this.#attach(known);
    this.#removed.add(known);
  }

  /** Whether the session knows a record, and will not delete it. */
  has(record: AnyRecord): boolean {
    const known = recordOf(record);
    return this.#added.has(known) || (this.#stored.has(known) && !this.#removed.has(known));
  }

  /**
   * Writes every change in one transaction, or a savepoint of the one the session runs in: inserts, then updates, then
   * deletes, in the order their foreign keys ask for, those of one model together. Sends nothing when nothing changed.
   *
   * @throws {StaleRecordError} When a row is gone, or has another version than its record knows.
   * @throws {ValidationError} When the changes have no order, or hold what cannot be written.
   */
  async flush(): Promise<void> {
    this.#assertOpen();
    const before = this.#flushing;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#flushing = promise;
    try {
      await before;
      this.#assertOpen();
      await this.#flush();
      this.#hasFailed = false;
    } catch (error) {
      this.#hasFailed = true;
      throw error;
    } finally {
      resolve();
    }
  }

  /**
   * Reads a record's row again and forgets what was set.
   *
   * @throws {StaleRecordError} When it is gone.
   */
  async refresh(record: AnyRecord): Promise<void> {
    this.#assertOpen();
    await recordOf(record).refresh(this.#executor);
  }

  /** Forgets a record and what was set of it; the record itself stays as it is. */
  evict(record: AnyRecord): void {
    this.#assertOpen();
    const known = recordOf(record);
    this.#added.delete(known);
    this.#removed.delete(known);
    this.#stored.delete(known);
  }

  /** Forgets every record. */
  clear(): void {
    this.#assertOpen();
    this.#added.clear();
    this.#removed.clear();
    this.#stored.clear();
  }

  /** Waits for what runs and closes the session; what was never flushed is told of: see {@link SessionOptions}. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#flushing;
    if (this.#unflushed === "ignore" || this.#hasFailed || !this.isDirty) return;
    const lost = Object.entries(this.changes).filter(([, count]) => count > 0)
      .map(([what, count]) => `${count} ${what}`).join(", ");
    if (this.#unflushed === "throw") {
      throw new ValidationError(
        "a session",
        `it is closed with changes that were never flushed (${lost}); await flush(), or clear() it`,
      );
    }
    console.warn(
      `A session is closed with changes that were never flushed (${lost}): await flush(), or clear() it`,
    );
  }

  async #flush(): Promise<void> {
    this.#settleOwnWrites();
    const work = this.#work();
    const records = [...work.inserts, ...work.updates, ...work.deletes];
    if (records.length === 0) return;
    const flush = new Flush(work);
    const ends: (() => void)[] = [];
    try {
      for (const record of records) ends.push(record.begin("flush"));
      const states = await atomically(this.#executor, (target) => flush.run(target));
      this.#become(work, states);
    } finally {
      for (const end of ends) end();
    }
  }

  /** Takes over what a flush left. */
  #become(work: FlushWork, states: ReadonlyMap<LifeRecordObject, RecordState>): void {
    const { afterRollback } = this.#executor as { afterRollback?: (callback: () => void) => void };
    // The last given runs first: the records know again what they knew when this looks at them.
    afterRollback?.call(this.#executor, () => this.#undo(work));
    for (const [record, state] of states) record.become(state, this.#executor);
    for (const record of work.deletes) {
      this.#removed.delete(record);
      this.#stored.delete(record);
    }
    // What was evicted meanwhile stays so.
    for (const record of work.inserts) if (this.#added.delete(record)) this.#keep(record);
    for (const record of work.updates) if (this.#stored.has(record)) this.#keep(record);
  }

  /** Tracks a record under the key of its row. */
  #keep(record: LifeRecordObject): void {
    if (record.home.table.key.length > 0) this.#stored.set(record, record.original!);
  }

  /** After a rollback: what was inserted is to be inserted, and what was deleted to be deleted. */
  #undo({ inserts, updates, deletes }: FlushWork): void {
    for (const record of inserts) {
      const isWanted = this.#stored.has(record) && !this.#removed.has(record);
      this.#stored.delete(record);
      this.#removed.delete(record);
      if (isWanted && record.isNew) this.#added.add(record);
    }
    for (const record of updates) {
      if (this.#stored.has(record)) this.#stored.set(record, record.original!);
    }
    for (const record of deletes) {
      this.#stored.set(record, record.original!);
      this.#removed.add(record);
    }
  }

  #work(): FlushWork {
    const updates: LifeRecordObject[] = [];
    for (const record of this.#stored.records) {
      if (record.known.life === "stored" && record.isDirty && !this.#removed.has(record)) {
        updates.push(record);
      }
    }
    return {
      inserts: [...this.#added].filter(({ isNew }) => isNew),
      updates,
      deletes: [...this.#removed].filter(({ known }) => known.life === "stored"),
    };
  }

  /** Records may have been written by their own calls meanwhile. */
  #settleOwnWrites(): void {
    for (const record of [...this.#added]) {
      if (record.isNew) continue;
      this.#added.delete(record);
      if (!record.isDeleted) this.#keep(record);
    }
    for (const record of [...this.#stored.records]) {
      if (record.known.life === "stored") continue;
      this.#stored.delete(record);
      this.#removed.delete(record);
    }
  }

  /** The record of a row that was read. */
  #track(table: Table, row: GivenValues): LifeRecordObject {
    const known = this.#stored.find(table, row);
    if (known !== undefined && !known.isDeleted) {
      // Who removed it decided so by the row that was there.
      if (!this.#removed.has(known)) known.adopt(row);
      return known;
    }
    const record = LifeRecordObject.of(homeOf(table), this.#executor, row);
    this.#stored.set(record, record.original!);
    return record;
  }

  #attach(record: LifeRecordObject): void {
    if (record.isDeleted) throw new ValidationError(record.subject, "its row was deleted; make a new record");
    if (record.isNew) {
      this.#added.add(record);
      return;
    }
    const { table } = record.home;
    assertKeyed(table, "add");
    const other = this.#stored.find(table, record.original!);
    if (other !== undefined && other !== record) {
      throw new ValidationError(
        record.subject,
        "the session has another record of the same row; use that one, which find() returns, or evict() it",
      );
    }
    this.#removed.delete(record);
    this.#stored.set(record, record.original!);
  }

  #assertOpen(): void {
    if (!this.#isClosed) return;
    throw new ValidationError("a session", "it is closed; make another");
  }
}

function recordOf(record: unknown): LifeRecordObject {
  if (record instanceof LifeRecordObject) return record;
  throw new ValidationError(
    "the record of a session",
    "it is none; give one that find(), query() or add() returned",
  );
}

function typed<Columns extends ColumnDefinitions>(record: LifeRecordObject): LifeRecord<Columns, Bound> {
  return record as unknown as LifeRecord<Columns, Bound>;
}
