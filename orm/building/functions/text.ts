/**
 * Functions of text: https://www.postgresql.org/docs/18/functions-string.html.
 *
 * @module
 */
import { quoteIdentifier } from "../../../pool/sql/identifier.ts";
import { operator, template } from "../composition.ts";
import type { Expression, Operand } from "../expression.ts";
import {
  composed,
  compositionFor,
  type CountOperand,
  invoke,
  optional,
  type Result,
  type TextOperand,
} from "./invocation.ts";
import { operandOfAny } from "./literal.ts";

/** Functions of text. Each is null where an operand is, unless it says otherwise. */
export interface TextFunctions {
  /** In lower case: `lower(text)`. */
  lower<A extends TextOperand>(text: A): Result<string, A>;
  /** In upper case: `upper(text)`. */
  upper<A extends TextOperand>(text: A): Result<string, A>;
  /** With each word's first letter in upper case: `initcap(text)`. */
  initcap<A extends TextOperand>(text: A): Result<string, A>;
  /** How many characters it has: `char_length(text)`. */
  length<A extends TextOperand>(text: A): Result<number, A>;
  /** How many bytes it has: `octet_length(text)`. */
  octetLength<A extends TextOperand>(text: A): Result<number, A>;
  /** Without spaces, or the given characters, at both ends: `btrim(text, characters)`. */
  trim<A extends TextOperand, B extends TextOperand = never>(text: A, characters?: B): Result<string, A | B>;
  /** Without spaces, or the given characters, at its start: `ltrim(text, characters)`. */
  trimStart<A extends TextOperand, B extends TextOperand = never>(
    text: A,
    characters?: B,
  ): Result<string, A | B>;
  /** Without spaces, or the given characters, at its end: `rtrim(text, characters)`. */
  trimEnd<A extends TextOperand, B extends TextOperand = never>(
    text: A,
    characters?: B,
  ): Result<string, A | B>;
  /** One after the other, whatever their types; nulls are left out: `concat(a, b, …)`. Never null. */
  concat(...parts: readonly Operand<unknown>[]): Expression<string, never, never>;
  /** One after the other with text between; nulls are left out: `concat_ws(separator, a, b, …)`. */
  concatWith<A extends TextOperand>(
    separator: A,
    ...parts: readonly Operand<unknown>[]
  ): Result<string, A>;
  /** So many characters from a position, which counts from 1: `substr(text, from, count)`. */
  substring<A extends TextOperand, B extends CountOperand, C extends CountOperand = never>(
    text: A,
    from: B,
    count?: C,
  ): Result<string, A | B | C>;
  /** Each occurrence of a text replaced by another: `replace(text, from, to)`. */
  replace<A extends TextOperand, B extends TextOperand, C extends TextOperand>(
    text: A,
    from: B,
    to: C,
  ): Result<string, A | B | C>;
  /** Where another text begins in it, counted from 1; 0 where it does not: `strpos(text, other)`. */
  position<A extends TextOperand, B extends TextOperand>(text: A, other: B): Result<number, A | B>;
  /** Its first characters; for a negative number all but so many of the last: `left(text, count)`. */
  left<A extends TextOperand, B extends CountOperand>(text: A, count: B): Result<string, A | B>;
  /** Its last characters; for a negative number all but so many of the first: `right(text, count)`. */
  right<A extends TextOperand, B extends CountOperand>(text: A, count: B): Result<string, A | B>;
  /** Filled up at its start to a length, or cut to it: `lpad(text, length, fill)`. */
  padStart<A extends TextOperand, B extends CountOperand, C extends TextOperand = never>(
    text: A,
    length: B,
    fill?: C,
  ): Result<string, A | B | C>;
  /** Filled up at its end to a length, or cut to it: `rpad(text, length, fill)`. */
  padEnd<A extends TextOperand, B extends CountOperand, C extends TextOperand = never>(
    text: A,
    length: B,
    fill?: C,
  ): Result<string, A | B | C>;
  /** The part of that number, counted from 1, between separators: `split_part(text, separator, number)`. */
  splitPart<A extends TextOperand, B extends TextOperand, C extends CountOperand>(
    text: A,
    separator: B,
    number: C,
  ): Result<string, A | B | C>;
  /** Its parts between separators: `string_to_array(text, separator)`. */
  split<A extends TextOperand, B extends TextOperand>(
    text: A,
    separator: B,
  ): Result<readonly string[], A | B>;
  /** So many times: `repeat(text, count)`. */
  repeat<A extends TextOperand, B extends CountOperand>(text: A, count: B): Result<string, A | B>;
  /** Backwards: `reverse(text)`. */
  reverse<A extends TextOperand>(text: A): Result<string, A>;
  /** Whether it begins with another: `starts_with(text, start)`. */
  startsWith<A extends TextOperand, B extends TextOperand>(text: A, start: B): Result<boolean, A | B>;
  /** What matches a regular expression replaced; flags such as `"gi"`: `regexp_replace(text, pattern, by, flags)`. */
  regexpReplace<
    A extends TextOperand,
    B extends TextOperand,
    C extends TextOperand,
    D extends TextOperand = never,
  >(
    text: A,
    pattern: B,
    by: C,
    flags?: D,
  ): Result<string, A | B | C | D>;
  /** The first match's groups, or the whole; null where nothing matches: `regexp_match(text, pattern, flags)`. */
  regexpMatch<A extends TextOperand>(
    text: A,
    pattern: TextOperand,
    flags?: TextOperand,
  ): Expression<readonly (string | null)[], null, never>;
  /** The MD5 of its bytes in hexadecimal digits: `md5(text)`. */
  md5<A extends TextOperand>(text: A): Result<string, A>;
  /** The text under a collation's rules: `text collate "name"`. */
  collate<A extends TextOperand>(text: A, collation: string): Result<string, A>;
}

