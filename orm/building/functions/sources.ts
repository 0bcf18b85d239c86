/**
 * Functions and lists of values as sources of rows.
 *
 * @module
 */
import { quoteIdentifier } from "../../../pool/sql/identifier.ts";
import { kindOf } from "../../../pool/wire/codec/refusal.ts";
import { ValidationError } from "../../../pool/wire/errors.ts";
import type { Conversion } from "../../definition/column_type.ts";
import { castConversion, typeText } from "../cast.ts";
import { template } from "../composition.ts";
import { type CastTypes, Expression } from "../expression.ts";
import { type DerivedSource, derivedSource } from "../source.ts";
import { ARRAY, type ArrayOperand, type ItemOf } from "./array.ts";
import { qualifiedName } from "./call.ts";
import { compositionFor, given, invocation, optional, type TypedSql, type ValueOf } from "./invocation.ts";
import { operandOfAny, typed, type Wide } from "./literal.ts";

/** A row of one value. */
export interface ValueRow<Value, Null = never> {
  /** The value. */
  readonly value: Value | Null;
}

/** What a series is of. */
export type SeriesBound = number | bigint | Temporal.PlainDateTime | Temporal.Instant | TypedSql;

/** What a series of bounds is of. */
export type SeriesValue<Bound> = Bound extends TypedSql ? ValueOf<Bound> : Wide<Bound>;

/**
 * The values from one to another as a source with the column `value`: numbers, or points in time with a duration as
 * step.
 *
 * @param name Its name in the query.
 * @param bounds The first value, the last, and the step. Default of the step: 1.
 *
 * @example
 * ```ts
 * import { from, generateSeries } from "@lifeguard/core";
 * const numbers = generateSeries("n", { from: 1, to: 10, step: 2 });
 * console.assert(from(numbers).select({ n: numbers.value }).toSQL().text ===
 *   'select "n"."value" as "n" from generate_series($1::integer, $2::integer, $3::integer) as "n"("value")');
 * ```
 */
export function generateSeries<const Name extends string, const Bound extends SeriesBound>(
  name: Name,
  { from, to, step }: { readonly from: Bound; readonly to: SeriesBound; readonly step?: unknown },
): DerivedSource<ValueRow<SeriesValue<Bound>>, Name> {
  const args = [from, to, ...optional(step)].map(operandOfAny);
  const conversion = args[0] instanceof Expression ? args[0].conversion : undefined;
  return tableOf(name, "generate_series", given("generateSeries", args), [{ property: "value", conversion }]);
}

/**
 * The elements of an array as a source with the column `value`. Joined with `crossJoin` it may use the columns of the
 * tables before it.
 *
 * @param name Its name in the query.
 * @param array The array.
 *
 * @example
 * ```ts
 * import { column, fn, model, unnest } from "@lifeguard/core";
 * const Post = model("posts", { id: column.integer().primaryKey(), tags: column.text().array() });
 * const tag = unnest("tag", Post.tags);
 * const query = Post.find().crossJoin(tag).select({ tag: tag.value, posts: fn.count() }).groupBy(tag.value);
 * console.assert(query.toSQL().text === 'select "tag"."value" as "tag", count(*) as "posts" from "posts" ' +
 *   'cross join unnest("posts"."tags") as "tag"("value") group by "tag"."value"');
 * ```
 */
export function unnest<const Name extends string, A extends ArrayOperand>(
  name: Name,
  array: A,
): DerivedSource<ValueRow<Exclude<ItemOf<A>, null>, Extract<ItemOf<A>, null>>, Name> {
  const { conversion } = ARRAY.element(array, 1);
  return tableOf(name, "unnest", given("unnest", [array]), [{ property: "value", conversion }]);
}

/**
 * The elements of a JSON array as a source with the column `value`.
 *
 * @param name Its name in the query.
 * @param json The array.
 */
export function jsonbElements<const Name extends string, A extends TypedSql>(
  name: Name,
  json: A,
): DerivedSource<ValueRow<ValueOf<A> extends readonly (infer Item)[] ? Item : unknown>, Name> {
  return tableOf(name, "jsonb_array_elements", given("jsonbElements", [json]), [{ property: "value" }]);
}

