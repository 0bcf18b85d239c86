/**
 * What graphs are to the compiler: what an insert takes, with what is related nested in it.
 *
 * @module
 */
import type { ColumnDefinitions, InsertOf, Shown } from "../definition/row_types.ts";
import type { RelationOf } from "./relation_types.ts";

/** What a relation takes in a graph, by its kind. */
export interface GraphInputs<Values> {
  /** Any number of rows. */
  readonly many: readonly Values[];
  /** One. */
  readonly one: Values;
}

/**
 * The values of a row in a graph: its columns, of which those that are copied from another row may be left out, and the
 * rows related to it.
 */
export type GraphValues<
  Columns extends ColumnDefinitions,
  Copied extends string,
  Nested extends RelationOf<string>,
> = Shown<
  & Omit<InsertOf<Columns>, Copied | Nested["~ownKey"]>
  & { readonly [Each in Nested as Each["~name"]]?: Each["~graph"] }
>;
