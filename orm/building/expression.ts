/**
 * SQL expressions: a column, a computed value, a condition, with the operators that make others of them. An operator is
 * one template and one method.
 *
 * @module
 */
import { Sql } from "../../pool/sql/sql.ts";
import { temporalClassOf } from "../../pool/wire/codec/calendar.ts";
import { kindOf } from "../../pool/wire/codec/refusal.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import type { Conversion } from "../definition/column_type.ts";
import type { Advice, NotNull } from "./advice.ts";
import type {
  Addend,
  Concatenated,
  Difference,
  Factor,
  OperandValue,
  Subtrahend,
  Sum,
} from "./arithmetic.ts";
import { castConversion, typeText } from "./cast.ts";
import { type Composed, type Composition, fragmentOf, operator, template } from "./composition.ts";
import { SpecialOperators } from "./operators/special_operators.ts";
import type { Traits } from "./traits.ts";
import { keep } from "./kept.ts";

/** What the type level knows of an expression. */
export interface ExpressionTypes<Value, Null, From extends string> {
  /** Its value where it is not null. */
  readonly value: Value;
  /** `null` when it may be null, else `never`. */
  readonly nullable: Null;
  /** Its value in a row. */
  readonly row: Value | Null;
  /** The tables whose columns it is made of; its value is null where an outer join found no row of one. */
  readonly from: From;
}

/** A fragment written with `sql`, of whose type nothing is known. */
export interface Fragment extends Sql {
  /** Only what the ORM makes has types. */
  readonly "~types"?: never;
}

/** What an expression is compared or combined with: a value, another expression, or a fragment. Never undefined. */
export type Operand<Value> = Value | ExpressionOf<Value> | Fragment;

/** An expression of a type, told by nothing else: comparing whole expressions would cost the compiler dearly. */
export interface ExpressionOf<Value> {
  /** See {@link ExpressionTypes}; no value at run time. */
  readonly "~types": ValueType<Value>;
}

/** A value's type. */
export interface ValueType<Value> {
  /** See {@link ExpressionTypes}. */
  readonly value: Value;
}

/** `null` when an operand may be null, else `never`; of a fragment nothing is known, and it is taken not to be. */
export type NullOf<O> = O extends TypedPart ? O["~types"]["nullable"] : never;

/** The tables an operand is made of. */
export type FromOf<O> = O extends TypedPart ? O["~types"]["from"] : never;

/** What has types. */
export interface TypedPart {
  /** See {@link ExpressionTypes}; no value at run time. */
  readonly "~types": ExpressionTypes<unknown, unknown, string>;
}

/** A query of one column, as far as conditions are concerned. */
export interface Subquery<Value> {
  /** The query's rows; no value at run time. */
  readonly "~row"?: Readonly<Record<string, Value | null>>;
}

/** What options an expression is made with. */
export interface ExpressionOptions {
  /** How the value the pool decoded becomes the one the expression promises. */
  readonly conversion?: Conversion;
  /** Whether it is, or holds, an aggregate. */
  readonly grouped?: boolean;
  /** Whether it is a `date`, to which PostgreSQL adds more than days. Default false. */
  readonly isDate?: boolean;
}

/** How an expression is ordered by. */
export interface OrderOptions {
  /** Where nulls stand. Default: last when ascending, first when descending, as in PostgreSQL. */
  readonly nulls?: "first" | "last";
}

/** A condition: an expression that is true, false or null. */
export type Condition<Null = unknown, From extends string = string> = Expression<boolean, Null, From>;

/** An order as `orderBy()` takes it. */
export class Order<Property extends string = string> extends Sql implements Traits {
  /** The property of the column ordered by; never set. */
  declare readonly "~ordered": Property;
  readonly pure: boolean;
  readonly stable: boolean;
  /** What is ordered by. */
  readonly expression: Expression<unknown, unknown>;
  /** The direction. */
  readonly direction: "asc" | "desc";
  /** Where nulls stand, where it was said. */
  readonly nulls: "first" | "last" | undefined;

