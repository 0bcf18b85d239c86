/**
 * What becomes of every object of two catalogs: created, dropped, kept, changed in place, or dropped and created again.
 *
 * @module
 */
import type { Catalog, CatalogObject, ObjectKey } from "../catalog/objects.ts";
import type { Step } from "../steps/step.ts";
import { parentsOf, type TableDifference } from "./compare_tables.ts";
import { Dependencies, ownerOf } from "./dependencies.ts";
import { isEqual } from "./equal.ts";

/** What a person is told beside the steps. */
export interface DiffFinding {
  /** `refused`: the catalogs stay different here; `loss`: the steps lose something that is not visible in them. */
  readonly severity: "refused" | "loss";
  /** What it is about. */
  readonly key: ObjectKey;
  /** What is not done or is lost, for a person. */
  readonly message: string;
}

/** What is there and what takes its place. */
export interface Replacement {
  /** What is dropped. */
  readonly from: CatalogObject;
  /** What is created. */
  readonly to: CatalogObject;
}

/** What becomes of every object. Made by `makePlan()`. */
export class DiffPlan {
  /** What is there. */
  readonly from: Catalog;
  /** What is to be. */
  readonly to: Catalog;
  /** What depends on what there. */
  readonly before: Dependencies;
  /** What is to depend on what. */
  readonly after: Dependencies;
  /** What is new. */
  readonly created: Map<ObjectKey, CatalogObject> = new Map();
  /** What goes. */
  readonly dropped: Map<ObjectKey, CatalogObject> = new Map();
  /** What is not to be and stays, because nobody known has made it. */
  readonly kept: Map<ObjectKey, CatalogObject> = new Map();
  /** What is dropped and created again. */
  readonly replaced: Map<ObjectKey, Replacement> = new Map();
  /** What is changed in place, and how. */
  readonly altered: Map<ObjectKey, readonly Step[]> = new Map();
  /** Tables that stay, and what becomes of their columns. */
  readonly tables: Map<ObjectKey, TableDifference> = new Map();
  /** What a person is told. */
  readonly findings: DiffFinding[] = [];

  constructor(from: Catalog, to: Catalog) {
    this.from = from;
    this.to = to;
    this.before = new Dependencies(from);
    this.after = new Dependencies(to);
  }
}

/** The table that owns an object, as the catalogs have it. */
export function ownerKey(object: CatalogObject, dependencies: Dependencies): ObjectKey | undefined {
  const owner = ownerOf(object);
  return owner === undefined ? undefined : dependencies.relation(owner);
}

/** Whether it came with what a parent has. */
export function isInherited(object: CatalogObject): boolean {
  return "inherited" in object && object.inherited === true;
}

/** Whether a part that a table has from its parents is left to them. */
export function isParents(plan: DiffPlan, object: CatalogObject): boolean {
  if (!isInherited(object)) return false;
  const key = ownerKey(object, plan.before) ?? ownerKey(object, plan.after);
  const [from, to] = [plan.from.objects.get(key ?? ""), plan.to.objects.get(key ?? "")];
  if (from?.kind !== "table" || to?.kind !== "table") return true;
  if (isEqual(parentsOf(from), parentsOf(to))) return true;
  // Checks must be there before a table becomes a child; what else it needs comes with that.
  return parentsOf(to).length > 0 &&
    !(object.kind === "constraint" && object.constraint.type === "check");
}
