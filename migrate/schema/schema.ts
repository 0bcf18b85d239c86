/**
 * The builder that a migration's `up` and `down` are given.
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
import { ignoreStep } from "../lint/ignore.ts";
import { columnsOf, constraintOf, indexOf } from "./catalog_objects.ts";
import { checkName, checkOptions, type Name, nameOf } from "./name.ts";
import { type Bound, boundText, type PartitionBy, partitionKeyOf } from "./partition.ts";
import { type DropOptions, type IfNotExists, SchemaTypes } from "./schema_types.ts";
import { commentChange, TableChanger } from "./table_changer.ts";
import {
  bareIndex,
  bareObject,
  bareTable,
  commented,
  type CommentedName,
  defined,
  materializedOf,
  type NamedKind,
  type PartKind,
  textParameters,
  viewOf,
  type ViewOptions,
} from "./named_objects.ts";
import { referTo, type TableReference } from "./table_reference.ts";

export type { Name } from "./name.ts";
export type { CommentedName, NamedKind, PartKind, ViewOptions } from "./named_objects.ts";
export type { Bound, PartitionBy } from "./partition.ts";
export type { FunctionOptions, PolicyOptions, TriggerOptions } from "./routines.ts";
export {
  type DomainOptions,
  type DropOptions,
  type IfNotExists,
  SchemaTypes,
  type SequenceOptions,
  type SqlOptions,
} from "./schema_types.ts";
export {
  type AddConstraintOptions,
  type AlterColumnOptions,
  type DropColumnOptions,
  type DropConstraintOptions,
  TableChanger,
  type TriggerFiring,
} from "./table_changer.ts";
export type { TableReference } from "./table_reference.ts";

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

/** What a partition is. */
export interface PartitionOptions extends IfNotExists {
  /** The table it is a partition of. */
  readonly of: Name;
  /** Which rows are in it. */
  readonly bound: Bound;
  /** How its own rows are split, if they are. */
  readonly partitionBy?: PartitionBy;
}

/** What a materialized view is. */
export interface MaterializedViewOptions extends ViewOptions, IfNotExists {
  /** Leaves it empty until it is refreshed. Default false. */
  readonly withNoData?: boolean;
}

/**
 * Collects what a migration does, as steps: nothing is sent. Tables, columns, constraints and indexes are written with the
 * same `column`, `constraint` and `index` as models. Every call is checked at once.
 *
 * @example
 * ```ts
 * import { column, index, Pool, sql } from "@lifeguard/core";
 * import { reverseSteps, Schema, writeStep } from "@lifeguard/core/migrate";
 * const schema = new Schema();
 * schema.createTable("users", {
 *   id: column.identity().primaryKey(),
 *   email: column.text().unique(),
 *   createdAt: column.timestamptz().defaultNow(),
 * }, { indexes: (t) => [index(t.createdAt)] });
 * schema.alterTable("users", (t) => t.addColumn("name", column.text().nullable()));
 * await using pool = new Pool("pglite:");
 * for (const { text } of schema.steps.flatMap((step) => writeStep(step, 18))) await pool.execute(sql.unsafe(text));
 * await pool.execute(sql`insert into users (email, name) values ('ada@example.org', 'Ada')`);
 * const down = reverseSteps(schema.steps).steps.flatMap((step) => writeStep(step, 18));
 * console.assert(down.at(-1)?.text === 'drop table "users"');
 * ```
 */
export class Schema extends SchemaTypes {
  /**
   * A table that is there, for foreign keys: `column.integer().references(() => schema.table("users").id)`. Its columns are
   * named as in the database.
   */
  table(name: Name): TableReference {
    return referTo(nameOf(name, "table()"));
  }

