/**
 * How large a message may be, asked before memory is taken for one that cannot be sent.
 *
 * @module
 */
import { PgArray } from "./codec/array_value.ts";
import { ValidationError } from "./errors.ts";

/** The longest message a server accepts: 1 GiB less one byte (MaxAllocSize). */
const MAX_MESSAGE = 0x3fff_ffff;
/** Beyond so many bytes it is worth to measure what a message is made of. */
export const LARGE = 0x100_0000;
/** An array has no more dimensions than this in PostgreSQL. */
const MAX_DEPTH = 6;

/** Values that are too large together; no single one of them is to blame. */
export class OversizeError extends ValidationError {}

/**
 * Refuses values that cannot be sent together.
 *
 * @param values What is being written.
 * @param written The bytes that the message has, or is about to have.
 * @throws {OversizeError} When these, or the texts and bytes among the values, are more than a message holds.
 */
export function refuseOversize(values: readonly unknown[], written: number): void {
  const size = Math.max(written, sizeOf(values, MAX_DEPTH + 1));
  if (size <= MAX_MESSAGE) return;
  throw new OversizeError(
    "the statement's values",
    `they take ${size} bytes, at most ${MAX_MESSAGE} can be sent; send them in parts`,
  );
}

/** The least bytes that the texts and bytes in a value take. */
function sizeOf(value: unknown, depth: number): number {
  if (typeof value === "string") return value.length;
  if (ArrayBuffer.isView(value)) return value.byteLength;
  const items: unknown = value instanceof PgArray ? value.elements : value;
  if (!Array.isArray(items) || depth === 0) return 0;
  let size = 0;
  for (let index = 0; index < items.length; index++) size += sizeOf(items[index], depth - 1);
  return size;
}
