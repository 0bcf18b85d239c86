/**
 * What tells whether a migration is still the one that was applied.
 *
 * @module
 */
import { createHash } from "node:crypto";

/** SHA-256 as hexadecimal digits. */
export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** What a migration's checksum is made of. */
export interface ChecksumParts {
  /** The statements of `up` in their normal form. */
  readonly up: readonly { readonly normal: string }[];
  /** Those of `down`; `undefined` where there is none. */
  readonly down: readonly { readonly normal: string }[] | undefined;
  /** Whether it is run in a transaction. */
  readonly transaction: boolean;
}

/** The checksum of a migration: of what it runs, so that comments and blanks do not count, and all else does. */
export function checksumOf({ up, down, transaction }: ChecksumParts): string {
  const parts = [up, down].map((statements) => statements?.map(({ normal }) => normal) ?? null);
  return sha256(JSON.stringify([...parts, transaction]));
}
