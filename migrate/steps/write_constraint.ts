/**
 * Constraints as SQL text.
 *
 * @module
 */
import { list, writeName } from "../../orm/compiling/ddl/write_table.ts";
import { quoteIdentifier } from "../../pool/sql/identifier.ts";
import type { ConstraintObject } from "../catalog/objects.ts";
import { cannot, tableOf } from "./object_reference.ts";
import { type Statement, statement, words } from "./statement.ts";
import type { ConstraintStep, CreateStep } from "./step.ts";
import { writeIndexKey } from "./write_index.ts";
import { writeParameters } from "./write_parameters.ts";

/** How a constraint is added. */
export type ConstraintOptions = Pick<CreateStep, "notValid" | "usingIndex">;

/** A constraint as `create table` and `alter table … add` take it. */
export function writeConstraint(object: ConstraintObject, options: ConstraintOptions = {}): string {
  const { deferrable } = object;
  const isNotValid = options.notValid === true || !object.isValid;
  return words(
    `constraint ${quoteIdentifier(object.name)}`,
    demand(object, options.usingIndex),
    deferrable === undefined ? "" : deferral(deferrable),
    object.noInherit === true ? "no inherit" : "",
    object.isEnforced === false ? "not enforced" : isNotValid ? "not valid" : "",
  );
}

/** The statement that adds a constraint to its table. */
export function writeAddConstraint(object: ConstraintObject, options: ConstraintOptions = {}): Statement {
  return statement("alter table", writeName(tableOf(object)), "add", writeConstraint(object, options));
}

/** The change of a constraint that is there. */
export function writeConstraintStep({ object, change }: ConstraintStep): readonly Statement[] {
  const alter = `alter table ${writeName(tableOf(object))}`;
  const name = quoteIdentifier(object.name);
  switch (change.type) {
    case "validate":
      return [statement(alter, "validate constraint", name)];
    case "deferrable":
      if (object.constraint.type !== "foreign key") {
        throw cannot(object, "only a foreign key's deferral can be changed; drop it and create it again");
      }
      return [
        statement(
          alter,
          "alter constraint",
          name,
          change.to === undefined ? "not deferrable" : deferral(change.to),
        ),
      ];
    default:
      throw new TypeError(`BUG: ${JSON.stringify(change satisfies never)}`);
  }
}

function deferral(deferrable: NonNullable<ConstraintObject["deferrable"]>): string {
  return `deferrable initially ${deferrable}`;
}

function demand(object: ConstraintObject, usingIndex: string | undefined): string {
  const { constraint } = object;
  switch (constraint.type) {
    case "primary key":
    case "unique":
      if (usingIndex !== undefined) return `${constraint.type} using index ${quoteIdentifier(usingIndex)}`;
      return words(
        constraint.type,
        constraint.nullsNotDistinct === true ? "nulls not distinct" : "",
        `(${list(constraint.columns)}${constraint.withoutOverlaps === true ? " without overlaps" : ""})`,
        included(constraint.include),
        writeParameters(constraint.parameters),
      );
    case "check":
      return `check (${constraint.condition})`;
    case "foreign key": {
      const { target, match, onDelete, onUpdate, onDeleteColumns, period } = constraint;
      return words(
        `foreign key (${columns(constraint.columns, period)}) references ${writeName(target)}`,
        constraint.targetColumns.length === 0 ? "" : `(${columns(constraint.targetColumns, period)})`,
        match === undefined ? "" : `match ${match}`,
        onUpdate === "no action" ? "" : `on update ${onUpdate}`,
        onDelete === "no action" ? "" : `on delete ${onDelete}`,
        onDeleteColumns === undefined ? "" : `(${list(onDeleteColumns)})`,
      );
    }
    case "exclude":
      return words(
        `exclude using ${quoteIdentifier(constraint.method)}`,
        `(${constraint.elements.map((key) => `${writeIndexKey(key)} with ${key.operator}`).join(", ")})`,
        included(constraint.include),
        writeParameters(constraint.parameters),
        constraint.where === undefined ? "" : `where (${constraint.where})`,
      );
    default:
      throw new TypeError(`BUG: ${JSON.stringify(constraint satisfies never)}`);
  }
}

function columns(names: readonly string[], period: boolean | undefined): string {
  if (period !== true) return list(names);
  return [...names.slice(0, -1).map(quoteIdentifier), `period ${quoteIdentifier(names.at(-1)!)}`].join(", ");
}

function included(names: readonly string[]): string {
  return names.length === 0 ? "" : `include (${list(names)})`;
}
