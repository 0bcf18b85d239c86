/**
 * The tokens of SQL, as PostgreSQL's scanner cuts text with `standard_conforming_strings` on.
 * Source: https://www.postgresql.org/docs/18/sql-syntax-lexical.html
 *
 * ## Invariants
 *
 * - The texts of the tokens, one after the other, are the text that was cut.
 * - A quote, a dollar quote and a comment are one token each, whatever is in them; so are string constants that a line
 *   break continues, since an escape string's continuation is read as escapes, too.
 * - It takes linear time, and no text is too long for the stack.
 *
 * @module
 */
import { SqlSyntaxError } from "./file_errors.ts";

/** What a token is. */
export type TokenKind =
  | "blank"
  | "comment"
  | "word"
  | "name"
  | "string"
  | "number"
  | "parameter"
  | "operator"
  | "mark"
  | "backslash"
  | "other";

/** A piece of SQL text. */
export interface Token {
  /** What it is. */
  readonly kind: TokenKind;
  /** Its text. */
  readonly text: string;
  /** Where it begins. */
  readonly offset: number;
}

const BLANK = /[ \t\n\r\f\v]+/y;
const LINE_COMMENT = /--[^\n\r]*/y;
const WORD = /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/y;
const NUMBER =
  /0[xX][\dA-Fa-f_]+|0[oO][0-7_]+|0[bB][01_]+|(?:\d[\d_]*(?:\.(?!\.)[\d_]*)?|\.\d[\d_]*)(?:[eE][+-]?\d[\d_]*)?/y;
const PARAMETER = /\$\d+/y;
const DOLLAR_QUOTE = /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/y;
const OPERATOR = /[~!@#^&|`?+\-*/%<>=]+/y;
/** What stands between the parts of a string constant that goes on after a line break. */
const CONTINUATION = /[ \t\f\v]*(?:--[^\n\r]*)?[\n\r](?:[ \t\n\r\f\v]|--[^\n\r]*[\n\r])*'/y;
/** An operator may end in `+` or `-` only where one of these is in it. */
const UNLIKE_SIGN = /[~!@#^&|`?%]/;

/**
 * Cuts SQL into its tokens.
 *
 * @param text SQL.
 * @returns The tokens, in order.
 * @throws {SqlSyntaxError} When a quote or a comment has no end.
 */
export function lexSql(text: string): Token[] {
  const tokens: Token[] = [];
  let offset = 0;
  while (offset < text.length) {
    const [kind, end] = scan(text, offset);
    tokens.push({ kind, text: text.slice(offset, end), offset });
    offset = end;
  }
  return tokens;
}

/** A token as it is compared: the line breaks and comments between the parts of a string constant are one line break. */
export function normalText({ kind, text }: Token): string {
  if (kind !== "string" || text.startsWith("$")) return text;
  const quote = text.indexOf("'");
  const isEscape = /^[eE]$/.test(text.slice(0, quote));
  let parts = text.slice(0, quote);
  for (let at = quote;;) {
    const end = quoteEnd(text, at, isEscape);
    parts += text.slice(at, end);
    const next = match(CONTINUATION, text, end);
    if (next === undefined) return parts;
    parts += "\n";
    at = next - 1;
  }
}

function match(pattern: RegExp, text: string, offset: number): number | undefined {
  pattern.lastIndex = offset;
  return pattern.test(text) ? pattern.lastIndex : undefined;
}

function scan(text: string, offset: number): [TokenKind, number] {
  let end = match(BLANK, text, offset);
  if (end !== undefined) return ["blank", end];
  end = match(LINE_COMMENT, text, offset);
  if (end !== undefined) return ["comment", end];
  const first = text[offset];
  if (first === "/" && text[offset + 1] === "*") return ["comment", commentEnd(text, offset)];
  if (first === "'") return ["string", stringEnd(text, offset, false)];
  if (first === '"') return ["name", nameEnd(text, offset)];
  end = match(WORD, text, offset);
  if (end !== undefined) return scanWord(text, offset, end);
  end = match(NUMBER, text, offset);
  if (end !== undefined) return ["number", end];
  if (first === "$") return scanDollar(text, offset);
  end = match(OPERATOR, text, offset);
  if (end !== undefined) return ["operator", operatorEnd(text, offset, end)];
  if (first === "\\") return ["backslash", offset + 1];
  if (first === ":" && (text[offset + 1] === ":" || text[offset + 1] === "=")) return ["mark", offset + 2];
  return ["()[],;:.".includes(first) ? "mark" : "other", offset + 1];
}

/** A word, unless it is the letter in front of a quote. */
function scanWord(text: string, offset: number, end: number): [TokenKind, number] {
  const word = text.slice(offset, end).toLowerCase();
  if (text[end] === "'" && ["e", "b", "x", "n"].includes(word)) {
    return ["string", stringEnd(text, end, word === "e")];
  }
  if (word === "u" && text[end] === "&") {
    if (text[end + 1] === "'") return ["string", stringEnd(text, end + 1, false)];
    if (text[end + 1] === '"') return ["name", nameEnd(text, end + 1)];
  }
  return ["word", end];
}

function scanDollar(text: string, offset: number): [TokenKind, number] {
  const parameter = match(PARAMETER, text, offset);
  if (parameter !== undefined) return ["parameter", parameter];
  const open = match(DOLLAR_QUOTE, text, offset);
  if (open === undefined) return ["other", offset + 1];
  const quote = text.slice(offset, open);
  const close = text.indexOf(quote, open);
  if (close < 0) throw new SqlSyntaxError(text, offset, `the dollar quote ${quote} has no end`, `close it`);
  return ["string", close + quote.length];
}

/** The end of a string constant whose quote is at `quote`, with the parts that follow after line breaks. */
function stringEnd(text: string, quote: number, isEscape: boolean): number {
  let end = quoteEnd(text, quote, isEscape);
  for (;;) {
    const next = match(CONTINUATION, text, end);
    if (next === undefined) return end;
    end = quoteEnd(text, next - 1, isEscape);
  }
}

function quoteEnd(text: string, quote: number, isEscape: boolean): number {
  for (let at = quote + 1; at < text.length; at++) {
    const character = text[at];
    if (character === "\\" && isEscape) at++;
    else if (character === "'") {
      if (text[at + 1] !== "'") return at + 1;
      at++;
    }
  }
  throw new SqlSyntaxError(text, quote, "the string constant has no end", "close its quote");
}

function nameEnd(text: string, quote: number): number {
  for (let at = quote + 1;;) {
    const close = text.indexOf('"', at);
    if (close < 0) throw new SqlSyntaxError(text, quote, "the quoted name has no end", "close its quote");
    if (text[close + 1] !== '"') return close + 1;
    at = close + 2;
  }
}

function commentEnd(text: string, offset: number): number {
  const bounds = /\/\*|\*\//g;
  bounds.lastIndex = offset + 2;
  for (let depth = 1; depth > 0;) {
    const bound = bounds.exec(text);
    if (bound === null) throw new SqlSyntaxError(text, offset, "the comment has no end", "close it with */");
    depth += bound[0] === "/*" ? 1 : -1;
  }
  return bounds.lastIndex;
}

/** An operator ends where a comment begins, and before signs that belong to what follows. */
function operatorEnd(text: string, offset: number, end: number): number {
  const run = text.slice(offset, end);
  const comment = run.search(/--|\/\*/);
  let length = comment > 0 ? comment : run.length;
  if (length > 1 && !UNLIKE_SIGN.test(run.slice(0, length))) {
    while (length > 1 && (run[length - 1] === "+" || run[length - 1] === "-")) length--;
  }
  return offset + length;
}
