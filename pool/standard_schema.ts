/**
 * The Standard Schema interface (https://standardschema.dev, version 1), as far as rows are validated by it. Types
 * only: the specification asks implementers to declare it rather than depend on it.
 *
 * @module
 */

import { ValidationError } from "./wire/errors.ts";

/** One thing a validator found wrong. */
export interface SchemaIssue {
  /** What is wrong. */
  readonly message: string;
  /** Where, from the row's root. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** What a validator answers: a value, or issues. */
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

/** A validator in the form zod, valibot, arktype and others share. */
export interface StandardSchema<Output = unknown> {
  /** The interface's properties. */
  readonly "~standard": {
    /** The specification's version. */
    readonly version: 1;
    /** The library that made the validator. */
    readonly vendor: string;
    /** Validates a value. */
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    /** The types it maps between; no value at run time. */
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined;
  };
}

/** Asserts that something is a schema, before anything is sent for which it would be needed. */
export function assertSchema(schema: unknown): asserts schema is StandardSchema {
  const validate = (schema as Partial<StandardSchema> | null)?.["~standard"]?.validate;
  if (typeof validate === "function") return;
  throw new ValidationError(
    `option "schema"`,
    "it is not a Standard Schema; give a schema of zod, valibot, arktype …",
  );
}

/**
 * Validates rows.
 *
 * @param schema What each must satisfy.
 * @param rows The rows.
 * @returns The schema's outputs.
 * @throws {ValidationError} For the first row that does not satisfy it; says where and what, without values.
 */
export async function validateRows<Output>(
  schema: StandardSchema<Output>,
  rows: readonly unknown[],
): Promise<Output[]> {
  const standard = schema["~standard"];
  const outputs: Output[] = [];
  for (let index = 0; index < rows.length; index++) {
    const result = await standard.validate(rows[index]);
    if (result.issues !== undefined) {
      const issues = result.issues.map(({ path, message }) => `${wordPath(path)}${message}`).join("; ");
      throw new ValidationError(
        `row ${index + 1} of the result`,
        `it does not satisfy the schema: ${issues}`,
      );
    }
    outputs.push(result.value);
  }
  return outputs;
}

function wordPath(path: SchemaIssue["path"]): string {
  if (path === undefined || path.length === 0) return "";
  // It may be an array of the library's own class, whose map() is not an array's.
  const keys = Array.from(path, (part) => String(typeof part === "object" ? part.key : part));
  return `"${keys.join(".")}": `;
}
