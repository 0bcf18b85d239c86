/**
 * What was wrong with the values of a record, issue by issue, fit for the body of an HTTP 422.
 *
 * @module
 */
import { ValidationError } from "../../pool/wire/errors.ts";

/** How many issues the message of an error tells; its `issues` hold them all. */
const TOLD = 5;

/** One thing that is wrong with a record. */
export interface ModelIssue {
  /** Where: the property and what is inside it, after the row's index where many were given; empty for the whole. */
  readonly path: readonly (string | number)[];
  /** What programs read: `"email"`, `"minLength"`, `"required"` … */
  readonly code: string;
  /** What people read after the name of what the path leads to: `"must be an email address"`. */
  readonly message: string;
}

/** The body of an answer that tells a client what to correct. */
export interface ModelValidationBody {
  /** "VALIDATION". */
  readonly code: "VALIDATION";
  /** See {@link ModelIssue}. */
  readonly issues: readonly ModelIssue[];
}

/**
 * The values of a record were refused by the validators of its model, before anything was sent. Neither the message
 * nor the issues hold a value.
 *
 * @example
 * ```ts
 * import { column, email, minLength, model, ModelValidationError, Pool } from "@lifeguard/core";
 * const User = model("users", {
 *   id: column.identity().primaryKey(),
 *   name: column.text().validate(minLength(2)),
 *   email: column.text().validate(email()),
 * });
 * await using pool = new Pool("pglite:");
 * const error = await User.insert({ name: "A", email: "ada" }, pool).catch((error) => error);
 * console.assert(error instanceof ModelValidationError);
 * console.assert(
 *   JSON.stringify(error) === JSON.stringify({
 *     code: "VALIDATION",
 *     issues: [
 *       { path: ["name"], code: "minLength", message: "must have at least 2 characters" },
 *       { path: ["email"], code: "email", message: "must be an email address" },
 *     ],
 *   }),
 * );
 * ```
 */
export class ModelValidationError extends ValidationError {
  /** What is wrong, in the order of the columns, then what the model's own validators found. */
  readonly issues: readonly ModelIssue[];

  /**
   * Creates the error.
   *
   * @param subject What was refused, for example `the values of model "users"`.
   * @param issues What is wrong; at least one issue.
   */
  constructor(subject: string, issues: readonly ModelIssue[]) {
    super(subject, `${tell(issues)}; correct ${issues.length === 1 ? "it" : "them"}`);
    this.issues = issues;
  }

  /** The body of an HTTP 422: `Response.json(error, { status: 422 })`. */
  toJSON(): ModelValidationBody {
    return { code: this.code, issues: this.issues };
  }
}

function tell(issues: readonly ModelIssue[]): string {
  const told = issues.slice(0, TOLD).map(({ path, message }) => {
    if (path.length === 0) return message;
    // Ours go on with the sentence; a schema's are sentences of their own.
    return `"${path.join(".")}"${message.startsWith("must ") ? "" : ":"} ${message}`;
  });
  const rest = issues.length - told.length;
  return `${told.join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`;
}
