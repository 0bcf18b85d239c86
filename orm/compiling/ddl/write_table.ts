/**
 * The text that creates a table: columns and constraints.
 *
 * @module
 */
import { quoteIdentifier } from "../../../pool/sql/identifier.ts";
import type { Deferral, IdentityOptions } from "../../definition/column_settings.ts";
import type { ColumnRecord, ConstraintRecord, QualifiedName, TableRecord } from "./schema_records.ts";

/** A name, quoted and with its schema. */
export function writeName({ name, schema }: QualifiedName): string {
  return schema === undefined ? quoteIdentifier(name) : `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;
}

/**
 * The statement that creates a table.
 *
 * @param table The table.
 * @param options `ifNotExists`; `constraints` are those to be written in it.
 */
export function writeTable(
  table: TableRecord,
  { ifNotExists, constraints }: {
    readonly ifNotExists: boolean;
    readonly constraints: readonly ConstraintRecord[];
  },
): string {
  const lines = [...table.columns.map(writeColumn), ...constraints.map(writeConstraint)];
  return `create table ${ifNotExists ? "if not exists " : ""}${writeName(table)} (\n  ${
    lines.join(",\n  ")
  }\n)${table.partitionBy === undefined ? "" : ` partition by ${table.partitionBy}`}`;
}

/** A column as `create table` and `alter table … add column` take it. */
export function writeColumn(column: ColumnRecord): string {
  let text = `${quoteIdentifier(column.name)} ${
    column.serial === true ? serialType(column.type) : column.type
  }`;
  if (column.collation !== undefined) text += ` collate ${quoteIdentifier(column.collation)}`;
  if (!column.nullable) text += " not null";
  if (column.default !== undefined) text += ` default ${parenthesized(column.default)}`;
  if (column.generated !== undefined) {
    text += ` generated always as (${column.generated}) ${column.virtual === true ? "virtual" : "stored"}`;
  }
  if (column.identity !== undefined) {
    text += ` generated ${column.identity} as identity${identityText(column.identityOptions)}`;
  }
  return text;
}

/** A constraint as `create table` and `alter table … add` take it. */
export function writeConstraint(constraint: ConstraintRecord): string {
  const name = constraint.name === undefined ? "" : `constraint ${quoteIdentifier(constraint.name)} `;
  return `${name}${constraintText(constraint)}`;
}

function constraintText(constraint: ConstraintRecord): string {
  switch (constraint.kind) {
    case "primary key":
    case "unique": {
      const nulls = constraint.nullsNotDistinct === true ? " nulls not distinct" : "";
      return `${constraint.kind}${nulls} (${list(constraint.columns)})${deferral(constraint.deferrable)}`;
    }
    case "check":
      return `check (${constraint.condition})`;
    case "foreign key": {
      const { columns, target, targetColumns, onDelete, onUpdate, deferrable } = constraint;
      return `foreign key (${list(columns)}) references ${writeName(target)} (${list(targetColumns)})` +
        (onDelete === undefined ? "" : ` on delete ${onDelete}`) +
        (onUpdate === undefined ? "" : ` on update ${onUpdate}`) + deferral(deferrable);
    }
    case "exclude": {
      const elements = constraint.elements.map(([expression, operator]) => `${expression} with ${operator}`);
      return `exclude using ${quoteIdentifier(constraint.method)} (${elements.join(", ")})` +
        (constraint.where === undefined ? "" : ` where (${constraint.where})`) +
        deferral(constraint.deferrable);
    }
  }
}

function deferral(deferrable: Deferral | undefined): string {
  if (deferrable === undefined) return "";
  return deferrable === "deferred" ? " deferrable initially deferred" : " deferrable";
}

/** Columns quoted, with commas. */
export function list(names: readonly string[]): string {
  return names.map(quoteIdentifier).join(", ");
}

/** `default` takes no operator that is not in parentheses; what is a literal or a call stands as it is. */
export function parenthesized(expression: string): string {
  return /^(-?[\d.]+|E?'([^'\\]|''|\\\\)*'|[\w.]+|[\w.]+\(\))$/.test(expression)
    ? expression
    : `(${expression})`;
}

function serialType(type: string): string {
  return type === "integer" ? "serial" : type === "bigint" ? "bigserial" : "smallserial";
}

function identityText(options: IdentityOptions = {}): string {
  const { start, increment, min, max, cache, cycle } = options;
  const parts: readonly (readonly [string, number | bigint | undefined])[] = [
    ["start with", start],
    ["increment by", increment],
    ["minvalue", min],
    ["maxvalue", max],
    ["cache", cache],
  ];
  const words = parts.flatMap(([word, value]) => value === undefined ? [] : [`${word} ${value}`]);
  if (cycle === true) words.push("cycle");
  return words.length === 0 ? "" : ` (${words.join(" ")})`;
}
