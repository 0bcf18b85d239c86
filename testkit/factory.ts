/**
 * Rows made to order: a factory knows how each column gets a value, and a test says only what matters to it.
 *
 * @module
 */
import type { AnyColumn } from "../orm/building/column.ts";
import { type Table, tableOf, unknownColumn } from "../orm/definition/table.ts";
import { chooseExecutor, type Unbound } from "../orm/executing/executor_argument.ts";
import type { Executor } from "../pool/executor.ts";
import { nearestWord } from "../pool/wire/configuration/nearest_word.ts";
import { ValidationError } from "../pool/wire/errors.ts";
import type {
  Factory,
  FactoryOptions,
  NamedAttributes,
  RequiredProperties,
  TestedModel,
} from "./factory_types.ts";
import { Parent, ParentValue } from "./parent.ts";
import { runSeed, SeededRandom, seedFor } from "./seed.ts";
import type { Joinable } from "../orm/building/source.ts";

/** Values by property, of a model that the compiler no longer knows. */
type Values = Readonly<Record<string, unknown>>;

/**
 * Makes a factory of a model's rows. A column that no attribute names has its default in the database, or must be given
 * to each call: the compiler asks for it.
 *
 * @param model The model.
 * @param attributes A value, a function of the row's number, or the key of another factory's row, by property.
 * @param options Traits, the seed, what follows the insert.
 * @returns The factory.
 * @throws {ValidationError} When an attribute is no column.
 *
 * @example
 * ```ts
 * import { column, model } from "@lifeguard/core";
 * import { factory, testPool } from "@lifeguard/core/testkit";
 * const User = model("users", {
 *   id: column.identity().primaryKey(),
 *   email: column.text().unique(),
 *   role: column.text().default("reader"),
 * });
 * const Post = model("posts", {
 *   id: column.identity().primaryKey(),
 *   authorId: column.integer().references(() => User.id),
 *   title: column.text(),
 * });
 * const users = factory(User, { email: ({ sequence }) => `user${sequence}@example.org` }, {
 *   traits: { admin: { role: "admin" } },
 * });
 * const posts = factory(Post, { authorId: users.key(), title: "Hello" });
 *
 * await using pool = await testPool({ models: [User, Post] });
 * const admin = await users.with("admin").create(pool);
 * await posts.create({ authorId: admin.id }, pool);
 * const [first, second] = await posts.createMany(2, pool);
 * console.assert(admin.role === "admin" && first.authorId !== second.authorId);
 * console.assert(await User.find().count(pool) === 3);
 * ```
 */
export function factory<
  M extends TestedModel,
  Named extends keyof M["Insert"] = never,
  Trait extends string = never,
>(
  model: M,
  attributes: NamedAttributes<M["Insert"], Named>,
  options: FactoryOptions<M["Insert"], M["Row"], Trait> = {},
): Factory<M, Exclude<RequiredProperties<M["Insert"]>, Named>, Trait, Unbound> {
  const table = tableOf(model as unknown as Joinable);
  const traits = Object.entries(options.traits ?? {}) as [string, Values][];
  for (const given of [attributes as Values, ...traits.map(([, attributes]) => attributes)]) {
    for (const property of Object.keys(given)) {
      if (!table.columns.has(property)) throw unknownColumn(table, property);
    }
  }
  const counter = new Counter(table.name, options.seed ?? runSeed());
  const insert = async (values: readonly Values[], executor: Executor): Promise<unknown[]> => {
    const rows =
      (values.length === 1
        ? [await model.insert(values[0] as never, executor)]
        : await model.insertMany(values as never, executor)) as M["Row"][];
    for (const row of rows) await options.afterCreate?.(row, executor);
    return rows;
  };
  const core: Core = { table, insert, traits: new Map(traits), counter };
  return new ModelFactory(core, attributes as Values) as unknown as ReturnType<
    typeof factory<M, Named, Trait>
  >;
}

/** The number of the next row, and the random values. */
class Counter {
  readonly #seed: number;
  random: SeededRandom;
  sequence = 0;

