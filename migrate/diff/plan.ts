/**
 * Decides what becomes of every object of two catalogs, before it is put in order: created, dropped, changed in place, or
 * dropped and created again because it, or something that it stands on, cannot be changed while it is there.
 *
 * ## Invariants
 *
 * - P3 Rows are never dropped for a change that is no drop: that is refused in a finding.
 *
 * P1 is kept by `find_dropped.ts`, P2 by `consequences.ts`.
 *
 * @module
 */
import type { Catalog, ObjectKey, TableObject } from "../catalog/objects.ts";
import { columnKey, describeObject } from "../catalog/object_key.ts";
import type { Step } from "../steps/step.ts";
import { compareObjects } from "./compare_objects.ts";
import { type ColumnDifference, compareTable, parentsOf, type TableDifference } from "./compare_tables.ts";
import { Consequences } from "./consequences.ts";
import { DiffPlan, isInherited, isParents, ownerKey } from "./diff_plan.ts";
import { isEqual } from "./equal.ts";
import { type DropOptions, findDropped } from "./find_dropped.ts";
import { tableSplitBy } from "./partitions.ts";

/** What decides what is dropped. */
export interface PlanOptions extends DropOptions {
  /** Whether a table may go, with its rows, to be partitioned in another way. */
  readonly replaceTables: boolean;
}

/** Decides what becomes of every object. */
export function makePlan(from: Catalog, to: Catalog, options: PlanOptions): DiffPlan {
  const plan = new DiffPlan(from, to);
  new Planner(plan, options).decide();
  return plan;
}

/** A table that is in both catalogs. */
type TableEntry = readonly [key: ObjectKey, from: TableObject, to: TableObject];

/** Which tables have been compared, and all that are. */
interface ComparedTables {
  readonly compared: Set<ObjectKey>;
  readonly byKey: ReadonlyMap<ObjectKey, TableEntry>;
}

class Planner {
  readonly #plan: DiffPlan;
  readonly #options: PlanOptions;
  readonly #consequences: Consequences;
  /** Columns that stay as they are, for tables and their partitions. */
  readonly #stuck = new Map<TableObject, Set<string>>();

  constructor(plan: DiffPlan, options: PlanOptions) {
    this.#plan = plan;
    this.#options = options;
    this.#consequences = new Consequences(plan);
  }

