/**
 * Rules about columns.
 *
 * @module
 */
import type { TableColumn, TableName } from "../../catalog/objects.ts";
import type { ColumnChange, Step } from "../../steps/step.ts";
import { isVolatileDefault } from "../default_volatility.ts";
import { constraintObject } from "../parse_table.ts";
import { type LintContext, type Problem, type Rule, shown } from "../rule.ts";
import { typeChangeCost } from "../type_change.ts";
import { quoteIdentifier } from "../../../pool/sql/identifier.ts";

type Change<Type extends ColumnChange["type"]> = Extract<ColumnChange, { readonly type: Type }>;

/** What a step changes of a column of a table that is in use. */
function changed<Type extends ColumnChange["type"]>(
  step: Step,
  { type, context }: { readonly type: Type; readonly context: LintContext },
): { readonly table: TableName; readonly column: string; readonly change: Change<Type> } | undefined {
  if (step.kind !== "column" || step.change.type !== type || context.isNew(step.table)) return undefined;
  return { table: step.table, column: step.column, change: step.change as Change<Type> };
}

/** The present type of a column, from the step or from what is known. */
function presentType(
  step: NonNullable<ReturnType<typeof changed<"type">>>,
  context: LintContext,
): string | undefined {
  return step.change.from?.type ?? context.columnOf(step.table, step.column)?.type;
}

/** The rules about columns. */
export const COLUMN_RULES: readonly Rule[] = [
  {
    id: "type-rewrites-table",
    severity: "danger",
    lock: "ACCESS EXCLUSIVE",
    rewrites: true,
    check(step, context) {
      const found = changed(step, { type: "type", context });
      if (found === undefined) return [];
      const { table, column, change } = found;
      const from = presentType(found, context);
      const { rewrites, needsUtc } = typeChangeCost(from, change.to.type, {
        column,
        ...(change.using === undefined ? {} : { using: change.using }),
      });
      if (rewrites === false && needsUtc !== true) return [];
      const what = `the type of ${shown(table)}."${column}" to ${change.to.type}`;
      if (needsUtc && rewrites === false) {
        return [{
          severity: "warning",
          message:
            `Changing ${what} writes the whole table anew unless the session's time zone is UTC, and takes the ` +
            "values to be of that zone",
          advice: "Set the time zone first, in the migration: set local timezone = 'UTC'",
          table,
        }];
      }
      const problem = {
        message:
          `Changing ${what} ${
            rewrites === "unknown" ? "may write" : "writes"
          } the whole table and its indexes ` +
          "anew, and nobody can use the table until that is done",
        advice:
          "Add a column of the new type, write both, fill it in batches, and switch readers over before the old " +
          "one is dropped",
        table,
      };
      return [rewrites === "unknown" ? { ...problem, severity: "warning" } : problem];
    },
  },
  {
    id: "type-narrows",
    severity: "danger",
    check(step, context) {
      const found = changed(step, { type: "type", context });
      if (found === undefined) return [];
      const from = presentType(found, context);
      const { table, column, change } = found;
      if (!typeChangeCost(from, change.to.type).narrows) return [];
      return [{
        message:
          `Values of ${
            shown(table)
          }."${column}" may not fit from ${from} into ${change.to.type}: the change ` +
          "fails at the first that does not, or cuts and rounds them without a word",
        advice: "Look for such values first, and decide what becomes of them",
      }];
    },
  },
  {
    id: "default-rewrites-table",
    severity: "danger",
    lock: "ACCESS EXCLUSIVE",
    rewrites: true,
    check(step, context) {
      const found = changed(step, { type: "add", context });
      if (found === undefined) return [];
      const { table, change: { column } } = found;
      const reason = rewriteReason(column, context);
      if (reason === undefined) return [];
      const where = `${shown(table)}."${column.name}"`;
      return [{
        message:
          `Adding ${where} ${
            reason.isSure ? "writes" : "may write"
          } the whole table anew, since ${reason.why}; ` +
          "nobody can use the table until that is done",
        table,
        ...(reason.isSure ? {} : { severity: "warning" as const }),
        ...reason.help(table),
      }];
    },
  },
  {
    id: "column-not-null-without-default",
    severity: "danger",
    check(step, context) {
      const found = changed(step, { type: "add", context });
      if (found === undefined) return [];
      const { table, change: { column } } = found;
      const hasValue = column.default !== undefined || column.identity !== undefined ||
        column.generated !== undefined || /serial/i.test(column.type);
      if (!column.notNull || hasValue) return [];
      return [{
        message:
          `Adding ${
            shown(table)
          }."${column.name}" as NOT NULL fails if the table has a row, and breaks programs ` +
          "that insert without it",
        advice: "Add it with a default, or nullable; fill it in batches; then make it NOT NULL",
        safer: [{
          kind: "column",
          table,
          column: column.name,
          change: { type: "add", column: { ...column, notNull: false } },
        }],
      }];
    },
  },
  {
    id: "set-not-null",
    severity: "danger",
    lock: "ACCESS EXCLUSIVE",
    check(step, context) {
      const found = changed(step, { type: "not null", context });
      if (found === undefined || !found.change.to) return [];
      const { table, column } = found;
      if (context.isCheckedNotNull(table, column)) return [];
      const isAddedHere = context.isNewColumn(table, column);
      const check = constraintObject(table, `${column}_not_null`, {
        type: "check",
        condition: `${quoteIdentifier(column)} is not null`,
      });
      return [{
        message:
          `Making ${
            shown(table)
          }."${column}" NOT NULL keeps all who use the table waiting while every row is ` +
          "checked",
        advice: isAddedHere
          ? "Say NOT NULL where the column is added, with its default: that reads no row"
          : "Add a check that it is not null, NOT VALID; validate it in a transaction of its own; SET NOT NULL then " +
            "finds it proved; drop the check",
        table,
        safer: [
          { kind: "create", object: check, notValid: true },
          { kind: "constraint", object: check, change: { type: "validate" } },
          step,
          { kind: "drop", object: check },
        ],
      }];
    },
  },
  {
    id: "generated-rewrites-table",
    severity: "danger",
    lock: "ACCESS EXCLUSIVE",
    rewrites: true,
    check(step, context) {
      const found = changed(step, { type: "generated", context });
      if (found?.change.to?.kind !== "stored") return [];
      return [{
        message: `A new expression of ${
          shown(found.table)
        }."${found.column}" has every row computed and written anew`,
        advice: "Add another column for it, and drop this one later",
        table: found.table,
      }];
    },
  },
];

