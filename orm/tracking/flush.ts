/**
 * One flush of a session: inserts, parents first; updates; deletes, children first. What each record is then is told at
 * the end, so that nothing of it is seen when it fails.
 *
 * @module
 */
import type { Executor } from "../../pool/executor.ts";
import { NotFoundError } from "../../pool/pool_errors.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import type { Table } from "../definition/table.ts";
import type { GivenValues } from "../executing/input.ts";
import { type KeyOf, keyReader } from "../relations/row_keys.ts";
import { type Dependency, type FlushOrder, orderRecords, rankTables } from "./flush_order.ts";
import { deleteRecords, updateRecords } from "./flush_writes.ts";
import { type ForeignKey, foreignKeysOf } from "./foreign_keys.ts";
import { gone, type LifeRecordObject } from "./life_record.ts";
import { RecordReference } from "./record_reference.ts";
import { type RecordState, storedState } from "./record_state.ts";
import { assertKeyed } from "./record_writes.ts";

/** What a flush writes. */
export interface FlushWork {
  /** New records. */
  readonly inserts: readonly LifeRecordObject[];
  /** Records of rows that change. */
  readonly updates: readonly LifeRecordObject[];
  /** Records of rows that go. */
  readonly deletes: readonly LifeRecordObject[];
}

/** The work in its order, checked: nothing has been sent. */
export class Flush {
  readonly #work: FlushWork;
  readonly #inserts: FlushOrder;
  readonly #deletes: FlushOrder;
  readonly #updates: ReadonlyMap<object, readonly LifeRecordObject[]>;
  /** The rows written so far. */
  readonly #rows = new Map<LifeRecordObject, GivenValues>();
  #executor!: Executor;

  /**
   * Orders the work.
   *
   * @throws {ValidationError} When it has no order, or a record refers to one that is not in it.
   */
  constructor(work: FlushWork) {
    this.#work = work;
    const { inserts, updates, deletes } = work;
    for (const { home } of [...updates, ...deletes]) assertKeyed(home.table, "flush");
    const ranks = rankTables([...inserts, ...updates, ...deletes].map(({ home }) => home.table));
    const ofDeletes = new Map([...ranks].map(([table, rank]) => [table, ranks.size - rank]));
    this.#inserts = orderRecords(inserts, insertDependencies(inserts), ranks);
    this.#deletes = orderRecords(deletes, deleteDependencies(deletes), ofDeletes);
    this.#updates = byTable(updates, ranks);
    const known = new Set(inserts);
    for (const record of [...inserts, ...updates]) assertReferences(record, known);
  }

