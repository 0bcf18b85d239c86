/**
 * The statements of SQL text.
 *
 * ## Invariants
 *
 * - Between the statements of a text are only blanks, comments and semicolons.
 * - A semicolon ends a statement unless it is in parentheses, as in `create rule … do (a; b)`, or in the body of
 *   `create function … begin atomic … end`.
 *
 * @module
 */
import { SqlSyntaxError } from "./file_errors.ts";
import { lexSql, normalText, type Token } from "./lexer.ts";
import { PositionReader } from "./text_position.ts";

/** A statement, and where in its text it is. */
export interface ParsedStatement {
  /** The statement without the semicolon at its end; comments inside stay. */
  readonly text: string;
  /** Where it begins, from 0. */
  readonly offset: number;
  /** The line it begins in, from 1. */
  readonly line: number;
  /** The column it begins in, from 1. */
  readonly column: number;
  /** The words it begins with, at most eight, in lower case: `create unique index concurrently users_name on users`. */
  readonly firstWords: string;
  /** Its tokens without blanks and comments; their offsets are of the whole text. */
  readonly tokens: readonly Token[];
  /** The comments in front of it and inside, with their marks. */
  readonly comments: readonly string[];
  /** Its tokens with single blanks between them: what a checksum is made of. */
  readonly normal: string;
}

const FIRST_WORDS = 8;

/**
 * Cuts SQL text into its statements.
 *
 * @param text SQL, as in a file for `psql`, but without the commands of `psql` itself.
 * @returns The statements, in order; empty ones are left out.
 * @throws {SqlSyntaxError} When a quote has no end, or a command cannot be sent by itself.
 *
 * @example
 * ```ts
 * import { splitStatements } from "@lifeguard/core/migrate";
 * const [first, second] = splitStatements("select ';'; -- one\ncreate table t (a int)");
 * console.assert(first.text === "select ';'");
 * console.assert(second.line === 2 && second.firstWords === "create table t");
 * ```
 */
export function splitStatements(text: string): readonly ParsedStatement[] {
  const statements: ParsedStatement[] = [];
  let own: Token[] = [];
  let comments: string[] = [];
  let nesting = new Nesting();
  const positions = new PositionReader(text);
  const finish = (): void => {
    if (own.length > 0) {
      statements.push({ ...makeStatement(text, own, comments), ...positions.at(own[0].offset) });
    }
    own = [];
    comments = [];
    nesting = new Nesting();
  };
  for (const token of lexSql(text)) {
    if (token.kind === "blank" || (token.offset === 0 && token.text === "\ufeff")) continue;
    if (token.kind === "comment") {
      comments.push(token.text);
      continue;
    }
    if (token.kind === "backslash") refuseMetaCommand(text, token);
    if (token.text === ";" && nesting.isOutside) {
      finish();
      continue;
    }
    own.push(token);
    nesting.add(token);
  }
  finish();
  return statements;
}

/** What a statement is in the middle of. */
class Nesting {
  #parentheses = 0;
  #blocks = 0;
  #words: string[] = [];
  #previous = "";

  /** Whether a semicolon would end the statement. */
  get isOutside(): boolean {
    return this.#parentheses === 0 && this.#blocks === 0;
  }

  add({ kind, text }: Token): void {
    if (text === "(") this.#parentheses++;
    else if (text === ")") this.#parentheses = Math.max(0, this.#parentheses - 1);
    if (kind !== "word") {
      this.#previous = "";
      return;
    }
    const word = text.toLowerCase();
    if (this.#words.length < 4) this.#words.push(word);
    if (this.#parentheses === 0 && this.#isRoutine) this.#addToBody(word);
    this.#previous = word;
  }

  get #isRoutine(): boolean {
    return /^create (?:or replace )?(?:function|procedure)\b/.test(this.#words.join(" "));
  }

  #addToBody(word: string): void {
    if (this.#blocks === 0) {
      if (word === "atomic" && this.#previous === "begin") this.#blocks = 1;
    } else if (word === "case" || word === "begin") this.#blocks++;
    else if (word === "end") this.#blocks--;
  }
}

function makeStatement(
  text: string,
  tokens: readonly Token[],
  comments: readonly string[],
): Omit<ParsedStatement, "line" | "column"> {
  const first = tokens[0];
  const last = tokens.at(-1)!;
  const words = leadingWords(tokens);
  refuseCopy(text, tokens, words);
  return {
    text: text.slice(first.offset, last.offset + last.text.length),
    offset: first.offset,
    firstWords: words.slice(0, FIRST_WORDS).join(" "),
    tokens,
    comments,
    normal: tokens.map(normalText).join(" "),
  };
}

function leadingWords(tokens: readonly Token[]): string[] {
  const end = tokens.findIndex(({ kind }) => kind !== "word");
  return tokens.slice(0, end < 0 ? tokens.length : end).map(({ text }) => text.toLowerCase());
}

function refuseMetaCommand(text: string, { offset }: Token): never {
  const command = /\\\S*/y;
  command.lastIndex = offset;
  throw new SqlSyntaxError(
    text,
    offset,
    `"${command.exec(text)![0]}" is a command of psql, which a server does not know`,
    "leave it out, or write what it does as SQL",
  );
}

function refuseCopy(text: string, tokens: readonly Token[], words: readonly string[]): void {
  if (words[0] !== "copy") return;
  const at = tokens.findIndex(({ kind, text }, index) =>
    kind === "word" && /^(?:stdin|stdout)$/i.test(text) && /^(?:from|to)$/i.test(tokens[index - 1]?.text)
  );
  if (at < 0) return;
  throw new SqlSyntaxError(
    text,
    tokens[at].offset,
    `COPY with ${tokens[at].text.toUpperCase()} needs data beside the statement`,
    "write the rows as insert statements, or copy them in a data() function with db.copyFrom()",
  );
}
