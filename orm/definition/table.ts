/**
 * What is known of a model at run time: its table and its columns, checked once when the model is made.
 *
 * @module
 */
import { quoteIdentifier } from "../../pool/sql/identifier.ts";
import { Sql } from "../../pool/sql/sql.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import { nearestWord } from "../../pool/wire/configuration/nearest_word.ts";
import { type AnyColumn, Column } from "../building/column.ts";
import { type AnyColumnDefinition, ColumnDefinition } from "./column_definition.ts";
import { columnName } from "./column_name.ts";
import type { Conversion } from "./column_type.ts";

/** What a model can be given besides its columns. */
export interface ModelOptions {
  /** The schema its table is in. Default: the connection's search path decides. */
  readonly schema?: string;
  /** The table's comment. */
  readonly comment?: string;
}

/** A model's table. */
export interface Table extends ModelOptions {
  /** The table's name, without its schema. */
  readonly name: string;
  /** The table as SQL writes it, quoted and with its schema. */
  readonly fragment: Sql;
  /** The columns by property, in the order of their declaration. */
  readonly columns: ReadonlyMap<string, AnyColumn>;
  /** The columns of the primary key; empty when it has none. */
  readonly key: readonly AnyColumn[];
  /** The list that selects every column under its property's name. */
  readonly selection: string;
  /** Which columns' values may have to be converted. */
  readonly conversions: readonly ColumnConversion[];
}

/** How one column's values are converted. */
export interface ColumnConversion extends Conversion {
  /** The column's property. */
  readonly property: string;
}

const OPTIONS: readonly string[] = ["schema", "comment"] satisfies (keyof ModelOptions)[];

/**
 * Checks a model's definition.
 *
 * @param name The table's name.
 * @param definitions The columns by property.
 * @param options See {@link ModelOptions}.
 * @param reserved The properties a model has itself.
 * @returns The table.
 * @throws {ValidationError} When a name or a column cannot be used.
 */
export function defineTable(
  name: string,
  definitions: Readonly<Record<string, AnyColumnDefinition>>,
  options: ModelOptions,
  reserved: ReadonlySet<string>,
): Table {
  const subject = `model "${name}"`;
  if (typeof name === "string" && name.includes(".")) {
    throw new ValidationError(
      subject,
      `its table's name holds a dot; give the schema as an option: model("${
        name.split(".")[1]
      }", …, { schema: "${name.split(".")[0]}" })`,
    );
  }
  const table = quoteIdentifier(name);
  for (const option of Object.keys(options)) {
    if (!OPTIONS.includes(option)) {
      throw new ValidationError(
        `option "${option}" of ${subject}`,
        `there is none; use ${OPTIONS.join(" or ")}`,
      );
    }
  }
  const columns = new Map<string, AnyColumn>();
  for (const [property, definition] of Object.entries(definitions ?? {})) {
    columns.set(property, defineColumn(name, property, definition, reserved));
  }
  if (columns.size === 0) throw new ValidationError(subject, "it has no columns; give at least one");
  refuseTwins(subject, [...columns.values()]);
  return {
    ...options,
    name,
    fragment: new Sql(
      [options.schema === undefined ? table : `${quoteIdentifier(options.schema)}.${table}`],
      [],
    ),
    columns,
    key: [...columns.values()].filter((column) => column.settings.primaryKey === true),
    selection: [...columns.values()].map(selected).join(", "),
    conversions: [...columns.values()].flatMap(({ property, settings }) =>
      settings.type.conversion === undefined ? [] : [{ property, ...settings.type.conversion }]
    ),
  };
}

/** The error for a property that is no column, with the one that was most likely meant. */
export function unknownColumn(table: Table, property: string): ValidationError {
  const names = [...table.columns.keys()];
  const near = nearestWord(property, names);
  return new ValidationError(
    `property "${property}" of model "${table.name}"`,
    `there is no such column; ${near === undefined ? `use ${names.join(", ")}` : `did you mean "${near}"?`}`,
  );
}

function defineColumn(
  table: string,
  property: string,
  definition: AnyColumnDefinition,
  reserved: ReadonlySet<string>,
): AnyColumn {
  const subject = `column "${property}" of model "${table}"`;
  if (!(definition instanceof ColumnDefinition)) {
    throw new ValidationError(subject, "it is not a column; make it with column, as in column.text()");
  }
  if (reserved.has(property) || property === "__proto__") {
    throw new ValidationError(
      subject,
      `a model has a property of this name itself; name it differently and add .name("${
        columnName(property)
      }")`,
    );
  }
  return new Column(table, property, definition.settings.name ?? columnName(property), definition.settings);
}

function refuseTwins(subject: string, columns: readonly AnyColumn[]): void {
  const seen = new Map<string, string>();
  for (const { columnName, property } of columns) {
    const other = seen.get(columnName);
    if (other !== undefined) {
      throw new ValidationError(
        subject,
        `its properties "${other}" and "${property}" are both the column "${columnName}"; give one a .name()`,
      );
    }
    seen.set(columnName, property);
  }
}

function selected(column: AnyColumn): string {
  const { columnName, property } = column;
  if (columnName === property) return column.strings[0];
  // A property longer than a name can be would be cut: quoteIdentifier() refuses it.
  return `${column.strings[0]} as ${quoteIdentifier(property)}`;
}
