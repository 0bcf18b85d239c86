/**
 * What `alterTable()` gives a migration: the changes of one table.
 *
 * @module
 */
import { describeConstraint, describeIndex } from "../../orm/compiling/ddl/describe.ts";
import type { ConstraintRecord } from "../../orm/compiling/ddl/schema_records.ts";
import type { AnyColumnDefinition } from "../../orm/definition/column_definition.ts";
import type { ConstraintDefinition } from "../../orm/definition/constraint_definition.ts";
import { IndexBuilder } from "../../orm/definition/index_definition.ts";
import { kindOf } from "../../pool/wire/codec/refusal.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import type { ConstraintObject, TableName, TableObject } from "../catalog/objects.ts";
import type { ColumnChange, Step, TableChange } from "../steps/step.ts";
import { alteredColumn } from "./altered_column.ts";
import { constraintOf, describeColumn, indexOf } from "./catalog_objects.ts";
import { commentChange } from "./comment_change.ts";
import { checkName, checkOptions, type Name, nameOf, oneOf } from "./name.ts";
import type {
  AddConstraintOptions,
  AlterColumnOptions,
  DropColumnOptions,
  DropConstraintOptions,
  TriggerFiring,
} from "./table_change_options.ts";
import { referredTable, referTo, type TableReference } from "./table_reference.ts";

/**
 * The changes of a table, one step each, in the order they are called in. Columns are named as they are in the database.
 *
 * @example
 * ```ts
 * import { column, constraint, sql } from "@lifeguard/core";
 * import { Schema, writeStep } from "@lifeguard/core/migrate";
 * const schema = new Schema();
 * schema.alterTable("users", (t) => {
 *   t.addColumn("email", column.text().nullable());
 *   t.renameColumn("name", "full_name");
 *   t.addConstraint((c) => constraint.check(sql`${c.email} like '%@%'`, { name: "email_check" }), { notValid: true });
 *   t.validateConstraint("email_check");
 * });
 * const texts = schema.steps.flatMap((step) => writeStep(step, 18)).map(({ text }) => text);
 * console.assert(texts[0] === 'alter table "users" add column "email" text');
 * console.assert(texts[3] === 'alter table "users" validate constraint "email_check"');
 * ```
 */
export class TableChanger {
  /** The table's columns by their names, for constraints and indexes: any name is taken for a column's. */
  readonly columns: TableReference;
  readonly #table: TableName;
  readonly #add: (step: Step) => void;
  readonly #taken: Set<string> = new Set();

  /** Creates it; `alterTable()` does. */
  constructor(table: TableName, add: (step: Step) => void) {
    this.#table = table;
    this.#add = add;
    this.columns = referTo(table);
  }

