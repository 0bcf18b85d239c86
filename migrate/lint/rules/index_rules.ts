/**
 * Rules about indexes.
 *
 * @module
 */
import type { TableName } from "../../catalog/objects.ts";
import { type LintContext, type Problem, type Rule, shown, tableOfObject } from "../rule.ts";
import { readerOf } from "../token_reader.ts";

/** Whether a table is known to be partitioned: its indexes cannot be built concurrently. */
function isPartitioned(table: TableName, { catalog }: LintContext): boolean {
  for (const object of catalog?.objects.values() ?? []) {
    if (object.kind !== "table" || object.name !== table.name) continue;
    if ((object.schema ?? "public") === (table.schema ?? "public")) return object.partitionBy !== undefined;
  }
  return false;
}

/** The rules about indexes. */
export const INDEX_RULES: readonly Rule[] = [
  {
    id: "index-not-concurrently",
    severity: "danger",
    lock: "SHARE",
    check(step, context) {
      if (step.kind !== "create" || step.object.kind !== "index" || step.concurrently === true) return [];
      const table = tableOfObject(step.object);
      if (context.isNew(table)) return [];
      const message =
        `Creating the index "${step.object.name}" keeps all who write to ${shown(table)} waiting ` +
        "until it is built";
      if (isPartitioned(table, context)) {
        return [{
          message,
          table,
          advice:
            "Create it on the partitioned table with ONLY, on each partition concurrently, and attach these",
        }];
      }
      return [{
        message,
        table,
        advice: "Build it concurrently; the runner takes that out of the transaction",
        safer: [{ ...step, concurrently: true }],
      }];
    },
  },
  {
    id: "drop-index-not-concurrently",
    severity: "warning",
    lock: "ACCESS EXCLUSIVE",
    check(step, context) {
      if (step.kind !== "drop" || step.object.kind !== "index" || step.concurrently === true) return [];
      const table = tableOfObject(step.object);
      if (table.name !== "" && context.isNew(table)) return [];
      return [{
        message:
          `Dropping the index "${step.object.name}" waits for all who use its table, and all others wait for it`,
        advice: "Drop it concurrently; the runner takes that out of the transaction",
        ...(table.name === "" ? {} : { table }),
        safer: [{ ...step, concurrently: true }],
      }];
    },
  },
  {
    id: "reindex-not-concurrently",
    severity: "danger",
    lock: "SHARE",
    check(step, context) {
      if (step.kind === "sql") return reindexed(step.text, context);
      if (step.kind !== "index" || step.change.concurrently) return [];
      const table = tableOfObject(step.object);
      if (table.name !== "" && context.isNew(table)) return [];
      return [{
        message:
          `Rebuilding "${step.object.name}" keeps all who write to its table waiting, and reads that would use it`,
        advice: "Rebuild it concurrently; the runner takes that out of the transaction",
        ...(table.name === "" ? {} : { table }),
        safer: [{ ...step, change: { ...step.change, concurrently: true } }],
      }];
    },
  },
  {
    id: "foreign-key-without-index",
    severity: "warning",
    check(step, context) {
      if (step.kind !== "create") return [];
      const all = [step.object, ...step.constraints ?? []];
      return all.flatMap((object) => {
        if (object.kind !== "constraint" || object.constraint.type !== "foreign key") return [];
        const table = tableOfObject(object);
        const { columns, target } = object.constraint;
        if (context.hasIndexOn(table, columns)) return [];
        return [{
          message:
            `No index of ${shown(table)} begins with ${list(columns)}: each row that is deleted from ` +
            `${shown(target)} has the whole table read`,
          advice: `Create an index on ${list(columns)}`,
          table,
        }];
      });
    },
  },
];

/** What is found in `reindex table`, `schema` or `database`. */
function reindexed(text: string, context: LintContext): readonly Problem[] {
  const reader = readerOf(text);
  if (!reader.take("reindex")) return [];
  const isConcurrent = /\bconcurrently\b(?!\s+(?:off|false|0))/i.test(reader.parenthesized() ?? "");
  const kind = reader.takeOneOf("table", "schema", "database", "system");
  if (kind === undefined || isConcurrent || reader.take("concurrently")) return [];
  const table = kind === "table" ? reader.qualifiedName() : undefined;
  if (table !== undefined && context.isNew(table)) return [];
  return [{
    message:
      `Rebuilding the indexes of ${
        table === undefined ? `the ${kind}` : shown(table)
      } keeps all who write to it ` +
      "waiting, and reads that would use them",
    advice: "Rebuild them concurrently; the runner takes that out of the transaction",
    ...(table === undefined
      ? {}
      : { table, safer: text.replace(/\btable\b/i, (word) => `${word} concurrently`) }),
  }];
}

function list(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(", ");
}
