/**
 * Prepared queries: built once, run with values for their named parameters.
 *
 * @module
 */
import type { Executor } from "../../pool/executor.ts";
import type { Sql } from "../../pool/sql/sql.ts";
import { kindOf } from "../../pool/wire/codec/refusal.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import { UnboundParameter } from "../building/parameter.ts";
import type { SelectQuery } from "../building/select_query.ts";

/** A query that waits for the values of its parameters. `Values` are those by name, `Args` an executor. */
export interface PreparedQuery<Row, Args extends readonly unknown[], Values> {
  /** Runs the query with values and returns its rows. */
  all(values: Values, ...executor: Args): Promise<Row[]>;
  /** Runs the query with values and returns its only row; see `one()` of a query. */
  one(values: Values, ...executor: Args): Promise<Row>;
  /** Runs the query with values and returns its only row or `undefined`. */
  maybeOne(values: Values, ...executor: Args): Promise<Row | undefined>;
  /** Runs the query with values and returns its first row, or `undefined`. */
  first(values: Values, ...executor: Args): Promise<Row | undefined>;
  /** Counts the rows the query would return. */
  count(values: Values, ...executor: Args): Promise<number>;
  /** Whether the query would return any row. */
  exists(values: Values, ...executor: Args): Promise<boolean>;
  /** The statement that `all()` runs. */
  toSQL(values: Values): Sql<Row>;
}

/** Where a parameter's value goes. */
interface Place {
  readonly clause: number;
  readonly index: number;
  readonly slot: UnboundParameter;
}

/** Values by name. */
type Values = Readonly<Record<string, unknown>>;

/** A prepared query at run time: see {@link PreparedQuery}. */
export class Prepared {
  readonly #query: SelectQuery;
  readonly #places: readonly Place[];
  readonly #names: ReadonlySet<string>;

  /** Finds the places of the parameters; `prepare()` calls it. */
  constructor(query: SelectQuery) {
    this.#query = query;
    this.#places = query.values.flatMap((values, clause) =>
      values.flatMap((slot, index) => slot instanceof UnboundParameter ? [{ clause, index, slot }] : [])
    );
    this.#names = new Set(this.#places.map(({ slot }) => slot.name));
    // The text is built now, and every run finds it by the shape.
    query.toSQL();
  }

  async all(values: Values, executor?: Executor): Promise<unknown[]> {
    return await this.#bound(values).all(executor);
  }

  async one(values: Values, executor?: Executor): Promise<unknown> {
    return await this.#bound(values).one(executor);
  }

  async maybeOne(values: Values, executor?: Executor): Promise<unknown> {
    return await this.#bound(values).maybeOne(executor);
  }

  async first(values: Values, executor?: Executor): Promise<unknown> {
    return await this.#bound(values).first(executor);
  }

  async count(values: Values, executor?: Executor): Promise<number> {
    return await this.#bound(values).count(executor);
  }

  async exists(values: Values, executor?: Executor): Promise<boolean> {
    return await this.#bound(values).exists(executor);
  }

  toSQL(values: Values): Sql {
    return this.#bound(values).toSQL();
  }

  #bound(values: Values): SelectQuery {
    const subject = `the values of a prepared query of ${this.#query.subject}`;
    if (
      typeof values !== "object" || values === null || "query" in values && typeof values.query === "function"
    ) {
      throw new ValidationError(
        subject,
        `${kindOf(values)} was given; give an object of the parameters by name, then the executor`,
      );
    }
    for (const name of Object.keys(values)) {
      if (this.#names.has(name)) continue;
      const known = [...this.#names].map((known) => `"${known}"`).join(", ");
      throw new ValidationError(
        `parameter "${name}"`,
        known === ""
          ? "the query has no parameters; leave it out"
          : `the query has none of the name; it has ${known}`,
      );
    }
    const bound = this.#query.values.map((part) => part);
    for (const { clause, index, slot } of this.#places) {
      const part = bound[clause] === this.#query.values[clause]
        ? [...bound[clause]]
        : bound[clause] as unknown[];
      part[index] = slot.accept(Object.hasOwn(values, slot.name) ? values[slot.name] : undefined);
      bound[clause] = part;
    }
    return this.#query.withValues(bound);
  }
}
