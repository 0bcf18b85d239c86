/**
 * What one validator of a field, whichever its kind, says of a value.
 *
 * @module
 */
import type { SchemaIssue, SchemaResult, StandardSchema } from "../../../pool/standard_schema.ts";
import { isPromise } from "../in_turn.ts";
import type { ModelIssue } from "../model_validation_error.ts";
import { type AnyFieldValidator, isSchema, type Validator, type ValidatorIssues } from "./validator.ts";

/** What a schema says of a value: what is wrong, else what it made of it. */
export type SchemaVerdict =
  | { readonly issues: readonly ModelIssue[] }
  | { readonly issues: undefined; readonly value: unknown };

/** What is wrong with a value; what a schema makes of it is dropped. */
export function issuesOfField(
  validator: AnyFieldValidator,
  value: unknown,
): ValidatorIssues | Promise<ValidatorIssues> {
  if (!isSchema(validator)) return (validator as Validator<unknown>).issuesOf(value);
  const verdict = judge(validator, value);
  return verdict instanceof Promise ? verdict.then(({ issues }) => issues) : verdict.issues;
}

/**
 * Has a schema validate a value.
 *
 * @param schema The schema.
 * @param value The value.
 * @returns Its issues in our words' form, without what they repeat of the value; or its output.
 */
export function judge(schema: StandardSchema, value: unknown): SchemaVerdict | Promise<SchemaVerdict> {
  const result = schema["~standard"].validate(value);
  return isPromise(result)
    ? Promise.resolve(result).then((later) => verdictOf(later, value))
    : verdictOf(result, value);
}

function verdictOf(result: SchemaResult<unknown>, input: unknown): SchemaVerdict {
  if (result.issues === undefined) return { issues: undefined, value: result.value };
  return { issues: result.issues.map((issue) => modelIssue(issue, input)) };
}

function modelIssue(issue: SchemaIssue, input: unknown): ModelIssue {
  // A path may be an array of the library's own class, whose map() is not an array's.
  const keys = Array.from(issue.path ?? [], (part) => typeof part === "object" ? part.key : part);
  // Schemas of several libraries name the rule that was broken, each in a property of its own.
  const { code, type } = issue as { readonly code?: unknown; readonly type?: unknown };
  const rule = [code, type].find((name) => typeof name === "string" && name !== "");
  return {
    path: keys.map((key) => typeof key === "symbol" ? String(key.description) : key),
    code: rule as string | undefined ?? "schema",
    message: withoutValue(issue, keys.reduce(propertyOf, input)),
  };
}

function propertyOf(value: unknown, key: PropertyKey): unknown {
  return (value as Record<PropertyKey, unknown> | null | undefined)?.[key];
}

/** The words after which schemas repeat a value without quotes. */
const INTRODUCTIONS = ["eceived ", "was ", "got "];
/** A string of fewer characters may be a part of any word. */
const TELLING = 4;

/** A schema's message, in which what it repeats of the value has been left out. */
function withoutValue(issue: SchemaIssue, value: unknown): string {
  const { received } = issue as { readonly received?: unknown };
  let { message } = issue;
  for (const text of [typeof value === "string" ? JSON.stringify(value) : String(value), received]) {
    if (typeof text !== "string") continue;
    for (const introduction of INTRODUCTIONS) {
      message = message.replaceAll(introduction + text, `${introduction}…`);
    }
  }
  if (typeof value !== "string") return message;
  const quoted = ['"', "'", "`"].map((quote) => `${quote}${value}${quote}`);
  for (const text of value.length < TELLING ? quoted : [...quoted, value]) {
    message = message.replaceAll(text, "…");
  }
  return message;
}
