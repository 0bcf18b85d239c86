/**
 * What tells a program that was used wrongly from one that failed.
 *
 * @module
 */

/** Who used a command in a way that cannot be understood, and what to do instead. */
export class MisuseError extends Error {
  override readonly name = "MisuseError";
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
