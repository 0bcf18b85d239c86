/**
 * Writes a statement's text around its placeholders, once for each shape.
 *
 * @module
 */

/** A statement without its values: what they are put into each time it runs. */
export interface StatementText {
  /** The text around the placeholders. */
  readonly strings: readonly string[];
  /** The text with `$1`, `$2`, …; the same string each time, so that plans are found by it. */
  readonly text: string;
  /** Which clauses' values are bound, in order: the positions of the clauses in the query. */
  readonly order: readonly number[];
}

/** Gathers text and placeholders. */
export class StatementWriter {
  readonly #strings: string[] = [];
  readonly #order: number[] = [];
  #text = "";
  #pending = "";

  /** Appends text. */
  write(text: string): this {
    this.#pending += text;
    return this;
  }

  /** Appends a placeholder. */
  placeholder(): this {
    this.#strings.push(this.#pending);
    this.#text += `${this.#pending}$${this.#strings.length}`;
    this.#pending = "";
    return this;
  }

  /** Appends a fragment's text and placeholders. */
  fragment(strings: readonly string[]): this {
    this.write(strings[0]);
    for (let i = 1; i < strings.length; i++) this.placeholder().write(strings[i]);
    return this;
  }

  /** Notes that the values of the clause at a position come next. */
  values(position: number): this {
    this.#order.push(position);
    return this;
  }

  /** The statement. */
  finish(): StatementText {
    return {
      strings: [...this.#strings, this.#pending],
      text: this.#text + this.#pending,
      order: this.#order,
    };
  }
}
