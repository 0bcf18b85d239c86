/**
 * How a table becomes another of the same name, stage by stage: what is let go of, what columns become, what is taken
 * up again.
 *
 * ## Invariants
 *
 * - T1 What a parent's step does to its children, too, is no step of theirs.
 * - T2 The order of columns is no difference.
 *
 * @module
 */
import type {
  ColumnIdentity,
  ConstraintObject,
  TableColumn,
  TableName,
  TableObject,
} from "../catalog/objects.ts";
import type { ColumnChange, Step } from "../steps/step.ts";
import { quoteIdentifier } from "../../pool/sql/identifier.ts";
import { castOf } from "./cast.ts";
import { parameterStep, qualified } from "./compare_objects.ts";
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
  /** Whether its parents change. */
  readonly isMoved: boolean;
}

/** The stages of a table's change, in their order. */
export const STAGES = ["release", "detour", "drop", "type", "add", "set", "compute"] as const;

/** A stage. */
export type Stage = typeof STAGES[number];

/** Of what a table is a child. */
export function parentsOf(table: TableObject): readonly TableName[] {
  return [...table.inherits ?? [], ...table.partitionOf === undefined ? [] : [table.partitionOf.table]];
}

/**
 * Compares the columns of a table.
 *
 * @param from What is there.
 * @param to What is to be.
 * @param options The differences of those of its parents that stay its parents, and the server's major version.
 */
export function compareTable(
  from: TableObject,
  to: TableObject,
  { parents, serverVersion }: {
    readonly parents: readonly TableDifference[];
    readonly serverVersion: number;
  },
): TableDifference {
  const columns = new Map<string, ColumnDifference>();
  const after = new Map(to.columns.map((column) => [column.name, column]));
  const before = new Map(from.columns.map((column) => [column.name, column]));
  for (const column of from.columns) {
    const next = after.get(column.name);
    const theirs = parents.map((parent) => parent.columns.get(column.name)).find((one) => one !== undefined);
    const isParents = theirs?.from !== undefined && (next === undefined ? column.inherited === true : true);
    const here = theirs?.from !== undefined && theirs.to !== undefined ? withParents(column, theirs) : column;
    const difference = compareColumn(column, { from: here, to: next, isParents, serverVersion });
    const isChanged = (field: "default" | "notNull"): boolean =>
      column[field] !== theirs?.from?.[field] &&
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
    }
  }
  for (const column of to.columns) {
    if (before.has(column.name)) continue;
    const theirs = parents.map((parent) => parent.columns.get(column.name)).find((one) =>
      one?.action === "add"
    );
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
    isMoved: !isEqual(from.partitionOf, to.partitionOf) || !isEqual(from.inherits ?? [], to.inherits ?? []),
  };
}

/** What a column is when its parent's steps are done. */
function withParents(column: TableColumn, { from, to, action }: ColumnDifference): TableColumn {
  const changes: Record<string, unknown> = {};
  for (const field of ["default", "notNull", "storage", "statistics"] as const) {
    const isSet = from![field] !== to![field] ||
      field === "default" && action === "retype" && to!.default !== undefined;
    if (isSet) changes[field] = to![field];
  }
  return { ...column, ...changes };
}

function compareColumn(
  old: TableColumn,
  { from, to, isParents, serverVersion }: {
    readonly from: TableColumn;
    readonly to: TableColumn | undefined;
    readonly isParents: boolean;
    readonly serverVersion: number;
  },
): ColumnDifference | undefined {
  const base = { name: old.name, from, to, old, isParents, releasesDefault: false };
  if (to === undefined) return { ...base, action: "drop" };
  const isRetyped = old.type !== to.type || old.collation !== to.collation;
  const wasComputed = old.generated;
  const isComputed = to.generated;
  if (isComputed !== undefined) {
    const isOther = wasComputed === undefined || wasComputed.kind !== isComputed.kind || isRetyped ||
      serverVersion < 17 && wasComputed.expression !== isComputed.expression;
    if (isOther) return { ...base, action: "add again" };
  }
  if (isComputed === undefined && wasComputed?.kind === "virtual") return { ...base, action: "add again" };
  if (isRetyped) return { ...base, action: "retype" };
  const ignored = new Set(["comment", "inherited"]);
  return isEqual(from, to, ignored) ? undefined : { ...base, action: "alter" };
}

/** What writing the steps of a table needs beside it. */
export interface TableContext {
  readonly serverVersion: number;
  /** The type a type of the old catalog is based on. */
  readonly baseBefore: (type: string) => string;
  /** The type a type of the new catalog is based on. */
  readonly baseAfter: (type: string) => string;
  /** Whether other tables inherit from it. */
  readonly hasHeirs: boolean;
  /** What a type is called when columns become another: an enum that is made anew has been put aside. */
  readonly source: (type: string) => string;
  /** What a column's type is while its own is replaced; `undefined` where it is not. */
  readonly detour: (column: TableColumn) => Pick<TableColumn, "type" | "collation"> | undefined;
}

