/**
 * What ends a query besides its rows: values of all rows, streams, plans, pages, and its prepared form.
 *
 * @module
 */
import type { Executor } from "../../pool/executor.ts";
import type { QueryParameters } from "../building/parameter.ts";
import type { SelectQuery } from "../building/select_query.ts";
import { type Joinable, sourceOf } from "../building/source.ts";
import { type Clause, Shape } from "../compiling/shape.ts";
import { reducedQuery, type Reduction } from "./aggregating.ts";
import { type ExplainOptions, explainQuery } from "./explaining.ts";
import { findKeysetPage, type KeysetPage, type KeysetRequest } from "./keyset.ts";
import { findPage, type Page, type PageRequest } from "./pagination.ts";
import { Prepared } from "./prepared.ts";
import { RunnableQuery, type Running } from "./runnable_query.ts";
import { type QueryStreamOptions, streamRows } from "./streaming.ts";

/** A query with all its ends. */
export abstract class QueryCalls extends RunnableQuery<SelectQuery> {
  /** The query of a shape, with the values of its clauses. */
  protected abstract make(
    shape: Shape,
    values: readonly (readonly unknown[])[],
    running: Running,
  ): SelectQuery;

  /** The query itself, as what ends it needs it. */
  protected abstract get self(): SelectQuery;

  protected override rerun(running: Running): SelectQuery {
    return this.make(this.shape, this.values, running);
  }

  async sum(expression: unknown, executor?: Executor): Promise<unknown> {
    return await this.#reduce("sum", expression, executor);
  }

  async avg(expression: unknown, executor?: Executor): Promise<unknown> {
    return await this.#reduce("avg", expression, executor);
  }

  async min(expression: unknown, executor?: Executor): Promise<unknown> {
    return await this.#reduce("min", expression, executor);
  }

  async max(expression: unknown, executor?: Executor): Promise<unknown> {
    return await this.#reduce("max", expression, executor);
  }

  stream(
    first?: QueryStreamOptions | Executor,
    second?: Executor,
  ): AsyncGenerator<unknown, void, undefined> {
    const [options, executor] = optionsFirst<QueryStreamOptions>(first, second);
    return streamRows(this.self, options, { executor: this.on(executor), options: this.options });
  }

  async explain(first?: ExplainOptions | Executor, second?: Executor): Promise<unknown> {
    const [options, executor] = optionsFirst<ExplainOptions>(first, second);
    return await explainQuery(this.self, options, { executor: this.on(executor), options: this.options });
  }

  async paginate(request: PageRequest, executor?: Executor): Promise<Page<unknown>> {
    return await findPage(this.self, request, this.on(executor));
  }

  async keyset(
    request: KeysetRequest<unknown, string>,
    executor?: Executor,
  ): Promise<KeysetPage<unknown>> {
    return await findKeysetPage(this.self, request, { executor: this.on(executor), options: this.options });
  }

  prepare(_parameters?: QueryParameters<object>): Prepared {
    return new Prepared(this.self);
  }

  /** The same query with other values. */
  withValues(values: readonly (readonly unknown[])[]): SelectQuery {
    return this.make(this.shape, values, this.running);
  }

  /** The same query without some of its clauses. */
  dropping(clauses: readonly Clause[]): SelectQuery {
    let shape: Shape = this.shape;
    const added: Shape[] = [];
    for (; shape.parent !== undefined; shape = shape.parent) added.push(shape);
    const values: (readonly unknown[])[] = [];
    added.reverse().forEach(({ part, traits }, position) => {
      if (clauses.includes(part!.clause)) return;
      shape = shape.with(part!, traits);
      values.push(this.values[position]);
    });
    const { orders, relations, ...running } = this.running;
    return this.make(shape, values, {
      ...running,
      ...(orders === undefined || clauses.includes("orderBy") ? {} : { orders }),
      ...(relations === undefined || clauses.includes("select") ? {} : { relations }),
    });
  }

  /** A query of a named query's rows that runs as this one does. */
  fromDerived(source: Joinable): SelectQuery {
    const known = sourceOf(source, this.subject);
    const { relations: _, orders: __, ...running } = this.running;
    const { from } = known;
    return this.make(Shape.root(known), [], running)
      .add({ clause: "from", label: "", strings: from.strings }, from);
  }

  async #reduce(
    reduction: Reduction,
    expression: unknown,
    executor: Executor | undefined,
  ): Promise<unknown> {
    const query = reducedQuery(this.self, reduction, expression);
    const [row] = await query.all(this.on(executor));
    return (row as { readonly value: unknown }).value;
  }
}

/** Tells options, which may be left out, from an executor: an executor can query. */
function optionsFirst<Options extends object>(
  first: Options | Executor | undefined,
  second: Executor | undefined,
): readonly [Options, Executor | undefined] {
  const isExecutor = typeof (first as Partial<Executor> | null | undefined)?.query === "function";
  const [options, executor] = isExecutor ? [undefined, first as Executor] : [first, second];
  return [(options ?? {}) as Options, executor];
}
