/**
 * What a migration does to schemas, extensions, types and sequences.
 *
 * @module
 */
import type { ColumnDefinitions } from "../../orm/definition/row_types.ts";
import type { Sql } from "../../pool/sql/sql.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import type { CatalogObject, DomainObject } from "../catalog/objects.ts";
import type { TypeChange } from "../steps/step.ts";
import { describeColumn } from "./catalog_objects.ts";
import { bodyOf, checkName, checkOptions, literal, type Name, nameOf, textOf } from "./name.ts";
import {
  domainOf,
  type DomainOptions,
  enumOf,
  labelOf,
  sequenceOf,
  type SequenceOptions,
} from "./named_types.ts";
import { placeOf } from "./routines.ts";
import { type DropOptions, type IfNotExists, SchemaSteps } from "./schema_steps.ts";

/** https://www.postgresql.org/docs/18/sql-createtype.html */
const RANGE_OPTIONS = [
  "subtype_opclass",
  "collation",
  "canonical",
  "subtype_diff",
  "multirange_type_name",
] as const;

/** The part of {@link Schema} that is about schemas, extensions, types and sequences. */
export class SchemaTypes extends SchemaSteps {
  /**
   * Creates a schema.
   *
   * @example
   * ```ts
   * import { Schema, writeStep } from "@lifeguard/core/migrate";
   * const schema = new Schema();
   * schema.createSchema("app", { ifNotExists: true });
   * const [{ text }] = writeStep(schema.steps[0], 18);
   * console.assert(text === 'create schema if not exists "app"');
   * ```
   */
  createSchema(name: string, options: IfNotExists = {}): void {
    this.create({ kind: "schema", name: checkName(name, "createSchema()"), dependsOn: [] }, options);
  }

  /**
   * Drops a schema.
   *
   * @example
   * ```ts
   * import { Schema, writeStep } from "@lifeguard/core/migrate";
   * const schema = new Schema();
   * schema.dropSchema("app");
   * const [{ text }] = writeStep(schema.steps[0], 18);
   * console.assert(text === 'drop schema "app"');
   * ```
   */
  dropSchema(name: string, options: DropOptions = {}): void {
    // All there is of a schema is its name, so this can be reverted.
    this.drop({ kind: "schema", name: checkName(name, "dropSchema()"), dependsOn: [] }, options, true);
  }

  /**
   * Creates an extension, with the server's default version unless one is given.
   *
   * @example
   * ```ts
   * import { Schema, writeStep } from "@lifeguard/core/migrate";
   * const schema = new Schema();
   * schema.createExtension("citext", { ifNotExists: true });
   * const [{ text }] = writeStep(schema.steps[0], 18);
   * console.assert(text === 'create extension if not exists "citext"');
   * ```
   */
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