/** The steps of a table's columns, by stage. */
export function columnSteps(
  difference: TableDifference,
  context: TableContext,
): ReadonlyMap<Stage, readonly Step[]> {
  const { to: table } = difference;
  const stages = new Map<Stage, Step[]>();
  const name: TableName = { schema: table.schema, name: table.name };
  for (const column of difference.columns.values()) {
    const put = (stage: Stage, change: ColumnChange): void => {
      putStep(stage, { kind: "column", table: name, column: column.name, change });
    };
    const putStep = (stage: Stage, step: Step): void => {
      const steps = stages.get(stage);
      if (steps === undefined) stages.set(stage, [step]);
      else steps.push(step);
    };
    writeColumn(column, { ...context, table: name, put, putStep });
  }
  return stages;
}

interface ColumnContext extends TableContext {
  readonly table: TableName;
  readonly put: (stage: Stage, change: ColumnChange) => void;
  readonly putStep: (stage: Stage, step: Step) => void;
}

function writeColumn(difference: ColumnDifference, context: ColumnContext): void {
  const { from, to, action, isParents } = difference;
  const { put } = context;
  const addStage = (column: TableColumn): Stage => column.generated === undefined ? "add" : "compute";
  switch (action) {
    case "add":
      if (to!.identity !== undefined && context.hasHeirs) {
        // PostgreSQL adds no identity column to a table that others inherit from.
        put("add", { type: "add", column: { ...to!, identity: undefined, inherited: undefined } });
        return put("set", { type: "identity", to: to!.identity });
      }
      return put(addStage(to!), { type: "add", column: { ...to!, inherited: undefined } });
    case "drop":
      return isParents ? undefined : put("drop", { type: "drop", column: from! });
    case "add again":
      if (isParents) return;
      put("drop", { type: "drop", column: from! });
      return put(addStage(to!), { type: "add", column: { ...to!, inherited: undefined } });
    case "retype":
    case "alter":
      return writeAltered(difference, context);
    default:
      throw new TypeError(`BUG: no steps for ${JSON.stringify(action satisfies never)}`);
  }
}

function writeAltered(difference: ColumnDifference, context: ColumnContext): void {
  const { name, isParents, action } = difference;
  const { put, table } = context;
  let from = difference.from!;
  const to = difference.to!;
  if (isParents) {
    const { old, isOwn, releasesDefault } = difference;
    const released = isOwn === true || releasesDefault ? old?.default : undefined;
    if (released !== undefined) put("release", { type: "default", from: released });
    if (releasesDefault) from = { ...from, default: undefined };
    if (isOwn === true && old?.notNull === true && !from.notNull) {
      put("release", { type: "not null", from: true, to: false });
    }
  } else if (from.default !== undefined && (action === "retype" || difference.releasesDefault)) {
    put("release", { type: "default", from: from.default });
    from = { ...from, default: undefined };
  }
  if (from.generated !== undefined && to.generated === undefined) {
    put("release", { type: "generated", from: from.generated });
    from = { ...from, generated: undefined };
  }
  if (from.identity !== undefined && to.identity === undefined && !isParents) {
    put("release", { type: "identity", from: from.identity });
    from = { ...from, identity: undefined };
  }
  if (action === "retype") {
    // It goes with the type by itself; said so that the way back has it again.
    if (from.storage !== undefined && !isParents) {
      const usual = context.serverVersion < 16 ? usualStorage(from.type) : undefined;
      put("release", { type: "storage", from: from.storage, to: usual });
    }
    if (from.compression !== undefined) put("release", { type: "compression", from: from.compression });
    if (!isParents) writeType(from, to, context);
    const identity = from.identity === undefined
      ? undefined
      : retypedIdentity(from.identity, from.type, to.type);
    from = { ...from, identity, storage: undefined, compression: undefined };
  }
  if (from.generated !== undefined && to.generated !== undefined && !isEqual(from.generated, to.generated)) {
    put("compute", { type: "generated", from: from.generated, to: to.generated });
  }
  if (from.default !== to.default) put("set", { type: "default", from: from.default, to: to.default });
  if (from.notNull && !to.notNull) put("set", { type: "not null", from: true, to: false });
  if (!from.notNull && to.notNull) put("set", { type: "not null", from: false, to: true });
  if (!isEqual(from.identity, to.identity) && !isParents) {
    put("set", { type: "identity", from: from.identity, to: to.identity });
    if (from.identity === undefined) {
      context.putStep("set", continueCounting(table, name, to.identity!.increment));
    }
  }
  if (from.storage !== to.storage) {
    const usual = context.serverVersion < 16 ? usualStorage(to.type) : undefined;
    put("set", { type: "storage", from: from.storage ?? usual, to: to.storage ?? usual });
  }
  if (from.compression !== to.compression) {
    put("set", { type: "compression", from: from.compression, to: to.compression });
  }
  if (from.statistics !== to.statistics) {
    put("set", { type: "statistics", from: from.statistics, to: to.statistics });
  }
  if (context.serverVersion >= 18 && to.notNull && !isParents) {
    const usual = usualNotNullName(table.name, name);
    const old = from.notNull ? from.notNullName ?? usual : usual;
    const next = to.notNullName ?? usual;
    if (old !== next) {
      context.putStep("set", { kind: "rename", object: notNullConstraint(table, name, old), to: next });
    }
  }
}

