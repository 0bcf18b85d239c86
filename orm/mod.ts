/**
 * The ORM: models, columns, queries.
 *
 * @module
 */
export { column } from "./definition/column_builders.ts";
export type {
  BigintModes,
  ColumnBuilders,
  DeclaredColumns,
  GeometryOptions,
  ModeOptions,
  NewColumn,
  NewDefaultedColumn,
  NumberColumns,
  NumericModes,
  RangeColumns,
  ShapeColumns,
  TextColumns,
  TimeColumns,
  TimeOptions,
  TypeOptions,
} from "./definition/column_builders.ts";
export { ColumnDefinition } from "./definition/column_definition.ts";
export type {
  AnyColumnDefinition,
  ColumnInput,
  ColumnReference,
  ColumnSettings,
  ColumnTypes,
  Deferral,
  GeneratedOptions,
  IdentityOptions,
  ReferenceAction,
  ReferencedColumn,
  ReferenceOptions,
  UniqueOptions,
  WithDefault,
} from "./definition/column_definition.ts";
export type { ColumnType, Conversion } from "./definition/column_type.ts";
export type {
  DeclaredAttribute,
  DeclaredComposite,
  DeclaredDomain,
  DeclaredEnum,
  DeclaredType,
  TypeName,
} from "./definition/declared_type.ts";
export type {
  Anything,
  ColumnDefinitions,
  InsertOf,
  IsUnion,
  KeyFrom,
  KeyOf,
  NoPrimaryKey,
  PropertiesOf,
  RowOf,
  Shown,
  TakesPart,
  UpdateOf,
  ValuesOf,
} from "./definition/row_types.ts";
export type { LifecycleOptions, TimestampOptions } from "./definition/lifecycle.ts";
export type { ModelOptions } from "./definition/model_options.ts";
export type { Advice, NotNull, SayWhich, SelectByName, WriteSql } from "./building/advice.ts";
export { type AnyColumn, Column } from "./building/column.ts";
export type { Composed } from "./building/composition.ts";
export { and, not, or } from "./building/condition.ts";
export { cte, type CteOptions, recursive, type Rows } from "./building/cte.ts";
export { Expression, Order } from "./building/expression.ts";
export type {
  Addend,
  Concatenated,
  Difference,
  Factor,
  OperandValue,
  PointInTime,
  Subtrahend,
  Sum,
} from "./building/arithmetic.ts";
export type {
  CastTypes,
  Condition,
  ElementOf,
  ExpressionOf,
  ExpressionOptions,
  ExpressionTypes,
  Fragment,
  FromOf,
  NullOf,
  Operand,
  OrderOptions,
  Subquery,
  TypedPart,
  ValueType,
} from "./building/expression.ts";
export { from, type NoColumns } from "./building/find.ts";
export * from "./building/functions/mod.ts";
export type {
  JsonAt,
  JsonKey,
  JsonNull,
  RangeOperators,
  SpecialOperators,
} from "./building/operators/special_operators.ts";
export type {
  LockOptions,
  NullableRow,
  OmittedRow,
  OnlyRow,
  OrderedBy,
  PropertyOf,
  Query,
  SameRows,
} from "./building/query.ts";
export type {
  NullWhere,
  ScalarQuery,
  Selectable,
  SelectedRow,
  SelectedValue,
  Selection,
  Typed,
} from "./building/selection.ts";
export {
  type CteClause,
  type DerivedSource,
  type Joinable,
  SOURCE,
  type Source,
  type SourceColumns,
  type SourceMembers,
} from "./building/source.ts";
export type { Traits } from "./building/traits.ts";
export {
  param,
  Parameter,
  type ParameterOptions,
  parameters,
  type QueryParameters,
  type UnboundParameter,
} from "./building/parameter.ts";
export type { ExplainedPlan, ExplainJsonOptions, ExplainOptions, PlanNode } from "./executing/explaining.ts";
export type { KeysetPage, KeysetPosition, KeysetRequest, NotOrdered } from "./executing/keyset.ts";
export type { Page, PageRequest } from "./executing/pagination.ts";
export type { PreparedQuery } from "./executing/prepared.ts";
export type { QueryEnds } from "./executing/query_ends.ts";
export type { QueryStreamOptions } from "./executing/streaming.ts";
export * from "./behaviour/mod.ts";
export * from "./relations/mod.ts";
export * from "./tracking/mod.ts";
export { model } from "./model.ts";
export type {
  AnyModel,
  BoundModel,
  ExtendedModel,
  Insert,
  Key,
  Model,
  ModelColumns,
  ModelMethods,
  Rebound,
  Reserved,
  ReservedProperties,
  ReservedWrites,
  Row,
  Update,
} from "./model_types.ts";
export type { Bound, Unbound } from "./executing/executor_argument.ts";
export { constraint } from "./definition/constraint_definition.ts";
export type {
  CheckConstraint,
  ConstraintBuilders,
  ConstraintDefinition,
  ExclusionConstraint,
  ExclusionOptions,
  ForeignKeyConstraint,
  ForeignKeyOptions,
  UniqueConstraint,
  UniqueConstraintOptions,
} from "./definition/constraint_definition.ts";
export { index, IndexBuilder, indexKey, IndexKeyValue } from "./definition/index_definition.ts";
export type {
  IndexDefinition,
  IndexElement,
  IndexKey,
  IndexKeyOptions,
} from "./definition/index_definition.ts";
export type { StructureOptions, ViewKind } from "./definition/table_structure.ts";
export type { ViewQuery, ViewQueryOption } from "./definition/view_query.ts";
export type { PartitionBy } from "./definition/partition_key.ts";
export * from "./partitions/mod.ts";
export { policy, PolicyDefinition } from "./definition/policy_definition.ts";
export type { PolicyCommand, PolicyOptions, RowSecurity } from "./definition/policy_definition.ts";
export { trigger, TriggerDefinition } from "./definition/trigger_definition.ts";
export type { TriggerCall, TriggerEvent, TriggerOptions } from "./definition/trigger_definition.ts";
export { type MaterializedView, materializedView } from "./materialized_view.ts";
export type { Refreshing, RefreshOptions } from "./executing/refresh.ts";
export { nextval, nextValue, type SequenceName } from "./executing/sequence.ts";
export type { CachedModelOptions, ModelCacheOptions } from "./definition/cache_option.ts";
export type { CachedQueryOptions } from "./executing/cached_result.ts";
export type { CreateOptions, DropOptions } from "./compiling/ddl/statements.ts";
export { createTables, createTablesSQL, dropTables, dropTablesSQL } from "./executing/create_tables.ts";
export type { InsertManyOptions } from "./writing/insert_many.ts";
export type { MergeAction } from "./writing/merge.ts";
export type {
  Conflict,
  Merged,
  MergeOptions,
  ModelWrites,
  PartialUpsertOptions,
  SourceOfMerge,
  UpsertOptions,
  WriteMethod,
} from "./writing/model_writes.ts";
export type { ReturningWrite, RowsWrite, UnboundedWrite } from "./writing/rows_write_types.ts";
export type { UpdateManyOptions } from "./writing/update_many.ts";
export type { RunOptions } from "./writing/write_options.ts";
export type {
  ExcludedColumns,
  InsertValues,
  KeyColumns,
  OrExpression,
  OrExpressions,
  UpdateRow,
  UpdateValues,
  WriteExpression,
} from "./writing/write_types.ts";
