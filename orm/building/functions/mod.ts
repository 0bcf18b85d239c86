/**
 * PostgreSQL's functions, aggregates, windows, and sources made of functions.
 *
 * @module
 */
export { Aggregate, WindowFunction } from "./aggregate.ts";
export type {
  AggregateFunctions,
  AggregateOperand,
  AverageOf,
  RowValueOf,
  SummandOperand,
} from "./aggregates.ts";
export type { ArrayFunctions, ArrayOperand, ItemOf } from "./array.ts";
export { call, type CallOptions } from "./call.ts";
export { Case, caseWhen, coalesce, greatest, least, nullable, nullif } from "./conditional.ts";
export type { CaseNull, CaseValue, CaseValueOf, LastOf } from "./conditional.ts";
export { fn, type Functions } from "./fn.ts";
export { cube, type GroupingSet, groupingSets, rollup } from "./grouping.ts";
export type { CountOperand, NumberOperand, Result, TextOperand, TypedSql, ValueOf } from "./invocation.ts";
export type {
  AsJson,
  JsonbInsertOptions,
  JsonbSetOptions,
  JsonFunctions,
  JsonObject,
  JsonValues,
} from "./json.ts";
export { type PlainValue, value, type Wide } from "./literal.ts";
export type { Inexact, MathFunctions } from "./math.ts";
export { Output, output } from "./output.ts";
export type { BoundOf, RangeFunctions, RangeOperand } from "./range.ts";
export type { DocumentOperand, SearchFunctions } from "./search.ts";
export { generateSeries, jsonbElements, tableFunction, unnest, valuesOf } from "./sources.ts";
export type {
  ColumnTypesByName,
  SeriesBound,
  SeriesValue,
  TableFunctionOptions,
  TypedRow,
  ValueRow,
} from "./sources.ts";
export { headline, phrase, search, searchDocument, websearch } from "./full_text.ts";
export type { HeadlineOptions, RankOptions, Search, SearchWeight } from "./full_text.ts";
export { st } from "./spatial.ts";
export type { Envelope, GeoJson, GeometryOperand, SpatialCondition, SpatialFunctions } from "./spatial.ts";
export { cosineDistance, l1Distance, l2Distance, negativeInnerProduct } from "./vector_distance.ts";
export type { VectorExpression, VectorOperand } from "./vector_distance.ts";
export { exists, notExists, scalar, type Selects } from "./subquery.ts";
export type { TextFunctions } from "./text.ts";
export type {
  AnyTimeOperand,
  ExtractField,
  OtherTime,
  TimeFunctions,
  TimeOperand,
  Truncated,
  TruncateField,
} from "./time.ts";
export {
  type FrameBound,
  type FrameOffset,
  type WindowFrame,
  windowOf,
  type WindowOptions,
} from "./window_definition.ts";
export type { NullWithout, WindowFunctions } from "./windows.ts";
