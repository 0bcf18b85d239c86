/**
 * Operators of types that not every expression has: JSON, ranges, networks, documents, arrays, times. They are methods
 * of every expression, which the compiler offers where its type fits.
 *
 * @module
 */
import { Sql } from "../../../pool/sql/sql.ts";
import { kindOf } from "../../../pool/wire/codec/refusal.ts";
import { ValidationError } from "../../../pool/wire/errors.ts";
import { type Composed, type Composition, operator } from "../composition.ts";
import type { Condition, Expression, ExpressionOptions, ExpressionTypes, Operand } from "../expression.ts";
import { constantStrings, quoteLiteral } from "./constant.ts";

/** The keys of JSON of a type: those of an object, the indexes of an array, any where nothing is known. */
export type JsonKey<Value> = unknown extends Value ? string | number
  : Value extends readonly unknown[] ? number
  : keyof Value & (string | number);

/** What JSON of a type holds under a key, where it is not null. */
export type JsonAt<Value, Key> = unknown extends Value ? unknown
  : Value extends readonly (infer Item)[] ? NonNullable<Item>
  : Key extends keyof Value ? NonNullable<Value[Key]>
  : unknown;

/** Null where JSON of a type may have nothing under a key. */
export type JsonNull<Value, Key> = Value extends readonly unknown[] ? null
  : Key extends keyof Value ? (undefined extends Value[Key] ? null : Extract<Value[Key], null>)
  : null;

/** What contains or borders on something: a range. */
export interface RangeOperators extends SpecialOperators {
  /** See {@link ExpressionTypes}; no value at run time. */
  readonly "~types": ExpressionTypes<{ readonly lower: unknown; readonly upper: unknown }, unknown, string>;
}

const KEY = operator("(", " -> ", ")");
const KEY_TEXT = operator("(", " ->> ", ")");
const PATH = operator("(", " #> ", ")");
const PATH_TEXT = operator("(", " #>> ", ")");
const WITHOUT_KEY = operator("(", " - ", "::text)");
const WITHOUT_PATH = operator("(", " #- ", "::text[])");
const HAS_KEY = operator("", " ? ", "");
const HAS_ANY_KEY = operator("", " ?| ", "");
const HAS_ALL_KEYS = operator("", " ?& ", "");
const PATH_EXISTS = operator("", " @? ", "::jsonpath");
const PATH_IS_TRUE = operator("", " @@ ", "::jsonpath");
const STRICTLY_LEFT = operator("", " << ", "");
const STRICTLY_RIGHT = operator("", " >> ", "");
const NOT_RIGHT = operator("", " &< ", "");
const NOT_LEFT = operator("", " &> ", "");
const ADJACENT = operator("", " -|- ", "");
const WITHIN_OR_EQUAL = operator("", " <<= ", "");
const CONTAINS_OR_EQUAL = operator("", " >>= ", "");
const MATCHES_QUERY = operator("", " @@ ", "");
const EQ_ANY = operator("", " = any(", ")");
const EQ_ALL = operator("", " = all(", ")");
const IS_TRUE = operator("", " is true");
const IS_FALSE = operator("", " is false");
const NOT_MATCHES = operator("", " !~ ", "");
const NOT_IMATCHES = operator("", " !~* ", "");
const SIMILAR = operator("", " similar to ", "");
const NEGATED = operator("(- ", ")");

/** See the module's description; `Expression` extends it. */
export abstract class SpecialOperators extends Sql {
  /** What the type level knows; never set. */
  declare readonly "~types": ExpressionTypes<unknown, unknown, string>;
  /** What errors call it. */
  abstract get subject(): string;

  /** Makes the expression an operator results in. */
  protected abstract derive<V, N, F extends string>(
    composed: Composed,
    options?: ExpressionOptions,
  ): Expression<V, N, F>;

  /**
   * What JSON holds under a key of an object, or an index of an array: `data -> 'key'`. The type follows the column's.
   *
   * @param key The key or the index, which is a constant of the statement; it can be grouped by and indexed.
   */
  key<T extends SpecialOperators, Key extends JsonKey<T["~types"]["value"]>>(
    this: T,
    key: Key,
  ): Expression<
    JsonAt<T["~types"]["value"], Key>,
    T["~types"]["nullable"] | JsonNull<T["~types"]["value"], Key>,
    T["~types"]["from"]
  > {
    return this.#apply(KEY, this.#keyConstant(key));
  }

