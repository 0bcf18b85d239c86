/**
 * Aggregates: https://www.postgresql.org/docs/18/functions-aggregate.html.
 *
 * @module
 */
import type { Sql } from "../../../pool/sql/sql.ts";
import { ValidationError } from "../../../pool/wire/errors.ts";
import {
  arrayConversion,
  type Conversion,
  TO_BIGINT,
  TO_EXACT_NUMBER,
  TO_SAFE_INTEGER,
  TO_STRING,
} from "../../definition/column_type.ts";
import { Column } from "../column.ts";
import { template } from "../composition.ts";
import { Expression, type FromOf, type Operand } from "../expression.ts";
import { Aggregate, type AggregateParts } from "./aggregate.ts";
import { conversionOf, given, invoke, type TypedSql, type ValueOf } from "./invocation.ts";
import type { AsJson } from "./json.ts";
import { operandOfAny, textConstant } from "./literal.ts";

/** An expression whose values are added: of numbers, or of durations. */
export type SummandOperand = Expression<number | bigint | string | Temporal.Duration, unknown>;

/** What an average of values is: of bigints a decimal string, since it has a fraction. */
export type AverageOf<Value> = Value extends bigint ? string : Value;

/** What an aggregate is of: a column, an expression, a fragment. */
export type AggregateOperand = TypedSql | Sql;

/** The row's value, null where it may be. */
export type RowValueOf<O> = O extends TypedSql ? O["~types"]["row"] : unknown;

/**
 * Aggregates. Of no rows each is null, but for counts. A sum keeps the type of what is added: of numbers it is a number,
 * exact or a `DecodeError`; of bigints a bigint; of decimal strings a decimal string.
 */
export interface AggregateFunctions {
  /** How many rows there are, or how many where the expression is not null: `count(*)`, `count(expression)`. */
  count(expression?: AggregateOperand): Aggregate<number, never, never>;
  /** How many different values there are that are not null: `count(distinct expression)`. */
  countDistinct(expression: AggregateOperand): Aggregate<number, never, never>;
  /** The sum: `sum(expression)`. */
  sum<A extends SummandOperand>(expression: A): Aggregate<ValueOf<A>, null, never>;
  /** The average: of integers a number with a fraction, of bigints and decimal strings a decimal string: `avg(expression)`. */
  avg<A extends SummandOperand>(expression: A): Aggregate<AverageOf<ValueOf<A>>, null, never>;
  /** The least value: `min(expression)`. */
  min<A extends TypedSql>(expression: A): Aggregate<ValueOf<A>, null, never>;
  /** The greatest value: `max(expression)`. */
  max<A extends TypedSql>(expression: A): Aggregate<ValueOf<A>, null, never>;
  /** Any value that is not null: `any_value(expression)`. PostgreSQL 16 or later. */
  anyValue<A extends TypedSql>(expression: A): Aggregate<ValueOf<A>, null, never>;
  /** Whether all are true: `bool_and(condition)`. */
  boolAnd(condition: Sql): Aggregate<boolean, null, never>;
  /** Whether any is true: `bool_or(condition)`. */
  boolOr(condition: Sql): Aggregate<boolean, null, never>;
  /** The values as an array, nulls too: `array_agg(expression)`. */
  arrayAgg<A extends TypedSql>(expression: A): Aggregate<readonly RowValueOf<A>[], null, never>;
  /** The texts one after the other, without nulls: `string_agg(text, separator)`. */
  stringAgg(text: Expression<string, unknown>, separator: string): Aggregate<string, null, never>;
  /** The values as a JSON array, nulls too: `jsonb_agg(expression)`. */
  jsonAgg<A extends Operand<unknown>>(
    expression: A,
  ): Aggregate<readonly AsJson<RowValueOf<A>>[], null, never>;
  /** An object of keys and values: `jsonb_object_agg(key, value)`. */
  jsonbObjectAgg<A extends Operand<unknown>>(
    key: Operand<string>,
    value: A,
  ): Aggregate<Readonly<Record<string, AsJson<RowValueOf<A>>>>, null, never>;
  /** The value a fraction of the rows lie below, between two where none is there: `percentile_cont(f) within group (order by …)`. */
  percentileCont<A extends SummandOperand>(
    fraction: number,
    order: A,
  ): Aggregate<ValueOf<A> extends Temporal.Duration ? Temporal.Duration : number, null, never>;
  /** The first value a fraction of the rows does not lie above: `percentile_disc(f) within group (order by …)`. */
  percentileDisc<A extends TypedSql>(fraction: number, order: A): Aggregate<ValueOf<A>, null, never>;
  /** The most frequent value: `mode() within group (order by …)`. */
  mode<A extends TypedSql>(order: A): Aggregate<ValueOf<A>, null, never>;
  /** The standard deviation of a sample: `stddev_samp(expression)`. */
  stddev(expression: SummandOperand): Aggregate<number, null, never>;
  /** The standard deviation of all there are: `stddev_pop(expression)`. */
  stddevPopulation(expression: SummandOperand): Aggregate<number, null, never>;
  /** The variance of a sample: `var_samp(expression)`. */
  variance(expression: SummandOperand): Aggregate<number, null, never>;
  /** The variance of all there are: `var_pop(expression)`. */
  variancePopulation(expression: SummandOperand): Aggregate<number, null, never>;
  /** The correlation of two numbers: `corr(y, x)`. */
  correlation(y: SummandOperand, x: SummandOperand): Aggregate<number, null, never>;
  /** Every bit that is set in all: `bit_and(expression)`. */
  bitAnd<A extends SummandOperand>(expression: A): Aggregate<ValueOf<A>, null, never>;
  /** Every bit that is set in any: `bit_or(expression)`. */
  bitOr<A extends SummandOperand>(expression: A): Aggregate<ValueOf<A>, null, never>;
  /** Which of the expressions a row of `groupingSets`, `rollup` or `cube` is not grouped by, as bits: `grouping(a, b)`. */
  grouping(...expressions: readonly TypedSql[]): Expression<number, never, FromOf<TypedSql>>;
}

