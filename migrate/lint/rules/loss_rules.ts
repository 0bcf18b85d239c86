/**
 * Rules about what is lost.
 *
 * @module
 */
import { describeObject, objectKey } from "../../catalog/object_key.ts";
import { type Rule, shown } from "../rule.ts";

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
    check(step, context) {
      if (step.kind !== "drop" || context.isNewObject(objectKey(step.object))) return [];
      const { object } = step;
      if (object.kind === "opaque" && (object.what === "database" || object.what === "owned")) {
        return [{
          message: object.what === "database"
            ? `Dropping the database "${object.name}" loses everything in it`
            : `DROP OWNED drops everything in this database that belongs to ${object.name}, and its rights`,
          advice: "Leave it out of migrations; drop by name what is meant",
        }];
      }
      if (object.kind !== "schema" || step.cascade !== true) return [];
      return [{
        message: `Dropping the schema "${object.name}" with CASCADE loses everything in it`,
        advice: "Drop what is in it one by one, and then the schema without CASCADE",
      }];
    },
  },
  {
    id: "drop-cascades",
    severity: "danger",
    check(step, context) {
      // Nothing depends on what is new but what is new.
      const cascades = step.kind === "drop"
        ? step.cascade === true && !context.isNewObject(objectKey(step.object))
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
        "range",
        "extension",
        "aggregate",
        "operator",
        "collation",
        "text search configuration",
        "text search dictionary",
        "foreign data wrapper",
        "server",
        "language",
        "publication",
        "subscription",
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
];
