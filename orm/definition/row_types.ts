/**
 * The types inferred from a model's columns. Each is one mapped type over lookups; `& {}` makes an editor show what
 * it comes to.
 *
 * @module
 */
import type { AnyColumnDefinition, ColumnInput } from "./column_definition.ts";

/** Adds nothing to an object type, but has an editor show its properties. */
// deno-lint-ignore ban-types -- it is exactly this that is wanted
export type Anything = {};

/** The columns of a model by property. */
export type ColumnDefinitions = Readonly<Record<string, AnyColumnDefinition>>;

/** A row: every column; one that is skipped is undefined. */
export type RowOf<Columns extends ColumnDefinitions> =
  & { readonly [Property in keyof Columns]: Columns[Property]["~types"]["row"] }
  & Anything;

/** The values of every column, also of those a row leaves out: what conditions compare. */
export type ValuesOf<Columns extends ColumnDefinitions> = {
  readonly [Property in keyof Columns]: Columns[Property]["~types"]["stored"];
};

/** What an insert takes: what has no default must be given, what is generated must not. */
export type InsertOf<Columns extends ColumnDefinitions> = Shown<
  & {
    readonly [Property in PropertiesOf<Columns, "required">]: Columns[Property]["~types"]["stored"];
  }
  & {
    readonly [Property in PropertiesOf<Columns, "optional">]?: Columns[Property]["~types"]["stored"];
  }
>;

/** The properties of the columns that take part in an insert in one way. */
export type PropertiesOf<Columns extends ColumnDefinitions, Input extends ColumnInput> = {
  [Property in keyof Columns]: Columns[Property] extends TakesPart<Input> ? Property : never;
}[keyof Columns];

/** A column that takes part in an insert in one way. */
export interface TakesPart<Input extends ColumnInput> {
  /** See {@link ColumnTypes}. */
  readonly "~types": {
    /** Its part. */
    readonly input: Input;
  };
}

/** What an update takes: any columns but the generated. */
export type UpdateOf<Columns extends ColumnDefinitions> =
  & {
    readonly [
      Property in keyof Columns as Columns[Property]["~types"]["input"] extends "never" ? never : Property
    ]?: Columns[Property]["~types"]["stored"];
  }
  & Anything;

/** What finds one row: the value of the key's column, or an object of the values of its columns. */
export type KeyOf<Columns extends ColumnDefinitions> = KeyFrom<
  {
    readonly [
      Property in keyof Columns as Columns[Property]["~types"]["key"] extends true ? Property : never
    ]: Columns[Property]["~types"]["value"];
  }
>;

/** What stands for the key of a model that has none; no value is of this type. */
export interface NoPrimaryKey {
  /** A model without a primary key has no findById(): call .primaryKey() on a column, or use find().where(). */
  readonly "this model has no primary key": never;
}

/** An object type as one list of properties, as an editor shows it. */
export type Shown<Type> = { [Property in keyof Type]: Type[Property] } & Anything;

/** The key of its columns' values by property. */
export type KeyFrom<Values> = [keyof Values] extends [never] ? NoPrimaryKey
  : IsUnion<keyof Values> extends true ? Shown<Values>
  : Values[keyof Values];

/** Whether a type is a union. */
export type IsUnion<Type, Whole = Type> = Type extends unknown ? ([Whole] extends [Type] ? false : true)
  : never;
