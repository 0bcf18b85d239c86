/**
 * One row of a model that is being worked on: what changed is known, and only that is written.
 *
 * What it knows is a {@link RecordState}, replaced as a whole by each step. A write has two ends: it failed, and the
 * state is the one from before; or it succeeded, and the state is that of the row it returned, without changes. When
 * the transaction it ran in is rolled back later, the state is again the one from before, with what was set since.
 *
 * Invariants:
 * - one write of a record runs at a time, and nothing is set while it runs: a second one is refused;
 * - what cannot be written is refused when it is set, before anything of it is;
 * - nothing is sent where nothing changed.
 *
 * @module
 */
import type { Executor } from "../../pool/executor.ts";
import { kindOf } from "../../pool/wire/codec/refusal.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import type { AnyColumn } from "../building/column.ts";
import { fragmentOf } from "../building/composition.ts";
import { whyNotWritten } from "../definition/column_input.ts";
import { unknownColumn } from "../definition/table.ts";
import { chooseExecutor } from "../executing/executor_argument.ts";
import { checkKey, checkRecord, checkValue, type GivenValues } from "../executing/input.ts";
import { jsonOf } from "./record_json.ts";
import { RecordReference, type ReferredRecord } from "./record_reference.ts";
import {
  knownValueOf,
  NEW,
  type RecordState,
  stateOf,
  storedState,
  undone,
  valueOf,
  type ValueState,
  withoutChange,
  withTaken,
  withValues,
} from "./record_state.ts";
import { valuesClassOf } from "./record_values.ts";
import {
  assertKeyed,
  insertRecord,
  keyOf,
  readRecord,
  type RecordHome,
  type RowVerb,
  writeRecord,
} from "./record_writes.ts";
import { StaleRecordError } from "./stale_record_error.ts";

/** An executor whose work may be undone later. */
interface RollbackAware {
  readonly afterRollback?: (callback: () => void) => void;
}

/** A record at run time: see `LifeRecord` in `record_types.ts` for what each call does. */
export class LifeRecordObject implements ReferredRecord {
  readonly #home: RecordHome;
  readonly #executor: Executor | undefined;
  #state: RecordState = NEW;
  #values: object | undefined;
  #running: string | undefined;

  /** Creates a record of nothing. */
  constructor(home: RecordHome, executor: Executor | undefined) {
    this.#home = home;
    this.#executor = executor;
  }

  /** A record of a row that is there. */
  static of(home: RecordHome, executor: Executor | undefined, row: unknown): LifeRecordObject {
    const record = new LifeRecordObject(home, executor);
    record.#state = storedState(record.#columnsOf(row));
    return record;
  }

  get home(): RecordHome {
    return this.#home;
  }

  get subject(): string {
    return `a record of model "${this.#home.table.name}"`;
  }

  get values(): object {
    return this.#values ??= new (valuesClassOf(this.#home.table))(this);
  }

  get original(): GivenValues | undefined {
    return this.#state.original;
  }

  get isNew(): boolean {
    return this.#state.life === "new";
  }

  get isDeleted(): boolean {
    return this.#state.life === "deleted";
  }

  get isDirty(): boolean {
    return this.#state.pending.size > 0;
  }

