/**
 * Rules about what programs rely on: constraints, defaults, rights.
 *
 * @module
 */
import { objectKey } from "../../catalog/object_key.ts";
import type { ConstraintObject, TableName } from "../../catalog/objects.ts";
import type { Step } from "../../steps/step.ts";
import { type LintContext, type Rule, sameTable, shown, tableOfObject } from "../rule.ts";
import { readerOf } from "../token_reader.ts";

/** Whether a later step makes a constraint that demands as much of the same columns. */
function isReplaced(object: ConstraintObject, context: LintContext): boolean {
  const demand = ({ constraint }: ConstraintObject): string =>
    JSON.stringify([
      constraint.type === "primary key" ? "unique" : constraint.type,
      "columns" in constraint ? constraint.columns : objectKey(object),
    ]);
  return context.steps.some((step) =>
    step.kind === "create" && step.object.kind === "constraint" &&
    sameTable(tableOfObject(step.object), tableOfObject(object)) &&
    (step.object.name === object.name || demand(step.object) === demand(object))
  );
}

/** The table, function or schema whose rights a statement takes away. */
function subjectOfRevoke(text: string): { readonly kind: string; readonly name: TableName } | undefined {
  const reader = readerOf(text);
  reader.until("on");
  if (!reader.take("on")) return undefined;
  const kind = reader.takeOneOf("function", "procedure", "routine", "schema", "sequence", "type", "table");
  const name = reader.qualifiedName();
  return name === undefined ? undefined : { kind: kind ?? "table", name };
}

/** Whether the steps before have made what a statement takes rights of. */
function isNewSubject(text: string, context: LintContext): boolean {
  const subject = subjectOfRevoke(text);
  if (subject === undefined) return false;
  const { kind, name } = subject;
  const what = kind === "procedure" || kind === "routine" ? "function" : kind;
  return context.isNew(name) ||
    context.isNewObject(objectKey({ ...name, kind: "opaque", what, hash: "", dependsOn: [] })) ||
    context.isNewObject(objectKey({ ...name, kind: "schema", dependsOn: [] }));
}

/** The rules about what programs rely on. */
export const GUARANTEE_RULES: readonly Rule[] = [
  {
    id: "constraint-dropped",
    severity: "warning",
    lock: "ACCESS EXCLUSIVE",
    check(step, context) {
      if (step.kind !== "drop" || step.object.kind !== "constraint") return [];
      const table = tableOfObject(step.object);
      if (context.isNew(table)) return [];
      // Without a definition it may be a check, which nobody misses.
      const object = context.constraintOf(step.object) ?? step.object;
      const { constraint } = object;
      if (constraint.type === "check" || constraint.type === "exclude" || isReplaced(object, context)) {
        return [];
      }
      const isKey = constraint.type !== "foreign key";
      return [{
        message: isKey
          ? `Without "${object.name}" rows of ${
            shown(table)
          } may be there twice, its index is gone, and ON CONFLICT that names its columns fails`
          : `Without "${object.name}" rows of ${
            shown(table)
          } may refer to nothing; dropping it waits for all who ` +
            `use ${shown(table)} and ${shown(constraint.target)}, and all others wait for it`,
        advice: isKey
          ? "Make sure that no program in use relies on it; another key can be built first, concurrently"
          : "Make sure that nobody relies on it, and keep the transaction short: nothing else in it",
        table,
      }];
    },
  },
  {
    id: "default-dropped",
    severity: "warning",
    lock: "ACCESS EXCLUSIVE",
    check(step, context) {
      if (step.kind !== "column" || context.isNewColumn(step.table, step.column)) return [];
      const { change, table, column } = step;
      const isDropped = (change.type === "default" || change.type === "identity") && change.to === undefined;
      if (!isDropped || isGivenAgain(step, context)) return [];
      const known = context.columnOf(table, column);
      const fails = known?.notNull === true || change.type === "identity";
      return [{
        message: `Programs in use that insert into ${shown(table)} without "${column}" ${
          fails
            ? "fail"
            : known === undefined
            ? "store null from then on, or fail"
            : "store null from then on"
        }`,
        advice: "Deploy programs that give a value first, and drop the default in a later migration",
        ...(fails || known === undefined ? {} : { severity: "note" as const }),
      }];
    },
  },
  {
    id: "rights-removed",
    severity: "warning",
    check(step, context) {
      if (step.kind === "drop" && step.object.kind === "opaque" && step.object.what === "role") {
        return [{
          message: `Nobody can log in as "${step.object.name}" any more, and what was granted to it is gone`,
          advice: "Drop it when no program in use logs in as it",
        }];
      }
      if (step.kind !== "sql" || !readerOf(step.text).take("revoke")) return [];
      if (isNewSubject(step.text, context)) return [];
      return [{
        message: "Programs in use that need the rights that are revoked fail",
        advice: "Make sure that none does, and say so with an ignore comment",
      }];
    },
  },
];

/** Whether the column gets something else in its place, as `serial` that becomes an identity. */
function isGivenAgain({ table, column, change }: Step & { kind: "column" }, context: LintContext): boolean {
  return context.steps.slice(context.position + 1).some((later) =>
    later.kind === "column" && later.column === column && sameTable(later.table, table) &&
    (later.change.type === "drop" ||
      ((later.change.type === "default" || later.change.type === "identity") &&
        later.change.to !== undefined &&
        (change.type === "default" || change.type === "identity")))
  );
}
