/**
 * The nodes of a table that stays: one for each stage of its columns, one that takes it from its parents and one that
 * gives it to others.
 *
 * @module
 */
import type { CatalogObject, ObjectKey, TableColumn, TableName, TableObject } from "../catalog/objects.ts";
import { asideName } from "./aside_name.ts";
import { columnSteps, STAGES, type TableContext } from "./column_steps.ts";
import { baseType, isNameOf, isTypeLike, qualified } from "./compare_objects.ts";
import type { TableDifference } from "./compare_tables.ts";
import { alter, create, type Emission, stage } from "./emission.ts";
import { isEqual } from "./equal.ts";
import { tableSteps } from "./table_steps.ts";

/** Adds the stages of a table that stays. */
export function addTable(emission: Emission, key: ObjectKey, difference: TableDifference): void {
  const { graph } = emission;
  const { from, to } = difference;
  if (difference.columns.size === 0 && isEqual(from, to)) return;
  const stages = columnSteps(difference, contextOf(emission, key));
  for (const name of STAGES) {
    const steps = stages.get(name);
    if (steps !== undefined) graph.add(stage(key, name), "alter", ...steps);
  }
  const table: TableName = { schema: to.schema, name: to.name };
  const { steps, late } = tableSteps(difference);
  if (steps.length > 0) graph.add(stage(key, "set"), "alter", ...steps);
  if (late.length > 0) {
    graph.add(stage(key, "late"), "finish", ...late);
    lateAfterIndexes(emission, key, to);
  }
  if (!difference.isMoved) return;
  if (!isEqual(from.partitionOf, to.partitionOf)) {
    if (from.partitionOf !== undefined) {
      graph.add(stage(key, "detach"), "drop", {
        kind: "table",
        table: from.partitionOf.table,
        change: { type: "detach", partition: table, bound: from.partitionOf.bound },
      });
    }
    if (to.partitionOf !== undefined) {
      graph.add(stage(key, "attach"), "create", {
        kind: "table",
        table: to.partitionOf.table,
        change: { type: "attach", partition: table, bound: to.partitionOf.bound },
      });
    }
  }
  const [old, next] = [from.inherits ?? [], to.inherits ?? []];
  const kept = next.filter((name) => old.some((other) => isEqual(name, other)));
  if (kept.length < old.length) {
    graph.add(stage(key, "detach"), "drop", {
      kind: "table",
      table,
      change: { type: "inherit", from: old, to: kept },
    });
  }
  if (kept.length < next.length) {
    graph.add(stage(key, "attach"), "create", {
      kind: "table",
      table,
      change: { type: "inherit", from: kept, to: next },
    });
  }
}

/** Lets a replica identity wait for the index that it names. */
export function lateAfterIndexes(emission: Emission, key: ObjectKey, table: TableObject): void {
  const { plan, graph } = emission;
  if (typeof table.replicaIdentity !== "object") return;
  for (const one of plan.after.of(key)) {
    graph.after(stage(key, "late"), create(one), alter(one));
  }
}

function contextOf(emission: Emission, key: ObjectKey): TableContext {
  const { plan } = emission;
  const { from, to, replaced, before, after } = plan;
  return {
    hasHeirs: [...before.of(key), ...after.of(key)].some((one) => {
      const object = to.objects.get(one) ?? from.objects.get(one);
      return object?.kind === "table" && object.inherits !== undefined;
    }),
    serverVersion: to.serverVersion,
    baseBefore: (type) => baseType(type, from),
    baseAfter: (type) => baseType(type, to),
    detour: (column) => detourOf(emission, column, [...replaced.values()].map((one) => one.from)),
    source: (type) => {
      for (const { from: object } of replaced.values()) {
        if (object.kind !== "enum" || !isNameOf(type, object)) continue;
        const aside = qualified({ schema: object.schema, name: asideName(object.name) });
        return type.endsWith("[]") ? `${aside}[]` : aside;
      }
      return type;
    },
  };
}

/** What a column is while its type or its collation is not there. */
function detourOf(
  emission: Emission,
  { type, collation }: TableColumn,
  replaced: readonly CatalogObject[],
): Pick<TableColumn, "type" | "collation"> | undefined {
  const { plan } = emission;
  for (const object of replaced) {
    if (object.kind === "collation" && collation !== undefined && isNameOf(collation, object)) {
      return { type };
    }
    if (!isTypeLike(object) || object.kind === "enum" || !isNameOf(type, object)) continue;
    const isArray = type.endsWith("[]");
    if (object.kind === "domain" && !isArray) {
      const base = baseType(object.type, plan.from);
      const isThere = replaced.some((other) => other.kind === "enum" && isNameOf(base, other));
      return { type: isThere ? "text" : base };
    }
    return { type: isArray ? "text[]" : "text" };
  }
  return undefined;
}
