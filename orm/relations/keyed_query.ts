/**
 * The related rows of many keys as one query, whose rows say of which key they are.
 *
 * @module
 */
import type { Sql } from "../../pool/sql/sql.ts";
import { type AnyColumn, Column } from "../building/column.ts";
import { type Composition, template } from "../building/composition.ts";
import type { SelectQuery } from "../building/select_query.ts";
import { OwnSql } from "../building/traits.ts";
import { equalAny, equalParts, unnested } from "./match.ts";
import { reach } from "./reach.ts";
import type { RelationValue } from "./relation_value.ts";
import type { Hop } from "./route.ts";
import { withColumns } from "./row_keys.ts";

/** A query of the related rows of many keys. */
export interface KeyedQuery {
  /** The query: how its rows are read. */
  readonly query: SelectQuery;
  /** Its statement. */
  readonly statement: Sql;
  /** The columns that say of which key a row is. */
  readonly keyColumns: readonly AnyColumn[];
}

/**
 * The related rows of many keys.
 *
 * @param relation The relation.
 * @param keys For each column of the key its values.
 */
export function keyedQuery(relation: RelationValue, keys: readonly (readonly unknown[])[]): KeyedQuery {
  const { from } = relation.link.first;
  const limited = relation.rows.shape.parts.some(({ clause }) => clause === "limit" || clause === "offset");
  const { query, keyColumns } = reach(
    relation,
    limited
      ? (columns) => equalParts(columns, keyColumnsLike(columns))
      : (columns) => equalAny(columns, from, keys),
  );
  const whole = withColumns(query, keyColumns);
  const statement = whole.toSQL();
  return {
    query: whole,
    keyColumns,
    statement: limited ? forEach(statement, relation.link.first, keys) : statement,
  };
}

const LIKE = new WeakMap<readonly AnyColumn[], readonly AnyColumn[]>();

/** The columns of the keys that a statement is asked for each of. */
function keyColumnsLike(columns: readonly AnyColumn[]): readonly AnyColumn[] {
  let like = LIKE.get(columns);
  if (like === undefined) {
    like = columns.map(({ settings }, index) => new Column("~keys", `${index}`, `${index}`, settings));
    LIKE.set(columns, like);
  }
  return like;
}

const FOR_EACH = new Map<number, Composition>();
const TEXTS = new WeakMap<readonly string[], string>();

/** The statement for each of the keys, which it knows as `"~keys"`. */
function forEach(statement: Sql, { from, to: columns }: Hop, keys: readonly (readonly unknown[])[]): Sql {
  let composition = FOR_EACH.get(columns.length);
  if (composition === undefined) {
    const names = columns.map((_, index) => `"${index}"`).join(", ");
    composition = template(
      'select "~rows".* from ',
      ` as "~keys" (${names}) cross join lateral (`,
      ') as "~rows"',
    );
    FOR_EACH.set(columns.length, composition);
  }
  const composed = composition.of([unnested(columns, from, keys), statement]);
  const { strings, values } = composed;
  const known = TEXTS.get(strings);
  const made = new OwnSql(strings, values, composed, known);
  if (known === undefined) TEXTS.set(strings, made.text);
  return made;
}
