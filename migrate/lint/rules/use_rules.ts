/**
 * Rules about programs that are in use while a migration runs: they know the old names, and they wait for locks.
 *
 * @module
 */
import { describeObject, objectKey } from "../../catalog/object_key.ts";
import type { CatalogObject, TableName } from "../../catalog/objects.ts";
import type { Step } from "../../steps/step.ts";
import { type LintContext, type Rule, sameTable, shown, tableOfObject } from "../rule.ts";

function isNewObject(object: CatalogObject, context: LintContext): boolean {
  return context.isNewObject(objectKey(object)) || context.isNew(object);
}

/** What programs say the name of, beside tables, views and columns. */
const NAMED_IN_PROGRAMS: readonly string[] = [
  "schema",
  "enum",
  "domain",
  "composite",
  "range",
  "function",
  "aggregate",
  "sequence",
];

/** Whether a label stands as a string in a step. */
function mentions(step: Step, label: string): boolean {
  const literal = `'${label.replaceAll("'", "''")}'`;
  if (step.kind === "sql") return step.text.includes(literal);
  if (step.kind === "type" && step.change.type === "add label") return false;
  return JSON.stringify(step, (_, value) => typeof value === "bigint" ? String(value) : value).includes(
    JSON.stringify(literal).slice(1, -1),
  );
}

