/**
 * What a table says of its parents' columns beside what these say: creating it gives it theirs as they are.
 *
 * @module
 */
import type { TableColumn, TableName, TableObject } from "../catalog/objects.ts";
import type { ColumnChange, Step } from "../steps/step.ts";
import { parentsOf } from "./compare_tables.ts";

/**
 * The steps that make the columns of a table that was just created under its parents what they are.
 *
 * @param table The table.
 * @param find Finds its parents as they are when it is created.
 */
export function inheritedColumnSteps(
  table: TableObject,
  find: (name: TableName) => TableObject | undefined,
): readonly Step[] {
  const parents = parentsOf(table).flatMap((name) => find(name) ?? []);
  if (parents.length === 0) return [];
  const name: TableName = { schema: table.schema, name: table.name };
  return table.columns.flatMap((column) => {
    const theirs = parents.flatMap(({ columns }) => columns.filter((one) => one.name === column.name));
    return changesOf(column, theirs).map((change): Step => ({
      kind: "column",
      table: name,
      column: column.name,
      change,
    }));
  });
}

function changesOf(column: TableColumn, theirs: readonly TableColumn[]): readonly ColumnChange[] {
  const changes: ColumnChange[] = [];
  const [first] = theirs;
  if (first === undefined) return changes;
  const isWritten = column.inherited !== true;
  const given = theirs.find((one) => one.default !== undefined)?.default;
  const now = isWritten ? column.default ?? given : given;
  if (column.generated === undefined && first.generated === undefined && now !== column.default) {
    changes.push({ type: "default", from: now, to: column.default });
  }
  if (isWritten) return changes;
  if (column.notNull && theirs.every(({ notNull }) => !notNull)) {
    changes.push({ type: "not null", from: false, to: true });
  }
  if (column.storage !== undefined && column.storage !== first.storage) {
    changes.push({ type: "storage", from: first.storage, to: column.storage });
  }
  if (column.compression !== undefined && column.compression !== first.compression) {
    changes.push({ type: "compression", from: first.compression, to: column.compression });
  }
  return changes;
}
