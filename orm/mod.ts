/**
 * The ORM: models, columns, queries.
 *
 * @module
 */
export { column } from "./definition/column_builders.ts";
export type {
  BigintModes,
  ColumnBuilders,
  ModeOptions,
  NewColumn,
  NumericModes,
} from "./definition/column_builders.ts";
export { ColumnDefinition } from "./definition/column_definition.ts";
export type {
  AnyColumnDefinition,
  ColumnInput,
  ColumnReference,
  ColumnSettings,
  ColumnTypes,
  ReferenceAction,
  ReferenceOptions,
  WithDefault,
} from "./definition/column_definition.ts";
export type { ColumnType, Conversion } from "./definition/column_type.ts";
export type {
  Anything,
  ColumnDefinitions,
  InsertOf,
  IsUnion,
  KeyFrom,
  KeyOf,
  NoPrimaryKey,
  RowOf,
  Shown,
  UpdateOf,
} from "./definition/row_types.ts";
export type { ModelOptions } from "./definition/table.ts";
export { Column } from "./building/column.ts";
export type { AnyColumn, Operand, OrderOptions } from "./building/column.ts";
export { Expression } from "./building/expression.ts";
export type { Condition, Traits } from "./building/expression.ts";
export { and, not, or } from "./building/condition.ts";
export type { Query } from "./building/query.ts";
export { model } from "./model.ts";
export type {
  AnyModel,
  BoundModel,
  Insert,
  Key,
  Model,
  ModelColumns,
  ModelMethods,
  Reserved,
  ReservedProperties,
  Row,
  Update,
} from "./model_types.ts";
export type { Bound, Unbound } from "./executing/executor_argument.ts";
