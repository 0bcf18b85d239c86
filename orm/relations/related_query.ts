/**
 * The query of one row's related rows.
 *
 * @module
 */
import { sql } from "../../pool/sql/sql.ts";
import type { SelectQuery } from "../building/select_query.ts";
import { equalParts, keyFor } from "./match.ts";
import { checkOwner, valuesOf } from "./owner_row.ts";
import { reach } from "./reach.ts";
import type { RelationValue } from "./relation_value.ts";

/**
 * The query of a row's related rows.
 *
 * @param relation The relation.
 * @param row A row of its model.
 */
export function relatedQuery(relation: RelationValue, row: unknown): SelectQuery {
  const { link, settings } = relation;
  checkOwner(link, row);
  const { first } = link;
  const values = valuesOf(row, first.from);
  const { query } = reach(
    relation,
    (columns) =>
      equalParts(columns, columns.map((column, index) => keyFor(column, first.from[index], values[index]))),
  );
  const when = valuesOf(row, (first.when ?? []).map(([column]) => column));
  const isOf = when.every((value, index) => value === first.when?.[index][1]);
  return (isOf ? query : query.where(sql`false`)).runOn(settings.executor);
}
