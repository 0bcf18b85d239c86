/**
 * The Standard Schema interface (https://standardschema.dev, version 1), as far as rows are validated by it. Types
 * only: the specification asks implementers to declare it rather than depend on it.
 *
 * @module
 */

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
