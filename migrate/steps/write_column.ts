/**
 * Columns as SQL text: in `create table`, and what changes of them.
 *
 * @module
 */
import { quoteLiteral } from "../../orm/building/inlined.ts";
import { parenthesized, writeName } from "../../orm/compiling/ddl/write_table.ts";
import { quoteIdentifier } from "../../pool/sql/identifier.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import type { ColumnIdentity, TableColumn, TableName } from "../catalog/objects.ts";
import { countingOptions, restartOption, unusualOptions } from "./counting.ts";
import { type Statement, statement, words } from "./statement.ts";
import type { ColumnStep } from "./step.ts";
import { writeColumnGrants } from "./write_rights.ts";

/** A column as `create table` and `add column` take it. */
export function writeColumn(column: TableColumn): string {
  return words(
    quoteIdentifier(column.name),
    column.type,
    column.compression === undefined ? "" : `compression ${column.compression}`,
    column.collation === undefined ? "" : `collate ${column.collation}`,
    writeColumnConstraints(column),
  );
}

/** What follows a column's type, as `create table … partition of` takes it, too. */
export function writeColumnConstraints(column: TableColumn): string {
  const { notNull, notNullName, generated, identity } = column;
  return words(
    notNullName !== undefined && notNull ? `constraint ${quoteIdentifier(notNullName)}` : "",
    notNull ? "not null" : "",
    column.default === undefined ? "" : `default ${parenthesized(column.default)}`,
    generated === undefined ? "" : `generated always as (${generated.expression}) ${generated.kind}`,
    identity === undefined
      ? ""
      : `generated ${identity.generation} as identity${identityText(column, identity)}`,
  );
}

/** What of a column cannot stand in its definition, as statements that follow. */
export function writeColumnExtras(table: TableName, column: TableColumn): readonly Statement[] {
  const alter = `alter table ${writeName(table)} alter column ${quoteIdentifier(column.name)}`;
  const statements: Statement[] = [];
  if (column.storage !== undefined) statements.push(statement(alter, `set storage ${column.storage}`));
  if (column.statistics !== undefined) {
    statements.push(statement(alter, `set statistics ${column.statistics}`));
  }
  if (column.comment !== undefined) {
    statements.push(
      statement(
        `comment on column ${writeName(table)}.${quoteIdentifier(column.name)} is`,
        quoteLiteral(column.comment),
      ),
    );
  }
  return [...statements, ...writeColumnGrants(table, column)];
}

/** The change of a column. */
export function writeColumnStep(step: ColumnStep, serverVersion: number): readonly Statement[] {
  const { change } = step;
  const table = `alter table ${writeName(step.table)}`;
  const column = quoteIdentifier(step.column);
  const alter = `${table} alter column ${column}`;
  switch (change.type) {
    case "add":
      if (change.column.inherited === true) return [];
      return [
        statement(
          table,
          "add column",
          change.ifNotExists === true ? "if not exists" : "",
          writeColumn(change.column),
        ),
        ...writeColumnExtras(step.table, change.column),
      ];
    case "drop":
      if (change.column.inherited === true) return [];
      return [statement(
        table,
        "drop column",
        change.ifExists === true ? "if exists" : "",
        column,
        change.cascade === true ? "cascade" : "",
      )];
    case "rename":
      return [statement(table, "rename column", column, "to", quoteIdentifier(change.to))];
    case "type": {
      const { to, using } = change;
      return [statement(
        alter,
        "set data type",
        to.type,
        to.collation === undefined ? "" : `collate ${to.collation}`,
        using === undefined ? "" : `using ${using}`,
      )];
    }
    case "not null":
      return [statement(alter, change.to ? "set not null" : "drop not null")];
    case "default":
      return [
        statement(alter, change.to === undefined ? "drop default" : `set default ${change.to}`),
      ];
    case "identity":
      return [statement(alter, identityChange(change.from, change.to))];
    case "generated":
      return [statement(alter, generatedChange(step, change, serverVersion))];
    case "storage":
      if (change.to === undefined && serverVersion < 16) {
        throw refused(step, "PostgreSQL before 16 has no SET STORAGE DEFAULT; name the storage");
      }
      return [statement(alter, "set storage", change.to ?? "default")];
    case "compression":
      return [statement(alter, "set compression", change.to ?? "default")];
    case "statistics":
      return [statement(alter, "set statistics", String(change.to ?? -1))];
    default:
      throw new TypeError(`BUG: ${JSON.stringify(change satisfies never)}`);
  }
}

function identityText({ type, identitySequence }: TableColumn, identity: ColumnIdentity): string {
  const options = [
    ...identitySequence === undefined ? [] : [`sequence name ${writeName(identitySequence)}`],
    ...unusualOptions(type, identity),
  ];
  return options.length === 0 ? "" : ` (${options.join(" ")})`;
}

function identityChange(from: ColumnIdentity | undefined, to: ColumnIdentity | undefined): string {
  if (to === undefined) return "drop identity";
  if (from === undefined) {
    return `add generated ${to.generation} as identity (${countingOptions(to).join(" ")})`;
  }
  const before = new Set(countingOptions(from));
  const options = countingOptions(to).filter((option) => !before.has(option));
  const set = [
    ...(from.generation === to.generation && options.length > 0 ? [] : [`generated ${to.generation}`]),
    ...options,
  ].map((option) => `set ${option}`);
  return [...set, ...restartOption(from, to)].join(" ");
}

function generatedChange(
  step: ColumnStep,
  { from, to }: Extract<ColumnStep["change"], { readonly type: "generated" }>,
  serverVersion: number,
): string {
  if (to === undefined) {
    if (from.kind === "virtual") {
      throw refused(step, "a virtual generated column has no values to keep; drop it and add another");
    }
    return "drop expression";
  }
  if (from.kind !== to.kind) {
    throw refused(step, `it is ${from.kind} and cannot become ${to.kind}; drop it and add another`);
  }
  if (serverVersion < 17) {
    throw refused(step, "PostgreSQL before 17 cannot change an expression; drop it and add another");
  }
  return `set expression as (${to.expression})`;
}

function refused(step: ColumnStep, problem: string): ValidationError {
  return new ValidationError(`column "${step.column}" of table "${step.table.name}" in a step`, problem);
}
