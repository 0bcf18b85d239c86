/**
 * What brings a database back to where it was before a step.
 *
 * A loss is about what there was before the step: that a table's rows go with the table that the step created needs no
 * words, that a dropped table's rows do not come back does.
 *
 * @module
 */
import { quoteIdentifier } from "../../pool/sql/identifier.ts";
import { describeObject } from "../catalog/object_key.ts";
import type { CatalogObject, IndexObject, TableName } from "../catalog/objects.ts";
import { rebuildWithoutLabel } from "./rebuild_enum.ts";
import { reverseColumnStep } from "./reverse_column.ts";
import type {
  CreateStep,
  DropStep,
  MoveStep,
  Reversal,
  Step,
  TableChange,
  TableStep,
  TypeStep,
} from "./step.ts";

/** The reversals of several steps, as one list of steps. */
export interface StepsReversal {
  /** The steps, the reversal of the last one first. */
  readonly steps: readonly Step[];
  /** What is lost or cannot be done, in the order of `steps`. */
  readonly losses: readonly string[];
  /** Those of the losses because of which it cannot be reversed as a whole. */
  readonly impossible: readonly string[];
}

/**
 * The reversal of steps that were done one after the other.
 *
 * @param steps The steps, in the order they were done in.
 *
 * @example
 * ```ts
 * import { reverseSteps, Schema, writeStep } from "@lifeguard/core/migrate";
 * const schema = new Schema();
 * schema.renameTable("users", "people");
 * schema.dropTable("sessions");
 * const { steps, impossible } = reverseSteps(schema.steps);
 * console.assert(writeStep(steps[0], 18)[0].text === 'alter table "people" rename to "users"');
 * console.assert(impossible.length === 1); // nobody knows what columns sessions had
 * ```
 */
export function reverseSteps(steps: readonly Step[]): StepsReversal {
  const reversals = steps.toReversed().map(reverseStep);
  const lossesOf = (which: readonly Reversal[]): string[] =>
    which.flatMap(({ loss }) => loss === undefined ? [] : [loss]);
  return {
    steps: reversals.flatMap((reversal) => reversal.steps),
    losses: lossesOf(reversals),
    impossible: lossesOf(reversals.filter(({ isImpossible }) => isImpossible === true)),
  };
}

/**
 * The reversal of a step.
 *
 * @param step The step.
 * @returns The steps that take it back, and what they do not bring back.
 *
 * @example
 * ```ts
 * import { reverseStep, Schema } from "@lifeguard/core/migrate";
 * const schema = new Schema();
 * schema.dropTable("drafts");
 * const { isImpossible, loss } = reverseStep(schema.steps[0]);
 * console.assert(isImpossible === true);
 * console.assert(loss === "what table drafts was before is not known; write it in down()");
 * ```
 */
export function reverseStep(step: Step): Reversal {
  if ("unknownBefore" in step && step.unknownBefore === true) {
    return impossible(`what ${subjectOf(step)} was before is not known; write it in down()`);
  }
  switch (step.kind) {
    case "create":
      return reverseCreate(step);
    case "drop":
      return reverseDrop(step);
    case "replace":
      return { steps: [{ ...step, from: step.to, to: step.from }] };
    case "rename":
      return { steps: [{ ...step, object: { ...step.object, name: step.to }, to: step.object.name }] };
    case "move":
      return reverseMove(step);
    case "comment": {
      const { kind, object, column, from, to } = step;
      return { steps: [swapped({ kind, object, ...(column === undefined ? {} : { column }) }, to, from)] };
    }
    case "column":
      return reverseColumnStep(step);
    case "table":
      return { steps: [{ ...step, change: reverseTableChange(step) }] };
    case "type":
      return reverseType(step);
    case "sequence":
      return { steps: [{ ...step, from: step.to, to: step.from }] };
    case "constraint": {
      const { kind, object, change } = step;
      if (change.type === "validate") {
        return { steps: [], loss: `${describeObject(object)} stays valid, which takes nothing away` };
      }
      const before = { ...object, deferrable: change.to };
      return { steps: [{ kind, object: before, change: { ...change, to: object.deferrable } }] };
    }
    case "index":
    case "refresh":
      return { steps: [] };
    case "trigger":
      return { steps: [{ ...step, from: step.to, to: step.from }] };
    case "sql":
      return step.down === undefined
        ? impossible(
          "what reverses a statement written by hand is not known; give it as down, or write down()",
        )
        : { steps: [{ ...step, text: step.down, down: step.text }] };
    default:
      throw new TypeError(`BUG: ${JSON.stringify(step satisfies never)}`);
  }
}

function impossible(loss: string): Reversal {
  return { steps: [], loss, isImpossible: true };
}

function subjectOf(step: Exclude<Step, { readonly kind: "constraint" }>): string {
  if ("object" in step) return describeObject(step.object);
  if (step.kind === "replace") return describeObject(step.to);
  if (step.kind === "column") return `column "${step.column}" of table "${step.table.name}"`;
  if (step.kind === "sequence") return describeObject(step.from);
  return step.kind === "table" ? `table "${step.table.name}"` : "it";
}