/** What an aggregate of numbers is: a sum of integers is an `int8`, in whatever form the pool has it. */
const SUM: Conversion = {
  fits: (value) => typeof value !== "bigint" && !(typeof value === "string" && /^-?\d+$/.test(value)),
  convert: TO_SAFE_INTEGER.convert,
};

/** An average of numbers is a `numeric`, rounded to a number. */
const AVERAGE: Conversion = {
  fits: (value) => typeof value !== "string" || !/^-?(?:\d|NaN|Infinity)/.test(value),
  convert: Number,
};

const NUMBER: Conversion = { fits: (value) => typeof value === "number", convert: Number };
const COUNT = { conversion: TO_SAFE_INTEGER };
const AS_DOUBLE = template("(", ")::double precision");

/** A value whose type PostgreSQL could not tell gets a cast; the rest stays. */
function aggregate<Value, Null>(
  parts: AggregateParts,
  conversion?: Conversion,
): Aggregate<Value, Null, never> {
  given(parts.name, parts.args);
  return new Aggregate(parts, conversion === undefined ? {} : { conversion });
}

function kept<Value>(name: string, expression: unknown): Aggregate<Value, null, never> {
  return new Aggregate({ name, args: given(name, [expression]) }, conversionOf([expression]));
}

/** A statistic as a number: in PostgreSQL one of integers is a `numeric` of more digits than a number has. */
function statistic(name: string, ...args: readonly unknown[]): Aggregate<number, null, never> {
  given(name, args);
  const doubles = args.map((arg) => new Expression(AS_DOUBLE.of([arg])));
  return aggregate({ name, args: doubles }, NUMBER);
}

function averageOf(expression: unknown): Conversion {
  const { conversion } = conversionOf([expression]);
  if (conversion === TO_BIGINT) return TO_STRING;
  return conversion === undefined || conversion === TO_SAFE_INTEGER || conversion === TO_EXACT_NUMBER
    ? AVERAGE
    : conversion;
}

/** A pool may refuse a `numeric` as a number, as the average of integers is; `double precision` it never refuses. */
function averaged(expression: unknown): unknown {
  const base = expression instanceof Column ? expression.settings.type.base : "";
  return ["int2", "int4"].includes(base) ? new Expression(AS_DOUBLE.of([expression])) : expression;
}

function fractionOf(fraction: number, name: string): Expression<number, never, never> {
  if (typeof fraction === "number" && fraction >= 0 && fraction <= 1) {
    return new Expression(FRACTION.of([fraction]));
  }
  throw new ValidationError(`the fraction of ${name}()`, "it is no number from 0 to 1; give one");
}

const FRACTION = template("", "::double precision");

/** See {@link AggregateFunctions}. */
export const AGGREGATES: AggregateFunctions = {
  count: (expression) =>
    aggregate({ name: "count", args: expression === undefined ? [] : [expression] }, COUNT.conversion),
  countDistinct: (expression) =>
    aggregate({ name: "count", args: [expression], distinct: true }, COUNT.conversion),
  sum: (expression) =>
    aggregate({ name: "sum", args: [expression] }, conversionOf([expression]).conversion ?? SUM),
  avg: (expression) => aggregate({ name: "avg", args: [averaged(expression)] }, averageOf(expression)),
  min: (expression) => kept("min", expression),
  max: (expression) => kept("max", expression),
  anyValue: (expression) => kept("any_value", expression),
  boolAnd: (condition) => aggregate({ name: "bool_and", args: [condition] }),
  boolOr: (condition) => aggregate({ name: "bool_or", args: [condition] }),
  arrayAgg: (expression) => {
    const { conversion } = conversionOf([expression]);
    return aggregate(
      { name: "array_agg", args: [expression] },
      conversion === undefined ? undefined : arrayConversion(conversion),
    );
  },
  stringAgg: (text, separator) =>
    aggregate({ name: "string_agg", args: [text, textConstant(separator, "the separator of stringAgg()")] }),
  jsonAgg: (expression) => aggregate({ name: "jsonb_agg", args: [operandOfAny(expression)] }),
  jsonbObjectAgg: (key, value) =>
    aggregate({ name: "jsonb_object_agg", args: [operandOfAny(key), operandOfAny(value)] }),
  percentileCont: (fraction, order) =>
    aggregate({ name: "percentile_cont", args: [fractionOf(fraction, "percentileCont")], within: [order] }),
  percentileDisc: (fraction, order) =>
    aggregate(
      { name: "percentile_disc", args: [fractionOf(fraction, "percentileDisc")], within: [order] },
      conversionOf([order]).conversion,
    ),
  mode: (order) => aggregate({ name: "mode", args: [], within: [order] }, conversionOf([order]).conversion),
  stddev: (expression) => statistic("stddev_samp", expression),
  stddevPopulation: (expression) => statistic("stddev_pop", expression),
  variance: (expression) => statistic("var_samp", expression),
  variancePopulation: (expression) => statistic("var_pop", expression),
  correlation: (y, x) => statistic("corr", y, x),
  bitAnd: (expression) => kept("bit_and", expression),
  bitOr: (expression) => kept("bit_or", expression),
  grouping: (...expressions) => invoke("grouping", expressions),
};
