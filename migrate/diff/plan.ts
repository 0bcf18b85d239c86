/**
 * What becomes of every object of two catalogs, before it is put in order: created, dropped, changed in place, or
 * dropped and created again because it, or something that it stands on, cannot be changed while it is there.
 *
 * ## Invariants
 *
 * - P1 What nobody known has made is kept, and so is all that it stands on; what is in its way says so in a finding.
 * - P2 What depends on something replaced, or on a column that goes or becomes another type, is replaced, too, and so on.
 * - P3 Rows are never dropped for a change that is no drop: that is refused in a finding.
 *
 * @module
 */
import type { Catalog, CatalogObject, ObjectKey, TableColumn, TableObject } from "../catalog/objects.ts";
import { columnKey, describeObject } from "../catalog/object_key.ts";
import type { Step } from "../steps/step.ts";
import { compareObjects, isNameOf, isTypeLike } from "./compare_objects.ts";
import { type ColumnDifference, compareTable, parentsOf, type TableDifference } from "./compare_tables.ts";
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

/** What decides what is dropped. */
export interface PlanOptions {
  readonly isUnknown: (key: ObjectKey) => boolean;
  readonly replaceTables: boolean;
}

/** What is there and what takes its place. */
export interface Replacement {
  readonly from: CatalogObject;
  readonly to: CatalogObject;
}

/** A column that goes, or whose values become another type. */
interface ColumnEvent {
  readonly table: ObjectKey;
  readonly column: string;
  readonly isGone: boolean;
}

/** What becomes of every object. */
export class DiffPlan {
  readonly created: Map<ObjectKey, CatalogObject> = new Map();
  readonly dropped: Map<ObjectKey, CatalogObject> = new Map();
  readonly kept: Map<ObjectKey, CatalogObject> = new Map();
  readonly replaced: Map<ObjectKey, Replacement> = new Map();
  readonly altered: Map<ObjectKey, readonly Step[]> = new Map();
  readonly tables: Map<ObjectKey, TableDifference> = new Map();
  readonly findings: DiffFinding[] = [];
  readonly before: Dependencies;
  readonly after: Dependencies;
  readonly #objects: ObjectKey[] = [];
  readonly #columns: ColumnEvent[] = [];
  readonly #options: PlanOptions;
  readonly from: Catalog;
  readonly to: Catalog;

  constructor(from: Catalog, to: Catalog, options: PlanOptions) {
    this.from = from;
    this.to = to;
    this.#options = options;
    this.before = new Dependencies(from);
    this.after = new Dependencies(to);
    this.#findDropped();
    this.#compareAll();
    this.#findCreated();
    this.#spread();
  }

