/**
 * Calls of PostgreSQL's functions: the compositions they are made with, and what may be given to them.
 *
 * @module
 */
import { FRAGMENT, Sql } from "../../../pool/sql/sql.ts";
import { kindOf } from "../../../pool/wire/codec/refusal.ts";
import { ValidationError } from "../../../pool/wire/errors.ts";
import { type Composition, list } from "../composition.ts";
import {
  Expression,
  type ExpressionOptions,
  type ExpressionTypes,
  type Fragment,
  type FromOf,
  type NullOf,
  type Operand,
} from "../expression.ts";
import { keep } from "../kept.ts";

/** An expression of any type. */
export interface TypedSql extends Sql {
  /** See {@link ExpressionTypes}; no value at run time. */
  readonly "~types": ExpressionTypes<unknown, unknown, string>;
}

/** The result of a function that is null where one of its operands `O` is. */
export type Result<Value, O> = Expression<Value, NullOf<O>, FromOf<O>>;

/** What an operand's value is where it is not null; of a fragment nothing is known. */
export type ValueOf<O> = O extends TypedSql ? O["~types"]["value"]
  : O extends Fragment ? unknown
  : O extends string ? string
  : O extends number ? number
  : O extends bigint ? bigint
  : O extends boolean ? boolean
  : O;

/** A text: a string, an expression, a fragment. */
export type TextOperand = Operand<string>;

/** A number: of any of the types JavaScript has PostgreSQL's numbers in. */
export type NumberOperand = Operand<number | bigint | string>;

/** A whole number that counts something. */
export type CountOperand = Operand<number>;

const KEPT = new Map<string, Composition>();
/** How many compositions are kept by name; beyond it each is made again and only takes longer. */
const MAX_KEPT = 5_000;

/** The composition of a name that is known when the program is written, made once. */
export function compositionFor(key: string, make: () => Composition): Composition {
  let composition = KEPT.get(key);
  if (composition === undefined) {
    composition = make();
    keep(KEPT, MAX_KEPT, [key, composition]);
  }
  return composition;
}

/** The call of a function: `name(a, b)`. */
export function invocation(name: string): Composition {
  return compositionFor(`${name}(`, () => list(`${name}(`, ", ", ")"));
}

/**
 * Calls a function of PostgreSQL that writes nothing.
 *
 * @param name Its name, or whatever stands before the bracket.
 * @param args Its arguments.
 * @param options How its result is converted.
 */
export function invoke<Value, Null, From extends string>(
  name: string,
  args: readonly unknown[],
  options?: ExpressionOptions,
): Expression<Value, Null, From> {
  return new Expression(invocation(name).of(given(name, args)), options);
}

/** Puts parts together that were checked, as an expression. */
export function composed<Value, Null, From extends string>(
  composition: Composition,
  name: string,
  args: readonly unknown[],
  options?: ExpressionOptions,
): Expression<Value, Null, From> {
  return new Expression(composition.of(given(name, args)), options);
}

/** Refuses what a function cannot take. */
export function given(name: string, args: readonly unknown[]): readonly unknown[] {
  args.forEach((part, index) => checkArgument(`argument ${index + 1} of ${name}()`, part));
  return args;
}

/** An argument that may be left out. */
export function optional(argument: unknown): readonly unknown[] {
  return argument === undefined ? [] : [argument];
}

/** Refuses what was forgotten, and a query that is not one value. */
export function checkArgument(subject: string, value: unknown): void {
  if (value === undefined || value === null || typeof value === "function" || typeof value === "symbol") {
    throw new ValidationError(subject, `it is ${kindOf(value)}; give a value or an expression`);
  }
  if (typeof value === "object" && !(value instanceof Sql) && FRAGMENT in value) {
    throw new ValidationError(
      subject,
      "it is a query or a model; give a column, or one value: scalar(query)",
    );
  }
}

/** What is known of the first operand of which something is: the others are of its type. */
export function conversionOf(parts: readonly unknown[]): ExpressionOptions {
  for (const part of parts) {
    if (!(part instanceof Expression)) continue;
    if (part.isDate) return DATE;
    if (part.conversion !== undefined) return { conversion: part.conversion };
  }
  return {};
}

/** A `date`. */
export const DATE: ExpressionOptions = { isDate: true };
