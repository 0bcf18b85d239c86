/**
 * Finds `$1`, `$2`, … in SQL text that is given as a plain string, so that it can nest and be numbered anew.
 *
 * @module
 */
import { ValidationError } from "../wire/errors.ts";

/**
 * Words, quoted text, comments and dollar quotes, in which `$1` is no placeholder, and placeholders.
 * https://www.postgresql.org/docs/18/sql-syntax-lexical.html
 */
const TOKENS = new RegExp(
  [
    /[eE]'(?:[^'\\]|\\[^]|'')*'/, // escape string
    /'(?:[^']|'')*'/,
    /"(?:[^"]|"")*"/,
    /--[^\n]*/,
    /\/\*[^]*?\*\//,
    /\$(?<tag>[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$[^]*?\$\k<tag>\$/,
    /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/, // a name may hold $1
    /\$(?<number>\d+)/,
  ].map((pattern) => pattern.source).join("|"),
  "g",
);

/** Text cut at its placeholders, and which value stands at each. */
export interface SplitText {
  /** The text around the placeholders. */
  readonly strings: readonly string[];
  /** For each placeholder in turn, the index of its value. */
  readonly order: readonly number[];
}

/**
 * Cuts SQL text at its placeholders.
 *
 * @param text SQL with `$1`, `$2`, …, in any order, each as often as wanted.
 * @param count How many values there are.
 * @returns The parts; see {@link SplitText}.
 * @throws {ValidationError} When a placeholder has no value or a value no placeholder.
 */
export function splitPlaceholders(text: string, count: number): SplitText {
  const strings: string[] = [];
  const order: number[] = [];
  const used = new Set<number>();
  let start = 0;
  for (const match of text.matchAll(TOKENS)) {
    const number = match.groups?.number;
    if (number === undefined) continue;
    const index = Number(number) - 1;
    if (index < 0 || index >= count) {
      throw new ValidationError(
        "sql.unsafe",
        `its text has the placeholder $${number} but there are ${count} values; number placeholders from $1 to $${count}`,
      );
    }
    strings.push(text.slice(start, match.index));
    start = match.index + match[0].length;
    order.push(index);
    used.add(index);
  }
  if (used.size !== count) {
    throw new ValidationError(
      "sql.unsafe",
      `its text has ${used.size} placeholders for ${count} values; use each of $1 to $${count}`,
    );
  }
  strings.push(text.slice(start));
  return { strings, order };
}
