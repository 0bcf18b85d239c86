/**
 * Rules about whole tables and materialized views.
 *
 * @module
 */
import { type Rule, shown } from "../rule.ts";
import { readerOf } from "../token_reader.ts";

/** The rules about whole tables. */
export const TABLE_RULES: readonly Rule[] = [
  {
    id: "logged-rewrites-table",
    severity: "danger",
    lock: "ACCESS EXCLUSIVE",
    rewrites: true,
    check(step, context) {
      if (step.kind !== "table" || step.change.type !== "logged" || context.isNew(step.table)) return [];
      return [{
        message:
          `Making ${shown(step.table)} ${
            step.change.to ? "logged" : "unlogged"
          } writes the whole table anew, and ` +
          "nobody can use it until that is done",
        advice: "Copy the rows into a new table in batches, and swap the names",
        table: step.table,
      }];
    },
  },
  {
    id: "attach-checks-rows",
    severity: "warning",
    lock: "ACCESS EXCLUSIVE",
    check(step, context) {
      if (step.kind !== "table" || step.change.type !== "attach" || context.isNew(step.change.partition)) {
        return [];
      }
      const { partition } = step.change;
      return [{
        message:
          `Attaching ${
            shown(partition)
          } keeps all who use it waiting while every row is checked, and likewise ` +
          "the default partition if there is one",
        advice: "Add a check that says what the bound says, NOT VALID; validate it; attach; drop the check",
        table: partition,
      }];
    },
  },
  {
    id: "detach-not-concurrently",
    severity: "warning",
    lock: "ACCESS EXCLUSIVE",
    check(step, context) {
      if (step.kind !== "table" || step.change.type !== "detach" || step.change.concurrently === true) {
        return [];
      }
      if (context.isNew(step.table)) return [];
      return [{
        message: `Detaching a partition waits for all who use ${
          shown(step.table)
        }, and all others wait for it`,
        advice: "Detach it concurrently; the runner takes that out of the transaction",
        safer: [{ ...step, change: { ...step.change, concurrently: true } }],
      }];
    },
  },
  {
    id: "partition-locks-parent",
    severity: "warning",
    lock: "ACCESS EXCLUSIVE",
    check(step, context) {
      if (step.kind !== "create" || step.object.kind !== "table") return [];
      const { partitionOf, name } = step.object;
      if (partitionOf === undefined || context.isNew(partitionOf.table)) return [];
      return [{
        message:
          `Creating the partition "${name}" waits for all who use ${
            shown(partitionOf.table)
          }, and all others wait ` +
          "for it",
        advice:
          "Create it as a table like the parent, and attach it: that lets others read and write the parent",
      }];
    },
  },
  {
    id: "refresh-not-concurrently",
    severity: "warning",
    lock: "ACCESS EXCLUSIVE",
    rewrites: true,
    check(step, context) {
      if (step.kind !== "refresh" || step.concurrently === true || context.isNew(step.view)) return [];
      return [{
        message: `Nobody can read ${shown(step.view)} while it is refreshed`,
        advice: "Refresh it concurrently, for which it needs a unique index over all its rows",
        table: step.view,
        safer: [{ ...step, concurrently: true }],
      }];
    },
  },
  {
    id: "table-rewritten",
    severity: "danger",
    lock: "ACCESS EXCLUSIVE",
    rewrites: true,
    check(step, context) {
      if (step.kind !== "sql") return [];
      const reader = readerOf(step.text);
      let what = "";
      if (reader.take("vacuum")) {
        const options = (reader.parenthesized() ?? "").toLowerCase();
        if (!reader.take("full") && !/\bfull\b(?!\s+(?:off|false|0))/.test(options)) return [];
        what = "VACUUM FULL";
        while (reader.takeOneOf("freeze", "verbose", "analyze") !== undefined);
      } else if (reader.take("cluster")) {
        reader.take("verbose");
        what = "CLUSTER";
      } else if (
        /^alter\s+(table|index|materialized\s+view)\b[^;]*\bset\s+(access\s+method|tablespace)\b/i.test(
          step.text,
        )
      ) {
        reader.take("alter");
        const word = reader.takeOneOf("table", "index", "materialized");
        reader.take("view");
        reader.take("if", "exists");
        reader.take("only");
        what = `ALTER ${word === "materialized" ? "MATERIALIZED VIEW" : word?.toUpperCase()} … SET`;
      } else return [];
      const table = reader.qualifiedName();
      if (table !== undefined && context.isNew(table)) return [];
      return [{
        message:
          `${what} writes ${table === undefined ? "whole tables" : shown(table)} anew, and nobody can use ` +
          `${table === undefined ? "them" : "it"} until that is done`,
        advice: "Leave it out of migrations; plain VACUUM lets others read and write",
        ...(table === undefined ? {} : { table }),
      }];
    },
  },
  {
    id: "lock-taken",
    severity: "warning",
    lock: "ACCESS EXCLUSIVE",
    check(step, context) {
      if (step.kind !== "sql") return [];
      const reader = readerOf(step.text);
      if (!reader.take("lock")) return [];
      reader.take("table");
      reader.take("only");
      const table = reader.qualifiedName();
      if (table === undefined || context.isNew(table)) return [];
      return [{
        message: `LOCK TABLE keeps others who use ${shown(table)} waiting until the transaction ends`,
        advice:
          "Leave it out where the statements' own locks are enough; else name the weakest lock that does",
        table,
      }];
    },
  },
];
