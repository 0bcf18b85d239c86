/**
 * The data of a COPY as the user has it: a web stream, an iterable, or all of it at once; read chunk by chunk, and
 * told when no more is wanted.
 *
 * @module
 */
import { ValidationError } from "../errors.ts";
import type { CopiedRows } from "./copied_rows.ts";

/** A piece of COPY data: bytes, or text that is sent as UTF-8. */
export type CopyChunk = Uint8Array | string;

/** COPY data in the command's format: a web stream, anything iterable, or one chunk. */
export type CopyData =
  | ReadableStream<CopyChunk>
  | AsyncIterable<CopyChunk>
  | Iterable<CopyChunk>
  | CopyChunk;

/** COPY data, or rows that are to become some. */
export type CopySource = CopyData | CopiedRows;

/** Reads a source. */
export interface CopyReader {
  /** The next chunk, or undefined at the end. */
  next(): Promise<CopyChunk | undefined> | CopyChunk | undefined;
  /** No more is wanted; never throws. */
  cancel(reason: unknown): void;
}

/**
 * Begins to read a source.
 *
 * @param source The data.
 * @returns Its reader.
 * @throws {ValidationError} When it is no source.
 */
export function readCopySource(source: CopyData): CopyReader {
  if (typeof source === "string" || source instanceof Uint8Array) return readIterator([source].values());
  if (typeof source === "object" && source !== null) {
    if (typeof (source as ReadableStream).getReader === "function") {
      return readStream(source as ReadableStream<CopyChunk>);
    }
    if (Symbol.asyncIterator in source) return readAsyncIterator(source[Symbol.asyncIterator]());
    if (Symbol.iterator in source) return readIterator(source[Symbol.iterator]());
  }
  throw new ValidationError("the source of the COPY", "it is no stream and no iterable; give one of these");
}

function readStream(stream: ReadableStream<CopyChunk>): CopyReader {
  const reader = stream.getReader();
  return {
    async next() {
      const { done, value } = await reader.read();
      return done ? undefined : value;
    },
    cancel: (reason) => void reader.cancel(reason).catch(() => {}),
  };
}

function readAsyncIterator(iterator: AsyncIterator<CopyChunk>): CopyReader {
  return {
    async next() {
      const { done, value } = await iterator.next();
      return done ? undefined : value;
    },
    // A generator in the middle of something hears of it when it is through with that, so nobody waits for it.
    cancel: () => void Promise.resolve(iterator.return?.()).catch(() => {}),
  };
}

function readIterator(iterator: Iterator<CopyChunk>): CopyReader {
  return {
    next() {
      const { done, value } = iterator.next();
      return done ? undefined : value;
    },
    cancel() {
      try {
        iterator.return?.();
      } catch {
        // Its own affair.
      }
    },
  };
}
