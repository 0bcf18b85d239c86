/**
 * Where in a text something is, as a person counts.
 *
 * @module
 */

/** A place in a text, both counted from 1. */
export interface TextPosition {
  readonly line: number;
  readonly column: number;
}

/**
 * The line and column of an offset; lines end with LF, CR LF or CR.
 *
 * @param text The text.
 * @param offset From 0, in UTF-16 units.
 */
export function positionAt(text: string, offset: number): TextPosition {
  const before = text.slice(0, offset);
  const breaks = [...before.matchAll(/\r\n|[\n\r]/g)];
  const last = breaks.at(-1);
  const lineStart = last === undefined ? 0 : last.index + last[0].length;
  return { line: breaks.length + 1, column: [...before.slice(lineStart)].length + 1 };
}

/** The offset of the n-th character, counted from 1 as PostgreSQL counts positions in a statement. */
export function offsetOfCharacter(text: string, position: number): number {
  let offset = 0;
  for (let left = position - 1; left > 0 && offset < text.length; left--) {
    offset += text.codePointAt(offset)! > 0xffff ? 2 : 1;
  }
  return offset;
}