/** Why adding a column writes the table anew, and what to do. */
function rewriteReason(column: TableColumn, context: LintContext):
  | {
    readonly why: string;
    readonly isSure: boolean;
    readonly help: (table: TableName) => Pick<Problem, "advice" | "safer">;
  }
  | undefined {
  const split = (table: TableName): Pick<Problem, "advice" | "safer"> => {
    const { default: value, ...bare } = column;
    return {
      advice: "Add it without the default, set the default, and fill the rows that are there in batches",
      safer: [
        {
          kind: "column",
          table,
          column: column.name,
          change: { type: "add", column: { ...bare, notNull: false } },
        },
        ...(value === undefined ? [] : [
          { kind: "column", table, column: column.name, change: { type: "default", to: value } } as const,
        ]),
      ],
    };
  };
  if (column.identity !== undefined || /serial/i.test(column.type)) {
    const advice = "Add a nullable column, fill it in batches, and make it count by itself after that";
    return { why: "each row gets a number of its own", isSure: true, help: () => ({ advice }) };
  }
  if (column.generated !== undefined) {
    if (column.generated.kind === "virtual") return undefined;
    const advice = "Add an ordinary column that a trigger fills, and fill the rows that are there in batches";
    return { why: "it is generated and stored", isSure: true, help: () => ({ advice }) };
  }
  if (context.isConstrainedDomain(column.type)) {
    const advice =
      "Add a column of the domain's own type with a check that is not valid, and validate that; or make " +
      "the domain without its checks first, and add them to it NOT VALID";
    return { why: "its type is a domain with checks", isSure: true, help: () => ({ advice }) };
  }
  if (column.default === undefined) return undefined;
  const isVolatile = isVolatileDefault(column.default);
  if (isVolatile === false) return undefined;
  return isVolatile === true
    ? { why: "its default is another for each row", isSure: true, help: split }
    : { why: "its default calls a function that may be volatile", isSure: false, help: split };
}
