/**
 * What a migration does to schemas, extensions, types, sequences, functions, triggers and policies.
 *
 * @module
 */
import type { AnyColumnDefinition } from "../../orm/definition/column_definition.ts";
import type { IdentityOptions } from "../../orm/definition/column_settings.ts";
import { checkIdentity } from "../../orm/definition/identity_options.ts";
import type { ColumnDefinitions } from "../../orm/definition/row_types.ts";
import type { Sql } from "../../pool/sql/sql.ts";
import { quoteIdentifier } from "../../pool/sql/identifier.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import type {
  CatalogObject,
  DomainObject,
  EnumObject,
  PolicyObject,
  SequenceObject,
  TriggerObject,
} from "../catalog/objects.ts";
import type { Step, TypeChange } from "../steps/step.ts";
import { countingOf } from "../steps/counting.ts";
import { describeColumn } from "./catalog_objects.ts";
import { bodyOf, checkName, checkOptions, literal, type Name, nameOf, oneOf, textOf } from "./name.ts";
import {
  functionOf,
  type FunctionOptions,
  identityOf,
  placeOf,
  policyOf,
  type PolicyOptions,
  triggerOf,
  type TriggerOptions,
} from "./routines.ts";

/** How something is created that may be there already. */
export interface IfNotExists {
  /** Leaves alone what is there already. Default false. */
  readonly ifNotExists?: boolean;
}

/** How something is dropped. */
export interface DropOptions {
  /** Does nothing where it is not there. Default false. */
  readonly ifExists?: boolean;
  /** Drops what depends on it, too. Default false. */
  readonly cascade?: boolean;
}

/** How a sequence counts; see {@link IdentityOptions}. */
export interface SequenceOptions extends IdentityOptions, IfNotExists {
  /** The type of its numbers. Default `"bigint"`. */
  readonly type?: "smallint" | "integer" | "bigint";
  /** The column whose end is its own. */
  readonly ownedBy?: { readonly table: Name; readonly column: string };
}

/** What a domain is. */
export interface DomainOptions {
  /** The type it is based on, as a column; its `collate()` and `default()` are the domain's. */
  readonly type: AnyColumnDefinition;
  /** Whether no value of it is null. Default false: its columns say so. */
  readonly notNull?: boolean;
  /** Its conditions about `value`, by their names. */
  readonly checks?: Readonly<Record<string, Sql>>;
}

/** What is undone where a statement of one's own is reverted. */
export interface SqlOptions {
  /** The statements that revert it. */
  readonly down?: string | Sql;
  /** False for what PostgreSQL takes outside of transactions only. */
  readonly transaction?: boolean;
}

/** The part of {@link Schema} that is about everything but tables and views. */
export class SchemaTypes {
  readonly #steps: Step[] = [];

  /** What was done so far, in order. */
  get steps(): readonly Step[] {
    return this.#steps;
  }

  /** Adds a step as it is, such as one that a comparison of catalogs made. */
  step(step: Step): void {
    this.#steps.push(step);
  }

  /**
   * Runs statements of one's own; give `down` if the migration is to be reverted.
   *
   * @example
   * ```ts
   * import { sql } from "@lifeguard/core";
   * import { Schema } from "@lifeguard/core/migrate";
   * const schema = new Schema();
   * schema.sql(sql`update users set active = ${true}`);
   * schema.sql("create cast (text as citext) with inout", { down: "drop cast (text as citext)" });
   * console.assert(schema.steps.length === 2);
   * ```
   */
  sql(text: string | Sql, options: SqlOptions = {}): void {
    checkOptions(options, ["down", "transaction"], "sql()");
    const { down, transaction } = options;
    this.step({
      kind: "sql",
      text: bodyOf(text, "the statement of sql()"),
      ...(down === undefined ? {} : { down: bodyOf(down, 'the option "down" of sql()') }),
      ...(transaction === undefined ? {} : { transaction }),
    });
  }

