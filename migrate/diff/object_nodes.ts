/**
 * The nodes of objects that are dropped, changed in place, or created.
 *
 * @module
 */
import {
  type Catalog,
  type CatalogObject,
  OBJECT_KINDS,
  type ObjectKey,
  type TableName,
  type TableObject,
} from "../catalog/objects.ts";
import { asideName } from "./aside_name.ts";
import { constraintsWith, isWithTable, type Together } from "./constraints_with_table.ts";
import type { Dependencies } from "./dependencies.ts";
import { alter, aside, create, drop, type Emission, stage } from "./emission.ts";
import { inheritedColumnSteps } from "./inherited_columns.ts";
import { lateAfterIndexes } from "./table_nodes.ts";

/** Adds what drops objects, and the enums that are put aside. */
export function addDrops(emission: Emission): void {
  const { plan, graph, gone } = emission;
  const together: Together = { among: gone, dependencies: plan.before };
  for (const [key, object] of byKind(gone).reverse()) {
    if (object.kind === "constraint" && isWithTable(key, object, together)) {
      continue;
    }
    if (object.kind === "enum" && plan.replaced.has(key)) {
      const other = { ...object, name: asideName(object.name) };
      graph.add(aside(key), "alter", { kind: "rename", object, to: other.name });
      graph.add(drop(key), "alter", { kind: "drop", object: other });
      continue;
    }
    const constraints = object.kind === "table" ? constraintsWith(key, together) : [];
    const afterwards = object.kind === "table"
      ? inheritedColumnSteps(object, (name) => tableOf(plan.from, plan.before, name))
      : [];
    graph.add(drop(key), "drop", {
      kind: "drop",
      object: object.kind === "sequence" ? { ...object, ownedBy: undefined } : object,
      ...constraints.length === 0 ? {} : { constraints: constraints.map(([, one]) => one) },
      ...afterwards.length === 0 ? {} : { afterwards },
    });
    for (const [constraint] of constraints) graph.alias(drop(constraint), drop(key));
    if (object.kind === "table") addLooseIdentity(emission, key, object);
  }
}

/** Adds what creates objects. */
export function addCreations(emission: Emission): void {
  const { plan, graph, made } = emission;
  const together: Together = { among: made, dependencies: plan.after };
  for (const [key, object] of byKind(made)) {
    if (object.kind === "constraint" && isWithTable(key, object, together)) {
      continue;
    }
    const constraints = object.kind === "table" ? constraintsWith(key, together) : [];
    graph.add(create(key), "create", {
      kind: "create",
      object: object.kind === "sequence"
        ? { ...object, ownedBy: undefined }
        : "inherited" in object
        ? { ...object, inherited: undefined } as CatalogObject
        : object,
      ...constraints.length === 0 ? {} : { constraints: constraints.map(([, one]) => one) },
      ...isEmpty(plan.from.objects.get(key) ?? object) ? { withNoData: true } : {},
    });
    if (object.kind === "table") {
      graph.add(
        create(key),
        "create",
        ...inheritedColumnSteps(object, (name) => tableOf(plan.to, plan.after, name)),
      );
    }
    for (const [constraint] of constraints) graph.alias(create(constraint), create(key));
    if (object.kind === "table" && typeof object.replicaIdentity === "object") {
      const { schema, name, replicaIdentity } = object;
      graph.add(stage(key, "late"), "finish", {
        kind: "table",
        table: { schema, name },
        change: { type: "replica identity", from: undefined, to: replicaIdentity },
      });
      lateAfterIndexes(emission, key, object);
    }
  }
}

/** Whether it is a materialized view that nobody has filled. */
function isEmpty(object: CatalogObject): boolean {
  return object.kind === "materialized view" && !object.isPopulated;
}

function tableOf(catalog: Catalog, dependencies: Dependencies, name: TableName): TableObject | undefined {
  const object = catalog.objects.get(dependencies.relation(name) ?? "");
  return object?.kind === "table" ? object : undefined;
}

/** Lets go of the index that is a replica identity before it goes, so that the way back has it again. */
function addLooseIdentity({ plan, graph }: Emission, key: ObjectKey, table: TableObject): void {
  const { schema, name, replicaIdentity } = table;
  if (typeof replicaIdentity !== "object") return;
  const id = `unset ${key}`;
  graph.add(id, "drop", {
    kind: "table",
    table: { schema, name },
    change: { type: "replica identity", from: replicaIdentity, to: undefined },
  });
  graph.after(drop(key), id);
  for (const part of plan.before.of(key)) graph.after(drop(part), id);
}

/** Adds what changes objects other than tables where they are. */
export function addAlterations(emission: Emission): void {
  const { plan, graph } = emission;
  for (const [key, steps] of plan.altered) graph.add(alter(key), "alter", ...steps);
}

function byKind(objects: ReadonlyMap<ObjectKey, CatalogObject>): [ObjectKey, CatalogObject][] {
  return [...objects].map((entry) => [OBJECT_KINDS.indexOf(entry[1].kind), entry] as const)
    .sort(([a, [one]], [b, [two]]) => a - b || (one < two ? -1 : 1))
    .map(([, entry]) => entry);
}
