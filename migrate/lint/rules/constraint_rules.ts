/**
 * Rules about constraints.
 *
 * @module
 */
import { objectKey } from "../../catalog/object_key.ts";
import type { ConstraintObject, IndexObject } from "../../catalog/objects.ts";
import type { Step } from "../../steps/step.ts";
import { type LintContext, type Rule, sameTable, shown, tableOfObject } from "../rule.ts";
import { parseType } from "../type_change.ts";
import { quoteIdentifier } from "../../../pool/sql/identifier.ts";

/** The constraint that a step adds to a table that is in use. */
function added(step: Step, context: LintContext): ConstraintObject | undefined {
  if (step.kind !== "create" || step.object.kind !== "constraint") return undefined;
  return context.isNew(tableOfObject(step.object)) ? undefined : step.object;
}

/** A constraint first for new rows, then for those that are there. */
function inTwoSteps(step: Step & { kind: "create" }, object: ConstraintObject): readonly Step[] {
  return [
    { ...step, notValid: true },
    { kind: "constraint", object, change: { type: "validate" } },
  ];
}

/** The rules about constraints. */
export const CONSTRAINT_RULES: readonly Rule[] = [
  {
    id: "foreign-key-validated",
    severity: "danger",
    lock: "SHARE ROW EXCLUSIVE",
    check(step, context) {
      const object = added(step, context);
      if (object === undefined || step.kind !== "create" || object.constraint.type !== "foreign key") {
        return [];
      }
      if (step.notValid === true || !object.isValid || object.isEnforced === false) return [];
      const table = tableOfObject(object);
      return [{
        message: `Adding the foreign key "${object.name}" keeps all who write to ${shown(table)} and ` +
          `${shown(object.constraint.target)} waiting while every row is checked`,
        advice: "Add it NOT VALID, and validate it in a transaction of its own: that lets others write",
        table,
        safer: inTwoSteps(step, object),
      }];
    },
  },
  {
    id: "check-validated",
    severity: "danger",
    lock: "ACCESS EXCLUSIVE",
    check(step, context) {
      const object = added(step, context);
      if (object === undefined || step.kind !== "create" || object.constraint.type !== "check") return [];
      if (step.notValid === true || !object.isValid || object.isEnforced === false) return [];
      const table = tableOfObject(object);
      return [{
        message: `Adding the check "${object.name}" keeps all who use ${
          shown(table)
        } waiting while every row is checked`,
        advice:
          "Add it NOT VALID, and validate it in a transaction of its own: that lets others read and write",
        table,
        safer: inTwoSteps(step, object),
      }];
    },
  },
  {
    id: "validated-in-same-transaction",
    severity: "warning",
    lock: "ACCESS EXCLUSIVE",
    check(step, context) {
      if (step.kind !== "constraint" || step.change.type !== "validate") return [];
      const table = tableOfObject(step.object);
      if (context.isNew(table)) return [];
      const isAddedHere = context.steps.slice(0, context.position).some((before, position) =>
        context.isTogether(position) && before.kind === "create" && before.object.kind === "constraint" &&
        before.object.name === step.object.name &&
        sameTable(tableOfObject(before.object), table)
      );
      if (!isAddedHere) return [];
      return [{
        message:
          `The constraint "${step.object.name}" is validated in the transaction that adds it, which holds the ` +
          "lock of adding it until every row is checked",
        advice: "Validate it in a migration of its own, or in one that is no transaction",
        table,
      }];
    },
  },
  {
    id: "unique-builds-index",
    severity: "danger",
    lock: "ACCESS EXCLUSIVE",
    check(step, context) {
      const object = added(step, context);
      if (object === undefined || step.kind !== "create" || step.usingIndex !== undefined) return [];
      const { constraint } = object;
      if (constraint.type !== "primary key" && constraint.type !== "unique") return [];
      const table = tableOfObject(object);
      const message =
        `Adding ${constraint.type === "unique" ? "the unique constraint" : "the primary key"} ` +
        `"${object.name}" keeps all who use ${shown(table)} waiting while its index is built`;
      if (constraint.withoutOverlaps === true || constraint.columns.length === 0) {
        return [{ message, table, advice: "Add it when nobody needs the table" }];
      }
      return [{
        message,
        table,
        advice: "Create a unique index concurrently, and then the constraint with USING INDEX",
        safer: [
          { kind: "create", object: indexOf(object, constraint), concurrently: true },
          { ...step, usingIndex: object.name },
        ],
      }];
    },
  },
  {
    id: "exclusion-builds-index",
    severity: "danger",
    lock: "ACCESS EXCLUSIVE",
    check(step, context) {
      const object = added(step, context);
      if (object?.constraint.type !== "exclude") return [];
      const table = tableOfObject(object);
      return [{
        message:
          `Adding the exclusion constraint "${object.name}" keeps all who use ${
            shown(table)
          } waiting while its ` +
          "index is built; PostgreSQL has no other way",
        advice: "Add it when nobody needs the table, or to a new table into which the rows are copied",
        table,
      }];
    },
  },
  {
    id: "foreign-key-type",
    severity: "warning",
    check(step, context) {
      if (step.kind !== "create") return [];
      return [step.object, ...step.constraints ?? []].flatMap((object) => {
        const found = object.kind === "constraint" && object.constraint.type === "foreign key"
          ? unequalTypes(object, { step, context })
          : undefined;
        if (found === undefined || object.kind !== "constraint" || object.constraint.type !== "foreign key") {
          return [];
        }
        const [column, type, target, targetType] = found;
        return [{
          message: `${shown(tableOfObject(object))}."${column}" is ${type}, and ${
            shown(object.constraint.target)
          }."${target}", which it refers to, is ${targetType}: one ends before the other`,
          advice: `Make it ${targetType}, as what it refers to`,
        }];
      });
    },
  },
  {
    id: "domain-checks-rows",
    severity: "danger",
    lock: "SHARE",
    check(step, context) {
      if (step.kind !== "type" || step.object.kind !== "domain") return [];
      const { object, change } = step;
      const isCheck = change.type === "add check" && change.check.isValid;
      if (!isCheck && !(change.type === "domain not null" && change.to)) return [];
      if (context.isNewObject(objectKey(object))) return [];
      return [{
        message:
          `Changing the domain "${object.name}" keeps all who write to any table that has a column of it ` +
          "waiting while every row of all of them is checked",
        advice: isCheck
          ? "Add the check NOT VALID, and validate it in a transaction of its own"
          : "Add the check VALUE IS NOT NULL to it NOT VALID instead, and validate it in a transaction of its own",
        ...(isCheck
          ? { safer: [{ ...step, change: { ...change, check: { ...change.check, isValid: false } } }] }
          : {}),
      }];
    },
  },
];

