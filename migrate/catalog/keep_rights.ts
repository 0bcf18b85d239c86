/**
 * What is made anew belongs to whom it belonged to, and the same roles may do the same with it.
 *
 * @module
 */
import type { CatalogObject, TableColumn } from "./objects.ts";

/**
 * What takes the place of an object, with the owner, the privileges and the tablespace of that, and its columns with theirs.
 *
 * @param from What is dropped.
 * @param to What is created in its place; what it says of its own stays.
 */
export function keepRights<T extends CatalogObject>(from: CatalogObject, to: T): T {
  const { owner, privileges, settings = [] } = from;
  const own = to.settings ?? [];
  const local = settings.filter(({ set, isLocal }) =>
    isLocal === true && !own.some((one) => one.set === set)
  );
  const kept: T = {
    ...to,
    ...owner === undefined || to.owner !== undefined ? {} : { owner },
    ...privileges === undefined || to.privileges !== undefined ? {} : { privileges },
    ...local.length === 0 ? {} : { settings: [...own, ...local] },
  };
  if (!("columns" in from) || !("columns" in kept)) return kept;
  const before = new Map(from.columns.map((column) => [column.name, column]));
  return { ...kept, columns: kept.columns.map((column) => keepGrants(before.get(column.name), column)) };
}

/** A column that takes the place of another, with what was granted on that. */
export function keepGrants(from: TableColumn | undefined, to: TableColumn): TableColumn {
  return from?.granted === undefined || to.granted !== undefined ? to : { ...to, granted: from.granted };
}
