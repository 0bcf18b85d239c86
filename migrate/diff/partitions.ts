/**
 * Tables whose rows are split, and their partitions.
 *
 * @module
 */
import type { CatalogObject, ObjectKey, TableObject } from "../catalog/objects.ts";
import type { DiffPlan } from "./diff_plan.ts";
import { mentions } from "./mentions.ts";

/**
 * The table, or a partition of it, whose rows are split by a column: PostgreSQL neither drops such a column nor changes its
 * type.
 */
export function tableSplitBy(plan: DiffPlan, table: ObjectKey, column: string): ObjectKey | undefined {
  const object = plan.from.objects.get(table);
  if (object?.kind !== "table" || plan.dropped.has(table) || plan.replaced.has(table)) return undefined;
  if (object.partitionBy?.keys.some((key) => mentions(key, column)) === true) return table;
  for (const dependent of plan.before.of(table)) {
    const part = plan.from.objects.get(dependent);
    if (part === undefined || !isPartition(part)) continue;
    const found = tableSplitBy(plan, dependent, column);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Whether it is a partition. */
export function isPartition(
  object: CatalogObject,
): object is TableObject & Required<Pick<TableObject, "partitionOf">> {
  return object.kind === "table" && object.partitionOf !== undefined;
}
