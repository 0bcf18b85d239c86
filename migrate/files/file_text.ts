/**
 * The text of a file of a person's, which may be anything.
 *
 * @module
 */
import { readFile, stat } from "node:fs/promises";

/** What is wrong with a file, and what to change; `line` where it is one line's. */
export interface TextProblem {
  readonly problem: string;
  readonly line?: number;
  readonly cause?: unknown;
}

const NEWLINE = 10;
/** What a name that cannot be read is, by the code that the system gives. */
const UNREADABLE: Readonly<Record<string, string>> = {
  EISDIR: "it is a folder; give the folder another name, or move it elsewhere",
  ENOENT: "it is gone, or a link to a file that is gone; restore the file, or remove the link",
  ELOOP: "it is a link that leads to itself; remove it",
  EACCES: "this process may not read it; let its user read the file",
  EPERM: "this process may not read it; let its user read the file",
};

/** Reads a file as UTF-8; a byte order mark stays where it is. */
export async function readText(path: string): Promise<string | TextProblem> {
  let bytes: Uint8Array;
  try {
    const found = await stat(path);
    if (!found.isFile() && !found.isDirectory()) {
      return { problem: "it is neither a file nor a link to one; move it elsewhere" };
    }
    bytes = await readFile(path);
  } catch (error) {
    const { code = "" } = error as { readonly code?: string };
    if (error instanceof Error && error.name === "NotCapable") {
      return { problem: "this process may not read it; run it with --allow-read", cause: error };
    }
    if (!(code in UNREADABLE)) throw error;
    return { problem: UNREADABLE[code], cause: error };
  }
  return decode(bytes);
}

function decode(bytes: Uint8Array): string | TextProblem {
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
    return { problem: "it is UTF-16; save it as UTF-8" };
  }
  const zero = bytes.indexOf(0);
  if (zero >= 0) {
    return {
      problem: "it holds a NUL, which no statement can; remove it, or save the file as UTF-8",
      line: lineAt(bytes, zero),
    };
  }
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    return { problem: "it is no UTF-8; save it as UTF-8", line: firstBadLine(bytes), cause: error };
  }
}

/** No character of UTF-8 has a newline's byte in it, so that each line can be looked at by itself. */
function firstBadLine(bytes: Uint8Array): number {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let line = 1;
  for (let start = 0; start <= bytes.length; line++) {
    const next = bytes.indexOf(NEWLINE, start);
    const end = next < 0 ? bytes.length : next;
    try {
      decoder.decode(bytes.subarray(start, end));
    } catch {
      return line;
    }
    start = end + 1;
  }
  return line;
}

function lineAt(bytes: Uint8Array, offset: number): number {
  let line = 1;
  for (let at = bytes.indexOf(NEWLINE); at >= 0 && at < offset; at = bytes.indexOf(NEWLINE, at + 1)) line++;
  return line;
}