  get dirty(): readonly string[] {
    const { pending } = this.#state;
    return [...this.#home.table.columns.keys()].filter((property) => pending.has(property));
  }

  get key(): unknown {
    const { original } = this.#state;
    return keyOf(
      this.#home.table,
      (property) => original === undefined ? this.knownValue(property) : original[property],
    );
  }

  get(property: string): unknown {
    const column = this.#column(property);
    const value = valueOf(this.#state, property);
    if (value instanceof RecordReference) return value.value;
    if (fragmentOf(value) !== undefined) throw unevaluated(column);
    return value;
  }

  knownValue(property: string): unknown {
    this.#column(property);
    return knownValueOf(this.#state, property);
  }

  state(property: string): ValueState {
    this.#column(property);
    return stateOf(this.#state, property);
  }

  set(first: string | GivenValues, value?: unknown): this {
    this.#assertIdle();
    const { table } = this.#home;
    if (typeof first !== "string") checkRecord(table, first);
    const values = typeof first === "string" ? [[first, value] as const] : Object.entries(first);
    for (const [property, value] of values) this.#checkSet(this.#column(property), value);
    this.#state = withValues(this.#state, values);
    return this;
  }

  reset(property?: string): this {
    this.#assertIdle();
    if (property !== undefined) this.#column(property);
    this.#state = withoutChange(this.#state, property);
    return this;
  }

  take(property: string): unknown {
    this.#assertIdle();
    const value = this.get(property);
    this.#state = withTaken(this.#state, property);
    return value;
  }

  changes(): GivenValues {
    const { pending } = this.#state;
    return Object.freeze(Object.fromEntries(this.dirty.map((property) => {
      const value = pending.get(property);
      return [property, value instanceof RecordReference ? value.value ?? value : value];
    })));
  }

  toJSON(): GivenValues {
    return jsonOf(this.#home.table, (property) => knownValueOf(this.#state, property));
  }

  insert(executor?: Executor): Promise<unknown> {
    return this.#write("insert", executor, (target) => this.#insert(target, false));
  }

  update(executor?: Executor): Promise<unknown> {
    return this.#write("update", executor, (target) => this.#update(target));
  }

  save(executor?: Executor): Promise<unknown> {
    return this.#write("save", executor, (target) => {
      if (!this.isNew) return this.#update(target);
      const { key } = this.#home.table;
      const isKeyed = key.length > 0 &&
        key.every(({ property }) => (this.knownValue(property) ?? null) !== null);
      return this.#insert(target, isKeyed);
    });
  }

  delete(executor?: Executor): Promise<unknown> {
    return this.#write("delete", executor, async (target) => {
      const { softDelete } = this.#home.table;
      const { original } = this.#stored("delete");
      if (softDelete === undefined) return gone(this.#state, await this.#change("delete", target));
      if (original[softDelete.property] !== null && original[softDelete.property] !== undefined) {
        throw new ValidationError(
          `delete() of ${this.subject}`,
          "it is deleted already; restore() it, or use forceDelete()",
        );
      }
      return kept(this.#state, await this.#change("delete", target));
    });
  }

  forceDelete(executor?: Executor): Promise<unknown> {
    return this.#write(
      "forceDelete",
      executor,
      async (target) => gone(this.#state, await this.#change("forceDelete", target)),
    );
  }

  restore(executor?: Executor): Promise<unknown> {
    return this.#write("restore", executor, async (target) => {
      if (this.#home.table.softDelete === undefined) {
        throw new ValidationError(
          `restore() of ${this.subject}`,
          "its model's rows are deleted for good; give the model the option softDelete",
        );
      }
      return kept(this.#state, await this.#change("restore", target));
    });
  }

  refresh(executor?: Executor): Promise<unknown> {
    return this.#write("refresh", executor, async (target) => {
      const { table } = this.#home;
      const { original } = this.#stored("refresh");
      const row = await readRecord(table, table.key.map(({ property }) => original[property]), target);
      if (row !== undefined) return storedState(row);
      throw new StaleRecordError(table.name, this.key, { verb: "refresh", reason: "deleted" });
    });
  }

  /**
   * Begins a write: nothing can be set, and no other begins, until the function it returns is called.
   *
   * @param verb What it is called in errors.
   */
  begin(verb: string): () => void {
    this.#assertIdle();
    this.#running = verb;
    return () => this.#running = undefined;
  }

  /** What it knows. */
  get known(): RecordState {
    return this.#state;
  }

  /** What it knows of a row that is there. */
  storedRow(verb: string): GivenValues {
    return this.#stored(verb).original;
  }

