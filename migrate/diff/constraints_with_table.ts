/**
 * Which constraints are written in the statement that creates their table.
 *
 * @module
 */
import type { CatalogObject, ConstraintObject, ObjectKey } from "../catalog/objects.ts";
import type { Dependencies } from "./dependencies.ts";
import { isEqual } from "./equal.ts";

/** Objects that are created, or dropped, together. */
export interface Together {
  /** They, by their keys. */
  readonly among: ReadonlyMap<ObjectKey, CatalogObject>;
  /** What of their catalog depends on what. */
  readonly dependencies: Dependencies;
}

/** Whether a constraint is written with its table. */
export function isWithTable(
  key: ObjectKey,
  object: ConstraintObject,
  { among, dependencies }: Together,
): boolean {
  const table = dependencies.relation({ schema: object.schema, name: object.table });
  if (table === undefined || !among.has(table)) return false;
  const { constraint } = object;
  if (constraint.type === "foreign key") return false;
  // Two keys of the same columns in `create table` are one.
  const keys = keysOf(constraint);
  const isTwice = constraint.type !== "primary key" && keys !== undefined &&
    [...dependencies.of(table)].some((one) => {
      const other = one === key ? undefined : among.get(one);
      return other?.kind === "constraint" && other.table === object.table &&
        isEqual(keysOf(other.constraint), keys);
    });
  return !isTwice &&
    ![...dependencies.needs(key)].some((need) =>
      need !== table && among.has(need) && dependencies.reaches(need, table)
    );
}

/** The constraints that are written with a table, by name. */
export function constraintsWith(
  table: ObjectKey,
  together: Together,
): [ObjectKey, ConstraintObject][] {
  const { among, dependencies } = together;
  const found: [ObjectKey, ConstraintObject][] = [];
  for (const key of dependencies.of(table)) {
    const object = among.get(key);
    if (object?.kind !== "constraint") continue;
    if (dependencies.relation({ schema: object.schema, name: object.table }) !== table) continue;
    if (isWithTable(key, object, together)) found.push([key, object]);
  }
  return found.sort(([a], [b]) => a < b ? -1 : 1);
}

/** What the index of a constraint is of. */
function keysOf(constraint: ConstraintObject["constraint"]): unknown {
  if (constraint.type === "exclude") return constraint.elements;
  return constraint.type === "primary key" || constraint.type === "unique" ? constraint.columns : undefined;
}
