/**
 * How a query runs: on what, with which options, and what its rows become.
 *
 * @module
 */
import type { Executor, QueryOptions } from "../../pool/executor.ts";
import type { ReadPreference } from "../../pool/replicas/read_preference.ts";
import type { Sql } from "../../pool/sql/sql.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import { clausesOf } from "../compiling/select.ts";
import type { Question, Shape } from "../compiling/shape.ts";
import type { Table } from "../definition/table.ts";
import { convertRows, finishRows, readerOf } from "../hydrating/row_reader.ts";
import { checkRelated, finishRelated, type Loading } from "../relations/eager.ts";
import { notableRows, noteLoaded } from "../relations/loaded_rows.ts";
import { answerInTime } from "./answer_in_time.ts";
import { cachedRowsOf } from "./cached_lookup.ts";
import { type CachedQueryOptions, cachedResult, type KeptResult, keptResult } from "./cached_result.ts";
import { chooseExecutor, READ } from "./executor_argument.ts";

/** How a query runs, apart from what it asks. */
export interface Running {
  /** What it runs on unless it is told otherwise. */
  readonly executor: Executor | undefined;
  /** See {@link QueryOptions}. */
  readonly options?: QueryOptions;
  /** What is loaded with its rows. */
  readonly relations?: readonly Loading[];
  /** Whether relations of its rows must not be loaded later. */
  readonly strict?: boolean;
  /** Whether its result may be kept, and how. */
  readonly kept?: KeptResult;
  /** What its rows are ordered by, where pages ask. */
  readonly orders?: readonly Sql[];
}

/** The base of queries: what ends them. `Self` is the query's own class. */
export abstract class RunnableQuery<Self> {
  /** All of the query but its values. */
  readonly shape: Shape;
  /** The values of each clause. */
  readonly values: readonly (readonly unknown[])[];
  /** How it runs. */
  readonly running: Running;

  /** Keeps what the query is made of. */
  constructor(shape: Shape, values: readonly (readonly unknown[])[], running: Running) {
    this.shape = shape;
    this.values = values;
    this.running = running;
  }

  /** What errors call it. */
  get subject(): string {
    return `model "${this.shape.source.name}"`;
  }

  /** The statement of a question. */
  abstract statement(question: Question): Sql;

  /** The same query, run differently. */
  protected abstract rerun(running: Running): Self;

  timeout(milliseconds: number): Self {
    return this.#withOptions({ timeout: milliseconds });
  }

  read(preference: ReadPreference): Self {
    return this.#withOptions({ read: preference });
  }

  signal(signal: AbortSignal): Self {
    return this.#withOptions({ signal });
  }

  cached(options: number | CachedQueryOptions): Self {
    return this.rerun({ ...this.running, kept: keptResult(this.shape, options, this.subject) });
  }

  /** The same query, which loads relations with its rows. */
  relating(relations: readonly Loading[]): Self {
    return this.rerun({ ...this.running, relations });
  }

