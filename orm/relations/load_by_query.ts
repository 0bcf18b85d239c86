/**
 * Loading by a statement of its own: the related rows of all rows at once, put together by their keys.
 *
 * @module
 */
import type { Sql } from "../../pool/sql/sql.ts";
import type { AnyColumn } from "../building/column.ts";
import type { SelectQuery } from "../building/select_query.ts";
import { answerInTime } from "../executing/answer_in_time.ts";
import { cachedReads } from "../executing/cache_target.ts";
import { convertRows, type OpenRow, readerOf } from "../hydrating/row_reader.ts";
import { notableRows, noteLoaded } from "./loaded_rows.ts";
import type { RelatedCall } from "./related_call.ts";
import type { RelationValue } from "./relation_value.ts";
import { keyReader, propertiesOf, selectedProperties } from "./row_keys.ts";
import { keyedQuery } from "./keyed_query.ts";
import type { Hop } from "./route.ts";

/**
 * The related rows of each row.
 *
 * @param relation The relation.
 * @param rows The rows it belongs to, in which the columns of its first hop are.
 * @param call What runs the statement.
 * @returns For each row its related rows, finished; undefined for none.
 */
export async function loadByQuery(
  relation: RelationValue,
  rows: readonly OpenRow[],
  call: RelatedCall,
): Promise<readonly (readonly unknown[] | undefined)[]> {
  const { first } = relation.link;
  const properties = call.propertiesOf(first.from);
  const isOf = discriminator(first, call.propertiesOf);
  const readKey = keyReader(properties, first.from, first.to);
  const keys: unknown[] = new Array(rows.length);
  const values: unknown[][] = properties.map(() => []);
  const seen = new Set<unknown>();
  for (let i = 0; i < rows.length; i++) {
    const key = isOf === undefined || isOf(rows[i]) ? readKey(rows[i]) : undefined;
    keys[i] = key;
    if (key === undefined || seen.has(key)) continue;
    seen.add(key);
    for (let part = 0; part < properties.length; part++) values[part].push(rows[i][properties[part]]);
  }
  if (seen.size === 0) return keys as undefined[];
  const groups = await cachedGroups(relation, { keys: [...seen], values }, call) ??
    await relatedRows(relation, values, call);
  return keys.map((key) => key === undefined ? undefined : groups.get(key));
}

/** The related rows of each key, where a cache has all of them. */
async function cachedGroups(
  { link: { route }, rows: { shape, values: bound, running } }: RelationValue,
  { keys, values }: { readonly keys: readonly unknown[]; readonly values: readonly (readonly unknown[])[] },
  { executor, options, strict }: RelatedCall,
): Promise<Map<unknown, unknown[]> | undefined> {
  const [{ table, to }] = route;
  if (
    table.cache === undefined || route.length > 1 || running.relations !== undefined || strict === true ||
    table.behaviour?.actsOnLoad === true || bound.some((clause) => clause.length > 0) ||
    shape.parts.some(({ clause, strings }) => clause !== "where" || strings !== table.present?.strings)
  ) return undefined;
  const reads = cachedReads(table, executor, options?.read);
  if (reads === undefined) return undefined;
  const isKey = to.length === table.key.length && to.every((column, index) => column === table.key[index]);
  const asked = Promise.all(keys.map((_, index) => {
    const sought = values.map((part) => part[index]);
    return isKey ? reads.byKey(sought) : reads.byColumns(to, sought);
  }));
  const found = await answerInTime(asked, options);
  if (found === undefined) return undefined;
  const groups = new Map<unknown, unknown[]>();
  for (let i = 0; i < keys.length; i++) {
    const each = found[i];
    if (each === undefined) return undefined;
    if (each.rows.length > 0) groups.set(keys[i], notableRows(each.rows, strict));
  }
  noteLoaded([...groups.values()].flat(), strict);
  for (const group of groups.values()) Object.freeze(group);
  return groups;
}

async function relatedRows(
  relation: RelationValue,
  values: readonly (readonly unknown[])[],
  { executor, options, strict, readOnly = true }: RelatedCall,
): Promise<Map<unknown, unknown[]>> {
  const { link: { first } } = relation;
  const { query, statement, keyColumns } = keyedQuery(relation, values);
  const rows = await executor.query(statement as Sql<OpenRow>, {
    ...options,
    // Only what the ORM made is sent as a read.
    readOnly: readOnly && query.shape.pure,
  });
  convertRows(readerOf(query.shape), rows);
  const readKey = keyReader(propertiesOf(query.shape, keyColumns), first.to, first.from);
  const keys = rows.map(readKey);
  const { unique, indexes } = withoutRepeats(relation, query, rows);
  const finished = await (strict === true ? query.strict() : query).finish(unique, executor);
  const groups = new Map<unknown, unknown[]>();
  for (let i = 0; i < keys.length; i++) {
    const row = finished[indexes === undefined ? i : indexes[i]];
    const group = groups.get(keys[i]);
    if (group === undefined) groups.set(keys[i], [row]);
    else group.push(row);
  }
  for (const group of groups.values()) Object.freeze(group);
  return groups;
}

/** Rows, and where there are repeats, at which index of them each row is. */
interface Repeats {
  readonly unique: OpenRow[];
  readonly indexes?: readonly number[];
}

/** Through a table the same row is found for several keys: it is to be one object then. */
function withoutRepeats(
  { link: { route }, settings }: RelationValue,
  { shape }: SelectQuery,
  rows: OpenRow[],
): Repeats {
  const { key } = route[route.length - 1].table;
  if (route.length === 1 || settings.pivot !== undefined || key.length === 0) return { unique: rows };
  const properties = selectedProperties(shape, key);
  if (properties === undefined) return { unique: rows };
  const readKey = keyReader(properties, key, key);
  const known = new Map<unknown, number>();
  const unique: OpenRow[] = [];
  const indexes = rows.map((row) => {
    const identity = readKey(row);
    let index = known.get(identity);
    if (index === undefined) {
      known.set(identity, index = unique.length);
      unique.push(row);
    }
    return index;
  });
  return { unique, indexes };
}

/** Whether a row is one of those the relation is of; undefined when all are. */
function discriminator(
  { when }: Hop,
  properties: (columns: readonly AnyColumn[]) => readonly string[],
): ((row: OpenRow) => boolean) | undefined {
  if (when === undefined) return undefined;
  const places = properties(when.map(([column]) => column));
  return (row) => when.every(([, value], index) => row[places[index]] === value);
}
