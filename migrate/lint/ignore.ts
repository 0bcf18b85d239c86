/**
 * Saying that a rule of the lint does not matter: in SQL by a comment in front of a statement, in steps by one that is no
 * more than such a comment.
 *
 * @module
 */
import { ValidationError } from "../../pool/wire/errors.ts";
import type { Step } from "../steps/step.ts";

/** A rule that is not to be applied, and why. */
export interface IgnoredRule {
  /** Its name. */
  readonly rule: string;
  /** Why it does not matter here, for those who read it later. */
  readonly reason: string;
  /** The index of the step it is about. Default: all. */
  readonly step?: number;
}

const IGNORE = /(?:--|\/\*)\s*lint:\s*ignore\b[ \t]*([^\s*]*)[ \t]*([^\n\r*]*)/g;

/** The rules that comments say are not to be applied: `-- lint: ignore table-dropped nobody uses it`. */
export function ignoredIn(comments: readonly string[]): readonly IgnoredRule[] {
  return comments.flatMap((comment) =>
    [...comment.matchAll(IGNORE)].map(([, rule, reason]) => ({ rule, reason: reason.trim() }))
  );
}

/** The step that says of the next one that a rule does not matter: it does nothing, and nothing reverses it. */
export function ignoreStep(rule: string, reason: string): Step {
  const subject = "the rule of ignore()";
  if (typeof rule !== "string" || !/^[a-z][a-z-]*$/.test(rule)) {
    throw new ValidationError(subject, 'it is no name of a rule; give one as "table-dropped"');
  }
  if (typeof reason !== "string" || reason.trim() === "" || /[\n\r*]/.test(reason)) {
    throw new ValidationError(
      `the reason to ignore ${rule}`,
      "it is none; say in one line, without a *, why it does not matter",
    );
  }
  const text = `-- lint: ignore ${rule} ${reason.trim()}`;
  return { kind: "sql", text, down: text };
}
