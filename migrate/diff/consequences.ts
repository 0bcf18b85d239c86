/**
 * What follows from what is dropped, replaced or becomes another type: what stands on it has to go, too, and so on.
 *
 * ## Invariants
 *
 * - P2 What depends on something replaced, or on a column that goes or becomes another type, is replaced, too, and so on.
 *
 * @module
 */
import type { CatalogObject, ObjectKey, TableColumn, TableObject } from "../catalog/objects.ts";
import { columnKey, describeObject } from "../catalog/object_key.ts";
import { isNameOf, isTypeLike } from "./compare_objects.ts";
import { mentions } from "./mentions.ts";
import { parentsOf, type TableDifference } from "./compare_tables.ts";
import { type DiffPlan, isParents } from "./diff_plan.ts";

/** A column that goes, or whose values become another type. */
export interface ColumnEvent {
  /** Its table. */
  readonly table: ObjectKey;
  /** Its name. */
  readonly column: string;
  /** Whether it goes, for good or to be added again. */
  readonly isGone: boolean;
}

/** What follows from changes, for a plan. */
export class Consequences {
  readonly #plan: DiffPlan;
  /** Objects that go, for good or to be created again, of which it is not known yet what follows. */
  readonly #objects: ObjectKey[] = [];
  readonly #columns: ColumnEvent[] = [];

  constructor(plan: DiffPlan) {
    this.#plan = plan;
  }

  /** Says that objects go. */
  drop(keys: Iterable<ObjectKey>): void {
    for (const key of keys) this.#objects.push(key);
  }

  /** Says that a column goes, or becomes another type. */
  column(event: ColumnEvent): void {
    this.#columns.push(event);
  }

