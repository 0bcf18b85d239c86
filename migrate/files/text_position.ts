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

/** Tells the positions of offsets that only grow, each in the time that it takes to read on from the one before. */
export class PositionReader {
  readonly #text: string;
  readonly #break = /\r\n|[\n\r]/g;
  #line = 1;
  #lineStart = 0;
  #next: number | undefined;

  constructor(text: string) {
    this.#text = text;
    this.#find();
  }

  /** The position of an offset that is not before the last one asked for. */
  at(offset: number): TextPosition {
    while (this.#next !== undefined && this.#next <= offset) {
      this.#line++;
      this.#lineStart = this.#next;
      this.#find();
    }
    return { line: this.#line, column: [...this.#text.slice(this.#lineStart, offset)].length + 1 };
  }

  /** Finds where the next line begins. */
  #find(): void {
    this.#next = this.#break.exec(this.#text) === null ? undefined : this.#break.lastIndex;
  }
}