  /**
   * Takes over what a write left, until its transaction is rolled back.
   *
   * @param next What it knows now.
   * @param executor What the write ran on.
   */
  become(next: RecordState, executor: Executor): void {
    const before = this.#state;
    (executor as Executor & RollbackAware).afterRollback?.(() => this.#state = undone(before, this.#state));
    this.#state = next;
  }

  /** Takes a row that was read since, where it does not contradict what was set. */
  adopt(row: unknown): void {
    if (this.#running !== undefined || this.isDirty || this.#state.taken.size > 0) return;
    this.#state = storedState(this.#columnsOf(row));
  }

  /**
   * The values that were set, with references resolved.
   *
   * @throws {ValidationError} When a reference is to what is not known yet.
   */
  pendingValues(): GivenValues {
    const values: Record<string, unknown> = {};
    for (const property of this.dirty) {
      const value = this.#state.pending.get(property);
      values[property] = value instanceof RecordReference ? resolved(this.#column(property), value) : value;
    }
    return values;
  }

  async #write(
    verb: string,
    given: Executor | undefined,
    work: (executor: Executor) => Promise<RecordState> | RecordState,
  ): Promise<unknown> {
    const executor = chooseExecutor(this.#home.table.name, given, this.#executor);
    const end = this.begin(verb);
    try {
      const next = await work(executor);
      if (next !== this.#state) this.become(next, executor);
      return next.original;
    } finally {
      end();
    }
  }

  async #insert(executor: Executor, upsert: boolean): Promise<RecordState> {
    if (!this.isNew) {
      throw new ValidationError(
        `insert() of ${this.subject}`,
        this.isDeleted
          ? "its row was deleted; make a new record"
          : "it is stored already; use update(), or save()",
      );
    }
    return storedState(await insertRecord(this.#home, this.pendingValues(), { executor, upsert }));
  }

  #update(executor: Executor): Promise<RecordState> | RecordState {
    this.#stored("update");
    if (!this.isDirty) return this.#state;
    return this.#updated(executor);
  }

  async #updated(executor: Executor): Promise<RecordState> {
    return storedState(await this.#change("update", executor, this.pendingValues()));
  }

  #change(verb: RowVerb, executor: Executor, changes?: GivenValues): Promise<GivenValues> {
    const { original } = this.#stored(verb);
    return writeRecord(this.#home.table, verb, { row: original, executor }, changes);
  }

  #stored(verb: string): { readonly original: GivenValues } {
    assertKeyed(this.#home.table, verb);
    const { life, original } = this.#state;
    if (life === "stored") return { original: original! };
    throw new ValidationError(
      `${verb}() of ${this.subject}`,
      life === "new"
        ? "it is new and has no row; insert() it first, or make it with edit() of a row"
        : "its row was deleted; make a new record",
    );
  }

  #checkSet(column: AnyColumn, value: unknown): void {
    const reason = whyNotWritten(column.settings);
    if (reason !== undefined) throw new ValidationError(column.subject, `${reason}; leave it`);
    if (!(value instanceof RecordReference)) {
      checkValue(column, value, this.isNew ? undefined : "or reset() it to keep what it is");
    }
    if (column === this.#home.table.version && !this.isNew) {
      throw new ValidationError(column.subject, "it counts the row's changes by itself; leave it");
    }
  }

  #assertIdle(): void {
    if (this.#running === undefined) return;
    throw new ValidationError(this.subject, `its ${this.#running}() still runs; await that first`);
  }

  #column(property: string): AnyColumn {
    const column = this.#home.table.columns.get(property);
    if (column === undefined) throw unknownColumn(this.#home.table, property);
    return column;
  }

  /** A row's columns: without what relations or hooks added to it. */
  #columnsOf(row: unknown): GivenValues {
    const { table } = this.#home;
    if (typeof row !== "object" || row === null || Array.isArray(row)) {
      throw new ValidationError(`the row of ${this.subject}`, `${kindOf(row)} was given; give a row`);
    }
    const given = row as GivenValues;
    const columns: Record<string, unknown> = {};
    for (const property of table.columns.keys()) {
      if (given[property] !== undefined) columns[property] = given[property];
    }
    if (table.key.length === 1) checkKey(table, columns[table.key[0].property]);
    else if (table.key.length > 1) {
      checkKey(table, Object.fromEntries(table.key.map(({ property }) => [property, columns[property]])));
    }
    return Object.freeze(columns);
  }
}

/** A record's state once its row is gone. */
export function gone(state: RecordState, row: GivenValues): RecordState {
  return { ...withoutChange(state), life: "deleted", original: row };
}

/** The state of a record whose row was written with none of what is pending. */
function kept({ pending, taken }: RecordState, row: GivenValues): RecordState {
  return { ...withValues(storedState(row), pending), taken };
}

function unevaluated(column: AnyColumn): ValidationError {
  return new ValidationError(
    column.subject,
    "its value is an expression, which PostgreSQL evaluates; save the record first",
  );
}

function resolved(column: AnyColumn, { value, property, record }: RecordReference<unknown>): unknown {
  if (value !== undefined) return value;
  throw new ValidationError(
    column.subject,
    `it refers to "${property}" of ${record.subject}, which is not known before that is inserted; save that first, or both in a Session`,
  );
}
