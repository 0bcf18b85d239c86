/**
 * The nodes of objects that are dropped, changed in place, or created.
 *
 * @module
 */
import { type CatalogObject, OBJECT_KINDS, type ObjectKey } from "../catalog/objects.ts";
import { asideName } from "./aside_name.ts";
import { constraintsWith, isWithTable, type Together } from "./constraints_with_table.ts";
import { alter, aside, create, drop, type Emission, stage } from "./emission.ts";
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
    graph.add(drop(key), "drop", {
      kind: "drop",
      object: object.kind === "sequence" ? { ...object, ownedBy: undefined } : object,
      ...constraints.length === 0 ? {} : { constraints: constraints.map(([, one]) => one) },
    });
    for (const [constraint] of constraints) graph.alias(drop(constraint), drop(key));
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
    });
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