  /**
   * Creates a table; its properties become columns as a model's do: `createdAt` is `created_at`. Types that it uses are to
   * be there: `createEnum()` makes them.
   */
  createTable<Columns extends ColumnDefinitions>(
    name: Name,
    columns: Columns,
    options: TableOptions<Columns> = {},
  ): void {
    const { ifNotExists = false } = options;
    const { object, constraints, indexes } = this.#described(name, columns, options);
    this.step({
      kind: "create",
      object,
      ...(constraints.length === 0 ? {} : { constraints }),
      ...(ifNotExists ? { ifNotExists } : {}),
    });
    for (const { index, concurrently } of indexes) {
      this.step({
        kind: "create",
        object: index,
        ...(concurrently ? { concurrently } : {}),
        ...(ifNotExists ? { ifNotExists } : {}),
      });
    }
  }

  /**
   * Says that a rule of the lint does not matter for the next step, and why; `docs/migration-lints.md` has the rules.
   *
   * @example
   * ```ts
   * import { lintSteps, Schema } from "@lifeguard/core/migrate";
   * const schema = new Schema();
   * schema.ignore("table-dropped", "nobody has used it since March");
   * schema.dropTable("drafts");
   * console.assert(lintSteps(schema.steps, { serverVersion: 18 }).length === 0);
   * ```
   */
  ignore(rule: string, reason: string): void {
    this.step(ignoreStep(rule, reason));
  }

  /** Changes a table: see {@link TableChanger}. */
  alterTable(name: Name, change: (table: TableChanger) => void): void {
    const table = nameOf(name, "alterTable()");
    if (typeof change !== "function") {
      throw new ValidationError(
        `alterTable("${table.name}")`,
        'it has no function; give (t) => t.addColumn("email", column.text())',
      );
    }
    const before = this.steps.length;
    change(new TableChanger(table, (step) => this.step(step)));
    if (this.steps.length > before) return;
    throw new ValidationError(
      `alterTable("${table.name}")`,
      "its function changes nothing; call methods of t",
    );
  }

  /** Drops a table; its columns as they `was` make it possible to revert it. */
  dropTable<Columns extends ColumnDefinitions>(
    name: Name,
    options: DropOptions & TableOptions<Columns> & { readonly was?: Columns } = {},
  ): void {
    const { was, ifExists, cascade, ...rest } = options;
    const table = nameOf(name, "dropTable()");
    const drop: DropOptions = { ...defined({ ifExists, cascade }) };
    if (was === undefined) {
      checkOptions(rest, [], "dropTable()");
      this.drop(bareTable(table), drop);
      return;
    }
    const { object, constraints, indexes } = this.#described(name, was, rest);
    for (const { index } of indexes) this.drop(index, defined({ ifExists }), true);
    this.step({ kind: "drop", object, constraints, ...drop });
  }

  /** Gives a table another name. */
  renameTable(name: Name, to: string): void {
    this.rename("table", name, to);
  }

  /** Creates a partition of a table that was created with `partitionBy`. */
  createPartition(name: Name, options: PartitionOptions): void {
    const table = nameOf(name, "createPartition()");
    const subject = `partition "${table.name}"`;
    checkOptions(options, ["of", "bound", "partitionBy", "ifNotExists"], subject);
    const { of, bound, partitionBy, ifNotExists } = options;
    this.step({
      kind: "create",
      object: {
        ...bareTable(table),
        partitionOf: {
          table: nameOf(of, `the table of ${subject}`),
          bound: boundText(bound, subject),
        },
        ...(partitionBy === undefined ? {} : { partitionBy: partitionKeyOf(partitionBy, subject) }),
      },
      ...(ifNotExists === true ? { ifNotExists } : {}),
    });
  }

  /** Makes a table that is there a partition of another. */
  attachPartition(name: Name, options: { readonly of: Name; readonly bound: Bound }): void {
    checkOptions(options, ["of", "bound"], "attachPartition()");
    const partition = nameOf(name, "attachPartition()");
    const table = nameOf(options.of, "the table of attachPartition()");
    const bound = boundText(options.bound, `partition "${partition.name}"`);
    this.step({ kind: "table", table, change: { type: "attach", partition, bound } });
  }