  /** Creates an order; user code calls `asc()` or `desc()` of a column. */
  constructor(
    expression: Expression<unknown, unknown>,
    direction: "asc" | "desc",
    { nulls }: OrderOptions = {},
  ) {
    if (nulls !== undefined && nulls !== "first" && nulls !== "last") {
      throw new ValidationError(
        expression.subject,
        'it is ordered with unknown "nulls"; use "first" or "last"',
      );
    }
    const { strings, values, pure, stable } = ORDERS[`${direction}${nulls ?? ""}`].of([expression]);
    super(strings, values);
    this.pure = pure;
    this.stable = stable;
    this.expression = expression;
    this.direction = direction;
    this.nulls = nulls;
  }
}

const ORDERS: Readonly<Record<string, Composition>> = {
  asc: template("", " asc"),
  desc: template("", " desc"),
  ascfirst: template("", " asc nulls first"),
  asclast: template("", " asc nulls last"),
  descfirst: template("", " desc nulls first"),
  desclast: template("", " desc nulls last"),
};

const EQ = operator("", " = ", "");
const NE = operator("", " <> ", "");
const GT = operator("", " > ", "");
const GTE = operator("", " >= ", "");
const LT = operator("", " < ", "");
const LTE = operator("", " <= ", "");
const DISTINCT = operator("", " is distinct from ", "");
const NOT_DISTINCT = operator("", " is not distinct from ", "");
const BETWEEN = operator("", " between ", " and ", "");
const NOT_BETWEEN = operator("", " not between ", " and ", "");
const ANY = operator("", " = any(", ")");
const NOT_ALL = operator("", " <> all(", ")");
const IN_QUERY = operator("", " in (", ")");
const NOT_IN_QUERY = operator("", " not in (", ")");
const IS_NULL = operator("", " is null");
const IS_NOT_NULL = operator("", " is not null");
const LIKE = operator("", " like ", "");
const ILIKE = operator("", " ilike ", "");
const NOT_LIKE = operator("", " not like ", "");
const NOT_ILIKE = operator("", " not ilike ", "");
const MATCHES = operator("", " ~ ", "");
const IMATCHES = operator("", " ~* ", "");
const PLUS = operator("(", " + ", ")");
const MINUS = operator("(", " - ", ")");
const TIMES = operator("(", " * ", ")");
const DIVIDED = operator("(", " / ", ")");
const MODULO = operator("(", " % ", ")");
const CONCAT = operator("(", " || ", ")");
const CONTAINS = operator("", " @> ", "");
const CONTAINED = operator("", " <@ ", "");
const OVERLAPS = operator("", " && ", "");

const NO_OPTIONS: ExpressionOptions = {};

