/**
 * Rules about rows that a migration changes itself.
 *
 * @module
 */
import type { TableName } from "../../catalog/objects.ts";
import type { Step } from "../../steps/step.ts";
import { type RowChange, rowChanges } from "../row_changes.ts";
import { type LintContext, type Problem, type Rule, shown } from "../rule.ts";
import { readerOf } from "../token_reader.ts";

/** What a step does to rows of tables that are in use. */
function changesOf(step: Step, context: LintContext): readonly RowChange[] {
  return step.kind === "sql" ? rowChanges(step.text).filter(({ table }) => !context.isNew(table)) : [];
}

/** Whether a condition asks of a column that the migration has just added whether it is null: all are. */
function isAboutNewColumn({ where = "", table }: RowChange, context: LintContext): boolean {
  const match = /^[\s(]*(?:[\w$]+ ?\. ?)?("(?:[^"]|"")+"|[\w$]+)\s+is\s+null[\s)]*$/i.exec(where);
  if (match === null) return false;
  const [, name] = match;
  const column = name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name.toLowerCase();
  return context.isNewColumn(table, column);
}

/** The table in use that a step keeps everybody from until its transaction ends. */
function lockedTable(step: Step): TableName | undefined {
  switch (step.kind) {
    case "column":
      return step.change.type === "statistics" ? undefined : step.table;
    case "table":
      return ["row security", "logged", "replica identity"].includes(step.change.type)
        ? step.table
        : undefined;
    case "rename":
    case "move":
    case "drop":
      return step.object.kind === "table" || step.object.kind === "materialized view"
        ? step.object
        : step.object.kind === "constraint"
        ? { ...step.object, name: step.object.table }
        : undefined;
    case "create":
      return step.object.kind === "constraint" && step.object.constraint.type !== "foreign key"
        ? { ...step.object, name: step.object.table }
        : undefined;
    default:
      return undefined;
  }
}

/** The rules about rows. */
export const ROW_RULES: readonly Rule[] = [
  {
    id: "rows-removed",
    severity: "danger",
    check(step, context) {
      return changesOf(step, context).flatMap(({ verb, table, where }): readonly Problem[] => {
        if (verb === "truncate") {
          return [{
            message: `TRUNCATE removes all rows of ${
              shown(table)
            }, and nobody can read it until the transaction ends`,
            advice: "Make sure that they are not needed, and say so with an ignore comment",
          }];
        }
        if (verb !== "delete" || where !== undefined) return [];
        return [{
          message: `DELETE without WHERE removes all rows of ${shown(table)}`,
          advice: "Say which rows, or use TRUNCATE where all are meant",
        }];
      });
    },
  },
  {
    id: "all-rows-updated",
    severity: "warning",
    lock: "ROW EXCLUSIVE",
    check(step, context) {
      return changesOf(step, context).flatMap((change): readonly Problem[] => {
        const { verb, table, where } = change;
        if (verb !== "update" || (where !== undefined && !isAboutNewColumn(change, context))) return [];
        return [{
          message: `Updating all rows of ${
            shown(table)
          } in one statement locks each of them until the transaction ends, and doubles the table`,
          advice: "Fill it in batches, in the migration's data() function or with a backfill",
          table,
        }];
      });
    },
  },
  {
    id: "rows-changed-under-lock",
    severity: "warning",
    lock: "ACCESS EXCLUSIVE",
    check(step, context) {
      const [change] = changesOf(step, context).filter(({ verb, isWrittenOut }) =>
        verb !== "truncate" && isWrittenOut !== true
      );
      if (change === undefined) return [];
      const locked = context.steps.slice(0, context.position).flatMap((before, position) => {
        const table = context.isTogether(position) ? lockedTable(before) : undefined;
        return table === undefined || context.isNew(table) ? [] : [table];
      });
      if (locked.length === 0) return [];
      return [{
        message: `Rows of ${shown(change.table)} are changed in the transaction that has changed ${
          shown(locked[0])
        } before: nobody can read ${shown(locked[0])} until that is done`,
        advice: "Change rows in a migration of their own, in data(), or with a backfill",
      }];
    },
  },
  {
    id: "block-not-read",
    severity: "note",
    check(step) {
      if (step.kind !== "sql") return [];
      const word = readerOf(step.text).takeOneOf("do", "call");
      if (word === undefined) return [];
      return [{
        message:
          `What ${word.toUpperCase()} does is not looked at: it may be anything that this page is about`,
        advice: "Write its statements into the migration themselves, or read them with this in mind",
      }];
    },
  },
];
