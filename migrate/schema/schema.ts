/**
 * The builder that a migration's `up` and `down` are given.
 *
 * @module
 */
import type { IndexBuilder } from "../../orm/definition/index_definition.ts";
import type { ColumnDefinitions } from "../../orm/definition/row_types.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import { describedTable, type TableOptions } from "./described_table.ts";
import { checkName, checkOptions, type Name, nameOf } from "./name.ts";
import {
  bareIndex,
  bareObject,
  bareTable,
  commented,
  type CommentedName,
  defined,
  type NamedKind,
  type PartKind,
} from "./named_objects.ts";
import { type Bound, boundText, type PartitionBy, partitionKeyOf } from "./partition.ts";
import type { DropOptions, IfNotExists } from "./schema_steps.ts";
import { SchemaViews } from "./schema_views.ts";
import { commentChange } from "./comment_change.ts";
import { TableChanger } from "./table_changer.ts";
import { referTo, type TableReference } from "./table_reference.ts";

export type { TableOptions } from "./described_table.ts";
export type { Name } from "./name.ts";
export type { CommentedName, NamedKind, PartKind, ViewOptions } from "./named_objects.ts";
export type { DomainOptions, SequenceOptions } from "./named_types.ts";
export type { Bound, PartitionBy } from "./partition.ts";
export type { FunctionOptions, PolicyOptions, TriggerOptions } from "./routines.ts";
export { SchemaRoutines } from "./schema_routines.ts";
export { type DropOptions, type IfNotExists, SchemaSteps, type SqlOptions } from "./schema_steps.ts";
export { SchemaTypes } from "./schema_types.ts";
export { type MaterializedViewOptions, SchemaViews } from "./schema_views.ts";
export type {
  AddConstraintOptions,
  AlterColumnOptions,
  DropColumnOptions,
  DropConstraintOptions,
  TriggerFiring,
} from "./table_change_options.ts";
export { TableChanger } from "./table_changer.ts";
export type { TableReference } from "./table_reference.ts";

/** What a partition is. */
export interface PartitionOptions extends IfNotExists {
  /** The table it is a partition of. */
  readonly of: Name;
  /** Which rows are in it. */
  readonly bound: Bound;
  /** How its own rows are split, if they are. */
  readonly partitionBy?: PartitionBy;
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
export class Schema extends SchemaViews {
  /**
   * A table that is there, for foreign keys: `column.integer().references(() => schema.table("users").id)`. Its columns are
   * named as in the database.
   *
   * @example
   * ```ts
   * import { column } from "@lifeguard/core";
   * import { Schema, writeStep } from "@lifeguard/core/migrate";
   * const schema = new Schema();
   * schema.createTable("posts", { userId: column.bigint().references(() => schema.table("users").id) });
   * const [{ text }] = writeStep(schema.steps[0], 18);
   * console.assert(text.includes('references "users" ("id")'));
   * ```
   */
  table(name: Name): TableReference {
    return referTo(nameOf(name, "table()"));
  }

