/**
 * What a relation holds in a row.
 *
 * @module
 */
import { NotFoundError } from "../../pool/pool_errors.ts";
import type { SelectQuery } from "../building/select_query.ts";
import type { RelationValue } from "./relation_value.ts";

const NONE: readonly never[] = Object.freeze([]);

/**
 * What a relation holds, of the related rows found.
 *
 * @param relation The relation.
 * @param found For each row the related rows, or undefined when there are none.
 * @throws {NotFoundError} When a row is missing that must be there.
 */
export function resultsOf(
  relation: RelationValue,
  found: readonly (readonly unknown[] | undefined)[],
): readonly unknown[] {
  const { link: { definition, subject }, settings, rows: query } = relation;
  if (definition.many) return found.map((rows) => rows ?? NONE);
  const required = definition.required && settings.narrowed !== true;
  return found.map((rows) => {
    const row = rows?.[0];
    if (row !== undefined) return row;
    if (!required) return null;
    const problem = leavesOutTrashed(query)
      ? "is not there or is soft-deleted; include soft-deleted rows by .withTrashed(), or"
      : "is not there;";
    throw new NotFoundError(
      query.toSQL().text,
      `Cannot load ${subject}: a row refers to one that ${problem} correct the row, or narrow the relation so that it may be null`,
    );
  });
}

/** Whether soft-deleted rows are there and not looked at. */
function leavesOutTrashed({ shape }: SelectQuery): boolean {
  return shape.source.trashed !== undefined &&
    !shape.parts.some(({ clause, label }) => clause === "without" && label === "trashed");
}
