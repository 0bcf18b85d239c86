/**
 * What a factory is to the compiler: what it needs of a model, and what its calls take.
 *
 * @module
 */
import type { Executor } from "../pool/executor.ts";
import type { SOURCE, Source } from "../orm/building/source.ts";
import type { AnyModel } from "../orm/model_types.ts";
import type { Parent, ParentValue } from "./parent.ts";
import type { SeededRandom } from "./seed.ts";

/** A model as factories and fixtures need it: bound to nothing. */
export interface TestedModel extends AnyModel {
  /** What it is at run time. */
  readonly [SOURCE]: Source;
  /** Inserts a row. */
  insert(values: never, executor: Executor): Promise<unknown>;
  /** Inserts rows, all or none, and returns them in order. */
  insertMany(rows: never, executor: Executor): Promise<unknown>;
}

/** What an attribute's function is told. */
export interface AttributeContext<Values> {
  /** The number of the row among those of its factory, from 1. */
  readonly sequence: number;
  /** Random values that come again; each factory has its own. */
  readonly random: SeededRandom;
  /** The values that are known already: those given to the call, and those of the attributes before. */
  readonly values: Readonly<Partial<Values>>;
}

/** A value, or a value of a row that is created when it is needed. */
export type Given<Value> = Value | ParentValue<NonNullable<Value>>;

/** How a column gets its value where a call gives none. */
export type Attribute<Value, Values> = Given<Value> | ((context: AttributeContext<Values>) => Given<Value>);

/** Attributes by the model's properties. */
export type Attributes<Values> = {
  readonly [Property in keyof Values]?: Attribute<Exclude<Values[Property], undefined>, Values>;
};

/** An attribute for each of the properties named. */
export type NamedAttributes<Values, Named extends keyof Values> = {
  readonly [Property in Named]: Attribute<Exclude<Values[Property], undefined>, Values>;
};

/** The properties an insert must give. */
export type RequiredProperties<Values> = {
  [Property in keyof Values]-?: undefined extends Values[Property] ? never : Property;
}[keyof Values];

/** What a call gives: any column, and those that `Missing` names. */
export type Overrides<Values, Missing extends PropertyKey> =
  & { readonly [Property in keyof Values]?: Given<Exclude<Values[Property], undefined>> }
  & { readonly [Property in Missing & keyof Values]: Given<Values[Property]> };

/** A call's first arguments: overrides, which may be left out where nothing is missing. */
export type OverrideArgs<Values, Missing extends PropertyKey> = [Missing] extends [never]
  ? readonly [overrides?: Overrides<Values, never>]
  : readonly [overrides: Overrides<Values, Missing>];

/** A call's arguments: overrides, which may be left out where nothing is missing, and the executor. */
export type CreateArgs<Values, Missing extends PropertyKey, Args extends readonly unknown[]> =
  [Missing] extends [never] ? Args | readonly [overrides: Overrides<Values, never>, ...executor: Args]
    : readonly [overrides: Overrides<Values, Missing>, ...executor: Args];

/** How a factory is made, beside its attributes. */
export interface FactoryOptions<Values, Row, Trait extends string> {
  /** Attributes by the name of a variant: `users.with("admin")`. */
  readonly traits?: Readonly<Record<Trait, Attributes<Values>>>;
  /** The seed of its random values. Default: the variable `LIFEGUARD_TEST_SEED`, else 1. */
  readonly seed?: number;
  /** Called with each row that was created, for rows that refer to it. */
  readonly afterCreate?: (row: Row, executor: Executor) => Promise<unknown> | unknown;
}

/** What makes rows of one model; made by {@link factory}. */
export interface Factory<
  M extends TestedModel,
  Missing extends PropertyKey,
  Trait extends string,
  Args extends readonly unknown[],
> {
  /**
   * The values of a row, as an insert takes them; nothing is sent.
   *
   * @throws {ValidationError} When a value is that of a row which only `create()` can make.
   */
  build(...overrides: OverrideArgs<M["Insert"], Missing>): M["Insert"];
  /**
   * Inserts a row, and before it those it refers to.
   *
   * @returns The row as PostgreSQL stored it.
   */
  create(...args: CreateArgs<M["Insert"], Missing, Args>): Promise<M["Row"]>;
  /**
   * Inserts several rows in one go, all or none, after those they refer to.
   *
   * @param count How many.
   * @returns The rows, in order.
   */
  createMany(count: number, ...args: CreateArgs<M["Insert"], Missing, Args>): Promise<M["Row"][]>;
  /** The factory with the attributes of traits; those of the last come first. */
  with(...traits: readonly Trait[]): Factory<M, Missing, Trait, Args>;
  /** The factory bound to a pool or a transaction, which its calls then run on unless they are given another. */
  on(executor: Executor): Factory<M, Missing, Trait, readonly [executor?: Executor]>;
  /** The primary key of a row that is created when it is needed: an attribute of a column that refers to it. */
  key(...overrides: OverrideArgs<M["Insert"], Missing>): ParentValue<M["Key"]>;
  /** A row that is created when it is needed, once for each row whose attributes take values of it. */
  parent(...overrides: OverrideArgs<M["Insert"], Missing>): Parent<M["Row"]>;
  /** Begins again with the first number and the first random value. */
  rewind(): void;
}
