/**
 * What becomes of the columns of a table that is in both catalogs.
 *
 * ## Invariants
 *
 * - T1 What a parent's step does to its children, too, is no step of theirs.
 * - T2 The order of columns is no difference.
 *
 * @module
 */
import type { TableColumn, TableName, TableObject } from "../catalog/objects.ts";
import { isEqual } from "./equal.ts";

/** What becomes of a column. */
export interface ColumnDifference {
  readonly name: string;
  /** What it is by the time it is looked at: its parents' steps are done. */
  readonly from?: TableColumn;
  /** What it was, before its parents' steps. */
  readonly old?: TableColumn;
  /** Whether its parent's steps would not bring its default, or that it is not null, back when they are reversed. */
  readonly isOwn?: boolean;
  readonly to?: TableColumn;
  action: "add" | "drop" | "add again" | "retype" | "alter";
  /** Whether its parent's step does the action. */
  readonly isParents: boolean;
  /** Whether its default has to be out of the way of something. */
  releasesDefault: boolean;
}

/** What becomes of a table that is in both catalogs. */
export interface TableDifference {
  readonly from: TableObject;
  readonly to: TableObject;
  readonly columns: Map<string, ColumnDifference>;
  /** What its parents' steps change of it, so that nothing is left to do: its own children have to know. */
  readonly carried: ReadonlyMap<string, ColumnDifference>;
  /** Whether its parents change. */
  readonly isMoved: boolean;
}

/** Of what a table is a child. */
export function parentsOf(table: TableObject): readonly TableName[] {
  return [...table.inherits ?? [], ...table.partitionOf === undefined ? [] : [table.partitionOf.table]];
}

/** What else decides how columns become others. */
export interface ColumnCircumstances {
  /** The server's major version. */
  readonly serverVersion: number;
  /** Whether the table, or a child of it, has check constraints. */
  readonly hasChecks: boolean;
}

/**
 * Compares the columns of a table.
 *
 * @param from What is there.
 * @param to What is to be.
 * @param options The differences of those of its parents that stay its parents, and what else decides.
 */
export function compareTable(
  from: TableObject,
  to: TableObject,
  { parents, ...circumstances }: ColumnCircumstances & { readonly parents: readonly TableDifference[] },
): TableDifference {
  const columns = new Map<string, ColumnDifference>();
  const carried = new Map<string, ColumnDifference>();
  const parentsDifferences = (name: string): readonly ColumnDifference[] =>
    parents.map((parent) => parent.columns.get(name) ?? parent.carried.get(name))
      .filter((one) => one !== undefined);
  const after = new Map(to.columns.map((column) => [column.name, column]));
  const before = new Map(from.columns.map((column) => [column.name, column]));
  for (const column of from.columns) {
    const next = after.get(column.name);
    const [theirs] = parentsDifferences(column.name);
    const isParents = theirs?.from !== undefined && (next === undefined ? column.inherited === true : true);
    const here = theirs?.from !== undefined && theirs.to !== undefined ? withParents(column, theirs) : column;
    const difference = compareColumn(column, { from: here, to: next, theirs, isParents, ...circumstances });
    const isChanged = (field: "default" | "notNull"): boolean =>
      column[field] !== (theirs?.old ?? theirs?.from)?.[field] &&
      (here[field] !== column[field] || theirs?.action === "retype");
    const isOwn = theirs?.from !== undefined && (isChanged("default") || isChanged("notNull"));
    if (difference !== undefined) columns.set(column.name, { ...difference, isOwn });
    else if (isOwn) {
      columns.set(column.name, {
        name: column.name,
        from: here,
        to: next,
        old: column,
        isOwn,
        action: "alter",
        isParents,
        releasesDefault: false,
      });
    } else if (theirs !== undefined) {
      const { action } = theirs;
      carried.set(column.name, {
        name: column.name,
        from: here,
        to: next,
        old: column,
        action,
        isParents: true,
        releasesDefault: false,
      });
    }
  }
  for (const column of to.columns) {
    if (before.has(column.name)) continue;
    const theirs = parentsDifferences(column.name).find((one) => one.old === undefined);
    columns.set(column.name, {
      name: column.name,
      from: theirs?.to,
      to: column,
      action: theirs === undefined ? "add" : "alter",
      isParents: theirs !== undefined,
      releasesDefault: false,
    });
  }
  return {
    from,
    to,
    columns,
    carried,
    isMoved: !isEqual(from.partitionOf, to.partitionOf) || !isEqual(from.inherits ?? [], to.inherits ?? []),
  };
}

/** What a column is when its parent's steps are done. */
function withParents(column: TableColumn, { old, from, to, action }: ColumnDifference): TableColumn {
  const changes: Record<string, unknown> = {};
  for (const field of ["default", "notNull", "storage", "statistics"] as const) {
    const isSet = from![field] !== to![field] || old !== undefined && old[field] !== to![field] ||
      field === "default" && action === "retype" && to!.default !== undefined;
    if (isSet) changes[field] = to![field];
  }
  return { ...column, ...changes };
}

function compareColumn(
  old: TableColumn,
  { from, to, theirs, isParents, serverVersion, hasChecks }: ColumnCircumstances & {
    readonly from: TableColumn;
    readonly to: TableColumn | undefined;
    readonly theirs: ColumnDifference | undefined;
    readonly isParents: boolean;
  },
): ColumnDifference | undefined {
  const base = { name: old.name, from, to, old, isParents, releasesDefault: false };
  if (to === undefined) return { ...base, action: "drop" };
  const isRetyped = old.type !== to.type || old.collation !== to.collation;
  const wasComputed = old.generated;
  const isComputed = to.generated;
  if (isComputed !== undefined) {
    // PostgreSQL sets no expression of a virtual column where there are checks.
    const isFixed = serverVersion < 17 || isComputed.kind === "virtual" && hasChecks;
    const isOther = wasComputed === undefined || wasComputed.kind !== isComputed.kind || isRetyped ||
      isFixed && wasComputed.expression !== isComputed.expression || theirs?.action === "add again";
    if (isOther) return { ...base, action: "add again" };
  }
  if (isComputed === undefined && wasComputed?.kind === "virtual") return { ...base, action: "add again" };
  if (isRetyped) return { ...base, action: "retype" };
  const ignored = new Set(["comment", "granted", "identitySequence", "inherited"]);
  return isEqual(from, to, ignored) ? undefined : { ...base, action: "alter" };
}