  constructor(table: string, seed: number) {
    this.#seed = seedFor(table, seed);
    this.random = new SeededRandom(this.#seed);
  }

  rewind(): void {
    this.sequence = 0;
    this.random = new SeededRandom(this.#seed);
  }
}

/** What the variants of a factory share. */
interface Core {
  readonly table: Table;
  readonly insert: (values: readonly Values[], executor: Executor) => Promise<unknown[]>;
  readonly traits: ReadonlyMap<string, Values>;
  readonly counter: Counter;
}

/** A factory at run time; {@link Factory} is what it is by type. */
class ModelFactory {
  readonly #core: Core;
  readonly #attributes: Values;
  readonly #executor: Executor | undefined;

  constructor(core: Core, attributes: Values, executor?: Executor) {
    this.#core = core;
    this.#attributes = attributes;
    this.#executor = executor;
  }

  build(overrides: Values = {}): Values {
    const values = this.#resolve(overrides);
    for (const [property, value] of Object.entries(values)) {
      if (!(value instanceof ParentValue)) continue;
      throw new ValidationError(
        this.#column(property).subject,
        "its value is that of a row which has to be created; give one to build(), or use create()",
      );
    }
    return values;
  }

  async create(...args: readonly unknown[]): Promise<unknown> {
    const { overrides, executor } = this.#readArgs(args);
    const [row] = await this.#core.insert([await this.#withParents(overrides, executor)], executor);
    return row;
  }

  async createMany(count: number, ...args: readonly unknown[]): Promise<unknown[]> {
    if (!Number.isInteger(count) || count < 0) {
      throw new ValidationError(
        "the number of rows of createMany()",
        `it is ${count}; give an integer from 0`,
      );
    }
    const { overrides, executor } = this.#readArgs(args);
    const values: Values[] = [];
    while (values.length < count) values.push(await this.#withParents(overrides, executor));
    return await this.#core.insert(values, executor);
  }

  with(...names: readonly string[]): ModelFactory {
    const attributes = { ...this.#attributes };
    for (const name of names) {
      const trait = this.#core.traits.get(name);
      if (trait === undefined) throw this.#unknownTrait(name);
      Object.assign(attributes, trait);
    }
    return new ModelFactory(this.#core, attributes, this.#executor);
  }

  on(executor: Executor): ModelFactory {
    const { table } = this.#core;
    return new ModelFactory(this.#core, this.#attributes, chooseExecutor(table.name, executor, undefined));
  }

  key(overrides?: Values): ParentValue<unknown> {
    const { table } = this.#core;
    if (table.key.length !== 1) {
      throw new ValidationError(
        `key() of model "${table.name}"`,
        `its primary key has ${table.key.length} columns; take their values of one parent()`,
      );
    }
    return (this.parent(overrides) as Parent<Record<string, unknown>>).value(table.key[0].property);
  }

  parent(overrides: Values = {}): Parent<unknown> {
    return new Parent((executor) => this.create(overrides, executor));
  }

  rewind(): void {
    this.#core.counter.rewind();
  }

  /** The values of one row, after the rows they are taken from were created. */
  async #withParents(overrides: Values, executor: Executor): Promise<Values> {
    const values = { ...this.#resolve(overrides) };
    const parents = new Map<Parent<unknown>, unknown>();
    for (const [property, value] of Object.entries(values)) {
      if (value instanceof ParentValue) values[property] = await value.take(executor, parents);
    }
    return values;
  }

  /** The values of one row; those given come first, so that attributes can depend on them. */
  #resolve(overrides: Values): Values {
    const { counter } = this.#core;
    if (typeof overrides !== "object" || overrides === null || Array.isArray(overrides)) {
      throw new ValidationError(
        `the values of model "${this.#core.table.name}"`,
        "they are no object; give one",
      );
    }
    for (const property of Object.keys(overrides)) this.#column(property);
    const values: Record<string, unknown> = { ...overrides };
    const context = { sequence: ++counter.sequence, random: counter.random, values };
    for (const [property, attribute] of Object.entries(this.#attributes)) {
      if (Object.hasOwn(values, property)) continue;
      values[property] = typeof attribute === "function" ? attribute(context) : attribute;
    }
    return values;
  }

  #readArgs(args: readonly unknown[]): { readonly overrides: Values; readonly executor: Executor } {
    const first = args[0] as { query?: unknown } | undefined;
    const isExecutor = args.length === 1 && typeof first?.query === "function";
    const [overrides, executor] = isExecutor ? [{}, args[0]] : [args[0] ?? {}, args[1]];
    return {
      overrides: overrides as Values,
      executor: chooseExecutor(this.#core.table.name, executor as Executor | undefined, this.#executor),
    };
  }

  #column(property: string): AnyColumn {
    const { table } = this.#core;
    const column = table.columns.get(property);
    if (column === undefined) throw unknownColumn(table, property);
    return column;
  }

  #unknownTrait(name: string): ValidationError {
    const names = [...this.#core.traits.keys()];
    const near = nearestWord(name, names);
    return new ValidationError(
      `trait "${name}" of model "${this.#core.table.name}"`,
      `there is no such trait; ${
        near !== undefined
          ? `did you mean "${near}"?`
          : names.length === 0
          ? "declare it"
          : `use ${names.join(", ")}`
      }`,
    );
  }
}
