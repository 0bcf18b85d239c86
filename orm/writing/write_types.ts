/**
 * What the type level knows of what writes are given.
 *
 * @module
 */
import type { Column } from "../building/column.ts";
import type { ExpressionOf, Fragment } from "../building/expression.ts";
import type { ScalarQuery } from "../building/selection.ts";
import type { ColumnDefinitions, PropertiesOf, UpdateOf } from "../definition/row_types.ts";

/** What stands for a value in a write: an expression of its type, a fragment, a query of one value. */
export type WriteExpression<Value> =
  | ExpressionOf<NonNullable<Value>>
  | Fragment
  | (ScalarQuery & { readonly "~row"?: Readonly<Record<string, Value>> });

/** A value, or an expression in its place. */
export type OrExpression<Value> = Value | WriteExpression<Value>;

/** Values, or expressions in their place. */
export type OrExpressions<Values> = {
  readonly [Property in keyof Values]: Values[Property] | WriteExpression<Values[Property]>;
};

/** What an insert takes: values or expressions. */
export type InsertValues<Columns extends ColumnDefinitions> =
  & {
    readonly [Property in PropertiesOf<Columns, "required">]: OrExpression<
      Columns[Property]["~types"]["stored"]
    >;
  }
  & {
    readonly [Property in PropertiesOf<Columns, "optional">]?: OrExpression<
      Columns[Property]["~types"]["stored"]
    >;
  };

/** What an update takes: values or expressions. */
export type UpdateValues<Columns extends ColumnDefinitions> = OrExpressions<UpdateOf<Columns>>;

/** The key's columns by property. */
export type KeyColumns<Columns extends ColumnDefinitions> = {
  readonly [
    Property in keyof Columns as Columns[Property]["~types"]["key"] extends true ? Property : never
  ]: Columns[Property]["~types"]["value"];
};

/** A row of a bulk update: its key, and what changes. */
export type UpdateRow<Columns extends ColumnDefinitions> = KeyColumns<Columns> & UpdateOf<Columns>;

/** The columns of a row that was proposed for an insert. */
export type ExcludedColumns<Columns extends ColumnDefinitions> = {
  readonly [Property in keyof Columns & string]: Column<
    Columns[Property]["~types"]["value"],
    Columns[Property]["~types"]["nullable"],
    "excluded",
    Property
  >;
};
