/**
 * Finds out which messages start a COPY FROM STDIN. The in-process PostgreSQL runs a message to its end in one
 * synchronous call and so cannot wait for the data; the transport must know beforehand that data will follow.
 *
 * @module
 */
import { ByteWriter } from "../byte_writer.ts";

/**
 * What a message starts: a COPY FROM STDIN of text or of binary data, something in which one may hide that was
 * not recognised, or none.
 */
export type CopyKind = "text" | "binary" | "suspect" | "none";

const SPACE = String.raw`(?:\s|--[^\n]*\n|/\*(?:[^*]|\*(?!/))*\*/)`;
const NAME = String.raw`(?:"(?:[^"]|"")*"|[\p{L}_][\p{L}\d_$]*)`;
const COLUMNS = String.raw`\((?:"(?:[^"]|"")*"|[^")])*\)`;
const COPY_IN = new RegExp(
  `^${SPACE}*COPY${SPACE}+(BINARY${SPACE}+)?${NAME}(?:${SPACE}*\\.${SPACE}*${NAME})*` +
    `${SPACE}*(?:${COLUMNS})?${SPACE}*FROM${SPACE}+STDIN(?![\\p{L}\\d_$])`,
  "iu",
);

const decoder = new TextDecoder();

/**
 * Reads what a statement's text says of COPY FROM STDIN.
 *
 * @param text The statement's text.
 * @returns What it starts.
 */
export function copyKind(text: string): CopyKind {
  if (!/stdin/i.test(text)) return "none";
  const match = COPY_IN.exec(text);
  if (match === null) return "suspect";
  return match[1] !== undefined || /\bbinary\b/i.test(text.slice(match[0].length)) ? "binary" : "text";
}

/** Follows statements and portals through a session, in the order in which messages are run. */
export class CopyTracker {
  /** Whether the engine skips messages until the next Sync, because one before it failed. */
  isSkipping = false;
  /** Only those of interest are kept, by name. */
  readonly #statements = new Map<string, CopyKind>();
  readonly #portals = new Map<string, CopyKind>();
  /** The header of the answer being followed, and how much of its body is still to come. */
  readonly #header = new Uint8Array(5);
  #headerLength = 0;
  #bodyLeft = 0;

  /**
   * Takes note of a frontend message.
   *
   * @param message The message, its header included.
   * @returns What it starts; only Query and Execute start anything.
   */
  note(message: Uint8Array): CopyKind {
    switch (String.fromCharCode(message[0])) {
      case "Q":
        return copyKind(cstring(message, 5).text);
      case "P": {
        const name = cstring(message, 5);
        keep(this.#statements, name.text, copyKind(cstring(message, name.end).text));
        break;
      }
      case "B": {
        if (this.#statements.size === 0 && this.#portals.size === 0) break;
        const portal = cstring(message, 5);
        const statement = cstring(message, portal.end);
        keep(this.#portals, portal.text, this.#statements.get(statement.text) ?? "none");
        break;
      }
      case "E":
        if (this.#portals.size > 0) return this.#portals.get(cstring(message, 5).text) ?? "none";
    }
    return "none";
  }

  /** Takes note of the next piece of the engine's answers, cut anywhere. */
  answer(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length) {
      const skipped = Math.min(this.#bodyLeft, chunk.length - at);
      this.#bodyLeft -= skipped;
      at += skipped;
      while (this.#bodyLeft === 0 && at < chunk.length) {
        this.#header[this.#headerLength++] = chunk[at++];
        if (this.#headerLength < 5) continue;
        this.#headerLength = 0;
        this.#bodyLeft = bodyLength(this.#header, 0);
        if (this.#header[0] === 0x45) this.isSkipping = true; // E: ErrorResponse
        else if (this.#header[0] === 0x5a) this.isSkipping = false; // Z: ReadyForQuery
      }
    }
  }
}

/** A CopyInResponse of no particular number of columns. */
export function copyInResponse(isBinary: boolean): Uint8Array {
  return new Uint8Array([0x47, 0, 0, 0, 7, isBinary ? 1 : 0, 0, 0]);
}

/** A CopyFail with a reason. */
export function copyFail(reason: string): Uint8Array {
  const writer = new ByteWriter(128);
  writer.u8(0x66);
  writer.i32(0);
  writer.cstring(`the embedded PostgreSQL cannot run this COPY: ${reason}`);
  writer.setI32(1, writer.length - 1);
  return writer.take();
}

/** The answers without the CopyInResponse in them, which the client has had already. */
export function withoutCopyInResponse(answers: Uint8Array): Uint8Array {
  for (let at = 0; at + 5 <= answers.length;) {
    const end = at + 5 + bodyLength(answers, at);
    if (answers[at] === 0x47) {
      const rest = answers.slice(0, answers.length - (end - at));
      rest.set(answers.subarray(end), at);
      return rest;
    }
    at = end;
  }
  return answers;
}

function keep(map: Map<string, CopyKind>, name: string, kind: CopyKind): void {
  if (kind === "none") map.delete(name);
  else map.set(name, kind);
}

function cstring(message: Uint8Array, from: number): { text: string; end: number } {
  const zero = message.indexOf(0, from);
  const end = zero < 0 ? message.length : zero;
  return { text: decoder.decode(message.subarray(from, end)), end: end + 1 };
}

function bodyLength(header: Uint8Array, at: number): number {
  return ((header[at + 1] << 24) | (header[at + 2] << 16) | (header[at + 3] << 8) | header[at + 4]) - 4;
}
