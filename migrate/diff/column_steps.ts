/**
 * The steps of a table's columns, stage by stage: what is let go of, what columns become, what is taken up again.
 *
 * @module
 */
import type { TableColumn, TableName } from "../catalog/objects.ts";
import type { ColumnChange, Step } from "../steps/step.ts";
import { quoteIdentifier } from "../../pool/sql/identifier.ts";
import { castOf } from "./cast.ts";
import type { ColumnDifference, TableDifference } from "./compare_tables.ts";
import { comeIntoRange, continueCounting, sequenceOf } from "./continue_counting.ts";
import { isEqual } from "./equal.ts";
import { notNullConstraint, usualNotNullName } from "./not_null_name.ts";
import { retypedIdentity, usualStorage } from "./retyped_column.ts";

/** The stages of a table's change, in their order. */
export const STAGES = ["release", "detour", "drop", "type", "add", "set", "compute"] as const;

/** A stage. */
export type Stage = typeof STAGES[number];

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
      if (isParents) return;
      if (from!.identity !== undefined && context.hasHeirs) {
        // Nor does it on the way back.
        put("release", { type: "identity", from: from!.identity });
        return put("drop", { type: "drop", column: { ...from!, identity: undefined } });
      }
      return put("drop", { type: "drop", column: from! });
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
  const isNamed = context.serverVersion >= 18 && from.notNull && from.notNullName !== undefined;
  if (isNamed && !to.notNull && !isParents) {
    // So that the way back has its name again: a constraint that is made has the usual one.
    const object = notNullConstraint(table, name, from.notNullName!);
    context.putStep("release", { kind: "rename", object, to: usualNotNullName(table.name, name) });
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
    const moved = from.identity === undefined || to.identity === undefined
      ? undefined
      : comeIntoRange(sequenceOf(table, name), { from: from.identity, to: to.identity });
    if (moved !== undefined) context.putStep("set", moved);
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
