/**
 * The shape of a query: all of it but its values. Shapes form a tree whose root is the model's; each clause added
 * leads to a child, found by the identity of the clause's strings. So the same calls arrive at the same shape, which
 * keeps its text.
 *
 * Invariants: a shape never changes but for the texts it keeps and the children it knows; a clause whose strings are
 * new each time, and any beyond the limit, gets a child that is not remembered, and nothing else differs.
 *
 * @module
 */
import type { Table } from "../definition/table.ts";
import type { StatementText } from "./statement_text.ts";

/** How many shapes one model remembers. */
const MAX_SHAPES = 2_000;

/** How many clauses a remembered shape has at most, so that one long chain does not use up the number. */
const MAX_CLAUSES = 32;

/** The clauses a query is made of. */
export type Clause = "where" | "orderBy" | "limit" | "offset";

/** What a query is asked for. */
export type Question = "all" | "two" | "first" | "count" | "exists";

/** The strings of a clause that is one number. */
export const NUMBER_STRINGS: readonly string[] = ["", ""];

/** A query without its values. */
export class Shape {
  /** The table it is of. */
  readonly table: Table;
  /** The shape it was made from; `undefined` for the root. */
  readonly parent: Shape | undefined;
  /** The clause that was added to it. */
  readonly clause: Clause | undefined;
  /** That clause's text around its placeholders. */
  readonly strings: readonly string[];
  /** Whether nothing in it can write or lock. */
  readonly pure: boolean;
  readonly #root: { remembered: number };
  readonly #depth: number;
  readonly #children: Partial<Record<Clause, Map<readonly string[], Shape>>> = {};
  readonly #texts: Partial<Record<Question, StatementText>> = {};

  private constructor(
    table: Table,
    parent?: Shape,
    clause?: Clause,
    strings: readonly string[] = NUMBER_STRINGS,
    pure = true,
  ) {
    this.table = table;
    this.parent = parent;
    this.clause = clause;
    this.strings = strings;
    this.pure = pure;
    this.#root = parent === undefined ? { remembered: 0 } : parent.#root;
    this.#depth = parent === undefined ? 0 : parent.#depth + 1;
  }

  /** The shape of a query of every row. */
  static root(table: Table): Shape {
    return new Shape(table);
  }

  /**
   * The shape with one more clause.
   *
   * @param clause Which.
   * @param strings Its text around its placeholders.
   * @param traits Whether the strings are the same array each time, and whether the clause can write or lock.
   */
  with(
    clause: Clause,
    strings: readonly string[],
    traits: { readonly stable: boolean; readonly pure: boolean },
  ): Shape {
    const known = this.#children[clause]?.get(strings);
    if (known !== undefined) return known;
    const child = new Shape(this.table, this, clause, strings, this.pure && traits.pure);
    if (traits.stable && child.#depth <= MAX_CLAUSES && this.#root.remembered < MAX_SHAPES) {
      this.#remember(child);
    }
    return child;
  }

  /** The text for a question, made by `write` the first time. */
  text(question: Question, write: (shape: Shape, question: Question) => StatementText): StatementText {
    return this.#texts[question] ??= write(this, question);
  }

  #remember(child: Shape): void {
    this.#root.remembered++;
    const children = this.#children[child.clause!] ??= new Map();
    children.set(child.strings, child);
  }
}
