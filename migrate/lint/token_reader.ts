/**
 * Reads the tokens of a statement: words, names, and whatever is up to some word.
 *
 * @module
 */
import type { TableName } from "../catalog/objects.ts";
import { lexSql, type Token } from "../files/lexer.ts";

/** Reads the tokens of SQL that was not understood as a change. */
export function readerOf(text: string): TokenReader {
  return new TokenReader(lexSql(text).filter(({ kind }) => kind !== "blank" && kind !== "comment"));
}

/** Reads tokens without blanks and comments. */
export class TokenReader {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  /** Whether nothing follows. */
  get isAtEnd(): boolean {
    return this.#at >= this.#tokens.length;
  }

  /** What follows, as a word in lower case; `""` at the end and before what is no word. */
  peek(ahead = 0): string {
    const token = this.#tokens[this.#at + ahead];
    return token === undefined || token.kind === "name" || token.kind === "string"
      ? ""
      : token.text.toLowerCase();
  }

  /** Takes words if all of them follow. */
  take(...words: readonly string[]): boolean {
    if (!words.every((word, index) => this.peek(index) === word)) return false;
    this.#at += words.length;
    return true;
  }

  /** Takes the first of several words that follows. */
  takeOneOf<Word extends string>(...words: readonly Word[]): Word | undefined {
    return words.find((word) => this.take(word));
  }

  /** Goes past a token. */
  skip(): void {
    this.#at++;
  }

  /** Takes a name; `undefined` when none follows. */
  name(): string | undefined {
    const token = this.#tokens[this.#at];
    if (token === undefined || (token.kind !== "word" && token.kind !== "name")) return undefined;
    this.#at++;
    return token.kind === "name" ? unquoted(token.text) : token.text.toLowerCase();
  }

  /** Takes a name with its schema. */
  qualifiedName(): TableName | undefined {
    let last = this.name();
    if (last === undefined) return undefined;
    let schema: string | undefined;
    while (this.peek() === ".") {
      this.skip();
      schema = last;
      last = this.name();
      if (last === undefined) return undefined;
    }
    return schema === undefined ? { name: last } : { schema, name: last };
  }

  /** Takes what is in the parentheses that follow, split at its commas. */
  list(): readonly (readonly Token[])[] | undefined {
    const inside = this.inside();
    return inside === undefined ? undefined : splitAtCommas(inside);
  }

  /** Takes what is in the parentheses that follow. */
  inside(): readonly Token[] | undefined {
    return this.peek() === "(" ? this.#balanced().slice(1, -1) : undefined;
  }

  /** Takes the names in the parentheses that follow, as far as they are names. */
  names(): readonly string[] {
    return (this.list() ?? []).flatMap((tokens) => new TokenReader(tokens).name() ?? []);
  }

  /** Takes the parentheses that follow as text without them. */
  parenthesized(): string | undefined {
    const inside = this.inside();
    return inside === undefined ? undefined : textOf(inside);
  }

  /** Takes everything up to one of some words that stands in no parentheses, or to the end. */
  until(...words: readonly string[]): readonly Token[] {
    const taken: Token[] = [];
    while (!this.isAtEnd && !words.includes(this.peek())) {
      if (this.peek() === "(") taken.push(...this.#balanced());
      else taken.push(this.#tokens[this.#at++]);
    }
    return taken;
  }

  /** The text of what string follows; `undefined` when none does. */
  string(): string | undefined {
    const token = this.#tokens[this.#at];
    if (token?.kind !== "string") return undefined;
    this.#at++;
    return stringValue(token.text);
  }

  #balanced(): readonly Token[] {
    const start = this.#at;
    let depth = 0;
    do {
      const { text } = this.#tokens[this.#at++];
      if (text === "(") depth++;
      else if (text === ")") depth--;
    } while (depth > 0 && !this.isAtEnd);
    return this.#tokens.slice(start, this.#at);
  }
}

/** Splits tokens at the commas that are in no parentheses. */
export function splitAtCommas(tokens: readonly Token[]): readonly (readonly Token[])[] {
  const parts: Token[][] = [[]];
  let depth = 0;
  for (const token of tokens) {
    if ("([".includes(token.text)) depth++;
    else if (")]".includes(token.text)) depth--;
    if (depth === 0 && token.text === ",") parts.push([]);
    else parts.at(-1)!.push(token);
  }
  return parts.filter((part) => part.length > 0);
}

/** Tokens as text, with blanks where there were some. */
export function textOf(tokens: readonly Token[]): string {
  let text = "";
  let end = tokens[0]?.offset ?? 0;
  for (const token of tokens) {
    if (token.offset > end) text += " ";
    text += token.text;
    end = token.offset + token.text.length;
  }
  return text;
}

/** The value of a string's token, as far as it has no escapes. */
export function stringValue(text: string): string {
  const dollar = /^\$[^$]*\$/.exec(text)?.[0];
  if (dollar !== undefined) return text.slice(dollar.length, -dollar.length);
  return text.slice(text.indexOf("'") + 1, -1).replaceAll("''", "'");
}

function unquoted(text: string): string {
  return text.slice(text.indexOf('"') + 1, -1).replaceAll('""', '"');
}