  /**
   * Writes everything.
   *
   * @param executor A transaction.
   * @returns What each record knows then.
   */
  async run(executor: Executor): Promise<ReadonlyMap<LifeRecordObject, RecordState>> {
    this.#executor = executor;
    for (const { table, records } of this.#inserts.batches) await this.#insert(table, records);
    await this.#updateOpened();
    for (const records of this.#updates.values()) {
      await this.#update(records, (record) => this.#changes(record));
    }
    await this.#update(
      [...this.#deletes.opened.keys()],
      (record) => nulls(this.#deletes.opened.get(record)!),
    );
    const states = new Map<LifeRecordObject, RecordState>();
    for (const { table, records } of this.#deletes.batches) {
      const rows = await deleteRecords(table, records.map((record) => this.#row(record)), executor);
      records.forEach((record, index) => states.set(record, afterDelete(record, rows[index])));
    }
    for (const record of [...this.#work.inserts, ...this.#work.updates]) {
      states.set(record, storedState(this.#rows.get(record)!));
    }
    return states;
  }

  async #insert(table: Table, records: readonly LifeRecordObject[]): Promise<void> {
    const { writes } = records[0].home;
    const values = records.map((record) => this.#changes(record, this.#inserts.opened.get(record)));
    const rows = records.length === 1
      ? [await writes.insert(values[0], this.#executor, undefined)]
      : await writes.insertMany(values, [{}, this.#executor], undefined) as unknown[];
    if (rows.length !== records.length) {
      throw new NotFoundError(
        `insert into ${table.from.strings[0]}`,
        `Cannot flush new records of model "${table.name}": the insert returned fewer rows than it was given; have no trigger or rule leave rows out, or use insertMany()`,
      );
    }
    records.forEach((record, index) => this.#rows.set(record, rows[index] as GivenValues));
  }

  /** What was null at first gets its value. */
  async #updateOpened(): Promise<void> {
    const { opened } = this.#inserts;
    await this.#update([...opened.keys()], (record) => {
      const changes = this.#changes(record);
      return Object.fromEntries([...opened.get(record)!].map((property) => [property, changes[property]]));
    });
  }

  async #update(
    records: readonly LifeRecordObject[],
    changesOf: (record: LifeRecordObject) => GivenValues,
  ): Promise<void> {
    for (const group of byTable(records).values()) {
      const changes = group.map((record) => ({ row: this.#row(record), changes: changesOf(record) }));
      const rows = await updateRecords(group[0].home.table, changes, this.#executor);
      group.forEach((record, index) => this.#rows.set(record, rows[index]));
    }
  }

  #row(record: LifeRecordObject): GivenValues {
    return this.#rows.get(record) ?? record.storedRow("flush");
  }

  /** What was set, with the values of records that were written meanwhile. */
  #changes(record: LifeRecordObject, without?: ReadonlySet<string>): GivenValues {
    const values: Record<string, unknown> = {};
    for (const property of record.dirty) {
      const value = record.known.pending.get(property);
      values[property] = without?.has(property) === true
        ? null
        : value instanceof RecordReference
        ? this.#resolve(value)
        : value;
    }
    return values;
  }

  #resolve(reference: RecordReference<unknown>): unknown {
    const row = this.#rows.get(reference.record as LifeRecordObject);
    return row === undefined ? reference.value : row[reference.property];
  }
}

/** What new records wait for: those their references lead to, and those whose keys they were given. */
function insertDependencies(
  inserts: readonly LifeRecordObject[],
): ReadonlyMap<LifeRecordObject, readonly Dependency[]> {
  const all = new Set(inserts);
  const targets = new Targets(inserts, (record, property) => record.knownValue(property));
  return new Map(inserts.map((record) => {
    const dependencies: Dependency[] = [];
    const wait = (on: LifeRecordObject, nullable: readonly string[]): void => {
      dependencies.push({ on, holder: record, nullable, together: false });
    };
    for (const [property, value] of record.known.pending) {
      if (!(value instanceof RecordReference) || value.value !== undefined) continue;
      const on = value.record as LifeRecordObject;
      const { nullable } = record.home.table.columns.get(property)!.settings;
      if (all.has(on)) wait(on, nullable === true ? [property] : []);
    }
    for (const key of foreignKeysOf(record.home.table)) {
      const on = targets.find(record, key);
      if (on !== undefined && on !== record) wait(on, key.nullable);
    }
    return [record, dependencies];
  }));
}

/** What rows wait for that are to be deleted: those that refer to them. Soft deletes leave every reference right. */
function deleteDependencies(
  deletes: readonly LifeRecordObject[],
): ReadonlyMap<LifeRecordObject, readonly Dependency[]> {
  const hard = deletes.filter(({ home }) => home.table.softDelete === undefined);
  const targets = new Targets(hard, (record, property) => record.known.original?.[property]);
  const waits = new Map<LifeRecordObject, Dependency[]>(deletes.map((record) => [record, []]));
  for (const record of hard) {
    for (const key of foreignKeysOf(record.home.table)) {
      const parent = targets.find(record, key);
      if (parent === undefined || parent === record) continue;
      const together = parent.home.table.fragment === record.home.table.fragment;
      waits.get(parent)!.push({ on: record, holder: record, nullable: key.nullable, together });
    }
  }
  return waits;
}

/** Finds the record that a foreign key's values lead to. */
class Targets {
  readonly #records = new Map<object, LifeRecordObject[]>();
  readonly #valueOf: (record: LifeRecordObject, property: string) => unknown;
  readonly #indexes = new Map<
    ForeignKey,
    { readonly of: KeyOf; readonly records: Map<unknown, LifeRecordObject> }
  >();

  constructor(
    records: readonly LifeRecordObject[],
    valueOf: (record: LifeRecordObject, property: string) => unknown,
  ) {
    this.#valueOf = valueOf;
    for (const record of records) {
      const { fragment } = record.home.table;
      const list = this.#records.get(fragment);
      if (list === undefined) this.#records.set(fragment, [record]);
      else list.push(record);
    }
  }

  find(record: LifeRecordObject, key: ForeignKey): LifeRecordObject | undefined {
    const records = this.#records.get(key.target);
    if (records === undefined) return undefined;
    let index = this.#indexes.get(key);
    if (index === undefined) this.#indexes.set(key, index = this.#index(record, key, records));
    const identity = index.of(this.#values(record, key.properties, key.targetProperties));
    return identity === undefined ? undefined : index.records.get(identity);
  }

  #index(
    holder: LifeRecordObject,
    { properties, targetProperties }: ForeignKey,
    records: readonly LifeRecordObject[],
  ): { readonly of: KeyOf; readonly records: Map<unknown, LifeRecordObject> } {
    const columnsOf = ({ home }: LifeRecordObject, names: readonly string[]) =>
      names.map((name) => home.table.columns.get(name)!);
    const of = keyReader(
      targetProperties,
      columnsOf(records[0], targetProperties),
      columnsOf(holder, properties),
    );
    const index = new Map<unknown, LifeRecordObject>();
    for (const record of records) {
      const identity = of(this.#values(record, targetProperties, targetProperties));
      if (identity !== undefined) index.set(identity, record);
    }
    return { of, records: index };
  }

  #values(
    record: LifeRecordObject,
    properties: readonly string[],
    names: readonly string[],
  ): Record<string, unknown> {
    return Object.fromEntries(
      properties.map((property, index) => [names[index], this.#valueOf(record, property)]),
    );
  }
}

function assertReferences(record: LifeRecordObject, inserts: ReadonlySet<LifeRecordObject>): void {
  for (const [property, value] of record.known.pending) {
    if (!(value instanceof RecordReference) || value.value !== undefined) continue;
    if (inserts.has(value.record as LifeRecordObject)) continue;
    throw new ValidationError(
      `column "${property}" of model "${record.home.table.name}"`,
      `it refers to "${value.property}" of ${value.record.subject} that is not in the session; add() that too`,
    );
  }
}

function byTable(
  records: readonly LifeRecordObject[],
  ranks?: ReadonlyMap<object, number>,
): Map<object, LifeRecordObject[]> {
  const groups = new Map<object, LifeRecordObject[]>();
  const order = [...ranks?.keys() ?? []];
  for (const fragment of order) groups.set(fragment, []);
  for (const record of records) {
    const { fragment } = record.home.table;
    const group = groups.get(fragment);
    if (group === undefined) groups.set(fragment, [record]);
    else group.push(record);
  }
  return groups;
}

function nulls(properties: ReadonlySet<string>): GivenValues {
  return Object.fromEntries([...properties].map((property) => [property, null]));
}

/** A soft-deleted row is there, but not for who deleted it. */
function afterDelete(record: LifeRecordObject, row: GivenValues): RecordState {
  return record.home.table.softDelete === undefined ? gone(record.known, row) : storedState(row);
}
