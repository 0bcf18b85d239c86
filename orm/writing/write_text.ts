/**
 * The text of writes, gathered part by part: fixed text, fragments, and values that become placeholders.
 *
 * Invariant: the same calls with the same stable fragments give the same strings and the same text, up to a limit on
 * how many are remembered; beyond it, and for statements of many placeholders, the text is built again and is equal.
 *
 * @module
 */
import type { Sql } from "../../pool/sql/sql.ts";
import type { AnyColumn } from "../building/column.ts";
import { Composition, fragmentOf } from "../building/composition.ts";
import { OwnSql } from "../building/traits.ts";
import { StatementWriter } from "../compiling/statement_text.ts";
import { keep } from "../building/kept.ts";

/** How many different statements are remembered. */
const MAX_STATEMENTS = 10_000;
/** How many parts a remembered statement has at most. */
const MAX_PARTS = 64;

const COMPOSITIONS = new Map<string, Composition>();
const TEXTS = new WeakMap<readonly string[], string>();

/** A write as it is sent. */
export interface WriteStatement {
  /** The statement; never sent as a read. */
  readonly statement: Sql;
  /** The columns its parameters are for, in order. */
  parameters(): readonly (AnyColumn | undefined)[];
}

/** Gathers the parts of one statement. */
export class WriteText {
  readonly #glue: string[] = [];
  readonly #parts: unknown[] = [];
  readonly #columns: (AnyColumn | undefined)[] = [];
  #pending = "";

  /** Appends fixed text. */
  write(text: string): this {
    this.#pending += text;
    return this;
  }

  /**
   * Appends a fragment, or a value as one placeholder.
   *
   * @param part The fragment or the value.
   * @param column The column it is for.
   */
  part(part: unknown, column?: AnyColumn): this {
    this.#glue.push(this.#pending);
    this.#pending = "";
    this.#parts.push(part);
    this.#columns.push(column);
    return this;
  }

  /** Appends several, with text between them. */
  list(parts: readonly unknown[], separator: string): this {
    parts.forEach((part, index) => (index === 0 ? this : this.write(separator)).part(part));
    return this;
  }

  /** The statement. */
  finish(): WriteStatement {
    const parts = this.#parts;
    const columns = this.#columns;
    return {
      statement: parts.length > MAX_PARTS ? this.#once() : this.#remembered(),
      parameters: () =>
        parts.flatMap((part, index) => {
          const count = fragmentOf(part)?.values.length;
          return new Array<AnyColumn | undefined>(count ?? 1).fill(columns[index]);
        }),
    };
  }

  #remembered(): Sql {
    const glue = [...this.#glue, this.#pending];
    const key = glue.join("\0");
    let composition = COMPOSITIONS.get(key);
    if (composition === undefined) {
      composition = new Composition(() => glue);
      keep(COMPOSITIONS, MAX_STATEMENTS, [key, composition]);
    }
    const { strings, values, stable } = composition.of(this.#parts);
    const statement = new OwnSql(strings, values, { pure: false, stable }, TEXTS.get(strings));
    if (stable && !TEXTS.has(strings)) TEXTS.set(strings, statement.text);
    return statement;
  }

  #once(): Sql {
    const writer = new StatementWriter();
    const values: unknown[] = [];
    this.#parts.forEach((part, index) => {
      writer.write(this.#glue[index]);
      const fragment = fragmentOf(part);
      if (fragment === undefined) {
        writer.placeholder();
        values.push(part);
      } else {
        writer.fragment(fragment.strings);
        for (const value of fragment.values) values.push(value);
      }
    });
    const { strings, text } = writer.write(this.#pending).finish();
    return new OwnSql(strings, values, { pure: false, stable: false }, text);
  }
}
