/**
 * A table as a migration gives it: columns, and what it has beside them.
 *
 * @module
 */
import { describeTable } from "../../orm/compiling/ddl/describe.ts";
import { ColumnDefinition } from "../../orm/definition/column_definition.ts";
import type { ConstraintDefinition } from "../../orm/definition/constraint_definition.ts";
import type { IndexBuilder } from "../../orm/definition/index_definition.ts";
import type { ColumnDefinitions } from "../../orm/definition/row_types.ts";
import { defineTable } from "../../orm/definition/table.ts";
import type { ModelColumns } from "../../orm/model_types.ts";
import type { Sql } from "../../pool/sql/sql.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import type { ConstraintObject, IndexObject, TableObject } from "../catalog/objects.ts";
import { columnsOf, constraintOf, indexOf } from "./catalog_objects.ts";
import { checkOptions, type Name, nameOf } from "./name.ts";
import { bareTable, defined, textParameters } from "./named_objects.ts";
import { type PartitionBy, partitionKeyOf } from "./partition.ts";
import type { IfNotExists } from "./schema_steps.ts";

/** What a table has beside its columns. */
export interface TableOptions<Columns extends ColumnDefinitions = ColumnDefinitions> extends IfNotExists {
  /** Its constraints over several columns, from its columns to what `constraint` makes. */
  readonly constraints?: (columns: ModelColumns<Columns, string>) => readonly ConstraintDefinition[];
  /** Conditions every row satisfies, by their names. */
  readonly checks?: (columns: ModelColumns<Columns, string>) => Readonly<Record<string, Sql>>;
  /** Its indexes, from its columns to what `index()` makes. */
  readonly indexes?: (columns: ModelColumns<Columns, string>) => readonly IndexBuilder[];
  /** Its comment. */
  readonly comment?: string;
  /** Whether its changes are written to no log: faster, and empty after a crash. */
  readonly unlogged?: boolean;
  /** How its rows are split, if they are: `{ range: ["created_at"] }`. */
  readonly partitionBy?: PartitionBy;
  /** The tables it is a child of. */
  readonly inherits?: readonly Name[];
  /** Its storage parameters: `{ fillfactor: 70 }`. */
  readonly parameters?: Readonly<Record<string, string | number | boolean>>;
  /** Whether policies say which rows a role sees; `"forced"` also its owner. */
  readonly rowSecurity?: "enabled" | "forced";
}

/** A table with what belongs to it. */
export interface DescribedTable {
  /** The table. */
  readonly object: TableObject;
  /** Its constraints. */
  readonly constraints: readonly ConstraintObject[];
  /** Its indexes, and which are built without keeping writers waiting. */
  readonly indexes: readonly { readonly index: IndexObject; readonly concurrently: boolean }[];
}

/** A table of what a migration says of it. */
export function describedTable(
  given: Name,
  columns: ColumnDefinitions,
  options: TableOptions<never>,
): DescribedTable {
  const name = nameOf(given, "createTable()");
  const subject = `table "${name.name}"`;
  checkOptions(options, TABLE_OPTIONS, subject);
  const {
    constraints,
    checks,
    indexes,
    comment,
    unlogged,
    partitionBy,
    inherits,
    parameters,
    rowSecurity,
  } = options;
  for (const [property, definition] of Object.entries(columns ?? {})) {
    if (definition instanceof ColumnDefinition) continue;
    throw new ValidationError(
      `column "${property}" of ${subject}`,
      "it is not a column; make it with column, as in column.text()",
    );
  }
  const table = describeTable(
    defineTable(
      name.name,
      columns,
      { ...defined({ constraints, checks, indexes, comment, schema: name.schema }) },
      new Set(),
    ),
  );
  const taken = new Set<string>();
  const context = { columns: table.columns.map((column) => column.name), taken };
  return {
    object: {
      ...bareTable(name),
      columns: columnsOf(table),
      parameters: textParameters(parameters),
      ...defined({ comment, rowSecurity }),
      ...(unlogged === true ? { unlogged } : {}),
      ...(partitionBy === undefined ? {} : { partitionBy: partitionKeyOf(partitionBy, subject) }),
      ...(inherits === undefined
        ? {}
        : { inherits: inherits.map((parent) => nameOf(parent, `a parent of ${subject}`)) }),
    },
    constraints: table.constraints.map((record) => constraintOf(name, record, context)),
    indexes: table.indexes.map((record) => ({
      index: indexOf(name, record),
      concurrently: record.concurrently,
    })),
  };
}

const TABLE_OPTIONS: readonly string[] = [
  "constraints",
  "checks",
  "indexes",
  "comment",
  "unlogged",
  "partitionBy",
  "inherits",
  "parameters",
  "rowSecurity",
  "ifNotExists",
] satisfies (keyof TableOptions)[];