  /**
   * Makes a partition a table of its own; `concurrently` without keeping others waiting, outside of the transaction. The
   * rows that are in it, as `bound`, make it possible to revert it.
   */
  detachPartition(
    name: Name,
    options: { readonly of: Name; readonly bound?: Bound; readonly concurrently?: boolean },
  ): void {
    checkOptions(options, ["of", "bound", "concurrently"], "detachPartition()");
    const { of, bound, concurrently } = options;
    const partition = nameOf(name, "detachPartition()");
    this.step({
      kind: "table",
      table: nameOf(of, "the table of detachPartition()"),
      change: {
        type: "detach",
        partition,
        bound: bound === undefined ? "default" : boundText(bound, `partition "${partition.name}"`),
        ...(concurrently === true ? { concurrently } : {}),
      },
      ...(bound === undefined ? { unknownBefore: true } : {}),
    });
  }

  /**
   * Creates an index on a table or a materialized view; `.concurrently()` builds it without keeping writers waiting.
   *
   * @example
   * ```ts
   * import { index } from "@lifeguard/core";
   * import { Schema, writeStep } from "@lifeguard/core/migrate";
   * const schema = new Schema();
   * schema.createIndex("users", (t) => index(t.email).unique().concurrently());
   * const [statement] = writeStep(schema.steps[0], 18);
   * console.assert(statement.text === 'create unique index concurrently "users_email_idx" on "users" ("email")');
   * console.assert(!statement.transaction);
   * ```
   */
  createIndex(
    table: Name,
    definition: IndexBuilder | ((columns: TableReference) => IndexBuilder),
    options: IfNotExists = {},
  ): void {
    this.alterTable(table, (t) => t.addIndex(definition, options));
  }

  /** Drops an index; with the `table` and what it `was` it can be reverted. */
  dropIndex(
    name: Name,
    options: DropOptions & {
      readonly concurrently?: boolean;
      readonly table?: Name;
      readonly was?: IndexBuilder | ((columns: TableReference) => IndexBuilder);
    } = {},
  ): void {
    const { table, was, ...rest } = options;
    const index = nameOf(name, "dropIndex()");
    if (was === undefined) {
      this.drop(bareIndex(index), rest);
      return;
    }
    if (table === undefined) {
      throw new ValidationError(
        "dropIndex()",
        'it says what the index was, not of what; give table: "users"',
      );
    }
    const other = new Schema();
    other.createIndex(table, was);
    const [step] = other.steps;
    if (step.kind === "create") this.drop({ ...step.object, name: index.name }, rest, true);
  }

  /** Builds an index anew; `concurrently` without keeping writers waiting, outside of the transaction. */
  reindex(name: Name, options: { readonly concurrently?: boolean } = {}): void {
    checkOptions(options, ["concurrently"], "reindex()");
    this.step({
      kind: "index",
      object: bareIndex(nameOf(name, "reindex()")),
      change: { type: "rebuild", concurrently: options.concurrently === true },
    });
  }

  /**
   * Creates a view of a query.
   *
   * @example
   * ```ts
   * import { sql } from "@lifeguard/core";
   * import { Schema, writeStep } from "@lifeguard/core/migrate";
   * const schema = new Schema();
   * schema.createView("adults", sql`select * from users where age >= ${18}`);
   * const [statement] = writeStep(schema.steps[0], 18);
   * console.assert(statement.text === 'create view "adults" as select * from users where age >= 18');
   * ```
   */
  createView(
    name: Name,
    query: string | Sql,
    options: ViewOptions & { readonly recursive?: boolean } = {},
  ): void {
    this.step({ kind: "create", object: viewOf(name, query, options, "createView()") });
  }

