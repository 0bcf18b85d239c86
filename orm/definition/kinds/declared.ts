/**
 * Columns of a database's own types: enums, composites, domains, and whatever else it has.
 *
 * @module
 */
import { quoteIdentifier } from "../../../pool/sql/identifier.ts";
import { ValidationError } from "../../../pool/wire/errors.ts";
import { type AnyColumnDefinition, ColumnDefinition } from "../column_definition.ts";
import { type ColumnType, plainType } from "../column_type.ts";
import type { DeclaredComposite, DeclaredDomain, DeclaredEnum, TypeName } from "../declared_type.ts";
import type { ColumnDefinitions, RowOf } from "../row_types.ts";
import { compositeConversion } from "./composite_conversion.ts";
import { type NewColumn, newColumn } from "./new_column.ts";

/** Where a type of the database's own is. */
export interface TypeOptions {
  /** The schema it is in. Default: the connection's search path decides. */
  readonly schema?: string;
}

/** The functions that make columns of a database's own types. */
export interface DeclaredColumns {
  /**
   * An enum.
   *
   * @param type The enum type's name in the database.
   * @param labels Its labels, in the order they sort in.
   * @param options The schema it is in.
   */
  enum<const Labels extends readonly [string, ...string[]]>(
    type: string,
    labels: Labels,
    options?: TypeOptions,
  ): NewColumn<Labels[number]>;
  /**
   * A composite type: an object of its attributes. The attributes have the names of the properties as they are, since
   * that is how the values come from the server.
   *
   * @param type The composite type's name in the database.
   * @param attributes Its attributes as columns; of their modifiers, only `nullable()` and `collate()` have a meaning.
   * @param options The schema it is in.
   */
  composite<Attributes extends ColumnDefinitions>(
    type: string,
    attributes: Attributes,
    options?: TypeOptions,
  ): NewColumn<RowOf<Attributes>>;
  /**
   * A domain: a type with a name of its own and, mostly, a condition.
   *
   * @param type The domain's name in the database.
   * @param base The type it is based on, as a column; its `check()`, `default()` and `collate()` are the domain's. The
   * value is called `value` in the condition.
   * @param options The schema it is in.
   */
  domain<Base extends AnyColumnDefinition>(
    type: string,
    base: Base,
    options?: TypeOptions,
  ): NewColumn<Base["~types"]["value"]>;
  /**
   * Any other type.
   *
   * @param type The type as SQL writes it: `"regclass"`, `"app.color"`, `"lo"`, `"my_type(3)"`.
   */
  custom(type: string): NewColumn<string>;
  /** Any other type, with the type of its values. */
  custom<Value>(type: string): NewColumn<Value>;
}

/** See {@link DeclaredColumns}. */
export const DECLARED: DeclaredColumns = {
  enum: (type, labels, options) => newColumn(enumType(nameOf(type, options), labels)),
  composite: (type, attributes, options) => newColumn(compositeType(nameOf(type, options), attributes)),
  domain: (type, base, options) => newColumn(domainType(nameOf(type, options), base)),
  custom: <Value>(type: string) => newColumn<Value>(customType(type)),
};

function nameOf(name: string, options: TypeOptions = {}): TypeName {
  return options.schema === undefined ? { name } : { name, schema: options.schema };
}

function enumType(name: TypeName, labels: readonly string[]): ColumnType {
  if (!Array.isArray(labels) || labels.length === 0 || new Set(labels).size !== labels.length) {
    throw new ValidationError(
      `enum "${name.name}"`,
      "its labels are not a list of different strings; give one",
    );
  }
  const declared: DeclaredEnum = { kind: "enum", ...name, labels: [...labels] };
  return {
    ...plainType(
      quoted(name),
      `one of ${labels.map((label) => JSON.stringify(label)).join(", ")}`,
      name.name,
    ),
    accepts: (value) => declared.labels.includes(value as string),
    declared,
  };
}

function compositeType(name: TypeName, attributes: ColumnDefinitions): ColumnType {
  const subject = `composite "${name.name}"`;
  const definitions = Object.entries(attributes ?? {});
  if (definitions.length === 0) throw new ValidationError(subject, "it has no attributes; give at least one");
  const columns = definitions.map(([property, definition]) => {
    if (!(definition instanceof ColumnDefinition)) {
      throw new ValidationError(subject, `its attribute "${property}" is no column; make it with column`);
    }
    if (definition.settings.name !== undefined && definition.settings.name !== property) {
      throw new ValidationError(
        subject,
        `its attribute "${property}" has another .name(); attributes come by their own names: name the property so`,
      );
    }
    return { name: property, settings: definition.settings };
  });
  const declared: DeclaredComposite = {
    kind: "composite",
    ...name,
    attributes: columns.map(({ name, settings: { type, collation } }) =>
      collation === undefined ? { name, type } : { name, type, collation }
    ),
  };
  const conversion = compositeConversion(declared.attributes);
  const type = plainType(
    quoted(name),
    `an object of ${columns.map((column) => column.name).join(", ")}`,
    name.name,
  );
  return {
    ...type,
    accepts: (value) =>
      typeof value === "object" && value !== null && !Array.isArray(value) &&
      columns.every(({ name, settings }) => {
        const part = (value as Record<string, unknown>)[name];
        if (part === null) return settings.nullable === true;
        return part !== undefined && settings.type.accepts?.(part) !== false;
      }),
    declared,
    ...(conversion === undefined ? {} : { conversion }),
  };
}

function domainType(name: TypeName, base: AnyColumnDefinition): ColumnType {
  if (!(base instanceof ColumnDefinition)) {
    throw new ValidationError(`domain "${name.name}"`, "its base is no column; make it with column.text() …");
  }
  const { type, check, collation } = base.settings;
  const declared: DeclaredDomain = {
    kind: "domain",
    ...name,
    type,
    ...(check === undefined ? {} : { check }),
    ...(collation === undefined ? {} : { collation }),
    ...("default" in base.settings ? { default: base.settings.default } : {}),
  };
  const { accepts, conversion } = type;
  return {
    ...plainType(quoted(name), type.expected, name.name),
    ...(accepts === undefined ? {} : { accepts }),
    ...(conversion === undefined ? {} : { conversion }),
    declared,
  };
}

/** A type's name with its schema, words (`double precision`) and modifiers; nothing that could end it. */
const TYPE =
  /^(?:(?:"[^"\0]+"|[\p{L}_][\p{L}\p{N}_$]*)\.)?("[^"\0]+"|[\p{L}_][\p{L}\p{N}_$ ]*)(?:\([\w ,]*\))?$/u;

function customType(sql: string): ColumnType {
  const name = typeof sql === "string" ? TYPE.exec(sql)?.[1].trim() : undefined;
  if (name === undefined) {
    throw new ValidationError(
      "a column of a custom type",
      'its type is no name of one; give one such as "regclass" or "app.color(3)", without array brackets',
    );
  }
  return plainType(sql, `what ${sql} takes`, name.startsWith('"') ? name.slice(1, -1) : name.toLowerCase());
}

function quoted({ name, schema }: TypeName): string {
  return schema === undefined ? quoteIdentifier(name) : `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;
}