  /** The table that owns an object, as the catalogs have it. */
  #owner(object: CatalogObject, dependencies: Dependencies): ObjectKey | undefined {
    const owner = ownerOf(object);
    return owner === undefined ? undefined : dependencies.relation(owner);
  }

  #isInherited(object: CatalogObject): boolean {
    return "inherited" in object && object.inherited === true;
  }

  /** Whether a part that a table has from its parents is left to them. */
  #isParents(object: CatalogObject): boolean {
    if (!this.#isInherited(object)) return false;
    const key = this.#owner(object, this.before) ?? this.#owner(object, this.after);
    const [from, to] = [this.from.objects.get(key ?? ""), this.to.objects.get(key ?? "")];
    if (from?.kind !== "table" || to?.kind !== "table") return true;
    if (isEqual(parentsOf(from), parentsOf(to))) return true;
    // Checks must be there before a table becomes a child; what else it needs comes with that.
    return parentsOf(to).length > 0 &&
      !(object.kind === "constraint" && object.constraint.type === "check");
  }

  #findDropped(): void {
    for (const [key, object] of this.from.objects) {
      if (this.to.objects.has(key) || this.#isParents(object)) continue;
      (this.#options.isUnknown(key) ? this.kept : this.dropped).set(key, object);
    }
    for (const [key, object] of this.kept) {
      const owner = this.#owner(object, this.before);
      if (owner !== undefined && this.dropped.has(owner)) {
        this.kept.delete(key);
        this.dropped.set(key, object);
      }
    }
    const waiting = [...this.kept.keys()];
    for (let key = waiting.pop(); key !== undefined; key = waiting.pop()) {
      const keep = (other: ObjectKey, why: string): void => {
        const object = this.dropped.get(other);
        if (object === undefined) return;
        this.dropped.delete(other);
        this.kept.set(other, object);
        waiting.push(other);
        this.findings.push({
          severity: "refused",
          key: other,
          message: `Cannot drop ${
            describeObject(object)
          }: ${why}; drop that first, or take it into the models`,
        });
      };
      const object = this.kept.get(key)!;
      for (const need of this.before.needs(key)) {
        keep(need, `${describeObject(object)}, which is unknown, needs it`);
      }
      if (object.schema !== undefined) {
        keep(`schema:${object.schema}`, `${describeObject(object)}, which is unknown, is in it`);
      }
      for (const part of this.before.of(key)) {
        const child = this.dropped.get(part);
        if (child !== undefined && this.#owner(child, this.before) === key) {
          this.dropped.delete(part);
          this.kept.set(part, child);
          waiting.push(part);
        }
      }
    }
    this.#objects.push(...this.dropped.keys());
  }

  #findCreated(): void {
    const refused = new Set(
      this.findings.filter(({ severity }) => severity === "refused").map(({ key }) => key),
    );
    for (const [key, object] of this.to.objects) {
      if (this.from.objects.has(key) || this.#isParents(object)) continue;
      const parent = object.kind === "table" && object.partitionOf !== undefined
        ? this.after.relation(object.partitionOf.table)
        : undefined;
      if (parent !== undefined && refused.has(parent)) {
        refused.add(key);
        continue;
      }
      const owner = this.#owner(object, this.after);
      if (owner !== undefined && refused.has(owner) && !this.from.objects.has(owner)) continue;
      this.created.set(key, object);
    }
  }

  #compareAll(): void {
    const tables: [ObjectKey, TableObject, TableObject][] = [];
    for (const [key, from] of this.from.objects) {
      const to = this.to.objects.get(key);
      if (to === undefined) continue;
      if (this.#isInherited(from) && this.#isInherited(to)) continue;
      if (from.kind === "table" && to.kind === "table") {
        tables.push([key, from, to]);
        continue;
      }
      const result = compareObjects(from, to);
      if (result === undefined) continue;
      // A view gives up no column: for the way back, what stands on it has to go.
      const isLonger = from.kind === "view" && to.kind === "view" &&
        from.columns.length < to.columns.length &&
        this.before.of(key).size > 0;
      if (result === "replace" || isLonger) this.#replace(key);
      else if (result === "unknowable") {
        this.findings.push({
          severity: "refused",
          key,
          message: `Cannot change ${
            describeObject(to)
          }: PostgreSQL does not tell its definition; change it in a migration of your own`,
        });
      } else this.altered.set(key, result);
    }
    const compared = new Set<ObjectKey>();
    const byKey = new Map(tables.map((entry) => [entry[0], entry]));
    for (const entry of tables) this.#compareTable(entry, { compared, byKey });
  }

  #compareTable(
    [key, from, to]: readonly [ObjectKey, TableObject, TableObject],
    state: {
      readonly compared: Set<ObjectKey>;
      readonly byKey: ReadonlyMap<ObjectKey, readonly [ObjectKey, TableObject, TableObject]>;
    },
  ): void {
    if (state.compared.has(key)) return;
    state.compared.add(key);
    if (!isEqual(from.partitionBy, to.partitionBy)) return this.#refusePartitioning(key, to);
    const parents: TableDifference[] = [];
    for (const name of parentsOf(from)) {
      const stays = parentsOf(to).some((other) => isEqual(name, other)) &&
        isEqual(from.partitionOf, to.partitionOf);
      const parent = stays ? this.before.relation(name) : undefined;
      const entry = parent === undefined ? undefined : state.byKey.get(parent);
      if (entry === undefined) continue;
      this.#compareTable(entry, state);
      const difference = this.tables.get(parent!);
      if (difference !== undefined) parents.push(difference);
    }
    const difference = compareTable(from, to, { parents, serverVersion: this.to.serverVersion });
    this.tables.set(key, difference);
    for (const column of difference.columns.values()) this.#announce(key, column);
  }

  #refusePartitioning(key: ObjectKey, to: TableObject): void {
    if (this.#options.replaceTables) {
      this.#replace(key);
      this.findings.push({
        severity: "loss",
        key,
        message: `The rows of ${
          describeObject(to)
        } are dropped with it, because PostgreSQL cannot change how a table is partitioned`,
      });
      return;
    }
    this.findings.push({
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
      this.tables.get(table)!.columns.delete(name);
      return;
    }
    if (action === "add again" && column.from!.generated === undefined) {
      this.findings.push({
        severity: "loss",
        key: columnKey(this.tables.get(table)!.to, name),
        message: `The values of column "${name}" of ${
          describeObject(this.tables.get(table)!.to)
        } are dropped, because it becomes a computed one`,
      });
    }
    this.#columns.push({ table, column: name, isGone: action !== "retype" });
  }

  #isNeeded(table: ObjectKey, name: string): boolean {
    const object = this.from.objects.get(table) as TableObject;
    const key = columnKey(object, name);
    const user = [...this.before.ofColumn(key)].find((one) => this.kept.has(one) && one !== table);
    if (user === undefined) return false;
    this.findings.push({
      severity: "refused",
      key,
      message: `Cannot drop column "${name}" of ${describeObject(object)}: ${
        describeObject(this.kept.get(user)!)
      }, which is unknown, needs it; drop that first, or take it into the models`,
    });
    return true;
  }

  #replace(key: ObjectKey): void {
    if (this.replaced.has(key) || this.dropped.has(key)) return;
    const from = this.from.objects.get(key)!;
    const to = this.to.objects.get(key) ?? from;
    if (from.kind === "opaque" && (from.drop === undefined || (to as typeof from).definition === undefined)) {
      this.findings.push({
        severity: "refused",
        key,
        message: `Cannot put ${
          describeObject(from)
        } out of the way of what it needs: PostgreSQL does not tell its definition; drop and create it in a migration of your own`,
      });
      return;
    }
    this.altered.delete(key);
    this.replaced.set(key, { from, to });
    this.#objects.push(key);
  }

  #spread(): void {
    while (this.#objects.length > 0 || this.#columns.length > 0) {
      const key = this.#objects.pop();
      if (key !== undefined) this.#spreadObject(key);
      const column = this.#columns.pop();
      if (column !== undefined) this.#spreadColumn(column);
    }
  }

  #spreadObject(key: ObjectKey): void {
    const isReplaced = this.replaced.has(key);
    const object = this.from.objects.get(key)!;
    for (const dependent of this.before.of(key)) {
      const other = this.from.objects.get(dependent)!;
      if (this.dropped.has(dependent) || this.replaced.has(dependent)) continue;
      if (other.kind === "table") this.#putOutOfTheWay(dependent, object, isReplaced);
      else this.#spreadTo(dependent, isReplaced);
    }
  }

  #spreadTo(dependent: ObjectKey, mustGo: boolean): void {
    const object = this.from.objects.get(dependent)!;
    if (object.kind === "sequence" || object.kind === "schema" || object.kind === "extension") return;
    if (this.dropped.has(dependent) || this.replaced.has(dependent)) return;
    if (this.#isParents(object)) return;
    // Another definition in its place lets go of what is only dropped.
    if (!mustGo && this.altered.get(dependent)?.some(({ kind }) => kind === "replace") === true) return;
    this.#replace(dependent);
  }

  /** Lets the columns of a table go of something that is dropped, and perhaps created again. */
  #putOutOfTheWay(key: ObjectKey, object: CatalogObject, isReplaced: boolean): void {
    const table = this.from.objects.get(key) as TableObject;
    const difference = this.tables.get(key) ?? this.#unchanged(key, table);
    if (difference === undefined) return;
    if (object.kind === "table") {
      if (isReplaced && table.partitionOf !== undefined) this.#replace(key);
      return;
    }
    for (const column of table.columns) {
      const isOfIt = isTypeLike(object) &&
        (isNameOf(column.type, object) ||
          column.collation !== undefined && isNameOf(column.collation, object));
      const mentions = (text: string | undefined): boolean =>
        text?.includes(object.name.replaceAll('"', '""')) === true;
      if (isOfIt && isReplaced) this.#change(key, column, "retype");
      if (mentions(column.generated?.expression)) this.#change(key, column, "add again");
      else if (mentions(column.default)) this.#change(key, column, "alter");
    }
  }

  /** The difference of a table that is kept as it is. */
  #unchanged(key: ObjectKey, table: TableObject): TableDifference | undefined {
    if (!this.kept.has(key)) return undefined;
    const difference: TableDifference = { from: table, to: table, columns: new Map(), isMoved: false };
    this.tables.set(key, difference);
    return difference;
  }

  #change(key: ObjectKey, column: TableColumn, action: "retype" | "add again" | "alter"): void {
    const { columns, to } = this.tables.get(key)!;
    const old = columns.get(column.name);
    if (old?.action === "drop" || old?.action === "add again" || old?.to === undefined && old !== undefined) {
      return;
    }
    const next = old?.to ?? to.columns.find(({ name }) => name === column.name);
    if (next === undefined) return;
    const isStronger = old === undefined || action === "add again" || old.action === "alter";
    const isChange = isStronger && action !== "alter";
    // A computed column is never of use half made.
    const wanted = isChange && next.generated !== undefined ? "add again" : action;
    const chosen = isStronger ? wanted : old.action;
    columns.set(column.name, {
      name: column.name,
      from: old?.from ?? column,
      to: next,
      old: old?.old ?? column,
      ...old?.isOwn === undefined ? {} : { isOwn: old.isOwn },
      action: old !== undefined && !isChange ? old.action : chosen,
      isParents: old?.isParents ?? column.inherited === true,
      releasesDefault: true,
    });
    if (isChange && old?.action !== chosen) {
      this.#columns.push({ table: key, column: column.name, isGone: chosen === "add again" });
    }
  }

  #spreadColumn({ table, column, isGone }: ColumnEvent): void {
    const object = this.from.objects.get(table) as TableObject;
    const key = columnKey(object, column);
    for (const dependent of this.before.ofColumn(key)) {
      const other = this.from.objects.get(dependent)!;
      if (other.kind === "table" || this.dropped.has(dependent) || this.replaced.has(dependent)) continue;
      if (!isGone && isPlain(other)) continue;
      this.#spreadTo(dependent, true);
    }
    // Columns that are computed from it.
    for (const other of object.columns) {
      if (other.name !== column && mentionsName(other.generated?.expression, column)) {
        this.#change(table, other, "add again");
      }
    }
    if (!isGone && isPartitionedBy(object, column)) {
      this.tables.get(table)!.columns.delete(column);
      this.findings.push({
        severity: "refused",
        key,
        message: `Cannot change the type of column "${column}" of ${
          describeObject(object)
        }: its rows are split by it; create another table, copy the rows and rename it`,
      });
    }
  }
}

function isPartitionedBy({ partitionBy }: TableObject, column: string): boolean {
  return partitionBy?.keys.some((key) => mentionsName(key, column)) === true;
}

function mentionsName(text: string | undefined, name: string): boolean {
  return text?.includes(name.replaceAll('"', '""')) === true;
}

/** Whether PostgreSQL makes it again by itself when a column of it becomes another type. */
function isPlain(object: CatalogObject): boolean {
  if (object.kind === "index") {
    return object.where === undefined && object.method === "btree" &&
      object.keys.every(({ isColumn, opclass, collation }) =>
        isColumn && opclass === undefined && collation === undefined
      );
  }
  return object.kind === "constraint" &&
    (object.constraint.type === "primary key" || object.constraint.type === "unique") &&
    object.constraint.withoutOverlaps !== true;
}