/** An SQL expression of a value's type. It is a fragment of `sql` like any other. */
export class Expression<Value, Null = never, From extends string = string> extends SpecialOperators
  implements Traits {
  /** What the type level knows; never set. */
  declare readonly "~types": ExpressionTypes<Value, Null, From>;
  /** Whether it provably writes nothing and takes no lock. */
  readonly pure: boolean;
  /** Whether its strings are the same array whenever its shape is the same. */
  readonly stable: boolean;
  /** How the value the pool decoded becomes the one the expression promises. */
  readonly conversion: Conversion | undefined;
  /** Whether it is, or holds, an aggregate, which makes one row of many. */
  readonly grouped: boolean;
  /** Whether it needs parentheses next to an operator. */
  readonly loose: boolean;
  /** Whether it is known to be a `date`. */
  readonly isDate: boolean;

  /** Creates an expression of a composition's result; user code gets one from a column or a function. */
  constructor(
    { strings, values, pure, stable, grouped, loose }: Composed,
    options: ExpressionOptions = NO_OPTIONS,
  ) {
    super(strings, values);
    this.pure = pure;
    this.stable = stable;
    this.conversion = options.conversion;
    this.grouped = options.grouped ?? grouped;
    this.loose = loose === true;
    this.isDate = options.isDate === true;
  }

  /** What errors call it. */
  get subject(): string {
    return `the expression ${this.text}`;
  }

  /** Makes the expression an operator results in. */
  protected override derive<V, N, F extends string>(
    composed: Composed,
    options?: ExpressionOptions,
  ): Expression<V, N, F> {
    return new Expression(composed, options);
  }

  /** Equal. Null is never equal: see {@link isNull}. */
  eq<O extends Operand<Value> | Advice<NotNull>>(
    value: O,
  ): Condition<Null | NullOf<O>, From | FromOf<O>> {
    return this.#compare(EQ, value);
  }

  /** Not equal. Null is never unequal: see {@link isDistinctFrom}. */
  ne<O extends Operand<Value> | Advice<NotNull>>(
    value: O,
  ): Condition<Null | NullOf<O>, From | FromOf<O>> {
    return this.#compare(NE, value);
  }

  /** Greater than. */
  gt<O extends Operand<Value> | Advice<NotNull>>(
    value: O,
  ): Condition<Null | NullOf<O>, From | FromOf<O>> {
    return this.#compare(GT, value);
  }

  /** Greater than or equal to. */
  gte<O extends Operand<Value> | Advice<NotNull>>(
    value: O,
  ): Condition<Null | NullOf<O>, From | FromOf<O>> {
    return this.#compare(GTE, value);
  }

  /** Less than. */
  lt<O extends Operand<Value> | Advice<NotNull>>(
    value: O,
  ): Condition<Null | NullOf<O>, From | FromOf<O>> {
    return this.#compare(LT, value);
  }

  /** Less than or equal to. */
  lte<O extends Operand<Value> | Advice<NotNull>>(
    value: O,
  ): Condition<Null | NullOf<O>, From | FromOf<O>> {
    return this.#compare(LTE, value);
  }

  /** Not equal, where null is equal to null and different from everything else. Takes null. */
  isDistinctFrom(value: Operand<Value> | null): Condition<never, never> {
    return this.#distinct(DISTINCT, value);
  }

  /** Equal, where null is equal to null and different from everything else. Takes null. */
  isNotDistinctFrom(value: Operand<Value> | null): Condition<never, never> {
    return this.#distinct(NOT_DISTINCT, value);
  }

  /** Not less than `low` and not greater than `high`. */
  between(low: Operand<Value>, high: Operand<Value>): Condition<Null, From> {
    return new Expression(BETWEEN.of([this, this.#checked(low), this.#checked(high)]));
  }

  /** Less than `low` or greater than `high`. */
  notBetween(low: Operand<Value>, high: Operand<Value>): Condition<Null, From> {
    return new Expression(NOT_BETWEEN.of([this, this.#checked(low), this.#checked(high)]));
  }

  /** Equal to one of the values, which are bound as one array, or of a query's; of none, false. */
  in(values: readonly Value[] | Subquery<Value> | Fragment): Condition<Null, From> {
    return this.#any(ANY, IN_QUERY, values);
  }

  /**
   * Equal to none of the values, which are bound as one array, or of a query's; of none, true. Of a query that returns
   * a null it is never true: prefer `not(exists(…))`.
   */
  notIn(values: readonly Value[] | Subquery<Value> | Fragment): Condition<Null, From> {
    return this.#any(NOT_ALL, NOT_IN_QUERY, values);
  }

  /** Null. */
  isNull(): Condition<never, never> {
    return new Expression(IS_NULL.of([this]));
  }

  /** Not null. */
  isNotNull(): Condition<never, never> {
    return new Expression(IS_NOT_NULL.of([this]));
  }

  /** Matches a pattern, in which `%` stands for any characters and `_` for one. */
  like(this: ExpressionOf<string>, pattern: Operand<string>): Condition<Null, From> {
    return match(this, LIKE, pattern);
  }

  /** Matches a pattern, in whatever case. */
  ilike(this: ExpressionOf<string>, pattern: Operand<string>): Condition<Null, From> {
    return match(this, ILIKE, pattern);
  }

  /** Does not match a pattern. */
  notLike(this: ExpressionOf<string>, pattern: Operand<string>): Condition<Null, From> {
    return match(this, NOT_LIKE, pattern);
  }

  /** Does not match a pattern, in whatever case. */
  notIlike(this: ExpressionOf<string>, pattern: Operand<string>): Condition<Null, From> {
    return match(this, NOT_ILIKE, pattern);
  }

  /** Matches a POSIX regular expression: https://www.postgresql.org/docs/18/functions-matching.html. */
  matches(this: ExpressionOf<string>, pattern: Operand<string>): Condition<Null, From> {
    return match(this, MATCHES, pattern);
  }

  /** Matches a POSIX regular expression, in whatever case. */
  imatches(this: ExpressionOf<string>, pattern: Operand<string>): Condition<Null, From> {
    return match(this, IMATCHES, pattern);
  }

  /** The sum. A point in time takes a duration; so does a date, which becomes one, or a number of days. */
  plus<O extends Operand<Addend<Value>>>(
    value: O,
  ): Expression<Sum<Value, OperandValue<O>>, Null | NullOf<O>, From | FromOf<O>> {
    return this.#calculate(PLUS, value);
  }

  /** The difference. What is taken from a point in time, or from a date, is what could be added, or another of these. */
  minus<O extends Operand<Subtrahend<Value>>>(
    value: O,
  ): Expression<Difference<Value, OperandValue<O>>, Null | NullOf<O>, From | FromOf<O>> {
    return this.#calculate(MINUS, value);
  }

  /** The product. */
  times<O extends Operand<Factor<Value>>>(
    value: O,
  ): Expression<Value, Null | NullOf<O>, From | FromOf<O>> {
    return this.#calculate(TIMES, value);
  }

  /** The quotient; of integers it is an integer, cut towards zero. */
  dividedBy<O extends Operand<Factor<Value>>>(
    value: O,
  ): Expression<Value, Null | NullOf<O>, From | FromOf<O>> {
    return this.#calculate(DIVIDED, value);
  }

  /** The remainder of a division. */
  modulo<O extends Operand<Factor<Value>>>(
    value: O,
  ): Expression<Value, Null | NullOf<O>, From | FromOf<O>> {
    return this.#calculate(MODULO, value);
  }

  /** One after the other: strings, arrays, JSON objects. */
  concat<O extends Operand<Concatenated<Value>>>(
    value: O,
  ): Expression<Concatenated<Value>, Null | NullOf<O>, From | FromOf<O>> {
    return this.#calculate(CONCAT, value);
  }

  /** Contains a value (`@>`): arrays, ranges, JSON, networks. */
  contains(value: Operand<Value> | Operand<ElementOf<Value>>): Condition<Null, From> {
    return new Expression(CONTAINS.of([this, this.element(required(this, value))]));
  }

  /** Is contained in a value (`<@`): arrays, ranges, JSON. */
  containedBy(value: Operand<Value>): Condition<Null, From> {
    return new Expression(CONTAINED.of([this, required(this, value)]));
  }

  /** Has something in common with a value (`&&`): arrays, ranges, networks. */
  overlaps(value: Operand<Value>): Condition<Null, From> {
    return new Expression(OVERLAPS.of([this, required(this, value)]));
  }

  /** The order from the least to the greatest. */
  asc(options?: OrderOptions): Order {
    return new Order(this, "asc", options);
  }

  /** The order from the greatest to the least. */
  desc(options?: OrderOptions): Order {
    return new Order(this, "desc", options);
  }

  /**
   * The value as another type: `User.age.cast("text")`.
   *
   * @param type The type as SQL writes it. Common types give the JavaScript type; name others: `cast<string[]>("text[]")`.
   */
  cast<Type extends keyof CastTypes>(type: Type): Expression<CastTypes[Type], Null, From>;
  /** The value as another type, whose JavaScript type is given. */
  cast<Other>(type: string): Expression<Other, Null, From>;
  cast<Other>(type: string): Expression<Other, Null, From> {
    return new Expression(castTo(typeText(type)).of([this]), {
      conversion: castConversion(type),
      isDate: /^date$/i.test(type),
    });
  }

  /** The error for a value of the wrong kind, or undefined; a column knows what it takes. */
  refuse(_value: unknown): ValidationError | undefined {
    return undefined;
  }

  #compare<N, F extends string>(operator: Composition, value: unknown): Condition<N, F> {
    return new Expression(operator.of([this, this.#checked(value)]));
  }

  #distinct<F extends string>(operator: Composition, value: unknown): Condition<never, F> {
    return new Expression(operator.of([this, value === null ? value : this.#checked(value)]));
  }

  #calculate<V, N, F extends string>(operator: Composition, value: unknown): Expression<V, N, F> {
    const { conversion, isDate } = this;
    const type = operandType(required(this, value), isDate);
    const operand = type === undefined ? value : typed(value, type);
    return new Expression(operator.of([this, operand]), { conversion, isDate: isDate && type === "integer" });
  }

  #any<N, F extends string>(array: Composition, query: Composition, values: unknown): Condition<N, F> {
    const fragment = fragmentOf(values);
    if (fragment !== undefined) return new Expression(query.of([this, fragment]));
    if (!Array.isArray(values)) {
      throw new ValidationError(
        this.subject,
        `it is looked for in ${kindOf(values)}; give an array of values or a query of one column`,
      );
    }
    this.refuseList();
    for (const value of values) {
      if (value instanceof Sql) {
        throw new ValidationError(
          this.subject,
          "it is looked for in a list that holds a fragment; combine conditions with or()",
        );
      }
      this.#checked(value);
    }
    return new Expression(array.of([this, values]));
  }

  /** An expression that is compared with this one. */
  protected beside(value: unknown): unknown {
    return value;
  }

  /** A value that may be an element of this one, which PostgreSQL would take for one of the same type. */
  protected element(value: unknown): unknown {
    return value;
  }

  /** Throws when the expression cannot be looked for in a list. */
  protected refuseList(): void {}

  #checked(value: unknown): unknown {
    required(this, value);
    if (fragmentOf(value) !== undefined) return this.beside(value);
    const refusal = this.refuse(value);
    if (refusal !== undefined) throw refusal;
    return value;
  }
}

/** What an array or a range holds, where the type says so. */
export type ElementOf<Value> = Value extends { readonly lower: infer Bound } ? NonNullable<Bound> : never;

/** The JavaScript types of common casts. */
export interface CastTypes {
  /** `smallint` */
  readonly smallint: number;
  /** `integer` */
  readonly integer: number;
  /** `int`: the same as `integer`. */
  readonly int: number;
  /** `bigint` */
  readonly bigint: bigint;
  /** `real` */
  readonly real: number;
  /** `double precision` */
  readonly "double precision": number;
  /** `numeric` */
  readonly numeric: string;
  /** `text` */
  readonly text: string;
  /** `boolean` */
  readonly boolean: boolean;
  /** `uuid` */
  readonly uuid: string;
  /** `date` */
  readonly date: Temporal.PlainDate;
  /** `timestamp` */
  readonly timestamp: Temporal.PlainDateTime;
  /** `timestamptz` */
  readonly timestamptz: Temporal.Instant;
  /** `interval` */
  readonly interval: Temporal.Duration;
  /** `jsonb` */
  readonly jsonb: unknown;
}

function match<N, F extends string>(
  expression: ExpressionOf<string>,
  operator: Composition,
  pattern: unknown,
): Condition<N, F> {
  if (typeof pattern === "string" || pattern instanceof Sql) {
    return new Expression(operator.of([expression, pattern]));
  }
  const { subject } = expression as Expression<string, unknown>;
  throw new ValidationError(subject, `its pattern is ${kindOf(pattern)}; give a string`);
}

/** Refuses what was forgotten: nothing is equal to null, and undefined is a mistake. */
function required(expression: { readonly subject: string }, value: unknown): unknown {
  if (value !== undefined && value !== null) return value;
  throw new ValidationError(
    expression.subject,
    `it is compared with ${value}; leave the condition out, or use isNull() or isNotNull()`,
  );
}

/** The types of what is added to dates and times, which PostgreSQL would not find by itself. */
const ADDED: Readonly<Record<string, string>> = {
  "Temporal.Duration": "interval",
  "Temporal.PlainTime": "time",
  "Temporal.PlainDate": "date",
};

function operandType(value: unknown, isDate: boolean): string | undefined {
  if (typeof value === "number") return isDate ? "integer" : undefined;
  return ADDED[temporalClassOf(value) ?? ""];
}

const CASTS = new Map<string, Composition>();

/** A value whose type PostgreSQL would not find by itself. */
export function typed(value: unknown, type: string): Expression<unknown> {
  return new Expression(castTo(type).of([value]));
}

/** The composition that casts to a type, checked before: one for each type's text. */
function castTo(type: string): Composition {
  let cast = CASTS.get(type);
  if (cast === undefined) {
    cast = template("cast(", ` as ${type})`);
    keep(CASTS, 1_000, [type, cast]);
  }
  return cast;
}
