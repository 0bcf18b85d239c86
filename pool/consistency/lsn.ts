/**
 * Positions in the write-ahead log, as numbers that compare: 64 bits, in PostgreSQL's text two hexadecimal halves.
 *
 * @see {@link https://www.postgresql.org/docs/18/datatype-pg-lsn.html} for the text.
 * @module
 */
import { ValidationError } from "../wire/errors.ts";

const LSN = /^([0-9A-Fa-f]{1,8})\/([0-9A-Fa-f]{1,8})$/;

/** The last position there can be. */
export const LAST_LSN: bigint = 2n ** 64n - 1n;

/**
 * Reads a position.
 *
 * @param text As PostgreSQL writes it, for example `"16/B374D848"`.
 * @returns The position.
 * @throws {ValidationError} When it is none.
 */
export function parseLsn(text: string): bigint {
  const halves = typeof text === "string" ? LSN.exec(text) : null;
  if (halves === null) {
    throw new ValidationError("the log position", 'it is not one; give text such as "16/B374D848"');
  }
  return BigInt(parseInt(halves[1], 16)) << 32n | BigInt(parseInt(halves[2], 16));
}

/**
 * Writes a position as PostgreSQL does.
 *
 * @param lsn The position.
 * @returns Text such as `"16/B374D848"`.
 */
export function formatLsn(lsn: bigint): string {
  return `${(lsn >> 32n).toString(16).toUpperCase()}/${(lsn & 0xFFFFFFFFn).toString(16).toUpperCase()}`;
}

/** The later of two positions. */
export function maxLsn(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