/** Types of columns by property, as SQL writes them. */
export interface ColumnTypesByName {
  /** A type's name. */
  readonly [property: string]: keyof CastTypes;
}

/** The row of a source whose columns' types are given by name. */
export type TypedRow<Types, Null = never> = {
  readonly [Property in keyof Types]:
    | (Types[Property] extends keyof CastTypes ? CastTypes[Types[Property]] : unknown)
    | Null;
};

/** How a function that returns rows is called. */
export interface TableFunctionOptions<Types> {
  /** The types of the columns it returns. */
  readonly columns: Types;
  /** Its arguments. */
  readonly args?: readonly unknown[];
  /** The schema it is in. Default: the search path decides. */
  readonly schema?: string;
  /** Whether it provably writes nothing and takes no lock. Default false. */
  readonly pure?: boolean;
}

/**
 * A function of the database's own that returns rows, as a source.
 *
 * @param name Its name, also in the query.
 * @param options The columns it returns, in its order, and its arguments.
 */
export function tableFunction<const Name extends string, const Types extends ColumnTypesByName>(
  name: Name,
  { columns, args = [], schema, pure = false }: TableFunctionOptions<Types>,
): DerivedSource<TypedRow<Types, null>, Name> {
  const outputs = Object.entries(columns).map(([property, type]) => ({
    property,
    conversion: castConversion(typeText(type)),
  }));
  return tableOf(name, qualifiedName(name, schema), given(name, args), outputs, pure);
}

/**
 * A list of values as a source. It is bound as one array for each column, so that its text is the same however many
 * there are.
 *
 * @param name Its name in the query.
 * @param types The columns' types.
 * @param rows The rows.
 * @throws {ValidationError} When a row lacks a column.
 *
 * @example
 * ```ts
 * import { from, valuesOf } from "@lifeguard/core";
 * const prices = valuesOf("prices", { id: "integer", price: "numeric" }, [{ id: 1, price: "9.99" }, { id: 2, price: null }]);
 * console.assert(from(prices).select({ price: prices.price }).toSQL().text ===
 *   'select "prices"."price" from unnest($1::integer[], $2::numeric[]) as "prices"("id", "price")');
 * ```
 */
export function valuesOf<const Name extends string, const Types extends ColumnTypesByName>(
  name: Name,
  types: Types,
  rows: readonly TypedRow<Types, null>[],
): DerivedSource<TypedRow<Types, null>, Name> {
  const subject = `the values of "${name}"`;
  if (!Array.isArray(rows)) {
    throw new ValidationError(subject, `they are ${kindOf(rows)}; give an array of rows`);
  }
  const arrays = Object.entries(types).map(([property, type]) =>
    typed(
      rows.map((row: Readonly<Record<string, unknown>>, index) => {
        const value = row?.[property];
        if (value === undefined) {
          throw new ValidationError(subject, `row ${index} has no "${property}"; give a value or null`);
        }
        return value;
      }),
      `${typeText(type)}[]`,
    )
  );
  if (arrays.length === 0) {
    throw new ValidationError(subject, "they have no columns; name some with their types");
  }
  const outputs = Object.entries(types).map(([property, type]) => ({
    property,
    conversion: castConversion(type),
  }));
  return tableOf(name, "unnest", arrays, outputs);
}

/** A column of a source, as far as this file knows it. */
interface SourceOutput {
  readonly property: string;
  readonly conversion?: Conversion | undefined;
}

const NO_STRINGS: readonly string[] = [""];

function tableOf<Row, Name extends string>(
  name: Name,
  functionName: string,
  args: readonly unknown[],
  outputs: readonly SourceOutput[],
  pure = true,
): DerivedSource<Row, Name> {
  const alias = `${quoteIdentifier(name)}(${
    outputs.map(({ property }) => quoteIdentifier(property)).join(", ")
  })`;
  const named = compositionFor(`as ${alias}`, () => template("", ` as ${alias}`));
  const call = new Expression(invocation(functionName).of(args));
  const composed = named.of([call]);
  return derivedSource(
    { name, from: { ...composed, pure: composed.pure && pure } },
    outputs.map(({ property, conversion }) => ({
      property,
      strings: NO_STRINGS,
      ...(conversion === undefined ? {} : { conversion }),
    })),
  );
}