function writeType(from: TableColumn, to: TableColumn, context: ColumnContext): void {
  const { put } = context;
  const quoted = quoteIdentifier(to.name);
  const detour = context.detour(from);
  if (detour !== undefined) {
    const using = castOf(quoted, { from: context.baseBefore(from.type), to: detour.type });
    put("detour", {
      type: "type",
      from: { type: context.source(from.type), collation: from.collation },
      to: detour,
      ...using === undefined ? {} : { using },
    });
  }
  const source = detour ?? { type: context.source(from.type), collation: from.collation };
  if (detour !== undefined && detour.type === to.type && detour.collation === to.collation) return;
  const using = castOf(quoted, {
    from: detour?.type ?? (source.type === from.type ? context.baseBefore(from.type) : source.type),
    to: context.baseAfter(to.type),
    target: to.type,
  });
  put("type", {
    type: "type",
    from: { type: source.type, collation: source.collation },
    to: { type: to.type, collation: to.collation },
    ...using === undefined ? {} : { using },
  });
}

/** How values of a type are stored when nothing is said; before 16 it must be. */
function usualStorage(type: string): TableColumn["storage"] {
  return /^(numeric|inet|cidr)/.test(type) && !type.endsWith("]") ? "main" : "extended";
}

/** The ends PostgreSQL moves with a column's type, by type. */
const ENDS: Readonly<Record<string, readonly [bigint, bigint]>> = {
  smallint: [-32768n, 32767n],
  integer: [-2147483648n, 2147483647n],
  bigint: [-9223372036854775808n, 9223372036854775807n],
};

function retypedIdentity(identity: ColumnIdentity, from: string, to: string): ColumnIdentity {
  const [old, next] = [ENDS[from], ENDS[to]];
  if (old === undefined || next === undefined) return identity;
  return {
    ...identity,
    min: identity.min === old[0] ? next[0] : identity.min,
    max: identity.max === old[1] ? next[1] : identity.max,
  };
}

/** Lets a new sequence begin after the rows that are there. */
export function continueCounting(table: TableName, column: string, increment: bigint): Step {
  const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;
  const end = increment < 0n ? "min" : "max";
  const quoted = quoteIdentifier(column);
  const sequence = `pg_get_serial_sequence(${literal(qualified(table))}, ${literal(column)})`;
  return {
    kind: "sql",
    text: `select setval(${sequence}, ${end}(${quoted}) ${increment < 0n ? "-" : "+"} 1, false) from ${
      qualified(table)
    } having ${end}(${quoted}) is not null;`,
    down: "",
  };
}

/** The name PostgreSQL gives a NOT NULL constraint (`makeObjectName`). */
export function usualNotNullName(table: string, column: string): string {
  const encoder = new TextEncoder();
  const room = 63 - "__not_null".length;
  let [one, two] = [encoder.encode(table).length, encoder.encode(column).length];
  while (one + two > room) {
    if (one > two) one--;
    else two--;
  }
  return `${clip(table, one)}_${clip(column, two)}_not_null`;
}

function clip(text: string, bytes: number): string {
  const encoded = new TextEncoder().encode(text);
  if (encoded.length <= bytes) return text;
  let end = bytes;
  while ((encoded[end] & 0xc0) === 0x80) end--;
  return new TextDecoder().decode(encoded.subarray(0, end));
}

function notNullConstraint(table: TableName, column: string, name: string): ConstraintObject {
  return {
    kind: "constraint",
    name,
    schema: table.schema,
    table: table.name,
    constraint: { type: "check", condition: `${quoteIdentifier(column)} is not null` },
    isValid: true,
    dependsOn: [],
  };
}

/** The steps of a table beside its columns and parents. */
export function tableSteps(
  { from, to }: TableDifference,
): { readonly steps: readonly Step[]; readonly late: readonly Step[] } {
  const steps: Step[] = [];
  const late: Step[] = [];
  const table: TableName = { schema: to.schema, name: to.name };
  if ((from.unlogged ?? false) !== (to.unlogged ?? false)) {
    steps.push({ kind: "table", table, change: { type: "logged", to: !(to.unlogged ?? false) } });
  }
  if (!isEqual(from.parameters, to.parameters)) steps.push(parameterStep(from, to));
  if (from.rowSecurity !== to.rowSecurity) {
    steps.push({
      kind: "table",
      table,
      change: { type: "row security", from: from.rowSecurity, to: to.rowSecurity },
    });
  }
  if (from.accessMethod !== to.accessMethod) {
    const set = (method = "heap"): string =>
      `alter table ${qualified(to)} set access method ${quoteIdentifier(method)};`;
    steps.push({ kind: "sql", text: set(to.accessMethod), down: set(from.accessMethod) });
  }
  if (!isEqual(from.replicaIdentity, to.replicaIdentity)) {
    late.push({
      kind: "table",
      table,
      change: { type: "replica identity", from: from.replicaIdentity, to: to.replicaIdentity },
    });
  }
  return { steps, late };
}