  /**
   * Adds a column, with the constraints its modifiers make.
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
  addColumn(
    name: string,
    definition: AnyColumnDefinition,
    options: { readonly ifNotExists?: boolean } = {},
  ): void {
    checkName(name, "addColumn()");
    checkOptions(options, ["ifNotExists"], "addColumn()");
    const { column, constraints } = describeColumn(this.#table, name, definition);
    this.#column(name, {
      type: "add",
      column,
      ...(options.ifNotExists === true ? { ifNotExists: true } : {}),
    });
    for (const record of constraints) this.#create(this.#constraint(record, [name]), {});
  }

  /**
   * Drops a column; say what it `was` if the migration is to be reverted.
   *
   * @example
   * ```ts
   * import { column } from "@lifeguard/core";
   * import { Schema, writeStep } from "@lifeguard/core/migrate";
   * const schema = new Schema();
   * schema.alterTable("users", (t) => t.dropColumn("email", { was: column.text().nullable() }));
   * const [{ text }] = writeStep(schema.steps[0], 18);
   * console.assert(text === 'alter table "users" drop column "email"');
   * ```
   */
  dropColumn(name: string, options: DropColumnOptions = {}): void {
    checkName(name, "dropColumn()");
    checkOptions(options, ["was", "ifExists", "cascade"], "dropColumn()");
    const { was, ifExists, cascade } = options;
    const described = was === undefined ? undefined : describeColumn(this.#table, name, was);
    const column = described?.column ?? { name, type: "unknown", notNull: false };
    // Constraints of the column go before it, so that a reversal brings them after it.
    for (const record of described?.constraints ?? []) {
      this.#add({ kind: "drop", object: this.#constraint(record, [name]) });
    }
    this.#column(name, {
      type: "drop",
      column,
      ...(ifExists === true ? { ifExists } : {}),
      ...(cascade === true ? { cascade } : {}),
    }, was === undefined);
  }

  /**
   * Gives a column another name.
   *
   * @example
   * ```ts
   * import { Schema, writeStep } from "@lifeguard/core/migrate";
   * const schema = new Schema();
   * schema.alterTable("users", (t) => t.renameColumn("name", "full_name"));
   * const [{ text }] = writeStep(schema.steps[0], 18);
   * console.assert(text === 'alter table "users" rename column "name" to "full_name"');
   * ```
   */
  renameColumn(name: string, to: string): void {
    checkName(name, "renameColumn()");
    this.#column(name, { type: "rename", to: checkName(to, "renameColumn()") });
  }

  /**
   * Changes a column: see {@link AlterColumnOptions}.
   *
   * @example
   * ```ts
   * import { column } from "@lifeguard/core";
   * import { Schema, writeStep } from "@lifeguard/core/migrate";
   * const schema = new Schema();
   * schema.alterTable("users", (t) => t.alterColumn("age", { type: column.bigint(), was: column.integer() }));
   * const [{ text }] = writeStep(schema.steps[0], 18);
   * console.assert(text === 'alter table "users" alter column "age" set data type bigint');
   * ```
   */
  alterColumn(name: string, options: AlterColumnOptions): void {
    checkName(name, "alterColumn()");
    for (const step of alteredColumn(this.#table, name, options)) this.#add(step);
    const { comment, was } = options;
    if (comment === undefined) return;
    const before = was === undefined ? undefined : describeColumn(this.#table, name, was).column;
    this.commentOnColumn(name, comment, before?.comment);
  }

  /**
   * Adds a constraint made with `constraint`, from the table's columns: `(c) => constraint.unique([c.a, c.b])`.
   *
   * @example
   * ```ts
   * import { constraint } from "@lifeguard/core";
   * import { Schema, writeStep } from "@lifeguard/core/migrate";
   * const schema = new Schema();
   * schema.alterTable("users", (t) => t.addConstraint((c) => constraint.unique([c.email])));
   * const [{ text }] = writeStep(schema.steps[0], 18);
   * console.assert(text === 'alter table "users" add constraint "users_email_key" unique ("email")');
   * ```
   */
  addConstraint(
    definition: ConstraintDefinition | ((columns: TableReference) => ConstraintDefinition),
    options: AddConstraintOptions = {},
  ): void {
    this.#addConstraint(this.#described(definition, "addConstraint()"), options, "addConstraint()");
  }

  /**
   * Adds a primary key.
   *
   * @example
   * ```ts
   * import { Schema, writeStep } from "@lifeguard/core/migrate";
   * const schema = new Schema();
   * schema.alterTable("users", (t) => t.addPrimaryKey(["id"], { usingIndex: "users_id" }));
   * const [{ text }] = writeStep(schema.steps[0], 18);
   * console.assert(text === 'alter table "users" add constraint "users_id" primary key using index "users_id"');
   * ```
   */
  addPrimaryKey(
    columns: readonly string[],
    options: AddConstraintOptions & { readonly name?: string } = {},
  ): void {
    const { name, ...rest } = options;
    if (!Array.isArray(columns) || columns.length === 0) {
      throw new ValidationError("addPrimaryKey()", 'it has no columns; give them: ["id"]');
    }
    this.#addConstraint(
      { kind: "primary key", columns, ...(name === undefined ? {} : { name }) },
      rest,
      "addPrimaryKey()",
    );
  }

  /**
   * Checks the rows that a constraint added with `notValid` left out, without keeping writers waiting.
   *
   * @example
   * ```ts
   * import { Schema, writeStep } from "@lifeguard/core/migrate";
   * const schema = new Schema();
   * schema.alterTable("users", (t) => t.validateConstraint("users_team_id_fkey"));
   * const [{ text }] = writeStep(schema.steps[0], 18);
   * console.assert(text === 'alter table "users" validate constraint "users_team_id_fkey"');
   * ```
   */
  validateConstraint(name: string): void {
    this.#add({
      kind: "constraint",
      object: this.#named(checkName(name, "validateConstraint()")),
      change: { type: "validate" },
    });
  }

  /**
   * Gives a constraint another name.
   *
   * @example
   * ```ts
   * import { Schema, writeStep } from "@lifeguard/core/migrate";
   * const schema = new Schema();
   * schema.alterTable("users", (t) => t.renameConstraint("users_check", "users_grown"));
   * const [{ text }] = writeStep(schema.steps[0], 18);
   * console.assert(text === 'alter table "users" rename constraint "users_check" to "users_grown"');
   * ```
   */
  renameConstraint(name: string, to: string): void {
    const object = this.#named(checkName(name, "renameConstraint()"));
    this.#add({ kind: "rename", object, to: checkName(to, "renameConstraint()") });
  }

  /**
   * Drops a constraint; say what it `was` if the migration is to be reverted.
   *
   * @example
   * ```ts
   * import { constraint } from "@lifeguard/core";
   * import { Schema, writeStep } from "@lifeguard/core/migrate";
   * const schema = new Schema();
   * schema.alterTable("users", (t) => t.dropConstraint("users_email_key", {
   *   was: (c) => constraint.unique([c.email]),
   * }));
   * const [{ text }] = writeStep(schema.steps[0], 18);
   * console.assert(text === 'alter table "users" drop constraint "users_email_key"');
   * ```
   */
  dropConstraint(name: string, options: DropConstraintOptions = {}): void {
    checkName(name, "dropConstraint()");
    checkOptions(options, ["was", "ifExists", "cascade"], "dropConstraint()");
    const { was, ifExists, cascade } = options;
    const object = was === undefined
      ? this.#named(name)
      : this.#constraint({ ...this.#described(was, "dropConstraint()"), name });
    this.#add({
      kind: "drop",
      object,
      ...(ifExists === true ? { ifExists } : {}),
      ...(cascade === true ? { cascade } : {}),
      ...(was === undefined ? { unknownBefore: true } : {}),
    });
  }

  /**
   * Adds an index made with `index()`, from the table's columns: `(c) => index(c.email).unique()`.
   *
   * @example
   * ```ts
   * import { index } from "@lifeguard/core";
   * import { Schema, writeStep } from "@lifeguard/core/migrate";
   * const schema = new Schema();
   * schema.alterTable("users", (t) => t.addIndex((c) => index(c.email).unique().concurrently()));
   * const [{ text }] = writeStep(schema.steps[0], 18);
   * console.assert(text === 'create unique index concurrently "users_email_idx" on "users" ("email")');
   * ```
   */
  addIndex(
    definition: IndexBuilder | ((columns: TableReference) => IndexBuilder),
    options: { readonly ifNotExists?: boolean } = {},
  ): void {
    checkOptions(options, ["ifNotExists"], "addIndex()");
    const builder = typeof definition === "function" ? definition(this.columns) : definition;
    if (!(builder instanceof IndexBuilder)) {
      throw new ValidationError(
        "addIndex()",
        `it was given ${kindOf(builder)}; make it with index(): (c) => index(c.email)`,
      );
    }
    const record = describeIndex(referredTable(this.columns), builder.definition, this.#taken);
    this.#add({
      kind: "create",
      object: indexOf(this.#table, record),
      ...(record.concurrently ? { concurrently: true } : {}),
      ...(options.ifNotExists === true ? { ifNotExists: true } : {}),
    });
  }

  /**
   * Lets policies say which rows a role sees; `force` also for the table's owner.
   *
   * @example
   * ```ts
   * import { Schema, writeStep } from "@lifeguard/core/migrate";
   * const schema = new Schema();
   * schema.alterTable("users", (t) => t.enableRowSecurity({ force: true }));
   * const [{ text }] = writeStep(schema.steps[0], 18);
   * console.assert(text === 'alter table "users" enable row level security, force row level security');
   * ```
   */
  enableRowSecurity(options: { readonly force?: boolean } = {}): void {
    checkOptions(options, ["force"], "enableRowSecurity()");
    this.#change({
      type: "row security",
      from: undefined,
      to: options.force === true ? "forced" : "enabled",
    });
  }

  /**
   * Ends what `enableRowSecurity()` began.
   *
   * @example
   * ```ts
   * import { Schema, writeStep } from "@lifeguard/core/migrate";
   * const schema = new Schema();
   * schema.alterTable("users", (t) => t.disableRowSecurity());
   * const [{ text }] = writeStep(schema.steps[0], 18);
   * console.assert(text === 'alter table "users" disable row level security');
   * ```
   */
  disableRowSecurity(options: { readonly wasForced?: boolean } = {}): void {
    checkOptions(options, ["wasForced"], "disableRowSecurity()");
    this.#change({
      type: "row security",
      from: options.wasForced === true ? "forced" : "enabled",
      to: undefined,
    });
  }

  /**
   * Sets storage parameters: `{ fillfactor: 70 }`; `null` for the default. `was` is what they were, to be reverted to.
   *
   * @example
   * ```ts
   * import { Schema, writeStep } from "@lifeguard/core/migrate";
   * const schema = new Schema();
   * schema.alterTable("users", (t) => t.setParameters({ fillfactor: 70 }, { was: { fillfactor: null } }));
   * const [{ text }] = writeStep(schema.steps[0], 18);
   * console.assert(text === `alter table "users" set ("fillfactor" = '70')`);
   * ```
   */
  setParameters(
    parameters: Readonly<Record<string, string | number | boolean | null>>,
    options: { readonly was?: Readonly<Record<string, string | number | boolean | null>> } = {},
  ): void {
    checkOptions(options, ["was"], "setParameters()");
    const { was } = options;
    this.#change(
      { type: "parameters", from: parametersOf(was ?? {}), to: parametersOf(parameters) },
      was === undefined,
    );
  }

  /**
   * Writes its changes to the log, so that they survive a crash and reach replicas. Rewrites the table.
   *
   * @example
   * ```ts
   * import { Schema, writeStep } from "@lifeguard/core/migrate";
   * const schema = new Schema();
   * schema.alterTable("users", (t) => t.setLogged());
   * const [{ text }] = writeStep(schema.steps[0], 18);
   * console.assert(text === 'alter table "users" set logged');
   * ```
   */
  setLogged(): void {
    this.#change({ type: "logged", to: true });
  }

  /**
   * Writes its changes to no log: faster, and empty after a crash. Rewrites the table.
   *
   * @example
   * ```ts
   * import { Schema, writeStep } from "@lifeguard/core/migrate";
   * const schema = new Schema();
   * schema.alterTable("users", (t) => t.setUnlogged());
   * const [{ text }] = writeStep(schema.steps[0], 18);
   * console.assert(text === 'alter table "users" set unlogged');
   * ```
   */
  setUnlogged(): void {
    this.#change({ type: "logged", to: false });
  }

  /**
   * Sets what the log says of rows that are changed: `"full"`, `"nothing"`, an index, or `null` for the primary key.
   *
   * @example
   * ```ts
   * import { Schema, writeStep } from "@lifeguard/core/migrate";
   * const schema = new Schema();
   * schema.alterTable("users", (t) => t.setReplicaIdentity("full", { was: null }));
   * const [{ text }] = writeStep(schema.steps[0], 18);
   * console.assert(text === 'alter table "users" replica identity full');
   * ```
   */
  setReplicaIdentity(
    to: "full" | "nothing" | { readonly index: string } | null,
    options: { readonly was?: "full" | "nothing" | { readonly index: string } | null } = {},
  ): void {
    checkOptions(options, ["was"], "setReplicaIdentity()");
    if (typeof to !== "object") oneOf(to, ["full", "nothing"], "setReplicaIdentity()");
    const from: TableObject["replicaIdentity"] = options.was ?? undefined;
    this.#change({ type: "replica identity", from, to: to ?? undefined }, options.was === undefined);
  }

  /**
   * Changes when a trigger fires.
   *
   * @example
   * ```ts
   * import { Schema, writeStep } from "@lifeguard/core/migrate";
   * const schema = new Schema();
   * schema.alterTable("users", (t) => t.setTrigger("stamped", "disabled"));
   * const [{ text }] = writeStep(schema.steps[0], 18);
   * console.assert(text === 'alter table "users" disable trigger "stamped"');
   * ```
   */
  setTrigger(name: string, to: TriggerFiring, options: { readonly was?: TriggerFiring } = {}): void {
    checkName(name, "setTrigger()");
    checkOptions(options, ["was"], "setTrigger()");
    oneOf(to, ["origin", "always", "replica", "disabled"], `when trigger "${name}" fires`);
    this.#add({ kind: "trigger", table: this.#table, name, from: options.was ?? "origin", to });
  }

  /**
   * Makes it a child of a table that is not partitioned.
   *
   * @example
   * ```ts
   * import { Schema, writeStep } from "@lifeguard/core/migrate";
   * const schema = new Schema();
   * schema.alterTable("users", (t) => t.inherit("people"));
   * const [{ text }] = writeStep(schema.steps[0], 18);
   * console.assert(text === 'alter table "users" inherit "people"');
   * ```
   */
  inherit(parent: Name): void {
    this.#change({ type: "inherit", from: [], to: [nameOf(parent, "inherit()")] });
  }

  /**
   * Ends what `inherit()` began.
   *
   * @example
   * ```ts
   * import { Schema, writeStep } from "@lifeguard/core/migrate";
   * const schema = new Schema();
   * schema.alterTable("users", (t) => t.noInherit("people"));
   * const [{ text }] = writeStep(schema.steps[0], 18);
   * console.assert(text === 'alter table "users" no inherit "people"');
   * ```
   */
  noInherit(parent: Name): void {
    this.#change({ type: "inherit", from: [nameOf(parent, "noInherit()")], to: [] });
  }

  /**
   * Sets its comment; `null` for none. `was` is what it was, so that the migration can be reverted.
   *
   * @example
   * ```ts
   * import { Schema, writeStep } from "@lifeguard/core/migrate";
   * const schema = new Schema();
   * schema.alterTable("users", (t) => t.comment("Whoever may log in", null));
   * const [{ text }] = writeStep(schema.steps[0], 18);
   * console.assert(text === `comment on table "users" is 'Whoever may log in'`);
   * ```
   */
  comment(text: string | null, was?: string | null): void {
    this.#add({
      kind: "comment",
      object: this.#object(),
      ...commentChange(text, was),
    });
  }

  /**
   * Sets the comment of a column; `null` for none.
   *
   * @example
   * ```ts
   * import { Schema, writeStep } from "@lifeguard/core/migrate";
   * const schema = new Schema();
   * schema.alterTable("users", (t) => t.commentOnColumn("email", "Lower case", null));
   * const [{ text }] = writeStep(schema.steps[0], 18);
   * console.assert(text === `comment on column "users"."email" is 'Lower case'`);
   * ```
   */
  commentOnColumn(name: string, text: string | null, was?: string | null): void {
    checkName(name, "commentOnColumn()");
    this.#add({ kind: "comment", object: this.#object(), column: name, ...commentChange(text, was) });
  }

  #object(): TableObject {
    return { kind: "table", ...this.#table, dependsOn: [], columns: [], parameters: {} };
  }

  #column(column: string, change: ColumnChange, unknownBefore = false): void {
    this.#add({
      kind: "column",
      table: this.#table,
      column,
      change,
      ...(unknownBefore ? { unknownBefore } : {}),
    });
  }

  #change(change: TableChange, unknownBefore = false): void {
    this.#add({ kind: "table", table: this.#table, change, ...(unknownBefore ? { unknownBefore } : {}) });
  }

  #described(
    definition: ConstraintDefinition | ((columns: TableReference) => ConstraintDefinition),
    subject: string,
  ): ConstraintRecord {
    const given = typeof definition === "function" ? definition(this.columns) : definition;
    if (typeof given !== "object" || given === null || typeof given.kind !== "string") {
      throw new ValidationError(
        subject,
        `it was given ${kindOf(given)}; make it with constraint: (c) => constraint.unique([c.email])`,
      );
    }
    return describeConstraint(referredTable(this.columns), given);
  }

  #addConstraint(record: ConstraintRecord, options: AddConstraintOptions, subject: string): void {
    checkOptions(options, ["notValid", "usingIndex", "include"], subject);
    const { notValid, usingIndex, include = [] } = options;
    const isKey = record.kind === "primary key" || record.kind === "unique";
    if (usingIndex !== undefined && !isKey) {
      throw new ValidationError(
        subject,
        `a constraint of kind "${record.kind}" takes no index; leave usingIndex out`,
      );
    }
    if (include.length > 0 && !isKey) {
      throw new ValidationError(
        subject,
        `a constraint of kind "${record.kind}" includes nothing; leave include out`,
      );
    }
    if (notValid === true && record.kind !== "check" && record.kind !== "foreign key") {
      throw new ValidationError(
        subject,
        `a constraint of kind "${record.kind}" is always valid; leave notValid out, or build its index first and give usingIndex`,
      );
    }
    // An index that becomes a constraint's gets its name: without a name, the constraint has the index's.
    const named = usingIndex !== undefined && record.name === undefined
      ? { ...record, name: usingIndex }
      : record;
    const object = this.#constraint(named);
    const { constraint } = object;
    const whole = include.length > 0 && "include" in constraint
      ? { ...object, constraint: { ...constraint, include } }
      : object;
    this.#create(whole, { notValid, usingIndex });
  }

  #create(object: ConstraintObject, { notValid, usingIndex }: AddConstraintOptions): void {
    this.#add({
      kind: "create",
      object,
      ...(notValid === true ? { notValid } : {}),
      ...(usingIndex === undefined ? {} : { usingIndex }),
    });
  }

  #constraint(record: ConstraintRecord, columns: readonly string[] = []): ConstraintObject {
    const known = [...columns, ...referredTable(this.columns).columns.keys()];
    return constraintOf(this.#table, record, { columns: known, taken: this.#taken });
  }

  /** A constraint of which only the name is known. */
  #named(name: string): ConstraintObject {
    return this.#constraint({ kind: "check", name, condition: "true" });
  }
}

function parametersOf(
  parameters: Readonly<Record<string, string | number | boolean | null>>,
): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => [name, value === null ? undefined : String(value)]),
  );
}