function swapped(
  step: Omit<Extract<Step, { readonly kind: "comment" }>, "from" | "to">,
  from: string | undefined,
  to: string | undefined,
): Step {
  return { ...step, ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
}

function reverseCreate(step: CreateStep): Reversal {
  const { object, ifNotExists, concurrently, constraints, usingIndex } = step;
  const drop: DropStep = {
    kind: "drop",
    object,
    ...(concurrently === true ? { concurrently } : {}),
    ...(constraints === undefined ? {} : { constraints }),
    ...(ifNotExists === true ? { ifExists: true } : {}),
  };
  const losses: string[] = [];
  if (ifNotExists === true) losses.push(`${describeObject(object)} goes even where it was there before`);
  const steps: Step[] = [drop];
  if (object.kind === "constraint") {
    if (object.constraint.type === "primary key") {
      losses.push(`the columns of ${describeObject(object)} stay NOT NULL`);
    }
    if (usingIndex !== undefined) steps.push({ kind: "create", object: indexOf(object, usingIndex) });
  }
  return { steps, ...lossOf(losses) };
}

/** The index that a constraint took, which goes with it. */
function indexOf(
  { schema, table, constraint, dependsOn }: Extract<CatalogObject, { readonly kind: "constraint" }>,
  name: string,
): IndexObject {
  const columns = constraint.type === "primary key" || constraint.type === "unique" ? constraint.columns : [];
  return {
    kind: "index",
    name,
    ...(schema === undefined ? {} : { schema }),
    table,
    dependsOn,
    unique: true,
    method: "btree",
    keys: columns.map((column) => ({ expression: quoteIdentifier(column), isColumn: true })),
    include: "include" in constraint ? constraint.include : [],
    parameters: "parameters" in constraint ? constraint.parameters : {},
    isValid: true,
  };
}

function reverseDrop(step: DropStep): Reversal {
  const { object, concurrently, constraints, cascade } = step;
  if (object.kind === "opaque" && object.definition === undefined) {
    return impossible(`the definition of ${describeObject(object)} is not known; write it in down()`);
  }
  const losses: string[] = [];
  if (object.kind === "table") losses.push(`the rows of ${describeObject(object)} do not come back`);
  if (object.kind === "sequence") losses.push(`${describeObject(object)} counts from its start again`);
  if (cascade === true) losses.push(`what went with ${describeObject(object)} by CASCADE does not come back`);
  const create: CreateStep = {
    kind: "create",
    object,
    ...(concurrently === true ? { concurrently } : {}),
    ...(constraints === undefined ? {} : { constraints }),
    ...(object.kind === "materialized view" && !object.isPopulated ? { withNoData: true } : {}),
  };
  const steps: Step[] = [create, ...step.afterwards ?? []];
  if (object.kind === "sequence" && object.ownedBy !== undefined) {
    const { ownedBy: _, ...free } = object;
    steps.push({ kind: "sequence", from: free, to: object });
  }
  return { steps, ...lossOf(losses) };
}

function lossOf(losses: readonly string[]): { readonly loss?: string } {
  return losses.length === 0 ? {} : { loss: losses.join("; ") };
}

function reverseMove(step: MoveStep): Reversal {
  const { object, to } = step;
  if (object.schema === undefined) {
    return impossible(`the schema that ${describeObject(object)} was in is not known; write it in down()`);
  }
  return { steps: [{ ...step, object: { ...object, schema: to }, to: object.schema }] };
}

function reverseTableChange({ change }: TableStep): TableChange {
  switch (change.type) {
    case "row security":
      return { ...change, from: change.to, to: change.from };
    case "logged":
      return { ...change, to: !change.to };
    case "parameters": {
      const names = [...Object.keys(change.from), ...Object.keys(change.to)];
      const all = (
        values: Readonly<Record<string, string | undefined>>,
      ): Record<string, string | undefined> => Object.fromEntries(names.map((name) => [name, values[name]]));
      return { ...change, from: all(change.to), to: all(change.from) };
    }
    case "replica identity":
      return { ...change, from: change.to, to: change.from };
    case "attach":
      return { type: "detach", partition: change.partition, bound: change.bound };
    case "detach":
      return { type: "attach", partition: change.partition, bound: change.bound };
    case "inherit": {
      const { from, to }: { readonly from: readonly TableName[]; readonly to: readonly TableName[] } = change;
      return { ...change, from: to, to: from };
    }
    default:
      throw new TypeError(`BUG: ${JSON.stringify(change satisfies never)}`);
  }
}

function reverseType(step: TypeStep): Reversal {
  const { object, change } = step;
  switch (change.type) {
    case "add label":
      return {
        steps: [{ kind: "sql", text: rebuildWithoutLabel(object, change.label) }],
        loss:
          `PostgreSQL cannot remove a label, so ${
            describeObject(object)
          } is made anew and the columns of it ` +
          `are rewritten; that fails where a row has the label, or a view, an index' condition or a function needs the type`,
      };
    case "rename label":
      return { steps: [{ ...step, change: { ...change, from: change.to, to: change.from } }] };
    case "domain default": {
      const { from: to, to: from, type } = change;
      return {
        steps: [{
          ...step,
          change: { type, ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) },
        }],
      };
    }
    case "domain not null":
      return { steps: [{ ...step, change: { ...change, to: !change.to } }] };
    case "add check":
      return { steps: [{ ...step, change: { ...change, type: "drop check" } }] };
    case "drop check":
      return { steps: [{ ...step, change: { ...change, type: "add check" } }] };
    default:
      throw new TypeError(`BUG: ${JSON.stringify(change satisfies never)}`);
  }
}