/** The rules about programs in use. */
export const USE_RULES: readonly Rule[] = [
  {
    id: "table-renamed",
    severity: "danger",
    lock: "ACCESS EXCLUSIVE",
    check(step, context) {
      if (step.kind !== "rename" && step.kind !== "move") return [];
      const { object } = step;
      if (!["table", "view", "materialized view"].includes(object.kind) || isNewObject(object, context)) {
        return [];
      }
      // A table built beside the old one takes its name: programs see no other name.
      const isSwapped = context.steps.some((other) =>
        other.kind === "rename" && other.object.kind === object.kind &&
        (other.to === object.name || step.to === other.object.name)
      );
      if (isSwapped) return [];
      const what = step.kind === "rename" ? `Renaming ${shown(object)}` : `Moving ${shown(object)}`;
      return [{
        message: `${what} breaks programs that know it by its present name`,
        advice:
          "Expand and contract: make a view of the old name in the same transaction and drop it when no program " +
          "in use names it",
        ...(step.kind === "rename" && object.kind === "table"
          ? { safer: renamedWithView(step, { ...object }) }
          : {}),
      }];
    },
  },
  {
    id: "object-renamed",
    severity: "warning",
    check(step, context) {
      if (step.kind !== "rename" && step.kind !== "move") return [];
      const { object } = step;
      const kind = object.kind === "opaque" ? object.what : object.kind;
      if (!NAMED_IN_PROGRAMS.includes(kind) || isNewObject(object, context)) return [];
      // Something else takes its name at once, as where an enum is made anew.
      const isSwapped = context.steps.some((other) =>
        (other.kind === "rename" && other.to === object.name && other.object.kind === object.kind) ||
        (other.kind === "create" && objectKey(other.object) === objectKey(object))
      );
      if (isSwapped) return [];
      return [{
        message: `${step.kind === "rename" ? "Renaming" : "Moving"} ${
          describeObject(object)
        } breaks programs that know it by its present name`,
        advice: kind === "function"
          ? "Create the function of the new name beside it, and drop the old one when no program in use calls it"
          : "Leave the name as it is in the database, or make sure that no program in use says it",
        ...(kind === "schema" ? { severity: "danger" as const } : {}),
      }];
    },
  },
  {
    id: "column-renamed",
    severity: "danger",
    lock: "ACCESS EXCLUSIVE",
    check(step, context) {
      if (step.kind !== "column" || step.change.type !== "rename") return [];
      if (context.isNewColumn(step.table, step.column)) return [];
      const { column, table, change: { to } } = step;
      // Two that change their places, as where one of another type was filled beside the old one.
      const isSwapped = context.steps.some((other) =>
        other.kind === "column" && other.change.type === "rename" && sameTable(other.table, table) &&
        (other.change.to === column || to === other.column)
      );
      if (isSwapped) return [];
      return [{
        message: `Renaming ${
          shown(step.table)
        }."${step.column}" breaks programs that know it by its present name`,
        advice:
          "Expand and contract: add a column of the new name, write both, fill it in batches, switch readers over, " +
          "drop the old one later; or keep the name in the database and give the model's column .name()",
      }];
    },
  },
  {
    id: "enum-label-renamed",
    severity: "warning",
    check(step, context) {
      if (step.kind !== "type" || step.change.type !== "rename label") return [];
      if (context.isNewObject(objectKey(step.object))) return [];
      return [{
        message:
          `Renaming '${step.change.from}' of "${step.object.name}" breaks programs that know it by its present name`,
        advice:
          "Add a label of the new name, write it, change the rows in batches, and use the old one no more",
      }];
    },
  },
  {
    id: "enum-label-used-at-once",
    severity: "danger",
    check(step, context) {
      if (step.kind !== "type" || step.change.type !== "add label") return [];
      const { label } = step.change;
      if (context.isNewObject(objectKey(step.object))) return [];
      const isUsed = context.steps.some((later, position) =>
        position > context.position && context.isTogether(position) && mentions(later, label)
      );
      if (!isUsed) return [];
      return [{
        message:
          `'${label}' is added to "${step.object.name}" and used in one transaction, which PostgreSQL refuses`,
        advice: "Add the label in a migration of its own, before the one that uses it",
      }];
    },
  },
  {
    id: "trigger-changes",
    severity: "warning",
    lock: "SHARE ROW EXCLUSIVE",
    check(step, context) {
      const table = triggerTable(step);
      if (table === undefined || context.isNew(table)) return [];
      const isDropped = step.kind === "drop";
      return [{
        message: `${isDropped ? "Dropping" : "Changing"} a trigger of ${shown(table)} keeps all who ` +
          `${isDropped ? "use" : "write to"} it waiting, and changes what every write does from then on`,
        advice:
          "Keep the transaction short, with a lock_timeout, and make sure that programs in use expect what it does",
        table,
      }];
    },
  },
  {
    id: "row-security-changes",
    severity: "warning",
    lock: "ACCESS EXCLUSIVE",
    check(step, context) {
      if (step.kind === "table" && step.change.type === "row security") {
        if (context.isNew(step.table)) return [];
        const isOn = step.change.to !== undefined;
        const hasPolicy = context.steps.some((other) =>
          other.kind === "create" && other.object.kind === "policy" &&
          sameTable(tableOfObject(other.object), step.table)
        ) || [...context.catalog?.objects.values() ?? []].some((object) =>
          object.kind === "policy" && sameTable(tableOfObject(object), step.table)
        );
        return [{
          message: isOn
            ? `Row-level security of ${shown(step.table)} hides every row for which no policy speaks` +
              (hasPolicy ? "" : ", and there is no policy that speaks for any")
            : `Without row-level security everybody who may read ${shown(step.table)} sees every row of it`,
          advice: isOn
            ? "Create the policies first, in the same transaction, and try them as the role that programs use"
            : "Make sure that nobody relies on it, and say so with an ignore comment",
          ...(isOn && !hasPolicy ? { severity: "danger" as const } : {}),
        }];
      }
      const policy = step.kind === "create" || step.kind === "drop"
        ? step.object
        : step.kind === "replace"
        ? step.to
        : undefined;
      if (policy?.kind !== "policy" || context.isNew(tableOfObject(policy))) return [];
      return [{
        message: `Another policy of ${shown(tableOfObject(policy))} changes who sees and writes which rows`,
        advice:
          "Try it as the role that programs use; a permissive policy gives more, dropping one takes away",
      }];
    },
  },
];

function triggerTable(step: Step): TableName | undefined {
  if (step.kind === "trigger") return step.table;
  if (step.kind !== "create" && step.kind !== "drop" && step.kind !== "replace") return undefined;
  const object = step.kind === "replace" ? step.to : step.object;
  return object.kind === "trigger" ? tableOfObject(object) : undefined;
}

function renamedWithView(step: Step & { kind: "rename" }, table: TableName): readonly Step[] {
  const { schema, name } = table;
  const quote = (part: string): string => `"${part.replaceAll('"', '""')}"`;
  const target = `${schema === undefined ? "" : `${quote(schema)}.`}${quote(step.to)}`;
  return [
    step,
    {
      kind: "create",
      object: {
        kind: "view",
        ...(schema === undefined ? {} : { schema }),
        name,
        columns: [],
        query: `select * from ${target}`,
        parameters: {},
        dependsOn: [],
      },
    },
  ];
}
