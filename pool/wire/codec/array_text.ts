/**
 * The text form of arrays (https://www.postgresql.org/docs/18/arrays.html#ARRAYS-IO).
 *
 * @module
 */
import { DecodeError } from "../errors.ts";
import type { ArrayDimension } from "./array_value.ts";

/** What an array's text says; elements are still text, null is SQL's NULL. */
export interface ParsedArray {
  readonly dimensions: ArrayDimension[];
  readonly elements: (string | null)[];
}

const BOUNDS = /^((?:\[[+-]?\d+:[+-]?\d+\])+)=/;

/** Reads the text of an array whose elements `delimiter` separates; throws a DecodeError when it is malformed. */
export function parseArrayText(type: string, text: string, delimiter: string): ParsedArray {
  const bounds = BOUNDS.exec(text);
  let at = bounds === null ? 0 : bounds[0].length;
  const elements: (string | null)[] = [];
  const lengths: number[] = [];
  const counts: number[] = [];
  let depth = 0;
  /** Whether an element or an inner array has just ended. */
  let ended = false;
  do {
    const character = text[at];
    if (character === "{") {
      if (ended || depth === 6) throw malformed(type);
      counts[depth++] = 0;
      at++;
    } else if (character === "}") {
      if (!ended && counts[depth - 1] > 0) throw malformed(type);
      depth--;
      const count = counts[depth] + (ended ? 1 : 0);
      if (lengths[depth] !== undefined && lengths[depth] !== count) throw malformed(type);
      lengths[depth] = count;
      ended = true;
      at++;
    } else if (character === delimiter) {
      if (!ended) throw malformed(type);
      counts[depth - 1]++;
      ended = false;
      at++;
    } else {
      if (ended || depth === 0) throw malformed(type);
      at = readElement(at);
      ended = true;
    }
  } while (depth > 0 && at < text.length);
  if (depth !== 0 || at !== text.length) throw malformed(type);
  if (elements.length === 0) return { dimensions: [], elements };
  const total = lengths.reduce((product, length) => product * length, 1);
  if (total !== elements.length) throw malformed(type);
  const lowerBounds = bounds === null
    ? lengths.map(() => 1)
    : [...bounds[1].matchAll(/\[([+-]?\d+):/g)].map((match) => Number(match[1]));
  if (lowerBounds.length !== lengths.length) throw malformed(type);
  return {
    dimensions: lengths.map((length, index) => ({ length, lowerBound: lowerBounds[index] })),
    elements,
  };

  function readElement(start: number): number {
    let index = start;
    if (text[index] !== '"') {
      let element = "";
      let escaped = false;
      while (index < text.length && text[index] !== delimiter && text[index] !== "}" && text[index] !== "{") {
        if (text[index] === "\\") {
          escaped = true;
          index++;
        }
        element += text[index++];
      }
      elements.push(!escaped && element.toUpperCase() === "NULL" ? null : element);
      return index;
    }
    let element = "";
    index++;
    for (;;) {
      const special = nextSpecial(text, index);
      if (special < 0) throw malformed(type);
      element += text.slice(index, special);
      if (text[special] === '"') {
        elements.push(element);
        return special + 1;
      }
      element += text[special + 1] ?? "";
      index = special + 2;
    }
  }
}

/** Where the next quote or backslash is, or -1. */
function nextSpecial(text: string, from: number): number {
  for (let index = from; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === 34 || code === 92) return index;
  }
  return -1;
}

function malformed(type: string): DecodeError {
  return new DecodeError(type, "the array's text is malformed");
}
