/**
 * Which statements PostgreSQL runs only outside of a transaction, and what each is about.
 *
 * @module
 */
import type { Token } from "./lexer.ts";
import type { ParsedStatement } from "./statement.ts";

/** A name as it is written in SQL, ready to be used in SQL again: `public."Users"`. */
export type WrittenName = string;

/** A statement that must be outside of a transaction. */
export type OutsideStatement =
  | {
    readonly what: "create index";
    /** Its name without a schema, as it is stored; `undefined` where PostgreSQL would choose one. */
    readonly index: string | undefined;
    readonly table: WrittenName;
  }
  | { readonly what: "drop index"; readonly indexes: readonly WrittenName[] }
  | { readonly what: "reindex"; readonly of: string; readonly name: WrittenName | undefined }
  | { readonly what: "detach partition"; readonly table: WrittenName; readonly partition: WrittenName }
  | { readonly what: "repeatable" }
  | { readonly what: "other" };

/** What may be run twice with the same end. */
const REPEATABLE = /^(?:vacuum|alter system|cluster|reindex|analyze|checkpoint|alter database)\b/;
/** What PostgreSQL refuses inside of a transaction beside those above. */
const OTHER = /^(?:create|drop|alter) (?:database|tablespace|subscription)\b/;

/**
 * What a statement is about, where it must be outside of a transaction.
 *
 * @param statement The statement.
 * @returns `undefined` where a transaction may have it.
 */
export function outsideStatement(statement: ParsedStatement): OutsideStatement | undefined {
  const cursor = new Cursor(statement.tokens);
  const words = statement.firstWords;
  if (/^create (?:unique )?index concurrently\b/.test(words)) return createIndex(cursor);
  if (/^drop index concurrently\b/.test(words)) return dropIndex(cursor);
  if (words.startsWith("reindex")) return reindex(cursor);
  if (words.startsWith("alter table")) return detach(cursor);
  // Without a table it takes one after the other.
  if (/^cluster(?: verbose)?$/.test(words) && cursor.length <= 2) return { what: "repeatable" };
  if (/^(?:vacuum|alter system)\b/.test(words)) return { what: "repeatable" };
  if (/^alter database\b/.test(words)) {
    return cursor.has("tablespace") ? { what: "repeatable" } : undefined;
  }
  return OTHER.test(words) ? { what: "other" } : undefined;
}

/** Whether it keeps nobody waiting while it waits for others, so that it may wait for long. */
export function isPatient({ firstWords, tokens }: ParsedStatement): boolean {
  const has = (word: string): boolean =>
    tokens.some(({ kind, text }) => kind === "word" && text.toLowerCase() === word);
  return firstWords.startsWith("vacuum") ? !has("full") : has("concurrently");
}

/** Whether it does the same when it is run again after it was cut off. */
export function isRepeatable(statement: ParsedStatement): boolean {
  return REPEATABLE.test(statement.firstWords);
}

/** The words of the statement that PostgreSQL allows in no migration that it has a transaction of. */
export function controlsTransaction({ firstWords, tokens }: ParsedStatement): boolean {
  if (/^rollback\b/.test(firstWords)) return !tokens.some(({ text }) => text.toLowerCase() === "to");
  return /^(?:begin|commit|end|abort|start transaction|prepare transaction)\b/.test(firstWords);
}

function createIndex(cursor: Cursor): OutsideStatement {
  cursor.skip("create", "unique", "index", "concurrently");
  cursor.skip("if", "not", "exists");
  const index = cursor.peek() === "on" ? undefined : cursor.takeName();
  cursor.skip("on", "only");
  return { what: "create index", index: index && stored(index), table: cursor.takeName() };
}

function dropIndex(cursor: Cursor): OutsideStatement {
  cursor.skip("drop", "index", "concurrently", "if", "exists");
  const indexes = [cursor.takeName()];
  while (cursor.peek() === ",") {
    cursor.skip(",");
    indexes.push(cursor.takeName());
  }
  return { what: "drop index", indexes };
}

function reindex(cursor: Cursor): OutsideStatement | undefined {
  const isConcurrent = cursor.has("concurrently");
  cursor.skip("reindex");
  if (cursor.peek() === "(") {
    while (cursor.peek() !== ")" && cursor.peek() !== "") cursor.skip(cursor.peek());
    cursor.skip(")");
  }
  const of = cursor.peek();
  cursor.skip(of, "concurrently");
  if (!isConcurrent && !["schema", "database", "system"].includes(of)) return undefined;
  return { what: "reindex", of, name: cursor.peek() === "" ? undefined : cursor.takeName() };
}

function detach(cursor: Cursor): OutsideStatement | undefined {
  if (!cursor.has("detach") || !cursor.has("concurrently")) return undefined;
  cursor.skip("alter", "table", "if", "exists", "only");
  const table = cursor.takeName();
  if (cursor.peek() !== "detach") return undefined;
  cursor.skip("detach", "partition");
  const partition = cursor.takeName();
  return cursor.peek() === "concurrently" ? { what: "detach partition", table, partition } : undefined;
}

/** The last part of a written name as PostgreSQL stores it. */
function stored(name: WrittenName): string {
  const last = /(?:"(?:[^"]|"")*"|[^".]+)$/.exec(name)?.[0] ?? name;
  return last.startsWith('"') ? last.slice(1, -1).replaceAll('""', '"') : last.toLowerCase();
}

/** Reads tokens from the first to the last. */
class Cursor {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  get length(): number {
    return this.#tokens.length;
  }

  /** The next token in lower case, a quoted name as it is; empty at the end. */
  peek(): string {
    const token = this.#tokens[this.#at];
    if (token === undefined) return "";
    return token.kind === "word" ? token.text.toLowerCase() : token.text;
  }

  /** Passes over those of the words that come, in this order. */
  skip(...words: readonly string[]): void {
    for (const word of words) {
      if (this.peek() === word && word !== "") this.#at++;
    }
  }

  /** Takes a name with what it is qualified by. */
  takeName(): WrittenName {
    let name = this.#take();
    while (this.peek() === ".") name += this.#take() + this.#take();
    return name;
  }

  has(word: string): boolean {
    return this.#tokens.some(({ kind, text }) => kind === "word" && text.toLowerCase() === word);
  }

  #take(): string {
    return this.#tokens[this.#at++]?.text ?? "";
  }
}
