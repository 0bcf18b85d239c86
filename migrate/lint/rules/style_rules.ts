/**
 * Rules about names and types that are regretted later: they are about what a migration creates.
 *
 * @module
 */
import type { CatalogObject, TableColumn, TableName } from "../../catalog/objects.ts";
import type { Step } from "../../steps/step.ts";
import { RESERVED_WORDS } from "../reserved_words.ts";
import { type Problem, type Rule, sameTable, shown, tableOfObject } from "../rule.ts";
import { parseType } from "../type_change.ts";

/** The columns that a step creates. */
function createdColumns(step: Step): readonly { readonly table: TableName; readonly column: TableColumn }[] {
  if (step.kind === "column" && step.change.type === "add") {
    return [{ table: step.table, column: step.change.column }];
  }
  if (step.kind !== "create" || step.object.kind !== "table") return [];
  const { object } = step;
  return object.columns.filter(({ inherited }) => inherited !== true).map((column) => ({
    table: object,
    column,
  }));
}

/** The names that a step gives. */
function givenNames(step: Step): readonly string[] {
  const columns = createdColumns(step).map(({ column }) => column.name);
  if (step.kind === "create" && step.object.kind !== "opaque") {
    return [step.object.name, ...columns, ...(step.constraints ?? []).map(({ name }) => name)];
  }
  if (step.kind === "rename") return [step.to];
  if (step.kind === "column" && step.change.type === "rename") return [step.change.to];
  return columns;
}

/** A note for each column a step creates whose type is one of some. */
function typeRule(id: string, types: readonly string[], words: Pick<Problem, "message" | "advice">): Rule {
  return {
    id,
    severity: "note",
    check: (step) =>
      createdColumns(step).flatMap(({ table, column }) =>
        types.includes(parseType(column.type).base)
          ? [{ message: `${shown(table)}."${column.name}" ${words.message}`, advice: words.advice }]
          : []
      ),
  };
}

/** The rules about names and types. */
export const STYLE_RULES: readonly Rule[] = [
  {
    id: "name-reserved",
    severity: "warning",
    check: (step) =>
      givenNames(step).filter((name) => RESERVED_WORDS.has(name)).map((name) => ({
        message: `"${name}" is a reserved word of SQL: without quotes it is something else, or an error`,
        advice: "Take another name",
      })),
  },
  {
    id: "name-needs-quotes",
    severity: "note",
    check: (step) =>
      givenNames(step).filter((name) => !/^[\p{Ll}\p{Lo}_][\p{Ll}\p{Lo}\d_$]*$/u.test(name)).map((name) => ({
        message: `"${name}" has to be written with quotes wherever SQL is written by hand`,
        advice:
          "Take lower-case letters, digits and underscores; models give columns other names in programs",
      })),
  },
  {
    id: "integer-key",
    severity: "note",
    check(step) {
      return createdColumns(step).flatMap(({ table, column }) => {
        const { base } = parseType(column.type);
        const counts = column.identity !== undefined || /serial/i.test(column.type) ||
          /\bnextval\b/.test(column.default ?? "");
        if ((base !== "integer" && base !== "smallint") || !counts) return [];
        return [{
          message:
            `${shown(table)}."${column.name}" ends at ${
              base === "integer" ? "2,147,483,647" : "32,767"
            }, and ` +
            "changing its type then writes the table anew",
          advice: "Take bigint for keys that count",
        }];
      });
    },
  },
  {
    id: "no-primary-key",
    severity: "note",
    check(step, context) {
      if (step.kind !== "create" || step.object.kind !== "table") return [];
      const { object } = step;
      // What it takes from other tables may have a key.
      if (object.partitionOf !== undefined || object.inherits !== undefined || object.columns.length === 0) {
        return [];
      }
      const isKey = (one: CatalogObject): boolean =>
        one.kind === "constraint" && one.constraint.type === "primary key" &&
        sameTable(tableOfObject(one), object);
      const constraints = context.steps.flatMap((other) =>
        other.kind === "create" ? [other.object, ...other.constraints ?? []] : []
      );
      if (constraints.some(isKey)) return [];
      return [{
        message: `${
          shown(object)
        } has no primary key: its rows cannot be told apart, nor replicated when they change`,
        advice: "Give it one; a table between two others has that of both its foreign keys",
      }];
    },
  },
  typeRule("char-column", ["character"], {
    message:
      "is char(n): values are filled up with blanks, and the blanks do not count when they are compared",
    advice: "Take text, with a check where the length matters",
  }),
  typeRule("money-column", ["money"], {
    message: "is money, whose currency and decimals are those of whatever locale the server has",
    advice: "Take numeric, and a column for the currency",
  }),
  typeRule("timestamp-without-time-zone", ["timestamp without time zone"], {
    message: "is a time of no zone: it is another moment for each reader",
    advice: "Take timestamptz, which is a moment and needs no more room",
  }),
  typeRule("json-column", ["json"], {
    message: "is json, which is kept as text: it is parsed for each read, and has no equality and no index",
    advice: "Take jsonb, unless the text itself must be kept",
  }),
];