  /** What is left to do with rows whose values are converted: relations are loaded, hooks run. */
  finish(rows: unknown[], executor: Executor): unknown[] | Promise<unknown[]> {
    const { shape, running: { relations, options, strict } } = this;
    if (relations === undefined) return this.#afterLoad(finishRows(readerOf(shape), rows), executor);
    return finishRelated(relations, rows, { executor, options, shape, strict })
      .then((finished) => this.#afterLoad(finished, executor));
  }

  /** The same query, run on what it is given unless its last call is given another. */
  runOn(executor: Executor | undefined): Self {
    return this.rerun({ ...this.running, executor });
  }

  /** The same query, no relation of whose rows can be loaded later. */
  strict(): Self {
    return this.rerun({ ...this.running, strict: true });
  }

  all(executor?: Executor): Promise<unknown[]> {
    return this.#rows("all", executor);
  }

  async one(executor?: Executor): Promise<unknown> {
    const target = this.on(executor);
    const asked = this.#cached(target, true);
    const cached = asked === undefined ? undefined : await asked;
    if (cached?.length === 1) return cached[0];
    return (await this.#read([await target.one(this.statement("two"), this.options)], target))[0];
  }

  async maybeOne(executor?: Executor): Promise<unknown> {
    const target = this.on(executor);
    const asked = this.#cached(target, true);
    const cached = asked === undefined ? undefined : await asked;
    // More than one the database is to refuse.
    if (cached !== undefined && cached.length < 2) return cached[0];
    const found = await target.maybeOne(this.statement("two"), this.options);
    return found === undefined ? undefined : (await this.#read([found], target))[0];
  }

  async first(executor?: Executor): Promise<unknown> {
    return (await this.#rows("first", executor))[0];
  }

  async count(executor?: Executor): Promise<number> {
    return Number(
      await this.on(executor).value<bigint | number | string>(this.statement("count"), this.options),
    );
  }

  async exists(executor?: Executor): Promise<boolean> {
    return await this.on(executor).value<boolean>(this.statement("exists"), this.options);
  }

  /** What the query runs on. */
  protected on(given: Executor | undefined): Executor {
    if (this.running.relations !== undefined) checkRelated(this.shape, this.subject);
    return chooseExecutor(this.shape.source.name, given, this.running.executor);
  }

  /** A fragment of the caller's own may call a function that writes, so only what the ORM made is sent as a read. */
  protected get options(): QueryOptions | undefined {
    const { options } = this.running;
    if (options === undefined) return this.shape.pure ? READ : undefined;
    return this.shape.pure ? { ...options, readOnly: true } : options;
  }

  async #rows(question: Question, executor: Executor | undefined): Promise<unknown[]> {
    const target = this.on(executor);
    const asked = this.#cached(target, question === "first");
    const cached = asked === undefined ? undefined : await asked;
    if (cached !== undefined) return cached;
    const rows = this.running.kept === undefined
      ? target.query(this.statement(question), this.options)
      : this.#ask(this.running.kept, question, target);
    const read = this.#read(await rows, target);
    // Most have nothing to wait for, and an await would cost a turn.
    return read instanceof Promise ? await read : read;
  }

  /** The rows as they come, of a result that is kept or of the database. */
  async #ask(kept: KeptResult, question: Question, executor: Executor): Promise<unknown[]> {
    const statement = this.statement(question);
    // What was added to the query since may read more tables, or do more than read.
    const checked = kept.shape === this.shape ? kept : keptResult(this.shape, kept.given, this.subject);
    const { options } = this.running;
    const asked = cachedResult(statement, checked, { executor, read: options?.read });
    const rows = asked === undefined ? undefined : await answerInTime(asked, options);
    return rows ?? await executor.query(statement, this.options);
  }

  /** The rows, where a cache has them; they are copied, since the array is the caller's. */
  #cached(executor: Executor, unique: boolean): Promise<unknown[] | undefined> | undefined {
    const { relations, kept, options, strict } = this.running;
    if (relations !== undefined || kept !== undefined) return undefined;
    const found = cachedRowsOf(this, executor, { unique, read: options?.read });
    return found === undefined
      ? undefined
      : answerInTime(found, options).then((cached) =>
        cached === undefined ? undefined : this.#afterLoad(notableRows(cached.rows, strict), executor)
      );
  }

  /** Runs the hooks of a model whose whole rows were read; a selection's are none of its rows. */
  #afterLoad(rows: unknown[], executor: Executor): unknown[] | Promise<unknown[]> {
    noteLoaded(rows, this.running.strict);
    const { behaviour } = this.shape.source as Partial<Table>;
    if (behaviour?.actsOnLoad !== true) return rows;
    const { select, only } = clausesOf(this.shape);
    if (select.length + only.length > 0) return rows;
    const done = behaviour.loaded(rows, executor, this.running.options?.signal);
    return done === undefined ? rows : done.then(() => rows);
  }

  #read(rows: unknown[], executor: Executor): unknown[] | Promise<unknown[]> {
    convertRows(readerOf(this.shape), rows);
    return this.finish(rows, executor);
  }

  #withOptions(options: QueryOptions): Self {
    for (const [name, value] of Object.entries(options)) {
      if (value === undefined || value === null) {
        throw new ValidationError(
          `the ${name} of ${this.subject}`,
          `${value} was given; leave it out or give one`,
        );
      }
    }
    return this.rerun({ ...this.running, options: { ...this.running.options, ...options } });
  }
}
