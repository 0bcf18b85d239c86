/**
 * Refusing what is no COPY through the connection before it is sent, since running it could have effects.
 *
 * @module
 */
import { ValidationError } from "../errors.ts";

const COMMENT = /--[^\n]*|\/\*(?:[^*]|\*(?!\/))*\*\//g;

const FORMS = {
  in: { tail: /\bfrom\s+stdin\b/i, form: "COPY … FROM STDIN" },
  out: { tail: /\bto\s+stdout\b/i, form: "COPY … TO STDOUT" },
} as const;

/**
 * Checks that a text looks like a COPY in a direction; what it really is the server knows.
 *
 * @param text The SQL text.
 * @param direction `"in"` to the server, `"out"` of it.
 * @throws {ValidationError} When it does not.
 */
export function assertCopyText(text: string, direction: "in" | "out"): void {
  if (text.includes("\0")) throw new ValidationError("the statement's text", "it contains a NUL character");
  if (!isCopyText(text, direction)) throw notCopy(direction);
}

/** Whether a text looks like a COPY in a direction. */
export function isCopyText(text: string, direction: "in" | "out"): boolean {
  const { tail } = FORMS[direction];
  // A comment's signs may stand in a literal, so it is looked for with and without comments.
  const bare = text.replace(COMMENT, " ");
  return /^\s*copy\b/i.test(bare) && (tail.test(bare) || tail.test(text));
}

/** The error for a statement that is no COPY in the direction. */
export function notCopy(direction: "in" | "out"): ValidationError {
  return new ValidationError(
    "the statement",
    `it is not of the form "${FORMS[direction].form}"; use ${
      direction === "in" ? "copyFrom()" : "copyTo()"
    } for that only`,
  );
}
