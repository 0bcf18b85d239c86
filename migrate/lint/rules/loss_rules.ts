/**
 * Rules about what is lost.
 *
 * @module
 */
import { describeObject, objectKey } from "../../catalog/object_key.ts";
import { lexSql } from "../../files/lexer.ts";
import { type Rule, shown } from "../rule.ts";
import { TokenReader } from "../token_reader.ts";

/** The tokens of a statement that was not understood as a change. */
export function readerOf(text: string): TokenReader {
  return new TokenReader(lexSql(text).filter(({ kind }) => kind !== "blank" && kind !== "comment"));
}

/** The rules about what is lost. */
export const LOSS_RULES: readonly Rule[] = [
  {
    id: "table-dropped",
    severity: "danger",
    lock: "ACCESS EXCLUSIVE",
    check(step, context) {
      if (step.kind !== "drop" || step.object.kind !== "table" || context.isNew(step.object)) return [];
      return [{
        message: `Dropping ${shown(step.object)} loses its rows, and breaks programs that still use it`,
        advice:
          "Drop it in a later migration, when no program in use names it; rename it first to be sure, or keep a copy",
      }];
    },
  },
  {
    id: "column-dropped",
    severity: "danger",
    lock: "ACCESS EXCLUSIVE",
    check(step, context) {
      if (step.kind !== "column" || step.change.type !== "drop") return [];
      if (context.isNewColumn(step.table, step.column)) return [];
      return [{
        message: `Dropping ${
          shown(step.table)
        }."${step.column}" loses its values, and breaks programs that still use it`,
        advice: "Drop it in a later migration, when no program in use names it",
      }];
    },
  },
  {
    id: "schema-dropped",
    severity: "danger",
    check(step) {
      if (step.kind !== "drop") return [];
      const { object } = step;
      const isSchema = object.kind === "schema" || (object.kind === "opaque" && object.what === "schema");
      if (!isSchema || step.cascade !== true) return [];
      return [{
        message: `Dropping the schema "${object.name}" with CASCADE loses everything in it`,
        advice: "Drop what is in it one by one, and then the schema without CASCADE",
      }];
    },
  },
  {
    id: "drop-cascades",
    severity: "danger",
    check(step) {
      const cascades = step.kind === "drop"
        ? step.cascade === true
        : step.kind === "column" && step.change.type === "drop" && step.change.cascade === true;
      if (!cascades) return [];
      const what = step.kind === "drop"
        ? describeObject(step.object)
        : step.kind === "column"
        ? `"${step.column}"`
        : "";
      return [{
        message:
          `Dropping ${what} with CASCADE drops whatever depends on it, on each database perhaps something else`,
        advice: "Drop what depends on it by name, and leave CASCADE out",
      }];
    },
  },
  {
    id: "object-dropped",
    severity: "warning",
    check(step, context) {
      if (step.kind !== "drop" || context.isNewObject(objectKey(step.object))) return [];
      const { object } = step;
      const kinds = [
        "view",
        "materialized view",
        "function",
        "sequence",
        "enum",
        "domain",
        "composite",
        "extension",
      ];
      const kind = object.kind === "opaque" ? object.what : object.kind;
      if (!kinds.includes(kind)) return [];
      // Put back at once, as where a column's new type stands in its way.
      const isBack = context.steps.slice(context.position).some((later) =>
        later.kind === "create" && objectKey(later.object) === objectKey(object)
      );
      if (isBack) return [];
      return [{
        message: `Dropping ${describeObject(object)} breaks programs that still use it`,
        advice: "Drop it in a later migration, when no program in use names it",
      }];
    },
  },
  {
    id: "enum-label-removed",
    severity: "danger",
    check(step, context) {
      if (step.kind !== "drop" || step.object.kind !== "enum") return [];
      const { labels, name } = step.object;
      const heirs = context.steps.flatMap((other) =>
        other.kind === "create" && other.object.kind === "enum" &&
          other.object.labels.some((label) => labels.includes(label))
          ? [other.object]
          : []
      );
      if (heirs.length === 0) return [];
      const lost = labels.filter((label) => !heirs.some((heir) => heir.labels.includes(label)));
      if (lost.length === 0) return [];
      return [{
        message: `The enum "${name}" loses ${
          lost.map((label) => `'${label}'`).join(", ")
        }: rows that have it make the ` +
          "migration fail, and programs that use it break",
        advice:
          "Give such rows another label first, in a migration before; or keep the label and use it no more",
      }];
    },
  },
  {
    id: "rows-removed",
    severity: "danger",
    check(step, context) {
      if (step.kind !== "sql") return [];
      const reader = readerOf(step.text);
      if (reader.take("truncate")) {
        reader.take("table");
        reader.take("only");
        const table = reader.qualifiedName();
        if (table === undefined || context.isNew(table)) return [];
        return [{
          message: `TRUNCATE removes all rows of ${
            shown(table)
          }, and nobody can read it until the transaction ends`,
          advice: "Make sure that they are not needed, and say so with an ignore comment",
        }];
      }
      if (!reader.take("delete", "from")) return [];
      reader.take("only");
      const table = reader.qualifiedName();
      reader.until("where");
      if (table === undefined || !reader.isAtEnd || context.isNew(table)) return [];
      return [{
        message: `DELETE without WHERE removes all rows of ${shown(table)}`,
        advice: "Say which rows, or use TRUNCATE where all are meant",
      }];
    },
  },
];
