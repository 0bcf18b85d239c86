/**
 * The check of how an identity column counts.
 *
 * @module
 */
import { kindOf } from "../../pool/wire/codec/refusal.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import type { IdentityOptions } from "./column_settings.ts";

const IDENTITY_OPTIONS: readonly string[] = [
  "start",
  "increment",
  "min",
  "max",
  "cache",
  "cycle",
] satisfies (keyof IdentityOptions)[];

/**
 * Checks how an identity column is to count.
 *
 * @param options What was given.
 * @throws {ValidationError} When an option is unknown or of the wrong kind.
 */
export function checkIdentity(options: IdentityOptions): void {
  for (const [option, value] of Object.entries(options)) {
    if (!IDENTITY_OPTIONS.includes(option)) {
      throw new ValidationError(
        "the identity of a column",
        `it has no option "${option}"; use ${IDENTITY_OPTIONS.join(", ")}`,
      );
    }
    const fits = option === "cycle"
      ? typeof value === "boolean"
      : typeof value === "bigint" || Number.isSafeInteger(value);
    if (!fits && value !== undefined) {
      throw new ValidationError(
        "the identity of a column",
        `its option "${option}" is ${kindOf(value)}; give ${
          option === "cycle" ? "true or false" : "a whole number"
        }`,
      );
    }
  }
}