  decide(): void {
    findDropped(this.#plan, this.#options);
    this.#consequences.drop(this.#plan.dropped.keys());
    this.#compareAll();
    this.#findCreated();
    this.#consequences.follow();
  }

  #compareAll(): void {
    const tables: TableEntry[] = [];
    for (const [key, from] of this.#plan.from.objects) {
      const to = this.#plan.to.objects.get(key);
      if (to === undefined) continue;
      if (isInherited(from) && isInherited(to)) continue;
      if (from.kind === "table" && to.kind === "table") {
        tables.push([key, from, to]);
        continue;
      }
      const result = compareObjects(from, to);
      if (result === undefined) continue;
      // A view gives up no column: for the way back, what stands on it has to go.
      const isLonger = from.kind === "view" && to.kind === "view" &&
        from.columns.length < to.columns.length &&
        this.#plan.before.of(key).size > 0;
      if (result === "replace" || isLonger) this.#consequences.replace(key);
      else if (result === "unknowable") {
        this.#plan.findings.push({
          severity: "refused",
          key,
          message: `Cannot change ${
            describeObject(to)
          }: PostgreSQL does not tell its definition; change it in a migration of your own`,
        });
      } else if (this.#isUnattached(key, result)) {
        this.#plan.findings.push({
          severity: "refused",
          key,
          message: `Cannot make ${
            describeObject(to)
          } valid: a partition has no index that is attached to it; create it there and attach it`,
        });
      } else this.#plan.altered.set(key, result);
    }
    const compared = new Set<ObjectKey>();
    const byKey = new Map(tables.map((entry) => [entry[0], entry]));
    for (const entry of tables) this.#compareTable(entry, { compared, byKey });
  }

  /** Whether an index of a divided table waits for those of its partitions, so that building it again helps nothing. */
  #isUnattached(key: ObjectKey, steps: readonly Step[]): boolean {
    const table = this.#plan.from.objects.get(
      ownerKey(this.#plan.from.objects.get(key)!, this.#plan.before) ?? "",
    );
    return table?.kind === "table" && table.partitionBy !== undefined &&
      steps.some(({ kind }) => kind === "index");
  }

  #compareTable([key, from, wanted]: TableEntry, state: ComparedTables): void {
    if (state.compared.has(key)) return;
    state.compared.add(key);
    if (this.#plan.replaced.has(key)) return;
    if (!isEqual(from.partitionBy, wanted.partitionBy)) return this.#refusePartitioning(key, wanted);
    const parents = parentsOf(from).map((name) => this.#plan.before.relation(name) ?? "");
    for (const parent of parents) {
      const entry = state.byKey.get(parent);
      if (entry !== undefined) this.#compareTable(entry, state);
    }
    const to = this.#heldInPlace(from, wanted);
    const kept: TableDifference[] = [];
    for (const [index, name] of parentsOf(from).entries()) {
      const stays = parentsOf(to).some((other) => isEqual(name, other)) &&
        isEqual(from.partitionOf, to.partitionOf);
      const parent = parents[index];
      if (!stays || !state.byKey.has(parent)) continue;
      const difference = this.#plan.tables.get(parent);
      // What a parent keeps, its partitions keep.
      if (difference === undefined && !this.#plan.replaced.has(parent)) return;
      if (difference !== undefined) kept.push(difference);
    }
    const { serverVersion } = this.#plan.to;
    const difference = compareTable(from, to, {
      parents: kept,
      serverVersion,
      hasChecks: serverVersion >= 18 && this.#hasChecks(key),
    });
    this.#plan.tables.set(key, difference);
    const stuck = new Set(kept.flatMap((parent) => [...this.#stuck.get(parent.from) ?? []]));
    this.#stuck.set(from, stuck);
    for (const name of stuck) difference.columns.delete(name);
    for (const column of difference.columns.values()) {
      if (this.#isStuck(key, column)) {
        stuck.add(column.name);
        difference.columns.delete(column.name);
      } else this.#announce(key, column);
    }
  }

  /** Whether a table or one of its children has, or is to have, check constraints. */
  #hasChecks(key: ObjectKey): boolean {
    const { from, to, before, after } = this.#plan;
    return [[from, before] as const, [to, after] as const].some(([{ objects }, dependencies]) =>
      [...dependencies.of(key)].some((one) => {
        const object = objects.get(one);
        if (object?.kind === "table") return this.#hasChecks(one);
        return object?.kind === "constraint" && object.constraint.type === "check";
      })
    );
  }

  /** A partition as it is to be; where its table keeps a column's type, bounds are told in that. */
  #heldInPlace(from: TableObject, to: TableObject): TableObject {
    if (from.partitionOf === undefined || to.partitionOf === undefined) return to;
    if (!isEqual(from.partitionOf.table, to.partitionOf.table)) return to;
    const parent = this.#plan.from.objects.get(this.#plan.before.relation(from.partitionOf.table) ?? "");
    const isStuck = parent?.kind === "table" && (this.#stuck.get(parent)?.size ?? 0) > 0;
    return isStuck ? { ...to, partitionOf: from.partitionOf } : to;
  }

  /** Whether rows are split by a column that would change; what is split by it may be replaced. */
  #isStuck(table: ObjectKey, { action, name }: ColumnDifference): boolean {
    if (action === "add" || action === "alter") return false;
    for (;;) {
      const split = tableSplitBy(this.#plan, table, name);
      if (split === undefined || this.#plan.replaced.has(split)) return false;
      const object = this.#plan.from.objects.get(split) as TableObject;
      if (!this.#options.replaceTables) {
        this.#plan.findings.push({
          severity: "refused",
          key: columnKey(this.#plan.from.objects.get(table) as TableObject, name),
          message: `Cannot ${action === "retype" ? "change the type of" : "drop"} column "${name}" of ${
            describeObject(this.#plan.from.objects.get(table)!)
          }: the rows of ${
            describeObject(object)
          } are split by it; create another table, copy the rows and rename it`,
        });
        return true;
      }
      this.#refusePartitioning(split, object);
    }
  }

  #refusePartitioning(key: ObjectKey, to: TableObject): void {
    if (this.#options.replaceTables) {
      this.#consequences.replace(key);
      this.#plan.findings.push({
        severity: "loss",
        key,
        message: `The rows of ${
          describeObject(to)
        } are dropped with it, because PostgreSQL cannot change how a table is partitioned`,
      });
      return;
    }
    this.#plan.findings.push({
      severity: "refused",
      key,
      message: `Cannot change how ${
        describeObject(to)
      } is partitioned: PostgreSQL has no statement for it; create another table, copy the rows and rename it`,
    });
  }

  /** Says of a column what others must know. */
  #announce(table: ObjectKey, column: ColumnDifference): void {
    const { action, name } = column;
    if (action !== "drop" && action !== "add again" && action !== "retype") return;
    if (action === "drop" && this.#isNeeded(table, name)) {
      this.#plan.tables.get(table)!.columns.delete(name);
      return;
    }
    if (action === "add again" && column.from!.generated === undefined) {
      this.#plan.findings.push({
        severity: "loss",
        key: columnKey(this.#plan.tables.get(table)!.to, name),
        message: `The values of column "${name}" of ${
          describeObject(this.#plan.tables.get(table)!.to)
        } are dropped, because it becomes a computed one`,
      });
    }
    this.#consequences.column({ table, column: name, isGone: action !== "retype" });
  }

  #isNeeded(table: ObjectKey, name: string): boolean {
    const object = this.#plan.from.objects.get(table) as TableObject;
    const key = columnKey(object, name);
    const user = [...this.#plan.before.ofColumn(key)].find((one) =>
      this.#plan.kept.has(one) && one !== table
    );
    if (user === undefined) return false;
    this.#plan.findings.push({
      severity: "refused",
      key,
      message: `Cannot drop column "${name}" of ${describeObject(object)}: ${
        describeObject(this.#plan.kept.get(user)!)
      }, which is unknown, needs it; drop that first, or take it into the models`,
    });
    return true;
  }

  #findCreated(): void {
    const refused = new Set(
      this.#plan.findings.filter(({ severity }) => severity === "refused").map(({ key }) => key),
    );
    const unmade = this.#findUnmade();
    for (const [key, object] of this.#plan.to.objects) {
      if (this.#plan.from.objects.has(key) || unmade.has(key) || isParents(this.#plan, object)) continue;
      const parent = object.kind === "table" && object.partitionOf !== undefined
        ? this.#plan.after.relation(object.partitionOf.table)
        : undefined;
      if (parent !== undefined && refused.has(parent)) {
        refused.add(key);
        continue;
      }
      const owner = ownerKey(object, this.#plan.after);
      if (owner !== undefined && refused.has(owner) && !this.#plan.from.objects.has(owner)) continue;
      this.#plan.created.set(key, object);
    }
  }

  /** What cannot be created since PostgreSQL does not tell how, with what needs it. */
  #findUnmade(): ReadonlySet<ObjectKey> {
    const unmade = new Set<ObjectKey>();
    for (const [key, object] of this.#plan.to.objects) {
      if (object.kind !== "opaque" || object.definition !== undefined || this.#plan.from.objects.has(key)) {
        continue;
      }
      this.#plan.findings.push({
        severity: "refused",
        key,
        message: `Cannot create ${
          describeObject(object)
        }: PostgreSQL does not tell its definition; create it in a migration of your own`,
      });
      unmade.add(key);
    }
    // A set that grows while it is walked is walked to its end.
    for (const key of unmade) {
      for (const dependent of this.#plan.after.of(key)) {
        if (unmade.has(dependent) || this.#plan.from.objects.has(dependent)) continue;
        const object = this.#plan.to.objects.get(dependent)!;
        const need = describeObject(this.#plan.to.objects.get(key)!);
        this.#plan.findings.push({
          severity: "refused",
          key: dependent,
          message: `Cannot create ${describeObject(object)}: it needs ${need}, which cannot be created`,
        });
        unmade.add(dependent);
      }
    }
    return unmade;
  }
}