  /**
   * The element of a JSON array, counted from 0, or for a negative number from its end: `data -> 0`.
   *
   * @param index The index.
   */
  index<T extends SpecialOperators>(
    this: T,
    index: number,
  ): Expression<JsonAt<T["~types"]["value"], number>, null, T["~types"]["from"]> {
    return this.#apply(KEY, this.#keyConstant(index));
  }

  /**
   * What JSON holds under a key as text: `data ->> 'key'`.
   *
   * @param key The key or the index.
   */
  keyText<T extends SpecialOperators, Key extends JsonKey<T["~types"]["value"]>>(
    this: T,
    key: Key,
  ): Expression<string, T["~types"]["nullable"] | JsonNull<T["~types"]["value"], Key>, T["~types"]["from"]> {
    return this.#apply(KEY_TEXT, this.#keyConstant(key));
  }

  /**
   * What JSON holds at a path of keys: `data #> '{a,b}'`.
   *
   * @param keys The keys and indexes.
   */
  path<T extends SpecialOperators, A extends JsonKey<T["~types"]["value"]>>(
    this: T,
    a: A,
  ): Expression<JsonAt<T["~types"]["value"], A>, null, T["~types"]["from"]>;
  /** What JSON holds at a path of keys. */
  path<
    T extends SpecialOperators,
    A extends JsonKey<T["~types"]["value"]>,
    B extends JsonKey<JsonAt<T["~types"]["value"], A>>,
  >(
    this: T,
    ...keys: readonly [A, B]
  ): Expression<JsonAt<JsonAt<T["~types"]["value"], A>, B>, null, T["~types"]["from"]>;
  /** What JSON holds at a path of keys. */
  path<
    T extends SpecialOperators,
    A extends JsonKey<T["~types"]["value"]>,
    B extends JsonKey<JsonAt<T["~types"]["value"], A>>,
    C extends JsonKey<JsonAt<JsonAt<T["~types"]["value"], A>, B>>,
  >(
    this: T,
    ...keys: readonly [A, B, C]
  ): Expression<JsonAt<JsonAt<JsonAt<T["~types"]["value"], A>, B>, C>, null, T["~types"]["from"]>;
  path(...keys: readonly (string | number)[]): Expression<unknown, null, string> {
    return this.#apply(PATH, this.#pathConstant(keys));
  }

  /**
   * What JSON holds at a path of keys as text: `data #>> '{a,b}'`.
   *
   * @param keys The keys and indexes.
   */
  pathText<T extends SpecialOperators>(
    this: T,
    ...keys: readonly (string | number)[]
  ): Expression<string, null, T["~types"]["from"]> {
    return this.#apply(PATH_TEXT, this.#pathConstant(keys));
  }

  /** JSON without a key: `data - 'key'`. */
  withoutKey<T extends SpecialOperators>(
    this: T,
    key: string,
  ): Expression<T["~types"]["value"], T["~types"]["nullable"], T["~types"]["from"]> {
    return this.#apply(WITHOUT_KEY, this.#keyConstant(key));
  }

  /** JSON without what is at a path: `data #- '{a,b}'`. */
  withoutPath<T extends SpecialOperators>(
    this: T,
    ...keys: readonly (string | number)[]
  ): Expression<T["~types"]["value"], T["~types"]["nullable"], T["~types"]["from"]> {
    return this.#apply(WITHOUT_PATH, this.#pathConstant(keys));
  }

  /** JSON that has a key, or an array that holds a string: `data ? 'key'`. */
  hasKey<T extends SpecialOperators>(
    this: T,
    key: Operand<string>,
  ): Condition<T["~types"]["nullable"], T["~types"]["from"]> {
    return this.#apply(HAS_KEY, this.#given(key));
  }

  /** JSON that has any of some keys: `data ?| keys`. */
  hasAnyKey<T extends SpecialOperators>(
    this: T,
    keys: Operand<readonly string[]>,
  ): Condition<T["~types"]["nullable"], T["~types"]["from"]> {
    return this.#apply(HAS_ANY_KEY, this.#given(keys));
  }

