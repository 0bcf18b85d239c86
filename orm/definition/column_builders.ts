/**
 * The columns a model can have, by type; each family of them is in a file of `kinds/`.
 *
 * @module
 */
import { DECLARED, type DeclaredColumns } from "./kinds/declared.ts";
import { type NumberColumns, NUMBERS } from "./kinds/numbers.ts";
import { type RangeColumns, RANGES } from "./kinds/ranges.ts";
import { type ShapeColumns, SHAPES } from "./kinds/shapes.ts";
import { type TextColumns, TEXTS } from "./kinds/texts.ts";
import { type TimeColumns, TIMES } from "./kinds/times.ts";

export type { DeclaredColumns, TypeOptions } from "./kinds/declared.ts";
export type { NewColumn, NewDefaultedColumn } from "./kinds/new_column.ts";
export type { BigintModes, ModeOptions, NumberColumns, NumericModes } from "./kinds/numbers.ts";
export type { RangeColumns } from "./kinds/ranges.ts";
export type { GeometryOptions, ShapeColumns } from "./kinds/shapes.ts";
export type { TextColumns } from "./kinds/texts.ts";
export type { TimeColumns, TimeOptions } from "./kinds/times.ts";

/**
 * The functions that make columns, one for each type. `NoInfer` keeps a type parameter's default from being replaced
 * by what the place of the call would accept; of types that are no strings an editor would show it in every row, so that
 * these have a form without a parameter instead.
 */
export interface ColumnBuilders
  extends NumberColumns, TextColumns, TimeColumns, RangeColumns, ShapeColumns, DeclaredColumns {}

/**
 * Makes the columns of a model, each by its type's name.
 *
 * @example
 * ```ts
 * import { column, model } from "@lifeguard/core";
 * const Film = model("films", {
 *   id: column.identity().primaryKey(),
 *   title: column.varchar(200),
 *   rating: column.enum("rating", ["G", "PG", "R"]).default("G"),
 *   tags: column.text().array(),
 *   shown: column.daterange(),
 *   studio: column.composite("address", { street: column.text(), city: column.text() }).nullable(),
 * });
 * type Film = typeof Film.Row; // { id: number, title: string, rating: "G" | "PG" | "R", tags: readonly string[] … }
 * const rating: Film["rating"] = "R";
 * console.assert(Film.rating.settings.type.accepts?.(rating));
 * ```
 */
export const column: ColumnBuilders = {
  ...NUMBERS,
  ...TEXTS,
  ...TIMES,
  ...RANGES,
  ...SHAPES,
  ...DECLARED,
};
