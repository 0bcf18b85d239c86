/**
 * What brings a column back to what it was before a step.
 *
 * @module
 */
import { quoteIdentifier } from "../../pool/sql/identifier.ts";
import { castOf } from "../diff/cast.ts";
import type { ColumnChange, ColumnStep, Reversal } from "./step.ts";

type TypeChange = Extract<ColumnChange, { readonly type: "type" }>;

/** The reversal of a column's change. */
export function reverseColumnStep(step: ColumnStep): Reversal {
  const { change } = step;
  const subject = `column "${step.column}" of table "${step.table.name}"`;
  const changed = (to: ColumnChange): Reversal => ({ steps: [{ ...step, change: to }] });
  switch (change.type) {
    case "add":
      return {
        ...changed({
          type: "drop",
          column: change.column,
          ...(change.ifNotExists === true ? { ifExists: true } : {}),
        }),
        ...(change.ifNotExists === true ? { loss: `${subject} goes even where it was there before` } : {}),
      };
    case "drop": {
      const again = changed({ type: "add", column: change.column });
      if (change.column.generated !== undefined) return again;
      const also = change.cascade === true ? ", nor what went with it by CASCADE" : "";
      return { ...again, loss: `the values of ${subject} do not come back${also}` };
    }
    case "rename":
      return { steps: [{ ...step, column: change.to, change: { type: "rename", to: step.column } }] };
    case "type":
      return reverseType(step, change, subject);
    case "not null":
      return changed({ ...change, from: change.to, to: change.from });
    case "identity": {
      const back = changed(swap(change));
      return change.from !== undefined && change.to === undefined
        ? { ...back, loss: `${subject} counts from its start again` }
        : back;
    }
    case "generated":
      if (change.to !== undefined) return changed({ ...change, from: change.to, to: change.from });
      return {
        steps: [],
        loss: `${subject} has values of its own now and cannot be generated again; drop and add it in down()`,
        isImpossible: true,
      };
    case "default":
    case "storage":
    case "compression":
    case "statistics":
      return changed(swap(change));
    default:
      throw new TypeError(`BUG: ${JSON.stringify(change satisfies never)}`);
  }
}

/** `from` and `to` the other way round; neither is there where it is `undefined`. */
function swap<Change extends { readonly type: string; readonly from?: unknown; readonly to?: unknown }>(
  { type, from, to }: Change,
): Change {
  return {
    type,
    ...(to === undefined ? {} : { from: to }),
    ...(from === undefined ? {} : { to: from }),
  } as Change;
}

function reverseType(step: ColumnStep, change: TypeChange, subject: string): Reversal {
  const { from, to } = change;
  if (from === undefined) {
    return {
      steps: [],
      loss: `the type ${subject} had is not known; give it as from, or write down()`,
      isImpossible: true,
    };
  }
  const using = needsCast(to.type, from.type)
    ? castOf(quoteIdentifier(step.column), { from: to.type, to: from.type })
    : undefined;
  return {
    steps: [{
      ...step,
      change: { type: "type", from: to, to: from, ...(using === undefined ? {} : { using }) },
    }],
    ...(isWider(from.type, to.type) && change.using === undefined ? {} : {
      loss: `the values of ${subject} became ${to.type}, and what they lost by it does not come back`,
    }),
  };
}

const NUMBERS = ["smallint", "integer", "bigint", "numeric", "real", "double precision"];
const TEXTS = ["character varying", "varchar", "character", "char", "text", "citext"];
const TIMES = ["date", "timestamp without time zone", "timestamp", "timestamp with time zone", "timestamptz"];
const FAMILIES = [NUMBERS, TEXTS, TIMES];

/** Whether PostgreSQL has no assignment cast: to text it has one from everything, and within a family. */
function needsCast(from: string, to: string): boolean {
  const [source, target] = [baseOf(from), baseOf(to)];
  if (source === target || (TEXTS.includes(target) && !to.endsWith("[]"))) return false;
  return !FAMILIES.some((family) => family.includes(source) && family.includes(target));
}

/** Whether each value of a type is one of another, the same. */
function isWider(from: string, to: string): boolean {
  if (from === to) return true;
  const [source, target] = [baseOf(from), baseOf(to)];
  const whole = ["smallint", "integer", "bigint", "numeric"];
  if (whole.includes(source) && whole.includes(target)) {
    return source !== "numeric" && modifierOf(to) === undefined &&
      whole.indexOf(source) < whole.indexOf(target);
  }
  if (source === "numeric" && target === "numeric") return modifierOf(to) === undefined;
  if (source === "real" && target === "double precision") return true;
  const varying = ["character varying", "varchar"];
  if (varying.includes(source) || source === "text") {
    if (target === "text" || target === "citext") return true;
    const [before, after] = [modifierOf(from), modifierOf(to)];
    return varying.includes(target) &&
      (after === undefined || (before !== undefined && Number(after) >= Number(before)));
  }
  return false;
}

/** A type without its modifier. */
function baseOf(type: string): string {
  return type.toLowerCase().replace(/\s*\([^)]*\)/, "").trim();
}

function modifierOf(type: string): string | undefined {
  return /\(([^)]*)\)/.exec(type)?.[1];
}