/** See {@link TextFunctions}. */
export const TEXT: TextFunctions = {
  lower: (text) => invoke("lower", [text]),
  upper: (text) => invoke("upper", [text]),
  initcap: (text) => invoke("initcap", [text]),
  length: (text) => invoke("char_length", [text]),
  octetLength: (text) => invoke("octet_length", [text]),
  trim: (text, characters) => invoke("btrim", [text, ...optional(characters)]),
  trimStart: (text, characters) => invoke("ltrim", [text, ...optional(characters)]),
  trimEnd: (text, characters) => invoke("rtrim", [text, ...optional(characters)]),
  concat: (...parts) => invoke("concat", parts.map(operandOfAny)),
  concatWith: (separator, ...parts) => invoke("concat_ws", [separator, ...parts.map(operandOfAny)]),
  substring: (text, from, count) =>
    composed(count === undefined ? SUBSTR : SUBSTR_COUNT, "substring", [text, from, ...optional(count)]),
  replace: (text, from, to) => invoke("replace", [text, from, to]),
  position: (text, other) => invoke("strpos", [text, other]),
  left: (text, count) => invoke("left", [text, count]),
  right: (text, count) => invoke("right", [text, count]),
  padStart: (text, length, fill) => invoke("lpad", [text, length, ...optional(fill)]),
  padEnd: (text, length, fill) => invoke("rpad", [text, length, ...optional(fill)]),
  splitPart: (text, separator, number) => invoke("split_part", [text, separator, number]),
  split: (text, separator) => invoke("string_to_array", [text, separator]),
  repeat: (text, count) => invoke("repeat", [text, count]),
  reverse: (text) => composed(REVERSE, "reverse", [text]),
  startsWith: (text, start) => invoke("starts_with", [text, start]),
  regexpReplace: (text, pattern, by, flags) =>
    composed(flags === undefined ? REPLACE : REPLACE_FLAGS, "regexpReplace", [
      text,
      pattern,
      by,
      ...optional(flags),
    ]),
  regexpMatch: (text, pattern, flags) => invoke("regexp_match", [text, pattern, ...optional(flags)]),
  md5: (text) => composed(MD5, "md5", [text]),
  collate: (text, collation) => {
    const quoted = quoteIdentifier(collation);
    return composed(
      compositionFor(`collate ${quoted}`, () => operator("(", ` collate ${quoted})`)),
      "collate",
      [text],
    );
  },
};

// Of these PostgreSQL has several of the same name, which a value of no known type could not choose from.
const SUBSTR = template("substr(", ", ", "::integer)");
const SUBSTR_COUNT = template("substr(", ", ", "::integer, ", "::integer)");
const REVERSE = template("reverse((", ")::text)");
const MD5 = template("md5((", ")::text)");
const REPLACE = template("regexp_replace(", ", ", ", ", ")");
const REPLACE_FLAGS = template("regexp_replace(", ", ", ", ", ", ", "::text)");
