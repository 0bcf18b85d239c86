/**
 * What a table that inherits says of its parents' columns beside what these say: creating it gives it theirs as they are,
 * but for their comments and statistics, which are its own.
 *
 * @module
 */
import { objectKey } from "../catalog/object_key.ts";
import type { Catalog, TableColumn, TableName, TableObject } from "../catalog/objects.ts";
import type { ColumnChange, Step } from "../steps/step.ts";

/**
 * The steps that make the inherited columns of a table what they are, once it is there.
 *
 * @param table The table.
 * @param catalog Where its parents are.
 */
export function inheritedColumnSteps(table: TableObject, catalog: Catalog): readonly Step[] {
  const names = [
    ...table.inherits ?? [],
    ...table.partitionOf === undefined ? [] : [table.partitionOf.table],
  ];
  if (names.length === 0) return [];
  const parents = names.flatMap(({ schema = "public", name }) => {
    const parent = catalog.objects.get(objectKey({ ...table, schema, name }));
    return parent?.kind === "table" ? [parent] : [];
  });
  return table.columns.filter(({ inherited }) => inherited === true).flatMap((column) =>
    columnSteps(
      table,
      column,
      parents.flatMap(({ columns }) => columns.filter(({ name }) => name === column.name)),
    )
  );
}

function columnSteps(
  table: TableObject,
  column: TableColumn,
  theirs: readonly TableColumn[],
): readonly Step[] {
  const name: TableName = table.schema === undefined
    ? { name: table.name }
    : { schema: table.schema, name: table.name };
  const changes: ColumnChange[] = [];
  const [first] = theirs;
  const { default: value, storage } = column;
  if (column.notNull && theirs.every(({ notNull }) => !notNull)) {
    changes.push({ type: "not null", from: false, to: true });
  }
  if (column.generated === undefined && theirs.some((one) => one.default !== value)) {
    changes.push({ type: "default", ...(value === undefined ? {} : { to: value }) });
  }
  if (storage !== first?.storage && storage !== undefined) changes.push({ type: "storage", to: storage });
  return changes.map((change): Step => ({ kind: "column", table: name, column: column.name, change }));
}