  /** Replaces an object, unless it cannot be made again: that is refused. */
  replace(key: ObjectKey): void {
    if (this.#plan.replaced.has(key) || this.#plan.dropped.has(key)) return;
    const from = this.#plan.from.objects.get(key)!;
    const to = this.#plan.to.objects.get(key) ?? from;
    if (from.kind === "opaque" && (from.drop === undefined || (to as typeof from).definition === undefined)) {
      this.#plan.findings.push({
        severity: "refused",
        key,
        message: `Cannot put ${
          describeObject(from)
        } out of the way of what it needs: PostgreSQL does not tell its definition; drop and create it in a migration of your own`,
      });
      return;
    }
    this.#plan.altered.delete(key);
    this.#plan.tables.delete(key);
    this.#plan.replaced.set(key, { from, to });
    this.#objects.push(key);
  }

  /** Follows what was told until nothing more follows. */
  follow(): void {
    while (this.#objects.length > 0 || this.#columns.length > 0) {
      const key = this.#objects.pop();
      if (key !== undefined) this.#spreadObject(key);
      const column = this.#columns.pop();
      if (column !== undefined) this.#spreadColumn(column);
    }
  }

  #spreadObject(key: ObjectKey): void {
    const isReplaced = this.#plan.replaced.has(key);
    const object = this.#plan.from.objects.get(key)!;
    for (const dependent of this.#plan.before.of(key)) {
      const other = this.#plan.from.objects.get(dependent)!;
      if (this.#plan.dropped.has(dependent) || this.#plan.replaced.has(dependent)) continue;
      if (other.kind === "table") this.#putOutOfTheWay(dependent, object, isReplaced);
      else this.#spreadTo(dependent, isReplaced);
    }
  }

  #spreadTo(dependent: ObjectKey, mustGo: boolean): void {
    const object = this.#plan.from.objects.get(dependent)!;
    if (object.kind === "sequence" || object.kind === "schema" || object.kind === "extension") return;
    if (this.#plan.dropped.has(dependent) || this.#plan.replaced.has(dependent)) return;
    if (isParents(this.#plan, object)) return;
    // Another definition in its place lets go of what is only dropped.
    if (!mustGo && this.#plan.altered.get(dependent)?.some(({ kind }) => kind === "replace") === true) return;
    this.replace(dependent);
  }

  /** Lets the columns of a table go of something that is dropped, and perhaps created again. */
  #putOutOfTheWay(key: ObjectKey, object: CatalogObject, isReplaced: boolean): void {
    const table = this.#plan.from.objects.get(key) as TableObject;
    const difference = this.#plan.tables.get(key) ?? this.#unchanged(key, table);
    if (difference === undefined) return;
    if (object.kind === "table") {
      if (isReplaced && table.partitionOf !== undefined) this.replace(key);
      return;
    }
    for (const column of table.columns) {
      const isOfIt = isTypeLike(object) &&
        (isNameOf(column.type, object) ||
          column.collation !== undefined && isNameOf(column.collation, object));
      // An opaque's name is SQL: of an operator, or with the types of arguments.
      const isNamed = (text: string | undefined): boolean =>
        object.kind === "opaque" ? text !== undefined : mentions(text, object.name);
      if (isOfIt && isReplaced) this.#change(key, column, "retype");
      if (isNamed(column.generated?.expression)) this.#change(key, column, "add again");
      else if (isNamed(column.default)) this.#change(key, column, "alter");
    }
  }

  /** The difference of a table that is kept as it is. */
  #unchanged(key: ObjectKey, table: TableObject): TableDifference | undefined {
    if (!this.#plan.kept.has(key)) return undefined;
    const difference: TableDifference = {
      from: table,
      to: table,
      columns: new Map(),
      carried: new Map(),
      isMoved: false,
    };
    this.#plan.tables.set(key, difference);
    return difference;
  }

  #change(key: ObjectKey, column: TableColumn, action: "retype" | "add again" | "alter"): void {
    const { columns, carried, to } = this.#plan.tables.get(key)!;
    const old = columns.get(column.name);
    const base = old ?? carried.get(column.name);
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
      from: base?.from ?? column,
      to: next,
      old: base?.old ?? column,
      ...old?.isOwn === undefined ? {} : { isOwn: old.isOwn },
      action: old !== undefined && !isChange ? old.action : chosen,
      isParents: base?.isParents ?? column.inherited === true,
      releasesDefault: true,
    });
    if (!isChange) this.#changeHeirs(key, column.name);
    if (isChange && old?.action !== chosen) {
      this.#columns.push({ table: key, column: column.name, isGone: chosen === "add again" });
    }
  }

  /** Lets defaults of children go that their parent's would overwrite when it comes back. */
  #changeHeirs(parent: ObjectKey, name: string): void {
    const { from, before, tables } = this.#plan;
    for (const key of before.of(parent)) {
      const heir = from.objects.get(key);
      if (heir?.kind !== "table" || tables.get(key)?.columns.get(name)?.releasesDefault === true) continue;
      if (!tables.has(key) || !parentsOf(heir).some((one) => before.relation(one) === parent)) continue;
      const column = heir.columns.find((one) => one.name === name);
      if (column !== undefined) this.#change(key, column, "alter");
    }
  }

  #spreadColumn({ table, column, isGone }: ColumnEvent): void {
    if (this.#plan.replaced.has(table)) return;
    const object = this.#plan.from.objects.get(table) as TableObject;
    const key = columnKey(object, column);
    for (const dependent of this.#plan.before.ofColumn(key)) {
      const other = this.#plan.from.objects.get(dependent)!;
      if (other.kind === "table" || this.#plan.dropped.has(dependent) || this.#plan.replaced.has(dependent)) {
        continue;
      }
      if (!isGone && isPlain(other)) continue;
      this.#spreadTo(dependent, true);
    }
    // Columns that are computed from it.
    for (const other of object.columns) {
      if (other.name !== column && mentions(other.generated?.expression, column)) {
        this.#change(table, other, "add again");
      }
    }
  }
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