  /** JSON that has all of some keys: `data ?& keys`. */
  hasAllKeys<T extends SpecialOperators>(
    this: T,
    keys: Operand<readonly string[]>,
  ): Condition<T["~types"]["nullable"], T["~types"]["from"]> {
    return this.#apply(HAS_ALL_KEYS, this.#given(keys));
  }

  /** JSON in which an SQL/JSON path finds something: `data @? '$.tags[*]'`. */
  pathExists<T extends SpecialOperators>(this: T, path: string): Condition<unknown, T["~types"]["from"]> {
    return this.#apply(PATH_EXISTS, this.#textConstant(path));
  }

  /** JSON of which an SQL/JSON path's predicate is true: `data @@ '$.age > 18'`. */
  pathIsTrue<T extends SpecialOperators>(this: T, path: string): Condition<unknown, T["~types"]["from"]> {
    return this.#apply(PATH_IS_TRUE, this.#textConstant(path));
  }

  /** A range that ends before another begins, or a network within another: `a << b`. */
  strictlyLeftOf<T extends SpecialOperators>(
    this: T,
    other: Operand<T["~types"]["value"]>,
  ): Condition<T["~types"]["nullable"], T["~types"]["from"]> {
    return this.#apply(STRICTLY_LEFT, this.#given(other));
  }

  /** A range that begins after another ends: `a >> b`. */
  strictlyRightOf<T extends SpecialOperators>(
    this: T,
    other: Operand<T["~types"]["value"]>,
  ): Condition<T["~types"]["nullable"], T["~types"]["from"]> {
    return this.#apply(STRICTLY_RIGHT, this.#given(other));
  }

  /** A range that does not reach beyond the end of another: `a &< b`. */
  notRightOf<T extends RangeOperators>(
    this: T,
    other: Operand<T["~types"]["value"]>,
  ): Condition<T["~types"]["nullable"], T["~types"]["from"]> {
    return this.#apply(NOT_RIGHT, this.#given(other));
  }

  /** A range that does not reach before the start of another: `a &> b`. */
  notLeftOf<T extends RangeOperators>(
    this: T,
    other: Operand<T["~types"]["value"]>,
  ): Condition<T["~types"]["nullable"], T["~types"]["from"]> {
    return this.#apply(NOT_LEFT, this.#given(other));
  }

  /** A range that begins where another ends, or ends where it begins: `a -|- b`. */
  adjacentTo<T extends RangeOperators>(
    this: T,
    other: Operand<T["~types"]["value"]>,
  ): Condition<T["~types"]["nullable"], T["~types"]["from"]> {
    return this.#apply(ADJACENT, this.#given(other));
  }

  /** A network that lies within another and is smaller: `a << b`. */
  within<T extends SpecialOperators>(
    this: T,
    network: Operand<T["~types"]["value"]>,
  ): Condition<T["~types"]["nullable"], T["~types"]["from"]> {
    return this.#apply(STRICTLY_LEFT, this.#given(network));
  }

  /** A network that lies within another or is it: `a <<= b`. */
  withinOrEqual<T extends SpecialOperators>(
    this: T,
    network: Operand<T["~types"]["value"]>,
  ): Condition<T["~types"]["nullable"], T["~types"]["from"]> {
    return this.#apply(WITHIN_OR_EQUAL, this.#given(network));
  }

  /** A network in which another lies that is smaller: `a >> b`. */
  encloses<T extends SpecialOperators>(
    this: T,
    network: Operand<T["~types"]["value"]>,
  ): Condition<T["~types"]["nullable"], T["~types"]["from"]> {
    return this.#apply(STRICTLY_RIGHT, this.#given(network));
  }

  /** A network in which another lies, or that is it: `a >>= b`. */
  enclosesOrEqual<T extends SpecialOperators>(
    this: T,
    network: Operand<T["~types"]["value"]>,
  ): Condition<T["~types"]["nullable"], T["~types"]["from"]> {
    return this.#apply(CONTAINS_OR_EQUAL, this.#given(network));
  }