/** A foreign key of one kind of number to another: the names of both columns and their types. */
function unequalTypes(
  object: ConstraintObject,
  { step, context }: { readonly step: Step; readonly context: LintContext },
): readonly [column: string, type: string, target: string, targetType: string] | undefined {
  const { constraint } = object;
  if (constraint.type !== "foreign key") return undefined;
  const own = step.kind === "create" && step.object.kind === "table" ? step.object.columns : [];
  const targets = constraint.targetColumns.length > 0
    ? constraint.targetColumns
    : context.keyOf(constraint.target) ?? [];
  for (const [index, column] of constraint.columns.entries()) {
    const type = (own.find(({ name }) => name === column) ?? context.columnOf(tableOfObject(object), column))
      ?.type;
    const targetType = context.columnOf(constraint.target, targets[index] ?? "")?.type;
    if (type === undefined || targetType === undefined) continue;
    const [one, other] = [parseType(type).base, parseType(targetType).base];
    if (one !== other && NUMBERS.includes(one) && NUMBERS.includes(other)) {
      return [column, one, targets[index], other];
    }
  }
  return undefined;
}

const NUMBERS: readonly string[] = ["smallint", "integer", "bigint", "numeric"];

function indexOf(
  object: ConstraintObject,
  constraint: ConstraintObject["constraint"] & { readonly type: "primary key" | "unique" },
): IndexObject {
  return {
    kind: "index",
    name: object.name,
    ...(object.schema === undefined ? {} : { schema: object.schema }),
    table: object.table,
    unique: true,
    ...(constraint.nullsNotDistinct === undefined ? {} : { nullsNotDistinct: constraint.nullsNotDistinct }),
    method: "btree",
    keys: constraint.columns.map((column) => ({ expression: quoteIdentifier(column), isColumn: true })),
    include: constraint.include,
    parameters: constraint.parameters,
    isValid: true,
    dependsOn: [],
  };
}