  /**
   * Creates a table; its properties become columns as a model's do: `createdAt` is `created_at`. Types that it uses are to
   * be there: `createEnum()` makes them.
   *
   * @example
   * ```ts
   * import { column } from "@lifeguard/core";
   * import { Schema, writeStep } from "@lifeguard/core/migrate";
   * const schema = new Schema();
   * schema.createTable("users", { id: column.identity().primaryKey(), fullName: column.text() });
   * const [{ text }] = writeStep(schema.steps[0], 18);
   * console.assert(text.includes('"full_name" text not null'));
   * ```
   */
  createTable<Columns extends ColumnDefinitions>(
    name: Name,
    columns: Columns,
    options: TableOptions<Columns> = {},
  ): void {
    const { ifNotExists = false } = options;
    const { object, constraints, indexes } = describedTable(name, columns, options);
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
   * Changes a table: see {@link TableChanger}.
   *
   * @example
   * ```ts
   * import { column } from "@lifeguard/core";
   * import { Schema, writeStep } from "@lifeguard/core/migrate";
   * const schema = new Schema();
   * schema.alterTable("users", (t) => t.addColumn("email", column.text().nullable()));
   * const [{ text }] = writeStep(schema.steps[0], 18);
   * console.assert(text === 'alter table "users" add column "email" text');
   * ```
   */
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

  /**
   * Drops a table; its columns as they `was` make it possible to revert it.
   *
   * @example
   * ```ts
   * import { column } from "@lifeguard/core";
   * import { Schema, writeStep } from "@lifeguard/core/migrate";
   * const schema = new Schema();
   * schema.dropTable("drafts", { was: { id: column.identity().primaryKey(), text: column.text() } });
   * const [{ text }] = writeStep(schema.steps[0], 18);
   * console.assert(text === 'drop table "drafts"');
   * ```
   */
  dropTable<Columns extends ColumnDefinitions>(
    name: Name,
    options: DropOptions & TableOptions<Columns> & { readonly was?: Columns } = {},
  ): void {
    const { was, ifExists, cascade, ...rest } = options;
    const table = nameOf(name, "dropTable()");
    const drop: DropOptions = { ...defined({ ifExists, cascade }) };
    if (was === undefined) {
      checkOptions(rest, ["was", "ifExists", "cascade"], "dropTable()");
      this.drop(bareTable(table), drop);
      return;
    }
    const { object, constraints, indexes } = describedTable(name, was, rest);
    for (const { index } of indexes) this.drop(index, defined({ ifExists }), true);
    this.step({ kind: "drop", object, constraints, ...drop });
  }

  /**
   * Gives a table another name.
   *
   * @example
   * ```ts
   * import { Schema, writeStep } from "@lifeguard/core/migrate";
   * const schema = new Schema();
   * schema.renameTable("users", "people");
   * const [{ text }] = writeStep(schema.steps[0], 18);
   * console.assert(text === 'alter table "users" rename to "people"');
   * ```
   */
  renameTable(name: Name, to: string): void {
    this.rename("table", name, to);
  }

  /**
   * Creates a partition of a table that was created with `partitionBy`.
   *
   * @example
   * ```ts
   * import { Schema, writeStep } from "@lifeguard/core/migrate";
   * const schema = new Schema();
   * schema.createPartition("events_2026", { of: "events", bound: { from: ["2026-01-01"], to: ["2027-01-01"] } });
   * const [{ text }] = writeStep(schema.steps[0], 18);
   * console.assert(
   *   text === `create table "events_2026" partition of "events" for values from ('2026-01-01') to ('2027-01-01')`,
   * );
   * ```
   */
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

  /**
   * Makes a table that is there a partition of another.
   *
   * @example
   * ```ts
   * import { Schema, writeStep } from "@lifeguard/core/migrate";
   * const schema = new Schema();
   * schema.attachPartition("events_rest", { of: "events", bound: "default" });
   * const [{ text }] = writeStep(schema.steps[0], 18);
   * console.assert(text === 'alter table "events" attach partition "events_rest" default');
   * ```
   */
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
   *
   * @example
   * ```ts
   * import { Schema, writeStep } from "@lifeguard/core/migrate";
   * const schema = new Schema();
   * schema.detachPartition("events_2026", { of: "events", concurrently: true });
   * const [{ text }] = writeStep(schema.steps[0], 18);
   * console.assert(text === 'alter table "events" detach partition "events_2026" concurrently');
   * ```
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

  /**
   * Drops an index; with the `table` and what it `was` it can be reverted.
   *
   * @example
   * ```ts
   * import { index } from "@lifeguard/core";
   * import { Schema, writeStep } from "@lifeguard/core/migrate";
   * const schema = new Schema();
   * schema.dropIndex("users_email_idx", { concurrently: true, table: "users", was: (t) => index(t.email) });
   * const [{ text }] = writeStep(schema.steps[0], 18);
   * console.assert(text === 'drop index concurrently "users_email_idx"');
   * ```
   */
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

  /**
   * Builds an index anew; `concurrently` without keeping writers waiting, outside of the transaction.
   *
   * @example
   * ```ts
   * import { Schema, writeStep } from "@lifeguard/core/migrate";
   * const schema = new Schema();
   * schema.reindex("users_email_idx", { concurrently: true });
   * const [{ text }] = writeStep(schema.steps[0], 18);
   * console.assert(text === 'reindex index concurrently "users_email_idx"');
   * ```
   */
  reindex(name: Name, options: { readonly concurrently?: boolean } = {}): void {
    checkOptions(options, ["concurrently"], "reindex()");
    this.step({
      kind: "index",
      object: bareIndex(nameOf(name, "reindex()")),
      change: { type: "rebuild", concurrently: options.concurrently === true },
    });
  }

  /**
   * Lets policies say which rows of a table a role sees; `force` also its owner.
   *
   * @example
   * ```ts
   * import { Schema, writeStep } from "@lifeguard/core/migrate";
   * const schema = new Schema();
   * schema.enableRowSecurity("notes");
   * const [{ text }] = writeStep(schema.steps[0], 18);
   * console.assert(text === 'alter table "notes" enable row level security');
   * ```
   */
  enableRowSecurity(table: Name, options: { readonly force?: boolean } = {}): void {
    this.alterTable(table, (t) => t.enableRowSecurity(options));
  }

  /**
   * Ends what `enableRowSecurity()` began.
   *
   * @example
   * ```ts
   * import { Schema, writeStep } from "@lifeguard/core/migrate";
   * const schema = new Schema();
   * schema.disableRowSecurity("notes");
   * const [{ text }] = writeStep(schema.steps[0], 18);
   * console.assert(text === 'alter table "notes" disable row level security');
   * ```
   */
  disableRowSecurity(table: Name, options: { readonly wasForced?: boolean } = {}): void {
    this.alterTable(table, (t) => t.disableRowSecurity(options));
  }

  /**
   * Gives something another name: `rename("index", "users_idx", "users_email_idx")`.
   *
   * @example
   * ```ts
   * import { Schema, writeStep } from "@lifeguard/core/migrate";
   * const schema = new Schema();
   * schema.rename("index", "users_idx", "users_email_idx");
   * const [{ text }] = writeStep(schema.steps[0], 18);
   * console.assert(text === 'alter index "users_idx" rename to "users_email_idx"');
   * ```
   */
  rename(kind: NamedKind, name: Name, to: string): void {
    this.step({
      kind: "rename",
      object: bareObject(kind, nameOf(name, "rename()")),
      to: checkName(to, "rename()"),
    });
  }

  /**
   * Puts something into another schema. Give its present schema if the migration is to be reverted.
   *
   * @example
   * ```ts
   * import { Schema, writeStep } from "@lifeguard/core/migrate";
   * const schema = new Schema();
   * schema.move("table", { schema: "public", name: "users" }, "app");
   * const [{ text }] = writeStep(schema.steps[0], 18);
   * console.assert(text === 'alter table "public"."users" set schema "app"');
   * ```
   */
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
   *
   * @example
   * ```ts
   * import { Schema, writeStep } from "@lifeguard/core/migrate";
   * const schema = new Schema();
   * schema.comment("view", "adults", "Who may vote");
   * const [{ text }] = writeStep(schema.steps[0], 18);
   * console.assert(text === `comment on view "adults" is 'Who may vote'`);
   * ```
   */
  comment(
    kind: NamedKind | PartKind,
    name: CommentedName,
    text: string | null | { readonly to: string | null; readonly was: string | null },
  ): void {
    const object = commented(kind, name);
    const isBoth = typeof text === "object" && text !== null;
    if (isBoth) checkOptions(text, ["to", "was"], "comment()");
    const { to, was } = isBoth ? text : { to: text, was: undefined };
    this.step({ kind: "comment", object, ...commentChange(to, was) });
  }
}
