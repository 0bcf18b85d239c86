/**
 * Values as expressions: bound with a cast where their type must be known, or written into the text where the text must
 * be the same each time they are named: a query that selects and groups by `date_trunc('month', …)` needs one text.
 *
 * @module
 */
import { Sql } from "../../../pool/sql/sql.ts";
import { kindOf } from "../../../pool/wire/codec/refusal.ts";
import { ValidationError } from "../../../pool/wire/errors.ts";
import { castConversion, typeText } from "../cast.ts";
import { Composition } from "../composition.ts";
import { type CastTypes, Expression } from "../expression.ts";
import { constantStrings, quoteLiteral } from "../operators/constant.ts";
import { checkArgument, compositionFor } from "./invocation.ts";

/** Values whose type is known without a name. */
export type PlainValue =
  | string
  | number
  | bigint
  | boolean
  | Uint8Array
  | Temporal.PlainDate
  | Temporal.PlainTime
  | Temporal.PlainDateTime
  | Temporal.Instant
  | Temporal.Duration;

/** A value's type where it is not written down: `"x"` is a string. */
export type Wide<Value> = Value extends string ? string
  : Value extends number ? number
  : Value extends bigint ? bigint
  : Value extends boolean ? boolean
  : Value;

/**
 * A value as an expression, bound as a parameter with a cast, for where PostgreSQL cannot tell its type by itself.
 *
 * @param value The value.
 * @param type The type as SQL writes it. Default: `text`, `integer` or `double precision`, `bigint`, `boolean`, `bytea` or
 * the type of the date or time.
 * @throws {ValidationError} When it has no type of its own and none is given.
 *
 * @example
 * ```ts
 * import { column, model, value } from "@lifeguard/core";
 * const User = model("users", { id: column.integer().primaryKey() });
 * const query = User.find().select({ kind: value("user"), rank: value("1.50", "numeric") });
 * console.assert(query.toSQL().text === 'select $1::text as "kind", $2::numeric as "rank" from "users"');
 * ```
 */
export function value<const Value extends PlainValue>(value: Value): Expression<Wide<Value>, never, never>;
/** A value as an expression of a common type, whose JavaScript type follows. */
export function value<Type extends keyof CastTypes>(
  value: CastTypes[Type] | string,
  type: Type,
): Expression<CastTypes[Type], never, never>;
/** A value as an expression of any type, by its name. */
export function value<Value>(value: Value, type: string): Expression<Value, never, never>;
export function value(value: unknown, type?: string): Expression<unknown, never, never> {
  return typed(value, type ?? typeOf(value));
}

/** The same value bound, of a type. */
export function typed<Value>(value: unknown, type: string): Expression<Value, never, never> {
  checkArgument("the value of value()", value);
  const text = typeText(type);
  const composition = compositionFor(
    `::${text}`,
    () => new Composition(() => ["", `::${text}`], { exposed: [true], loose: false }),
  );
  return new Expression(composition.of([value]), { conversion: castConversion(type) });
}

/** An operand of a function that takes any type: a value gets a cast, or PostgreSQL could not tell its type. */
export function operandOfAny(operand: unknown): unknown {
  if (operand === undefined || operand instanceof Sql) return operand;
  const known = knownType(operand);
  return known === undefined ? typed(operand, "jsonb") : typed(operand, known);
}

/** Operands of one type: where all are values nothing tells PostgreSQL their type, so they get a cast. */
export function alike(operands: readonly unknown[], subject: string): readonly unknown[] {
  const values = operands.filter((operand) => operand !== null && !(operand instanceof Sql));
  const expressions = operands.some((operand) => operand instanceof Sql);
  if (values.length === 0 || expressions) return operands;
  const types = new Set(values.map(typeOf));
  const type = types.size === 1 ? [...types][0] : commonNumber(types);
  if (type === undefined) {
    throw new ValidationError(subject, "its values are of different types; give values of one");
  }
  return operands.map((operand) => operand === null ? operand : typed(operand, type));
}

function commonNumber(types: ReadonlySet<string>): string | undefined {
  return [...types].every((type) => type === "integer" || type === "double precision")
    ? "double precision"
    : undefined;
}

function typeOf(value: unknown): string {
  const type = knownType(value);
  if (type !== undefined) return type;
  throw new ValidationError(
    "the value of value()",
    `it is ${kindOf(value)}, whose type in SQL is not known; name it: value(it, "jsonb")`,
  );
}

const TYPES_OF_TIMES: Readonly<Record<string, string>> = {
  "Temporal.PlainDate": "date",
  "Temporal.PlainTime": "time",
  "Temporal.PlainDateTime": "timestamp",
  "Temporal.Instant": "timestamptz",
  "Temporal.Duration": "interval",
};

function knownType(value: unknown): string | undefined {
  switch (typeof value) {
    case "string":
      return "text";
    case "boolean":
      return "boolean";
    case "bigint":
      return BigInt.asIntN(64, value) === value ? "bigint" : "numeric";
    case "number":
      return Number.isInteger(value) && (value | 0) === value ? "integer" : "double precision";
    case "object":
      if (value instanceof Uint8Array) return "bytea";
      return TYPES_OF_TIMES[Object.prototype.toString.call(value).slice(8, -1)];
    default:
      return undefined;
  }
}

/** A text as a constant in the statement. */
export function textConstant(text: string, subject: string): Expression<string, never, never> {
  return new Expression(constantStrings(quoteLiteral(text, subject)));
}
