/**
 * From what the ORM's builders describe to objects of a catalog.
 *
 * @module
 */
import type {
  ColumnRecord,
  ConstraintRecord,
  IndexRecord,
  TableRecord,
} from "../../orm/compiling/ddl/schema_records.ts";
import { describeTable } from "../../orm/compiling/ddl/describe.ts";
import type { AnyColumnDefinition } from "../../orm/definition/column_definition.ts";
import { ColumnDefinition } from "../../orm/definition/column_definition.ts";
import { defineTable } from "../../orm/definition/table.ts";
import { quoteIdentifier } from "../../pool/sql/identifier.ts";
import { kindOf } from "../../pool/wire/codec/refusal.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import type {
  ColumnIdentity,
  ConstraintObject,
  IndexObject,
  TableColumn,
  TableConstraint,
  TableName,
} from "../catalog/objects.ts";
import { countingOf } from "../steps/counting.ts";
import { constraintName } from "./constraint_name.ts";

/** What a column's definition comes to: the column, and the constraints that its modifiers make. */
export interface DescribedColumn {
  readonly column: TableColumn;
  readonly constraints: readonly ConstraintRecord[];
}

/** A column by its name in the database, as `addColumn()` and its like take it. */
export function describeColumn(
  table: TableName,
  name: string,
  definition: AnyColumnDefinition,
): DescribedColumn {
  if (!(definition instanceof ColumnDefinition)) {
    throw new ValidationError(
      `column "${name}" of table "${table.name}"`,
      `its definition is ${kindOf(definition)}; make it with column, as in column.text()`,
    );
  }
  const owner = { ...table, name: table.name.replaceAll(".", "_") };
  const { columns: [record], constraints } = describeTable(
    defineTable(owner.name, { [name]: definition.name(name) }, {}, new Set()),
  );
  return { column: columnOf(record), constraints };
}

/** The columns of a table. */
export function columnsOf({ columns }: TableRecord): readonly TableColumn[] {
  return columns.map(columnOf);
}

function columnOf(record: ColumnRecord): TableColumn {
  const { name, type, nullable, collation, generated, identity, comment, serial } = record;
  return {
    name,
    type: serial === true ? SERIALS[type] ?? type : type,
    notNull: !nullable,
    ...(collation === undefined ? {} : { collation: quoteIdentifier(collation) }),
    ...(record.default === undefined ? {} : { default: record.default }),
    ...(generated === undefined
      ? {}
      : { generated: { expression: generated, kind: record.virtual === true ? "virtual" : "stored" } }),
    ...(identity === undefined ? {} : { identity: identityOf(record, identity) }),
    ...(comment === undefined ? {} : { comment }),
  };
}

const SERIALS: Readonly<Record<string, string>> = {
  smallint: "smallserial",
  integer: "serial",
  bigint: "bigserial",
};

function identityOf(
  { type, identityOptions = {} }: ColumnRecord,
  generation: "always" | "by default",
): ColumnIdentity {
  return { generation, ...countingOf(type, identityOptions) };
}

/** A constraint of a table. */
export function constraintOf(
  table: TableName,
  record: ConstraintRecord,
  context: { readonly columns: readonly string[]; readonly taken: Set<string> },
): ConstraintObject {
  const { name: tableName, ...place } = table;
  const deferrable = "deferrable" in record ? record.deferrable : undefined;
  return {
    kind: "constraint",
    name: constraintName(tableName, record, context),
    ...place,
    table: tableName,
    dependsOn: [],
    constraint: demandOf(record),
    isValid: true,
    ...(deferrable === undefined ? {} : { deferrable }),
  };
}

function demandOf(record: ConstraintRecord): TableConstraint {
  switch (record.kind) {
    case "primary key":
    case "unique":
      return {
        type: record.kind,
        columns: record.columns,
        include: [],
        parameters: {},
        ...(record.nullsNotDistinct === true ? { nullsNotDistinct: true } : {}),
      };
    case "check":
      return { type: "check", condition: record.condition };
    case "foreign key":
      return {
        type: "foreign key",
        columns: record.columns,
        target: record.target,
        targetColumns: record.targetColumns,
        onDelete: record.onDelete ?? "no action",
        onUpdate: record.onUpdate ?? "no action",
      };
    case "exclude":
      return {
        type: "exclude",
        method: record.method,
        elements: record.elements.map(([expression, operator]) => ({
          expression,
          operator,
          isColumn: expression.startsWith('"'),
        })),
        include: [],
        parameters: {},
        ...(record.where === undefined ? {} : { where: record.where }),
      };
  }
}

/** An index of a table. */
export function indexOf(table: TableName, record: IndexRecord): IndexObject {
  const { name: tableName, ...place } = table;
  return {
    kind: "index",
    name: record.name,
    ...place,
    table: tableName,
    dependsOn: [],
    unique: record.unique,
    method: record.method,
    keys: record.keys.map(({ expression, order, nulls, collation, opclass }) => ({
      expression,
      isColumn: expression.startsWith('"'),
      ...(order === "desc" ? { order } : {}),
      ...(nulls === undefined ? {} : { nulls }),
      ...(collation === undefined ? {} : { collation: quoteIdentifier(collation) }),
      ...(opclass === undefined ? {} : { opclass: quoteIdentifier(opclass) }),
    })),
    include: record.include,
    parameters: Object.fromEntries(
      Object.entries(record.parameters).map(([name, value]) => [name, String(value)]),
    ),
    isValid: true,
    ...(record.nullsNotDistinct ? { nullsNotDistinct: true } : {}),
    ...(record.where === undefined ? {} : { where: record.where }),
  };
}