  /** Puts another query in a view's place, from what it `was`; its columns must still be there. */
  replaceView(
    name: Name,
    query: string | Sql,
    options: ViewOptions & { readonly was?: string | Sql } = {},
  ): void {
    const { was, ...rest } = options;
    const to = viewOf(name, query, rest, "replaceView()");
    const from = viewOf(name, was ?? "select", rest, "replaceView()");
    this.step({ kind: "replace", from, to, ...(was === undefined ? { unknownBefore: true } : {}) });
  }

  /** Drops a view; its query as it `was` makes it possible to revert it. */
  dropView(name: Name, options: DropOptions & { readonly was?: string | Sql } = {}): void {
    const { was, ...rest } = options;
    this.drop(viewOf(name, was ?? "select", {}, "dropView()"), rest, was !== undefined);
  }

  /** Creates a materialized view of a query. */
  createMaterializedView(name: Name, query: string | Sql, options: MaterializedViewOptions = {}): void {
    const { withNoData, ifNotExists, ...rest } = options;
    this.step({
      kind: "create",
      object: materializedOf(name, query, rest, "createMaterializedView()"),
      ...defined({ withNoData, ifNotExists }),
    });
  }

  /** Fills a materialized view anew; `concurrently` while it is read, which takes a unique index of it. */
  refreshMaterializedView(name: Name, options: { readonly concurrently?: boolean } = {}): void {
    checkOptions(options, ["concurrently"], "refreshMaterializedView()");
    const view = nameOf(name, "refreshMaterializedView()");
    this.step({ kind: "refresh", view, ...(options.concurrently === true ? { concurrently: true } : {}) });
  }

  /** Drops a materialized view; its query as it `was` makes it possible to revert it. */
  dropMaterializedView(name: Name, options: DropOptions & { readonly was?: string | Sql } = {}): void {
    const { was, ...rest } = options;
    this.drop(materializedOf(name, was ?? "select", {}, "dropMaterializedView()"), rest, was !== undefined);
  }

  /** Lets policies say which rows of a table a role sees; `force` also its owner. */
  enableRowSecurity(table: Name, options: { readonly force?: boolean } = {}): void {
    this.alterTable(table, (t) => t.enableRowSecurity(options));
  }

  /** Ends what `enableRowSecurity()` began. */
  disableRowSecurity(table: Name, options: { readonly wasForced?: boolean } = {}): void {
    this.alterTable(table, (t) => t.disableRowSecurity(options));
  }

  /** Gives something another name: `rename("index", "users_idx", "users_email_idx")`. */
  rename(kind: NamedKind, name: Name, to: string): void {
    this.step({
      kind: "rename",
      object: bareObject(kind, nameOf(name, "rename()")),
      to: checkName(to, "rename()"),
    });
  }

  /** Puts something into another schema. Give its present schema if the migration is to be reverted. */
  move(kind: Exclude<NamedKind, "schema" | "index">, name: Name, to: string): void {
    this.step({
      kind: "move",
      object: bareObject(kind, nameOf(name, "move()")),
      to: checkName(to, "move()"),
    });
  }

  /**
   * Sets the comment of something; `null` for none. For columns, `alterTable()` has `commentOnColumn()`.
   *
   * @param kind What it is.
   * @param name Its name; that of a constraint, a trigger or a policy has its table beside it.
   * @param text The comment, or with `was` what it was.
   */
  comment(
    kind: NamedKind | PartKind,
    name: CommentedName,
    text: string | null | { readonly to: string | null; readonly was: string | null },
  ): void {
    const object = commented(kind, name);
    const { to, was } = typeof text === "object" && text !== null ? text : { to: text, was: undefined };
    this.step({ kind: "comment", object, ...commentChange(to, was) });
  }

  #described(
    given: Name,
    columns: ColumnDefinitions,
    options: TableOptions<never>,
  ): {
    readonly object: TableObject;
    readonly constraints: readonly ConstraintObject[];
    readonly indexes: readonly { readonly index: IndexObject; readonly concurrently: boolean }[];
  } {
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
