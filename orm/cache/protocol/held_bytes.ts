/**
 * What a key holds, as bytes: a header of fixed places, which scripts cut out, and behind it the payload.
 *
 *     entry      "E" epoch 16 · version 20 · upper 20 · "+" or "-" · length of the shape 3 · shape · payload
 *     tombstone  "T" epoch 16 · floor 20 · ticket's id 16 · ticket's floor 20 · excess 13 · length of the shape 3 · shape
 *
 * A ticket lives inside a tombstone; where nothing was voided, the tombstone's floor is 0. An id of blanks: no ticket.
 * A tombstone may outlive what it stands for: `excess` says by how many milliseconds.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import type { Entry, Ticket } from "../stores/cache_store.ts";
import { lsnDigits } from "./watermark_text.ts";

/** Characters of a ticket's id, and of an epoch. */
export const ID_LENGTH = 16;

const ENTRY = 0x45;
const TOMBSTONE = 0x54;
const POSITIVE = 0x2b;
const SHAPE_AT = 61;
const LONGEST_SHAPE = 999;

/** The header of an entry in a given epoch, with its shape; the payload follows it. */
export function entryHeader(entry: Entry): string {
  const { version, upper, shape, payload } = entry;
  const length = Buffer.byteLength(shape, "utf8");
  if (length > LONGEST_SHAPE) {
    throw new RangeError(`BUG: the shape is ${length} bytes long; it must have at most 999`);
  }
  return `${lsnDigits(version)}${lsnDigits(upper)}${payload === undefined ? "-" : "+"}${
    length.toString().padStart(3, "0")
  }${shape}`;
}

/**
 * Reads an entry.
 *
 * @param bytes What the key holds.
 * @returns The entry; `undefined` for anything else.
 */
export function readEntry(bytes: Buffer): Entry | undefined {
  return bytes[0] === ENTRY && bytes.length >= SHAPE_AT ? new StoredEntry(bytes) : undefined;
}

/**
 * Reads the ticket inside a tombstone.
 *
 * @param bytes What the key holds.
 * @returns The ticket; `undefined` where there is none.
 */
export function readTicket(bytes: Buffer): Ticket | undefined {
  if (bytes[0] !== TOMBSTONE) return undefined;
  const id = bytes.toString("latin1", 37, 53);
  if (id.trim() === "") return undefined;
  return { id, epoch: bytes.toString("latin1", 1, 17), floor: BigInt(bytes.toString("latin1", 53, 73)) };
}

/** An entry that reads its fields when they are asked for: most hits need only some of them. */
class StoredEntry implements Entry {
  readonly #bytes: Buffer;
  readonly #payloadAt: number;
  #version: bigint | undefined;
  #shape: string | undefined;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#payloadAt = SHAPE_AT + digit(bytes, 58) * 100 + digit(bytes, 59) * 10 + digit(bytes, 60);
  }

  get version(): bigint {
    return this.#version ??= digits(this.#bytes, 17);
  }

  get upper(): bigint {
    return digits(this.#bytes, 37);
  }

  get shape(): string {
    return this.#shape ??= shapeText(this.#bytes, this.#payloadAt);
  }

  get payload(): Uint8Array | undefined {
    return this.#bytes[57] === POSITIVE ? this.#bytes.subarray(this.#payloadAt) : undefined;
  }
}

/** The last shape read, and its text: most entries that are read together are of one. */
let lastShape: { readonly bytes: Buffer; readonly text: string } | undefined;

function shapeText(bytes: Buffer, end: number): string {
  if (lastShape !== undefined && isAt(bytes, end, lastShape.bytes)) return lastShape.text;
  const text = bytes.toString("utf8", SHAPE_AT, end);
  lastShape = { bytes: Buffer.from(bytes.subarray(SHAPE_AT, end)), text };
  return text;
}

function isAt(bytes: Buffer, end: number, shape: Buffer): boolean {
  if (end - SHAPE_AT !== shape.length) return false;
  for (let at = SHAPE_AT; at < end; at++) if (bytes[at] !== shape[at - SHAPE_AT]) return false;
  return true;
}

/** The number that twenty digits are: as two halves, for a number of twenty digits is not exact. */
function digits(bytes: Buffer, from: number): bigint {
  let high = 0;
  let low = 0;
  for (let at = from; at < from + 10; at++) high = high * 10 + digit(bytes, at);
  for (let at = from + 10; at < from + 20; at++) low = low * 10 + digit(bytes, at);
  // Below 900,000 × 10¹⁰ the two are exact as one.
  return high < 900_000 ? BigInt(high * 1e10 + low) : BigInt(high) * 10_000_000_000n + BigInt(low);
}

function digit(bytes: Buffer, at: number): number {
  return bytes[at] - 0x30;
}
