/**
 * From tables as models know them to the records of a schema.
 *
 * @module
 */
import { Sql } from "../../../pool/sql/sql.ts";
import { ValidationError } from "../../../pool/wire/errors.ts";
import { type AnyColumn, Column } from "../../building/column.ts";
import { ownerOf } from "../../definition/column_owner.ts";
import type { ConstraintDefinition } from "../../definition/constraint_definition.ts";
import type { IndexDefinition } from "../../definition/index_definition.ts";
import type { Table } from "../../definition/table.ts";
import { collectTypes } from "./collect_types.ts";
import { describeExtras } from "./describe_extras.ts";
import { indexName } from "./default_name.ts";
import { elementOf } from "./element.ts";
import { inlined } from "../../building/inlined.ts";
import { literalOf } from "./literal.ts";
import { ordered } from "./order.ts";
import type {
  ColumnRecord,
  ConstraintRecord,
  ForeignKeyRecord,
  IndexRecord,
  SchemaRecord,
  TableRecord,
} from "./schema_records.ts";

/**
 * Describes what the models' tables need.
 *
 * @param tables The tables.
 * @returns The records, in an order they can be created in.
 * @throws {ValidationError} When two models declare one thing differently, or a reference leads nowhere.
 */
export function describeSchema(tables: readonly Table[]): SchemaRecord {
  const { types, extensions } = collectTypes(tables);
  const schemas = [...tables, ...types].flatMap(({ schema }) => schema === undefined ? [] : [schema]);
  return {
    schemas: [...new Set(schemas)],
    extensions,
    types,
    tables: ordered(tables.map(describeTable)),
  };
}

/** Describes one table. */
export function describeTable(table: Table): TableRecord {
  const columns = [...table.columns.values()];
  const constraints: ConstraintRecord[] = [];
  if (table.key.length > 0) constraints.push({ kind: "primary key", columns: names(table.key) });
  for (const column of columns) constraints.push(...columnConstraints(column));
  for (const constraint of table.constraints) constraints.push(describeConstraint(table, constraint));
  const taken = new Set<string>();
  return {
    ...nameOf(table),
    ...(table.comment === undefined ? {} : { comment: table.comment }),
    columns: columns.map(describeColumn),
    constraints,
    indexes: table.indexes.map((index) => describeIndex(table, index, taken)),
    ...describeExtras(table),
  };
}

function nameOf({ tableName, schema }: Table): Pick<TableRecord, "name" | "schema"> {
  return schema === undefined ? { name: tableName } : { name: tableName, schema };
}

function names(columns: readonly AnyColumn[]): readonly string[] {
  return columns.map((column) => column.columnName);
}

function describeColumn(column: AnyColumn): ColumnRecord {
  const { settings } = column;
  const { type, generated, virtual, identity, identityOptions, serial, collation, comment, renamedFrom } =
    settings;
  const given = {
    collation,
    default: "default" in settings ? defaultOf(column) : undefined,
    generated: generated === undefined
      ? undefined
      : inlined(generated, `the expression of ${column.subject}`),
    virtual,
    identity,
    identityOptions,
    serial,
    comment,
    renamedFrom,
  };
  return {
    name: column.columnName,
    type: `${type.sql}${"[]".repeat(type.dimensions)}`,
    nullable: settings.nullable === true,
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
  };
}

function defaultOf(column: AnyColumn): string {
  const { type, default: value } = column.settings;
  if (value instanceof Sql) return inlined(value, `the default of ${column.subject}`);
  try {
    return literalOf(type, value);
  } catch (error) {
    if (!(error instanceof ValidationError)) throw error;
    throw new ValidationError(
      `the default of ${column.subject}`,
      `it does not fit ${type.sql}; give ${type.expected}`,
      { cause: error },
    );
  }
}

function columnConstraints(column: AnyColumn): ConstraintRecord[] {
  const { unique, uniqueOptions, check, references } = column.settings;
  const columns = [column.columnName];
  const constraints: ConstraintRecord[] = [];
  if (unique === true) constraints.push({ kind: "unique", columns, ...uniqueOptions });
  if (check !== undefined) {
    constraints.push({ kind: "check", condition: inlined(check, `the check of ${column.subject}`) });
  }
  if (references !== undefined) {
    const { target, ...options } = references;
    constraints.push({
      kind: "foreign key",
      columns,
      ...targetOf(`the reference of ${column.subject}`, [target()]),
      ...options,
    });
  }
  return constraints;
}

/** Describes a constraint over several columns. */
export function describeConstraint(table: Table, constraint: ConstraintDefinition): ConstraintRecord {
  const subject = `a constraint of model "${table.tableName}"`;
  switch (constraint.kind) {
    case "unique":
      return { ...constraint, columns: names(constraint.columns) };
    case "check":
      return { ...constraint, condition: inlined(constraint.condition, subject) };
    case "foreign key": {
      const { target, columns, ...options } = constraint;
      const record = { ...options, columns: names(columns), ...targetOf(subject, target()) };
      if (record.columns.length === record.targetColumns.length) return record;
      throw new ValidationError(
        subject,
        `${record.columns.length} columns refer to ${record.targetColumns.length}; give as many`,
      );
    }
    case "exclude": {
      const { where, elements, ...options } = constraint;
      return {
        ...options,
        elements: elements.map(([expression, operator]) => [elementOf(expression, subject), operator]),
        ...(where === undefined ? {} : { where: inlined(where, subject) }),
      };
    }
  }
}

function targetOf(
  subject: string,
  columns: readonly Sql[],
): Pick<ForeignKeyRecord, "target" | "targetColumns"> {
  const owners = columns.map((column) => column instanceof Column ? ownerOf(column) : undefined);
  const [owner] = owners;
  if (owner === undefined || owners.some((other) => other !== owner)) {
    throw new ValidationError(
      subject,
      "it does not lead to columns of one model; return them: () => User.id, or () => [Other.a, Other.b]",
    );
  }
  return { target: nameOf(owner), targetColumns: names(columns as AnyColumn[]) };
}

/** Describes an index; `taken` are the names given already. */
export function describeIndex(table: Table, index: IndexDefinition, taken: Set<string>): IndexRecord {
  const subject = `an index of model "${table.tableName}"`;
  const { keys, name, method = "btree", include, where, ...rest } = index;
  const foreign = [...keys.map((key) => key.expression), ...include]
    .find((part) => part instanceof Column && table.columns.get(part.property) !== part);
  if (foreign !== undefined) {
    throw new ValidationError(
      subject,
      `${(foreign as AnyColumn).subject} is not the model's; use the columns the function is given`,
    );
  }
  const parts = keys.map(({ expression }) => expression instanceof Column ? expression.columnName : "expr");
  return {
    ...rest,
    name: name ?? indexName(table.tableName, parts, taken),
    method,
    keys: keys.map(({ expression, ...key }) => ({ ...key, expression: elementOf(expression, subject) })),
    include: names(include),
    ...(where === undefined ? {} : { where: inlined(where, subject) }),
  };
}