  /** A document that a full text query matches: `document @@ query`. */
  matchesQuery<T extends SpecialOperators>(
    this: T,
    query: Sql,
  ): Condition<T["~types"]["nullable"], T["~types"]["from"]> {
    return this.#apply(MATCHES_QUERY, this.#given(query));
  }

  /** Equal to an element of an array in the database: `value = any(array)`. */
  eqAny<T extends SpecialOperators>(
    this: T,
    array: Expression<readonly (T["~types"]["value"] | null)[], unknown>,
  ): Condition<unknown, T["~types"]["from"]> {
    return this.#apply(EQ_ANY, this.#given(array));
  }

  /** Equal to every element of an array in the database: `value = all(array)`. */
  eqAll<T extends SpecialOperators>(
    this: T,
    array: Expression<readonly (T["~types"]["value"] | null)[], unknown>,
  ): Condition<unknown, T["~types"]["from"]> {
    return this.#apply(EQ_ALL, this.#given(array));
  }

  /** True, and not null: `condition is true`. */
  isTrue<T extends SpecialOperators>(this: T): Condition<never, never> {
    return this.derive(IS_TRUE.of([this]));
  }

  /** False, and not null: `condition is false`. */
  isFalse<T extends SpecialOperators>(this: T): Condition<never, never> {
    return this.derive(IS_FALSE.of([this]));
  }

  /** Does not match a POSIX regular expression: `text !~ pattern`. */
  notMatches<T extends SpecialOperators>(
    this: T,
    pattern: Operand<string>,
  ): Condition<T["~types"]["nullable"], T["~types"]["from"]> {
    return this.#apply(NOT_MATCHES, this.#given(pattern));
  }

  /** Does not match a POSIX regular expression, in whatever case: `text !~* pattern`. */
  notImatches<T extends SpecialOperators>(
    this: T,
    pattern: Operand<string>,
  ): Condition<T["~types"]["nullable"], T["~types"]["from"]> {
    return this.#apply(NOT_IMATCHES, this.#given(pattern));
  }

  /** Matches a pattern of SQL's regular expressions: `text similar to pattern`. */
  similarTo<T extends SpecialOperators>(
    this: T,
    pattern: Operand<string>,
  ): Condition<T["~types"]["nullable"], T["~types"]["from"]> {
    return this.#apply(SIMILAR, this.#given(pattern));
  }

  /** With the other sign: `- number`. */
  negated<T extends SpecialOperators>(
    this: T,
  ): Expression<T["~types"]["value"], T["~types"]["nullable"], T["~types"]["from"]> {
    const { conversion } = this as ExpressionOptions;
    return this.derive(NEGATED.of([this]), conversion === undefined ? {} : { conversion });
  }

  #apply<V, N, F extends string>(operator: Composition, other: unknown): Expression<V, N, F> {
    return this.derive(operator.of([this, other]));
  }

  #given(value: unknown): unknown {
    if (value !== undefined && value !== null) return value;
    throw new ValidationError(this.subject, `it is compared with ${value}; leave the condition out`);
  }

  #textConstant(text: string): Sql {
    return this.#constant(quoteLiteral(text, `the path of ${this.subject}`));
  }

  #keyConstant(key: unknown): Sql {
    if (typeof key === "number" && Number.isSafeInteger(key)) return this.#constant(String(key));
    if (typeof key === "string") return this.#constant(quoteLiteral(key, `a key of ${this.subject}`));
    throw new ValidationError(
      `a key of ${this.subject}`,
      `it is ${kindOf(key)}; give a string or a whole number`,
    );
  }

  #pathConstant(keys: readonly (string | number)[]): Sql {
    const parts = keys.map((key) => {
      if (typeof key === "string" || Number.isSafeInteger(key)) {
        return `"${String(key).replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
      }
      throw new ValidationError(
        `a path of ${this.subject}`,
        `it holds ${kindOf(key)}; give strings and whole numbers`,
      );
    });
    if (parts.length === 0) throw new ValidationError(`a path of ${this.subject}`, "it is empty; give keys");
    return this.#constant(quoteLiteral(`{${parts.join(",")}}`, `a path of ${this.subject}`));
  }

  #constant(text: string): Sql {
    return this.derive(constantStrings(text));
  }
}
