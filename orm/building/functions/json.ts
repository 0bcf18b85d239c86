/**
 * Functions of JSON: https://www.postgresql.org/docs/18/functions-json.html. What is read out of JSON is a method of the
 * column: `User.data.key("tags").index(0)`.
 *
 * @module
 */
import { template } from "../composition.ts";
import { Expression, type FromOf, type Operand } from "../expression.ts";
import { checkArgument, composed, invoke, type Result, type TypedSql, type ValueOf } from "./invocation.ts";
import { operandOfAny, textConstant, typed } from "./literal.ts";

/** An object whose values are put into JSON. */
export interface JsonObject {
  /** A value, an expression, or null. */
  readonly [key: string]: unknown;
}

/** What an object's values are in JSON. */
export type JsonValues<Values> = {
  readonly [Key in keyof Values]: Values[Key] extends TypedSql ? AsJson<Values[Key]["~types"]["row"]>
    : AsJson<Values[Key]>;
};

/** What JSON keeps of a value: numbers, booleans and texts; dates and times become texts. */
export type AsJson<Value> = Value extends string | number | boolean | null ? Value
  : Value extends bigint ? number
  : Value extends { readonly toJSON: () => string } ? string
  : Value;

/** Functions of JSON. */
export interface JsonFunctions {
  /** An object of values and expressions: `jsonb_build_object('key', value, …)`. */
  jsonbBuildObject<Values extends JsonObject>(
    values: Values,
  ): Expression<JsonValues<Values>, never, never>;
  /** An array of values and expressions: `jsonb_build_array(a, b, …)`. */
  jsonbBuildArray(...items: readonly Operand<unknown>[]): Expression<readonly unknown[], never, never>;
  /** A value as JSON: `to_jsonb(value)`. */
  toJsonb<A extends Operand<unknown>>(value: A): Result<AsJson<ValueOf<A>>, A>;
  /** With the value at a path replaced, or added: `jsonb_set(json, path, value)`. */
  jsonbSet<A extends TypedSql>(
    json: A,
    path: readonly (string | number)[],
    value: unknown,
    options?: JsonbSetOptions,
  ): Result<ValueOf<A>, A>;
  /** With a value put in before, or after, a path: `jsonb_insert(json, path, value)`. */
  jsonbInsert<A extends TypedSql>(
    json: A,
    path: readonly (string | number)[],
    value: unknown,
    options?: JsonbInsertOptions,
  ): Result<ValueOf<A>, A>;
  /** Without its keys that are null: `jsonb_strip_nulls(json)`. */
  jsonbStripNulls<A extends TypedSql>(json: A): Result<ValueOf<A>, A>;
  /** `"object"`, `"array"`, `"string"`, `"number"`, `"boolean"` or `"null"`: `jsonb_typeof(json)`. */
  jsonbTypeof<A extends TypedSql>(json: A): Result<string, A>;
  /** How many elements an array has: `jsonb_array_length(json)`. */
  jsonbArrayLength<A extends TypedSql>(json: A): Result<number, A>;
  /** The first value an SQL/JSON path finds; null where none: `jsonb_path_query_first(json, '$.a')`. */
  jsonbPathQueryFirst<Value = unknown, A extends TypedSql = TypedSql>(
    json: A,
    path: string,
  ): Expression<Value, null, FromOf<A>>;
}

/** How a value is set. */
export interface JsonbSetOptions {
  /** Whether a key that is missing is added. Default true. */
  readonly createMissing?: boolean;
}

/** How a value is put in. */
export interface JsonbInsertOptions {
  /** Whether it comes after the path's. Default false. */
  readonly after?: boolean;
}

const JSON_NULL: Expression<unknown, never, never> = new Expression(template("'null'::jsonb").of([]));
const BUILT = template("to_jsonb(", ")");
const SQL_NULL: Expression<unknown, null, never> = new Expression(template("null").of([]));

/** A value that becomes JSON: an expression by `to_jsonb`, what is given as `jsonb`. */
function jsonOf(subject: string, value: unknown): unknown {
  if (value === null) return JSON_NULL;
  checkArgument(subject, value);
  return value instanceof Expression ? new Expression(BUILT.of([value])) : asJson(value);
}

/** The pool encodes a parameter of type `jsonb` as JSON, a string too. */
function asJson(value: unknown): unknown {
  return typeof value === "object" && value !== null && "strings" in value ? value : typed(value, "jsonb");
}

function pathOf(path: readonly (string | number)[]): Expression<readonly string[], never, never> {
  return typed(path.map(String), "text[]");
}

/** See {@link JsonFunctions}. */
export const JSONB: JsonFunctions = {
  jsonbBuildObject: (values) => {
    const parts = Object.entries(values).flatMap(([key, value]) => [
      textConstant(key, "a key of jsonbBuildObject()"),
      value === null ? SQL_NULL : operandOfAny(value),
    ]);
    return invoke("jsonb_build_object", parts);
  },
  jsonbBuildArray: (...items) => invoke("jsonb_build_array", items.map(operandOfAny)),
  toJsonb: (value) => invoke("to_jsonb", [operandOfAny(value)]),
  jsonbSet: (json, path, value, { createMissing = true } = {}) =>
    composed(createMissing ? SET : SET_KNOWN, "jsonbSet", [
      json,
      pathOf(path),
      jsonOf("the value of jsonbSet()", value),
    ]),
  jsonbInsert: (json, path, value, { after = false } = {}) =>
    composed(after ? INSERT_AFTER : INSERT, "jsonbInsert", [
      json,
      pathOf(path),
      jsonOf("the value of jsonbInsert()", value),
    ]),
  jsonbStripNulls: (json) => invoke("jsonb_strip_nulls", [json]),
  jsonbTypeof: (json) => invoke("jsonb_typeof", [json]),
  jsonbArrayLength: (json) => invoke("jsonb_array_length", [json]),
  jsonbPathQueryFirst: (json, path) =>
    invoke("jsonb_path_query_first", [json, textConstant(path, "the path of jsonbPathQueryFirst()")]),
};

const SET = template("jsonb_set(", ", ", ", ", ")");
const SET_KNOWN = template("jsonb_set(", ", ", ", ", ", false)");
const INSERT = template("jsonb_insert(", ", ", ", ", ")");
const INSERT_AFTER = template("jsonb_insert(", ", ", ", ", ", true)");
