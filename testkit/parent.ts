/**
 * Rows that are created because another refers to them.
 *
 * @module
 */
import type { Executor } from "../pool/executor.ts";

/** A row that is created when it is needed; made by a factory's `parent()`. */
export class Parent<Row> {
  readonly #create: (executor: Executor) => Promise<Row>;

  /** Made by a factory; `create` creates the row. */
  constructor(create: (executor: Executor) => Promise<Row>) {
    this.#create = create;
  }

  /** The value that the row will have in one of its columns. */
  value<Property extends keyof Row>(property: Property): ParentValue<NonNullable<Row[Property]>> {
    return new ParentValue(this as Parent<unknown>, property);
  }

  /** Creates the row. */
  create(executor: Executor): Promise<Row> {
    return this.#create(executor);
  }
}

/** A value of a row that is created when it is needed. */
export class ParentValue<Value> {
  /** The type of the value; never set. */
  declare readonly "~value"?: Value;
  readonly #parent: Parent<unknown>;
  readonly #property: PropertyKey;

  /** Made by {@link Parent}. */
  constructor(parent: Parent<unknown>, property: PropertyKey) {
    this.#parent = parent;
    this.#property = property;
  }

  /**
   * The value, of a row that is created unless `rows` has it already.
   *
   * @param executor What to create it on.
   * @param rows The rows that were created for the same child.
   */
  async take(executor: Executor, rows: Map<Parent<unknown>, unknown>): Promise<Value> {
    if (!rows.has(this.#parent)) rows.set(this.#parent, await this.#parent.create(executor));
    return (rows.get(this.#parent) as Record<PropertyKey, unknown>)[this.#property] as Value;
  }
}
