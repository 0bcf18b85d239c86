/**
 * Observes what runs on one tier, as long as somebody wants to know. A tier without one does not pay for anything.
 *
 * @module
 */
import { context, ROOT_CONTEXT, SpanKind } from "@opentelemetry/api";
import { ATTRIBUTE, errorType } from "./attributes.ts";
import { endSpan, Observation, startAcquire } from "./observation.ts";
import { ObservedExchange } from "./observed_exchange.ts";
import { type ObservedScope, ShownStatements } from "./observed_scope.ts";
import type { Outage } from "./outages.ts";
import type { QueryOptions } from "../executor.ts";
import type { Sql } from "../sql/sql.ts";
import { TransactionSpan } from "./transaction_span.ts";

/** Observes one tier. */
export class TierObserver {
  readonly #scope: ObservedScope;
  readonly #statements: ShownStatements;

  /** Begins to observe. */
  constructor(scope: ObservedScope) {
    this.#scope = scope;
    this.#statements = new ShownStatements(scope);
  }

  /** A statement that is to be given to the tier. */
  statement(statement: Sql<unknown>, options: QueryOptions | undefined): ObservedExchange {
    const shown = this.#statements.of(statement.text);
    return new ObservedExchange(statement, new Observation(this.#scope, shown, { isLeased: false }), options);
  }

  /** A statement on a connection that its caller has, in a transaction perhaps. */
  leased(statement: Sql<unknown>, span: TransactionSpan | undefined): ObservedExchange {
    return new ObservedExchange(statement, this.operation(statement.text, span));
  }

  /** A stream or COPY on a connection that its caller has. */
  operation(text: string, span?: TransactionSpan): Observation {
    return new Observation(this.#scope, this.#statements.of(text), { parent: span?.inside, isLeased: true });
  }

  /** A batch on a connection that its caller has. */
  batch(statements: readonly Sql<unknown>[]): Observation {
    const shown = this.#statements.batch(statements.map(({ text }) => text));
    return new Observation(this.#scope, shown, { isLeased: true });
  }

  /** Runs a COPY from a source on a connection that its caller has; it resolves to how many rows were copied. */
  async copied(
    text: string,
    copy: () => Promise<number>,
    { address, span }: { readonly address: string; readonly span?: TransactionSpan | undefined },
  ): Promise<number> {
    const observation = this.operation(text, span);
    try {
      const rows = await copy();
      observation.end({ rows, address });
      return rows;
    } catch (error) {
      observation.end({ address, failure: { error } });
      throw error;
    }
  }

  /** Takes a slot, which is waited for. */
  async acquire<T>(purpose: string, take: () => Promise<T>, around?: TransactionSpan): Promise<T> {
    const { instruments, metricAttributes, tracer } = this.#scope;
    const begunAt = performance.now();
    const span = tracer === undefined
      ? undefined
      : startAcquire(this.#scope, purpose, around?.inside ?? context.active());
    let failure: { readonly error: unknown } | undefined;
    try {
      return await take();
    } catch (error) {
      failure = { error };
      throw error;
    } finally {
      instruments?.waitTime.record((performance.now() - begunAt) / 1_000, metricAttributes);
      if (span !== undefined) endSpan(span, failure);
    }
  }

  /** Begins a transaction's span, where spans are made. */
  transaction(): TransactionSpan | undefined {
    return this.#scope.tracer === undefined ? undefined : new TransactionSpan(this.#scope);
  }

  /** Calls have waited in vain. */
  acquireTimedOut(count: number): void {
    this.#scope.instruments?.acquireTimeouts.add(count, this.#scope.metricAttributes);
  }

  /** A connection was replaced because of its age. */
  rotated(): void {
    this.#scope.instruments?.rotations.add(1, this.#scope.metricAttributes);
  }

  /** A lost connection was replaced, or could not be for good. */
  healed({ lostAt, failures, cause }: Outage, failure?: { readonly error: unknown }): void {
    const { tracer, instruments, metricAttributes, spanAttributes } = this.#scope;
    if (failure === undefined) instruments?.heals.add(1, metricAttributes);
    if (tracer === undefined) return;
    const span = tracer.startSpan("heal", {
      kind: SpanKind.INTERNAL,
      startTime: performance.timeOrigin + lostAt,
      attributes: {
        ...spanAttributes,
        [ATTRIBUTE.cause]: errorType(cause),
        [ATTRIBUTE.attempts]: failures + 1,
      },
    }, ROOT_CONTEXT);
    endSpan(span, failure);
  }
}