  /** Creates a schema. */
  createSchema(name: string, options: IfNotExists = {}): void {
    this.#create({ kind: "schema", name: checkName(name, "createSchema()"), dependsOn: [] }, options);
  }

  /** Drops a schema. */
  dropSchema(name: string, options: DropOptions = {}): void {
    // All there is of a schema is its name, so this can be reverted.
    this.drop({ kind: "schema", name: checkName(name, "dropSchema()"), dependsOn: [] }, options, true);
  }

  /** Creates an extension, with the server's default version unless one is given. */
  createExtension(
    name: string,
    options: IfNotExists & { readonly schema?: string; readonly version?: string } = {},
  ): void {
    checkName(name, "createExtension()");
    checkOptions(options, ["ifNotExists", "schema", "version"], "createExtension()");
    const { schema, version, ifNotExists } = options;
    const object: CatalogObject = {
      kind: "extension",
      name,
      dependsOn: [],
      ...(schema === undefined ? {} : { schema }),
      ...(version === undefined ? {} : { version }),
    };
    this.step({
      kind: "create",
      object,
      ...(ifNotExists === true ? { ifNotExists } : {}),
      ...(version === undefined ? {} : { exactVersion: true }),
    });
  }

  /** Drops an extension. */
  dropExtension(name: string, options: DropOptions = {}): void {
    this.drop({ kind: "extension", name: checkName(name, "dropExtension()"), dependsOn: [] }, options, true);
  }

  /**
   * Creates an enum.
   *
   * @example
   * ```ts
   * import { Schema, writeStep } from "@lifeguard/core/migrate";
   * const schema = new Schema();
   * schema.createEnum("mood", ["sad", "happy"]);
   * schema.addEnumLabel("mood", "so-so", { before: "happy" });
   * const [created] = writeStep(schema.steps[0], 18);
   * const [added] = writeStep(schema.steps[1], 18);
   * console.assert(created.text === `create type "mood" as enum ('sad', 'happy')`);
   * console.assert(added.text === `alter type "mood" add value 'so-so' before 'happy'`);
   * ```
   */
  createEnum(name: Name, labels: readonly string[]): void {
    this.step({ kind: "create", object: this.#enum(name, labels, "createEnum()") });
  }

  /** Adds a label to an enum: at its end, or before or after another. It can be used once the migration has ended. */
  addEnumLabel(
    name: Name,
    label: string,
    options: IfNotExists & { readonly before?: string; readonly after?: string } = {},
  ): void {
    checkOptions(options, ["ifNotExists", "before", "after"], "addEnumLabel()");
    const { before, after, ifNotExists } = options;
    if (before !== undefined && after !== undefined) {
      throw new ValidationError(
        "addEnumLabel()",
        "the label is before one and after one; give one of the two",
      );
    }
    labelOf(label, "addEnumLabel()");
    this.#changeType(nameOf(name, "addEnumLabel()"), {
      type: "add label",
      label,
      ...(before === undefined ? {} : { before }),
      ...(after === undefined ? {} : { after }),
      ...(ifNotExists === true ? { ifNotExists } : {}),
    });
  }

  /** Gives a label of an enum another name. */
  renameEnumLabel(name: Name, from: string, to: string): void {
    const label = labelOf(to, "renameEnumLabel()");
    this.#changeType(nameOf(name, "renameEnumLabel()"), { type: "rename label", from, to: label });
  }

  /** Drops an enum; its labels make it possible to revert it. */
  dropEnum(name: Name, options: DropOptions & { readonly labels?: readonly string[] } = {}): void {
    const { labels, ...rest } = options;
    const known = labels !== undefined;
    const object = known
      ? this.#enum(name, labels, "dropEnum()")
      : { ...nameOf(name, "dropEnum()"), kind: "enum" as const, labels: [], dependsOn: [] };
    this.drop(object, rest, known);
  }

