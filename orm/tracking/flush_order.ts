/**
 * The order of a flush: which records are written together, and what has to be null at first because records refer to
 * each other in a circle.
 *
 * A record **waits for** another when that must be written first. Where nothing is left that waits for nothing, the
 * circles are opened at references that may be null, of one model at a time; a circle without any is an error.
 *
 * Invariants: every record is in one batch; what it waits for is in an earlier one, or in the same where one statement
 * does for both, or was opened; a batch is of one model.
 *
 * @module
 */
import { ValidationError } from "../../pool/wire/errors.ts";
import type { Table } from "../definition/table.ts";
import { foreignKeysOf } from "./foreign_keys.ts";
import type { LifeRecordObject } from "./life_record.ts";

/** What a record waits for. */
export interface Dependency {
  /** What must be written before. */
  readonly on: LifeRecordObject;
  /** The record that holds the reference. */
  readonly holder: LifeRecordObject;
  /** The holder's properties that would have to be null for a while; empty where none may be. */
  readonly nullable: readonly string[];
  /** Whether one statement may write both. */
  readonly together: boolean;
}

/** Records of one model that are written together. */
export interface Batch {
  /** The model's table. */
  readonly table: Table;
  /** The records. */
  readonly records: readonly LifeRecordObject[];
}

/** The order of records. */
export interface FlushOrder {
  /** What is written together, one after the other. */
  readonly batches: readonly Batch[];
  /** The properties that are null at first, by the record that holds them. */
  readonly opened: ReadonlyMap<LifeRecordObject, ReadonlySet<string>>;
}

/** A record whose turn has not come. */
interface Waiting {
  readonly record: LifeRecordObject;
  readonly rank: number;
  readonly dependencies: Set<Dependency>;
}

/**
 * Orders records.
 *
 * @param records The records, each once.
 * @param waits What each waits for among them.
 * @param ranks The order of the tables, by what their aliases share.
 * @throws {ValidationError} When they refer to each other in a circle that cannot be opened.
 */
export function orderRecords(
  records: readonly LifeRecordObject[],
  waits: ReadonlyMap<LifeRecordObject, readonly Dependency[]>,
  ranks: ReadonlyMap<object, number>,
): FlushOrder {
  const { batches, opened: circles } = walk(records, waits, ranks);
  if (circles.size === 0) return { batches, opened: new Map() };
  // What is opened in the end is opened from the beginning, so that fewer statements do.
  const left = new Map([...waits].map(([record, dependencies]) => [
    record,
    dependencies.filter((dependency) => !circles.has(dependency)),
  ]));
  const opened = new Map<LifeRecordObject, Set<string>>();
  for (const { holder, nullable } of circles) {
    const properties = opened.get(holder) ?? new Set();
    for (const property of nullable) properties.add(property);
    opened.set(holder, properties);
  }
  return { batches: walk(records, left, ranks).batches, opened };
}

/** Goes through the records in their order, and notes which references had to be opened. */
function walk(
  records: readonly LifeRecordObject[],
  waits: ReadonlyMap<LifeRecordObject, readonly Dependency[]>,
  ranks: ReadonlyMap<object, number>,
): { readonly batches: readonly Batch[]; readonly opened: ReadonlySet<Dependency> } {
  const waiting = new Map<LifeRecordObject, Waiting>();
  const dependents = new Map<LifeRecordObject, [LifeRecordObject, Dependency][]>();
  const ready = new Map<number, LifeRecordObject[]>();
  for (const record of records) {
    const dependencies = new Set(waits.get(record));
    const rank = ranks.get(record.home.table.fragment) ?? 0;
    waiting.set(record, { record, rank, dependencies });
    for (const dependency of dependencies) pushTo(dependents, dependency.on, [record, dependency]);
    if (dependencies.size === 0) pushTo(ready, rank, record);
  }
  const batches: Batch[] = [];
  const opened = new Set<Dependency>();
  const settle = (record: LifeRecordObject, dependency: Dependency): void => {
    const entry = waiting.get(record);
    if (entry?.dependencies.delete(dependency) && entry.dependencies.size === 0) {
      pushTo(ready, entry.rank, record);
    }
  };
  while (waiting.size > 0) {
    if (ready.size === 0) {
      for (const [record, dependency] of openCircles(waiting)) {
        opened.add(dependency);
        settle(record, dependency);
      }
      continue;
    }
    const rank = Math.min(...ready.keys());
    const batch = ready.get(rank)!;
    ready.delete(rank);
    for (const record of batch) waiting.delete(record);
    // The list grows while it is gone through: by what may be in the same statement.
    for (const record of batch) absorb(record, { batch, waiting, dependents });
    for (const record of batch) for (const [other, by] of dependents.get(record) ?? []) settle(other, by);
    batches.push({ table: batch[0].home.table, records: batch });
  }
  return { batches, opened };
}