  /**
   * Drops an extension.
   *
   * @example
   * ```ts
   * import { Schema, writeStep } from "@lifeguard/core/migrate";
   * const schema = new Schema();
   * schema.dropExtension("citext");
   * const [{ text }] = writeStep(schema.steps[0], 18);
   * console.assert(text === 'drop extension "citext"');
   * ```
   */
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
    this.step({ kind: "create", object: enumOf(name, labels, "createEnum()") });
  }

  /**
   * Adds a label to an enum: at its end, or before or after another. It can be used once the migration has ended.
   *
   * @example
   * ```ts
   * import { Schema, writeStep } from "@lifeguard/core/migrate";
   * const schema = new Schema();
   * schema.addEnumLabel("mood", "so-so", { before: "happy" });
   * const [{ text }] = writeStep(schema.steps[0], 18);
   * console.assert(text === `alter type "mood" add value 'so-so' before 'happy'`);
   * ```
   */
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

  /**
   * Gives a label of an enum another name.
   *
   * @example
   * ```ts
   * import { Schema, writeStep } from "@lifeguard/core/migrate";
   * const schema = new Schema();
   * schema.renameEnumLabel("mood", "so-so", "fair");
   * const [{ text }] = writeStep(schema.steps[0], 18);
   * console.assert(text === `alter type "mood" rename value 'so-so' to 'fair'`);
   * ```
   */
  renameEnumLabel(name: Name, from: string, to: string): void {
    const label = labelOf(to, "renameEnumLabel()");
    this.#changeType(nameOf(name, "renameEnumLabel()"), { type: "rename label", from, to: label });
  }

  /**
   * Drops an enum; its labels as they `was` make it possible to revert it.
   *
   * @example
   * ```ts
   * import { Schema, writeStep } from "@lifeguard/core/migrate";
   * const schema = new Schema();
   * schema.dropEnum("mood", { was: ["sad", "happy"] });
   * const [{ text }] = writeStep(schema.steps[0], 18);
   * console.assert(text === 'drop type "mood"');
   * ```
   */
  dropEnum(name: Name, options: DropOptions & { readonly was?: readonly string[] } = {}): void {
    const { was, ...rest } = options;
    const known = was !== undefined;
    const object = known
      ? enumOf(name, was, "dropEnum()")
      : { ...nameOf(name, "dropEnum()"), kind: "enum" as const, labels: [], dependsOn: [] };
    this.drop(object, rest, known);
  }

  /**
   * Creates a domain: a type with a name of its own and, mostly, a condition.
   *
   * @example
   * ```ts
   * import { column, sql } from "@lifeguard/core";
   * import { Schema, writeStep } from "@lifeguard/core/migrate";
   * const schema = new Schema();
   * schema.createDomain("email", { type: column.text(), checks: { email_at: sql`value like '%@%'` } });
   * const [{ text }] = writeStep(schema.steps[0], 18);
   * console.assert(text === `create domain "email" as text constraint "email_at" check (value like '%@%')`);
   * ```
   */
  createDomain(name: Name, options: DomainOptions): void {
    this.step({ kind: "create", object: domainOf(name, options, "createDomain()") });
  }

  /**
   * Changes a domain: `null` for no default.
   *
   * @example
   * ```ts
   * import { sql } from "@lifeguard/core";
   * import { Schema, writeStep } from "@lifeguard/core/migrate";
   * const schema = new Schema();
   * schema.alterDomain("email", { addCheck: { name: "given", condition: sql`value <> ''`, notValid: true } });
   * const [{ text }] = writeStep(schema.steps[0], 18);
   * console.assert(text === `alter domain "email" add constraint "given" check (value <> '') not valid`);
   * ```
   */
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
    if (Object.values(options).every((value) => value === undefined)) {
      throw new ValidationError(
        subject,
        "nothing changes; give one of default, notNull, addCheck, dropCheck",
      );
    }
    if (addCheck !== undefined) {
      checkOptions(addCheck, ["name", "condition", "notValid"], `addCheck of ${subject}`);
    }
    if (dropCheck !== undefined) checkOptions(dropCheck, ["name", "condition"], `dropCheck of ${subject}`);
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

  /**
   * Drops a domain; say what it `was` if the migration is to be reverted.
   *
   * @example
   * ```ts
   * import { column } from "@lifeguard/core";
   * import { Schema, writeStep } from "@lifeguard/core/migrate";
   * const schema = new Schema();
   * schema.dropDomain("email", { was: { type: column.text() } });
   * const [{ text }] = writeStep(schema.steps[0], 18);
   * console.assert(text === 'drop domain "email"');
   * ```
   */
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
      : domainOf(name, was, "dropDomain()");
    this.drop(object, rest, was !== undefined);
  }

  /**
   * Creates a composite type of attributes, given as columns.
   *
   * @example
   * ```ts
   * import { column } from "@lifeguard/core";
   * import { Schema, writeStep } from "@lifeguard/core/migrate";
   * const schema = new Schema();
   * schema.createComposite("address", { street: column.text(), zip: column.text() });
   * const [{ text }] = writeStep(schema.steps[0], 18);
   * console.assert(text === 'create type "address" as ("street" text, "zip" text)');
   * ```
   */
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

  /**
   * Drops a composite type.
   *
   * @example
   * ```ts
   * import { Schema, writeStep } from "@lifeguard/core/migrate";
   * const schema = new Schema();
   * schema.dropComposite("address");
   * const [{ text }] = writeStep(schema.steps[0], 18);
   * console.assert(text === 'drop type "address"');
   * ```
   */
  dropComposite(name: Name, options: DropOptions = {}): void {
    const object = {
      kind: "composite" as const,
      ...nameOf(name, "dropComposite()"),
      attributes: [],
      dependsOn: [],
    };
    this.drop(object, options);
  }

  /**
   * Creates a range type over a type that has an order: `createRange("floatrange", "double precision")`.
   *
   * @example
   * ```ts
   * import { Schema, writeStep } from "@lifeguard/core/migrate";
   * const schema = new Schema();
   * schema.createRange("floatrange", "double precision");
   * const [{ text }] = writeStep(schema.steps[0], 18);
   * console.assert(text === 'create type "floatrange" as range (subtype = double precision)');
   * ```
   */
  createRange(name: Name, subtype: string, options: Readonly<Record<string, string>> = {}): void {
    const type = nameOf(name, "createRange()");
    const of = bodyOf(subtype, "the subtype of createRange()");
    checkOptions(options, RANGE_OPTIONS, "createRange()");
    this.step({ kind: "create", object: { kind: "range", ...type, subtype: of, options, dependsOn: [] } });
  }

  /**
   * Creates a sequence.
   *
   * @example
   * ```ts
   * import { Schema, writeStep } from "@lifeguard/core/migrate";
   * const schema = new Schema();
   * schema.createSequence("order_numbers", { start: 1_000, cache: 10 });
   * const [{ text }] = writeStep(schema.steps[0], 18);
   * console.assert(text === 'create sequence "order_numbers" start with 1000 cache 10');
   * ```
   */
  createSequence(name: Name, options: SequenceOptions = {}): void {
    const { ownedBy, ifNotExists, ...counting } = options;
    if (ownedBy !== undefined) checkOptions(ownedBy, ["table", "column"], "ownedBy of createSequence()");
    const object = sequenceOf(name, counting, "createSequence()");
    this.create(object, ifNotExists === undefined ? {} : { ifNotExists });
    if (ownedBy === undefined) return;
    const owner = { ...placeOf(nameOf(ownedBy.table, "createSequence()")), column: ownedBy.column };
    this.step({ kind: "sequence", from: object, to: { ...object, ownedBy: owner } });
  }

  /**
   * Changes how a sequence counts, from what it `was` to what it is.
   *
   * @example
   * ```ts
   * import { Schema, writeStep } from "@lifeguard/core/migrate";
   * const schema = new Schema();
   * schema.alterSequence("order_numbers", { was: { start: 1_000 }, to: { start: 1_000, cache: 10 } });
   * const [{ text }] = writeStep(schema.steps[0], 18);
   * console.assert(text === 'alter sequence "order_numbers" cache 10');
   * ```
   */
  alterSequence(
    name: Name,
    options: {
      readonly was: Omit<SequenceOptions, "ownedBy">;
      readonly to: Omit<SequenceOptions, "ownedBy">;
    },
  ): void {
    checkOptions(options, ["was", "to"], "alterSequence()");
    const from = sequenceOf(name, options.was ?? {}, "alterSequence()");
    this.step({ kind: "sequence", from, to: sequenceOf(name, options.to, "alterSequence()") });
  }

  /**
   * Drops a sequence; say what it `was` if the migration is to be reverted.
   *
   * @example
   * ```ts
   * import { Schema, writeStep } from "@lifeguard/core/migrate";
   * const schema = new Schema();
   * schema.dropSequence("order_numbers");
   * const [{ text }] = writeStep(schema.steps[0], 18);
   * console.assert(text === 'drop sequence "order_numbers"');
   * ```
   */
  dropSequence(
    name: Name,
    options: DropOptions & { readonly was?: Omit<SequenceOptions, "ownedBy"> } = {},
  ): void {
    const { was, ...rest } = options;
    this.drop(sequenceOf(name, was ?? {}, "dropSequence()"), rest, was !== undefined);
  }

  #changeType(name: { readonly name: string; readonly schema?: string }, change: TypeChange): void {
    this.step({ kind: "type", object: { kind: "enum", ...name, labels: [], dependsOn: [] }, change });
  }
}