  /** Creates a domain: a type with a name of its own and, mostly, a condition. */
  createDomain(name: Name, options: DomainOptions): void {
    this.step({ kind: "create", object: this.#domain(name, options, "createDomain()") });
  }

  /** Changes a domain: `null` for no default. */
  alterDomain(
    name: Name,
    options: {
      readonly default?: unknown;
      readonly notNull?: boolean;
      readonly addCheck?: { readonly name: string; readonly condition: Sql; readonly notValid?: boolean };
      readonly dropCheck?: { readonly name: string; readonly condition: Sql };
    },
  ): void {
    const subject = "alterDomain()";
    checkOptions(options, ["default", "notNull", "addCheck", "dropCheck"], subject);
    const object: DomainObject = {
      kind: "domain",
      ...nameOf(name, subject),
      type: "unknown",
      notNull: false,
      checks: [],
      dependsOn: [],
    };
    const change = (to: TypeChange, unknownBefore = false): void =>
      this.step({ kind: "type", object, change: to, ...(unknownBefore ? { unknownBefore } : {}) });
    const { notNull, addCheck, dropCheck } = options;
    if (options.default !== undefined) {
      const to = options.default === null ? {} : { to: literal(options.default, subject) };
      change({ type: "domain default", ...to }, true);
    }
    if (notNull !== undefined) change({ type: "domain not null", to: notNull });
    if (dropCheck !== undefined) {
      const condition = textOf(dropCheck.condition, subject);
      change({ type: "drop check", check: { name: dropCheck.name, condition, isValid: true } });
    }
    if (addCheck !== undefined) {
      const condition = textOf(addCheck.condition, subject);
      const isValid = addCheck.notValid !== true;
      change({ type: "add check", check: { name: addCheck.name, condition, isValid } });
    }
  }

  /** Drops a domain; say what it `was` if the migration is to be reverted. */
  dropDomain(name: Name, options: DropOptions & { readonly was?: DomainOptions } = {}): void {
    const { was, ...rest } = options;
    const object: DomainObject = was === undefined
      ? {
        kind: "domain",
        ...nameOf(name, "dropDomain()"),
        type: "text",
        notNull: false,
        checks: [],
        dependsOn: [],
      }
      : this.#domain(name, was, "dropDomain()");
    this.drop(object, rest, was !== undefined);
  }

  /** Creates a composite type of attributes, given as columns. */
  createComposite(name: Name, attributes: ColumnDefinitions): void {
    const type = nameOf(name, "createComposite()");
    const columns = Object.entries(attributes ?? {}).map(([attribute, definition]) =>
      describeColumn(type, attribute, definition).column
    );
    if (columns.length === 0) {
      throw new ValidationError("createComposite()", "it has no attributes; give at least one");
    }
    this.step({
      kind: "create",
      object: {
        kind: "composite",
        ...type,
        dependsOn: [],
        attributes: columns.map(({ name: attribute, type: sql, collation }) => ({
          name: attribute,
          type: sql,
          ...(collation === undefined ? {} : { collation }),
        })),
      },
    });
  }

  /** Drops a composite type. */
  dropComposite(name: Name, options: DropOptions = {}): void {
    const object = {
      kind: "composite" as const,
      ...nameOf(name, "dropComposite()"),
      attributes: [],
      dependsOn: [],
    };
    this.drop(object, options);
  }

  /** Creates a range type over a type that has an order: `createRange("floatrange", "double precision")`. */
  createRange(name: Name, subtype: string, options: Readonly<Record<string, string>> = {}): void {
    const type = nameOf(name, "createRange()");
    const of = bodyOf(subtype, "the subtype of createRange()");
    this.step({ kind: "create", object: { kind: "range", ...type, subtype: of, options, dependsOn: [] } });
  }

  /** Creates a sequence. */
  createSequence(name: Name, options: SequenceOptions = {}): void {
    const { ownedBy, ifNotExists, ...counting } = options;
    const object = this.#sequence(name, counting, "createSequence()");
    this.#create(object, ifNotExists === undefined ? {} : { ifNotExists });
    if (ownedBy === undefined) return;
    const owner = { ...placeOf(nameOf(ownedBy.table, "createSequence()")), column: ownedBy.column };
    this.step({ kind: "sequence", from: object, to: { ...object, ownedBy: owner } });
  }

  /** Changes how a sequence counts, from what it `was` to what it is. */
  alterSequence(
    name: Name,
    options: {
      readonly was: Omit<SequenceOptions, "ownedBy">;
      readonly to: Omit<SequenceOptions, "ownedBy">;
    },
  ): void {
    checkOptions(options, ["was", "to"], "alterSequence()");
    const from = this.#sequence(name, options.was ?? {}, "alterSequence()");
    this.step({ kind: "sequence", from, to: this.#sequence(name, options.to, "alterSequence()") });
  }

  /** Drops a sequence; say what it `was` if the migration is to be reverted. */
  dropSequence(
    name: Name,
    options: DropOptions & { readonly was?: Omit<SequenceOptions, "ownedBy"> } = {},
  ): void {
    const { was, ...rest } = options;
    this.drop(this.#sequence(name, was ?? {}, "dropSequence()"), rest, was !== undefined);
  }

  /**
   * Creates a function or a procedure.
   *
   * @example
   * ```ts
   * import { column, Pool, sql } from "@lifeguard/core";
   * import { Schema, writeStep } from "@lifeguard/core/migrate";
   * const schema = new Schema();
   * schema.createFunction("add", { arguments: "a integer, b integer default 1", returns: "integer", body: "select a + b" });
   * await using pool = new Pool("pglite:");
   * for (const { text } of schema.steps.flatMap((step) => writeStep(step, 18))) await pool.execute(sql.unsafe(text));
   * const { sum } = await pool.one<{ sum: number }>(sql`select add(2) as sum`);
   * console.assert(sum === 3);
   * ```
   */
  createFunction(name: Name, options: FunctionOptions): void {
    const object = functionOf(name, options);
    if (options.replace !== true) {
      this.step({ kind: "create", object });
    } else if (options.was === undefined) {
      this.step({ kind: "create", object, unknownBefore: true });
    } else {
      this.step({ kind: "replace", from: functionOf(name, { ...options.was, replace: true }), to: object });
    }
  }

  /** Drops a function or a procedure, which its arguments' types identify: `dropFunction("add", "integer, integer")`. */
  dropFunction(
    name: Name,
    args: string,
    options: DropOptions & { readonly procedure?: boolean; readonly was?: FunctionOptions } = {},
  ): void {
    const { procedure = false, was, ...rest } = options;
    const of = nameOf(name, "dropFunction()");
    if (typeof args !== "string") {
      throw new ValidationError(
        "dropFunction()",
        'its arguments are not given; give their types, "" for none',
      );
    }
    const object: CatalogObject = was !== undefined ? functionOf(name, was) : {
      kind: "function",
      ...of,
      dependsOn: [],
      isProcedure: procedure,
      identity: identityOf(args),
      arguments: args,
      language: "sql",
      definition: "",
    };
    this.drop(object, rest, was !== undefined);
  }

  /** Creates a trigger. */
  createTrigger(name: string, options: TriggerOptions): void {
    this.step({ kind: "create", object: triggerOf(name, options) });
  }

  /** Drops a trigger of a table; say what it `was` if the migration is to be reverted. */
  dropTrigger(
    name: string,
    options: DropOptions & { readonly table: Name; readonly was?: Omit<TriggerOptions, "table"> },
  ): void {
    const { table, was, ...rest } = options;
    const object: TriggerObject = was !== undefined ? triggerOf(name, { ...was, table }) : {
      kind: "trigger",
      name: checkName(name, "dropTrigger()"),
      ...placeOf(nameOf(table, "the table of dropTrigger()")),
      dependsOn: [],
      definition: "",
      enabled: "origin",
    };
    this.drop(object, rest, was !== undefined);
  }

  /** Creates a policy of row-level security; `enableRowSecurity()` of the table has it applied. */
  createPolicy(name: string, options: PolicyOptions): void {
    this.step({ kind: "create", object: policyOf(name, options) });
  }

  /** Changes whom a policy is about, and its conditions, from what it `was` to what it is. */
  alterPolicy(
    name: string,
    options: {
      readonly table: Name;
      readonly was: Omit<PolicyOptions, "table">;
      readonly to: Omit<PolicyOptions, "table">;
    },
  ): void {
    checkOptions(options, ["table", "was", "to"], "alterPolicy()");
    const { table, was, to } = options;
    this.step({
      kind: "replace",
      from: policyOf(name, { ...was, table }),
      to: policyOf(name, { ...to, table }),
    });
  }

  /** Drops a policy of a table; say what it `was` if the migration is to be reverted. */
  dropPolicy(
    name: string,
    options: DropOptions & { readonly table: Name; readonly was?: Omit<PolicyOptions, "table"> },
  ): void {
    const { table, was, ...rest } = options;
    const object: PolicyObject = policyOf(name, { ...was, table });
    this.drop(object, rest, was !== undefined);
  }

  /** Drops an object; `isKnown` says whether its record is whole. */
  protected drop(
    object: CatalogObject,
    options: DropOptions & { readonly concurrently?: boolean },
    isKnown = false,
  ): void {
    checkOptions(
      options,
      ["ifExists", "cascade", "concurrently"],
      `the drop of ${quoteIdentifier(object.name)}`,
    );
    const { ifExists, cascade, concurrently } = options;
    this.step({
      kind: "drop",
      object,
      ...(ifExists === true ? { ifExists } : {}),
      ...(cascade === true ? { cascade } : {}),
      ...(concurrently === true ? { concurrently } : {}),
      ...(isKnown ? {} : { unknownBefore: true }),
    });
  }

  #create(object: CatalogObject, options: IfNotExists): void {
    checkOptions(options, ["ifNotExists"], `the creation of ${quoteIdentifier(object.name)}`);
    this.step({ kind: "create", object, ...(options.ifNotExists === true ? { ifNotExists: true } : {}) });
  }

  #changeType(name: { readonly name: string; readonly schema?: string }, change: TypeChange): void {
    this.step({ kind: "type", object: { kind: "enum", ...name, labels: [], dependsOn: [] }, change });
  }

  #enum(name: Name, labels: readonly string[], subject: string): EnumObject {
    const type = nameOf(name, subject);
    if (!Array.isArray(labels) || new Set(labels).size !== labels.length || labels.length === 0) {
      throw new ValidationError(subject, "its labels are not a list of different texts; give one");
    }
    labels.forEach((label) => labelOf(label, subject));
    return { kind: "enum", ...type, labels: [...labels], dependsOn: [] };
  }

  #domain(name: Name, options: DomainOptions, subject: string): DomainObject {
    const domain = nameOf(name, subject);
    checkOptions(options, ["type", "notNull", "checks"], subject);
    const { column } = describeColumn(domain, "value", options.type);
    return {
      kind: "domain",
      ...domain,
      dependsOn: [],
      type: column.type,
      notNull: options.notNull === true,
      ...(column.collation === undefined ? {} : { collation: column.collation }),
      ...(column.default === undefined ? {} : { default: column.default }),
      checks: Object.entries(options.checks ?? {}).map(([check, condition]) => ({
        name: check,
        condition: textOf(condition, `the check "${check}" of ${subject}`),
        isValid: true,
      })),
    };
  }

  #sequence(name: Name, options: Omit<SequenceOptions, "ownedBy">, subject: string): SequenceObject {
    const { type = "bigint", ifNotExists: _, ...counting } = options;
    oneOf(type, ["smallint", "integer", "bigint"], `the type of ${subject}`);
    checkIdentity(counting);
    return { kind: "sequence", ...nameOf(name, subject), dependsOn: [], type, ...countingOf(type, counting) };
  }
}

/** NAMEDATALEN holds for labels, too. */
function labelOf(label: string, subject: string): string {
  return checkName(label, `a label of ${subject}`);
}