/** Adds to a batch what waited for a record of it alone, where one statement does for both. */
function absorb(
  record: LifeRecordObject,
  { batch, waiting, dependents }: {
    readonly batch: LifeRecordObject[];
    readonly waiting: Map<LifeRecordObject, Waiting>;
    readonly dependents: ReadonlyMap<LifeRecordObject, readonly [LifeRecordObject, Dependency][]>;
  },
): void {
  for (const [other, dependency] of dependents.get(record) ?? []) {
    const entry = waiting.get(other);
    if (entry === undefined || !dependency.together) continue;
    entry.dependencies.delete(dependency);
    if (entry.dependencies.size > 0) continue;
    waiting.delete(other);
    batch.push(other);
  }
}

/** The references to open: of one model, on the circles. */
function openCircles(
  waiting: ReadonlyMap<LifeRecordObject, Waiting>,
): readonly (readonly [LifeRecordObject, Dependency])[] {
  const core = onCircles(waiting);
  let rank = Infinity;
  let found: (readonly [LifeRecordObject, Dependency])[] = [];
  for (const entry of core) {
    if (entry.rank > rank) continue;
    const openable = [...entry.dependencies].filter(({ on, nullable }) =>
      nullable.length > 0 && core.has(waiting.get(on)!)
    );
    if (openable.length === 0) continue;
    if (entry.rank < rank) found = [];
    rank = entry.rank;
    for (const dependency of openable) found.push([entry.record, dependency]);
  }
  if (found.length > 0) return found;
  const models = new Set([...core].map(({ record }) => `"${record.home.table.name}"`));
  throw new ValidationError(
    "the changes of a session",
    `records of ${models.size === 1 ? "model" : "the models"} ${
      [...models].join(", ")
    } refer to each other in a circle, and no column of it may be null; make one of them nullable, or the foreign key deferrable and give the keys yourself`,
  );
}

/** The records on circles and between them: without those that nothing waits for. */
function onCircles(waiting: ReadonlyMap<LifeRecordObject, Waiting>): ReadonlySet<Waiting> {
  const core = new Set(waiting.values());
  const waiters = new Map<Waiting, number>();
  const targets = ({ dependencies }: Waiting): Waiting[] =>
    [...dependencies].map(({ on }) => waiting.get(on)!).filter((entry) => entry !== undefined);
  for (const entry of core) {
    for (const target of targets(entry)) waiters.set(target, (waiters.get(target) ?? 0) + 1);
  }
  const free = [...core].filter((entry) => (waiters.get(entry) ?? 0) === 0);
  for (let entry = free.pop(); entry !== undefined; entry = free.pop()) {
    core.delete(entry);
    for (const target of targets(entry)) {
      const count = waiters.get(target)! - 1;
      waiters.set(target, count);
      if (count === 0) free.push(target);
    }
  }
  return core;
}

/** The order of tables: what is referred to before what refers to it, as far as there is one. */
export function rankTables(tables: Iterable<Table>): ReadonlyMap<object, number> {
  const remaining = new Map<object, Table>();
  for (const table of tables) remaining.set(table.fragment, table);
  const ranks = new Map<object, number>();
  while (remaining.size > 0) {
    const isFree = ([fragment, table]: readonly [object, Table]): boolean =>
      foreignKeysOf(table).every(({ target }) => target === fragment || !remaining.has(target));
    const [next] = [...remaining].find(isFree) ?? [...remaining][0];
    ranks.set(next, ranks.size);
    remaining.delete(next);
  }
  return ranks;
}

function pushTo<Key, Item>(lists: Map<Key, Item[]>, key: Key, item: Item): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [item]);
  else list.push(item);
}
