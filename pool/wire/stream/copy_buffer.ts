/**
 * Gathers chunks of any size into pieces of one size: small ones are joined, large ones are cut.
 *
 * @module
 */
import { ValidationError } from "../errors.ts";

const encoder = new TextEncoder();

/** Bytes of CopyData in one message, so that the whole message has 64 KiB. */
export const COPY_PIECE = 65_531;

/** Takes a piece; returns a promise to wait for before the next is given. */
export type PieceSink = (piece: Uint8Array) => Promise<void> | undefined;

/** Joins and cuts chunks. The pieces it gives are valid only during the call. */
export class CopyBuffer {
  readonly #sink: PieceSink;
  readonly #bytes = new Uint8Array(COPY_PIECE);
  #length = 0;
  /** The first half of a character whose second half is at the beginning of the next text. */
  #half = "";

  /** Creates an empty buffer. */
  constructor(sink: PieceSink) {
    this.#sink = sink;
  }

  /**
   * Adds a chunk.
   *
   * @returns A promise to wait for before the next is added, or undefined.
   * @throws {ValidationError} For what is neither bytes nor well-formed text.
   */
  add(chunk: Uint8Array | string): Promise<void> | undefined {
    if (typeof chunk === "string") return this.#addText(chunk);
    if (!(chunk instanceof Uint8Array)) {
      throw new ValidationError("a chunk of COPY data", `it is ${typeof chunk}; give Uint8Array or string`);
    }
    this.#assertWhole();
    if (chunk.length > COPY_PIECE - this.#length) return this.#cut(chunk);
    this.#bytes.set(chunk, this.#length);
    this.#length += chunk.length;
    return undefined;
  }

  /** Gives what is left. */
  flush(): Promise<void> | undefined {
    this.#assertWhole();
    return this.#give();
  }

  #give(): Promise<void> | undefined {
    if (this.#length === 0) return undefined;
    const piece = this.#bytes.subarray(0, this.#length);
    this.#length = 0;
    return this.#sink(piece);
  }

  async #cut(chunk: Uint8Array): Promise<void> {
    for (let at = 0; at < chunk.length;) {
      if (this.#length === 0 && chunk.length - at >= COPY_PIECE) {
        await this.#sink(chunk.subarray(at, at += COPY_PIECE));
        continue;
      }
      const part = chunk.subarray(at, at += Math.min(chunk.length - at, COPY_PIECE - this.#length));
      this.#bytes.set(part, this.#length);
      this.#length += part.length;
      if (this.#length === COPY_PIECE) await this.#give();
    }
  }

  #addText(text: string): Promise<void> | undefined {
    if (this.#half !== "") {
      text = this.#half + text;
      this.#half = "";
    }
    if (!text.isWellFormed()) text = this.#keepHalf(text);
    if (text.length * 3 > COPY_PIECE - this.#length) return this.#cutText(text);
    this.#length += encoder.encodeInto(text, this.#bytes.subarray(this.#length)).written;
    return undefined;
  }

  async #cutText(text: string): Promise<void> {
    for (let at = 0; at < text.length;) {
      // No more than may fit, so that a long text is not copied for each of its pieces.
      const part = text.slice(at, at + COPY_PIECE);
      const { read, written } = encoder.encodeInto(part, this.#bytes.subarray(this.#length));
      at += read;
      this.#length += written;
      if (at < text.length || this.#length > COPY_PIECE - 4) await this.#give();
    }
  }

  /** Keeps the first half of a character at the end of a text for later. */
  #keepHalf(text: string): string {
    const whole = text.slice(0, -1);
    const last = text.charCodeAt(text.length - 1);
    if (last < 0xd800 || last > 0xdbff || !whole.isWellFormed()) throw brokenText();
    this.#half = text.slice(-1);
    return whole;
  }

  #assertWhole(): void {
    if (this.#half !== "") throw brokenText();
  }
}

function brokenText(): ValidationError {
  return new ValidationError(
    "a chunk of COPY data",
    "it has half of a surrogate pair without the other; give well-formed text",
  );
}
