/**
 * Loading relations of rows that were read before. What is asked for in one tick of one relation and executor travels as
 * one statement.
 *
 * A gathering is in one of three states: open, until the microtasks queued before it have run; sent; settled. Invariant:
 * each caller is in one gathering and settles with it.
 *
 * @module
 */
import type { Executor } from "../../pool/executor.ts";
import { callerLine } from "../../pool/caller.ts";
import type { OpenRow } from "../hydrating/row_reader.ts";
import { LazyLoadError } from "./lazy_load_error.ts";
import { loadByQuery } from "./load_by_query.ts";
import { isStrict, noteReading, readingOf } from "./loaded_rows.ts";
import { repeatedLoadThreshold, reportRepeatedLoad } from "./n_plus_one.ts";
import type { RelatedCall } from "./related_call.ts";
import { checkOwner } from "./owner_row.ts";
import type { RelationValue } from "./relation_value.ts";
import { resultsOf } from "./results.ts";

/** Calls of one tick. */
interface Gathering {
  readonly relation: RelationValue;
  readonly rows: OpenRow[];
  /** For each row the related ones, or undefined when there are none. */
  readonly groups: Promise<readonly (readonly unknown[] | undefined)[]>;
}

const OPEN = new WeakMap<Executor, Gathering[]>();

/**
 * The related rows of rows.
 *
 * @param relation The relation.
 * @param rows Rows of its model, in which the columns of its key are.
 * @param executor What to run on.
 * @returns For each row what the relation holds.
 */
export function loadLazily(
  relation: RelationValue,
  rows: readonly unknown[],
  executor: Executor,
): Promise<readonly unknown[]> {
  const { link } = relation;
  for (const row of rows) checkRow(relation, row);
  if (rows.length === 0) return Promise.resolve([]);
  const gathering = gather(relation, executor);
  const start = gathering.rows.length;
  gathering.rows.push(...rows as OpenRow[]);
  const watched = rows.length === 1 ? readingOf(rows[0] as object) : undefined;
  const threshold = watched === undefined ? undefined : repeatedLoadThreshold();
  const line = threshold === undefined ? undefined : callerLine(loadLazily);
  return gathering.groups.then((groups) => {
    if (threshold !== undefined && gathering.rows.length === 1) {
      const count = watched!.count(link);
      const error = count === threshold ? reportRepeatedLoad(link.subject, count, line) : undefined;
      if (error !== undefined) throw error;
    }
    // A row that must be there and is not is the error of the caller who asked for it, and of no other.
    const own = resultsOf(
      relation,
      rows.length === groups.length ? groups : groups.slice(start, start + rows.length),
    );
    own.forEach((result, index) => {
      const reading = readingOf(rows[index] as object);
      if (reading !== undefined) {
        noteReading(Array.isArray(result) ? result : [result], reading.related(link));
      }
    });
    return own;
  });
}

function gather(relation: RelationValue, executor: Executor): Gathering {
  let open = OPEN.get(executor);
  if (open === undefined) OPEN.set(executor, open = []);
  const known = open.find((other) => isSame(other.relation, relation));
  if (known !== undefined) return known;
  const rows: OpenRow[] = [];
  const groups = Promise.resolve().then(() => {
    open.splice(open.indexOf(gathering), 1);
    return load(relation, rows, executor);
  });
  const gathering: Gathering = { relation, rows, groups };
  open.push(gathering);
  return gathering;
}

async function load(
  relation: RelationValue,
  rows: readonly OpenRow[],
  executor: Executor,
): Promise<readonly (readonly unknown[] | undefined)[]> {
  const call: RelatedCall = {
    executor,
    options: relation.rows.running.options,
    strict: relation.rows.running.strict,
    propertiesOf: (columns) => columns.map(({ property }) => property),
  };
  return await loadByQuery(relation, rows, call);
}

/** Whether two relations are the same, narrowed the same. */
function isSame(one: RelationValue, other: RelationValue): boolean {
  if (one === other) return true;
  if (one.link !== other.link || one.rows.shape !== other.rows.shape) return false;
  if (one.settings.pivot !== other.settings.pivot || one.settings.narrowed !== other.settings.narrowed) {
    return false;
  }
  if (one.rows.running !== other.rows.running) return false;
  return one.rows.values.every((values, index) =>
    values.length === other.rows.values[index].length &&
    values.every((value, at) => Object.is(value, other.rows.values[index][at]))
  );
}

function checkRow({ link }: RelationValue, row: unknown): void {
  const { subject } = link;
  checkOwner(link, row);
  if (!link.strict && !isStrict(row)) return;
  const line = callerLine(checkRow);
  throw new LazyLoadError(
    subject,
    `${link.strict ? "its relations are" : "the row is"} strict${line === undefined ? "" : ` (${line})`}`,
    "load it with the rows, by .with(…)",
  );
}
