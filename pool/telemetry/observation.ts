/**
 * One statement, stream, COPY or batch as spans, metrics and the log of slow statements see it.
 *
 * States: `waiting` (for a connection; skipped where the caller has one) → `given` (to a connection) → `ended`. What ends
 * while it waits was never run: it has a wait, and no duration.
 *
 * @module
 */
import { type Context, context, type Span, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { ATTRIBUTE, errorType, sqlState } from "./attributes.ts";
import type { ObservedScope, ShownStatement } from "./observed_scope.ts";
import { serverAttributes } from "./server_attributes.ts";
import { reportSlowQuery } from "./slow_query.ts";
import { LifeguardError } from "../wire/errors.ts";
import { PostgresError } from "../wire/postgres_error.ts";

/** How an observation begins. */
export interface ObservationStart {
  /** What its span belongs to. Default: the active context. */
  readonly parent?: Context | undefined;
  /** Whether the caller has a connection already, so that it waits for none. */
  readonly isLeased: boolean;
}

/** How what was observed has ended. */
export interface ObservedOutcome {
  /** Rows returned or affected, if that is known. */
  readonly rows?: number | undefined;
  /** Who it ran on, as sessions word it. */
  readonly address?: string | undefined;
  /** How often it was sent again. */
  readonly resent?: number;
  /** Why it failed, if it did. */
  readonly failure?: { readonly error: unknown };
}

/** Something that runs on a connection, observed. */
export class Observation {
  readonly #scope: ObservedScope;
  readonly #statement: ShownStatement;
  readonly #span: Span | undefined;
  readonly #parent: Context | undefined;
  readonly #begunAt: number;
  #acquire: Span | undefined;
  #givenAt: number | undefined;
  #wait = 0;
  #duration: number | undefined;
  #outcome: ObservedOutcome | undefined;

  /** Begins. */
  constructor(scope: ObservedScope, statement: ShownStatement, { parent, isLeased }: ObservationStart) {
    this.#scope = scope;
    this.#statement = statement;
    this.#begunAt = performance.now();
    if (isLeased) this.#givenAt = this.#begunAt;
    const { tracer } = scope;
    if (tracer === undefined) return;
    this.#parent = parent ?? context.active();
    this.#span = tracer.startSpan(
      statement.summary === "" ? scope.tier : statement.summary,
      { kind: SpanKind.CLIENT, attributes: statement.spanAttributes },
      this.#parent,
    );
  }

  /** It was not given to a connection at once. */
  waits(): void {
    if (this.#span === undefined || this.#givenAt !== undefined || this.#outcome !== undefined) return;
    this.#acquire = startAcquire(this.#scope, "statement", trace.setSpan(this.#parent!, this.#span));
  }

  /** It was given to a connection; what is told again does not count. */
  given(): void {
    if (this.#givenAt !== undefined) return;
    this.#givenAt = performance.now();
    this.#wait = this.#givenAt - this.#begunAt;
    this.#acquire?.end();
    this.#scope.instruments?.waitTime.record(this.#wait / 1_000, this.#scope.metricAttributes);
  }

  /** It has ended; a second time does nothing. */
  end(outcome: ObservedOutcome): void {
    if (this.#outcome !== undefined) return;
    this.#outcome = outcome;
    const now = performance.now();
    const { instruments, metricAttributes } = this.#scope;
    const { failure } = outcome;
    if (this.#givenAt === undefined) {
      this.#wait = now - this.#begunAt;
      instruments?.waitTime.record(this.#wait / 1_000, metricAttributes);
      if (this.#acquire !== undefined) endSpan(this.#acquire, failure);
    } else {
      this.#duration = now - this.#givenAt;
      instruments?.queryDuration.record(this.#duration / 1_000, this.#statement.metricAttributes);
    }
    if (failure !== undefined) {
      instruments?.queryErrors.add(1, {
        ...metricAttributes,
        [ATTRIBUTE.errorType]: errorType(failure.error),
      });
    }
    if (this.#span !== undefined) this.#endSpan(this.#span, outcome);
  }

  #endSpan(span: Span, { rows, address, resent = 0, failure }: ObservedOutcome): void {
    if (span.isRecording()) {
      if (rows !== undefined) span.setAttribute(ATTRIBUTE.rows, rows);
      if (resent > 0) span.setAttribute(ATTRIBUTE.resent, resent);
      // Known from the beginning, but where there are several hosts.
      if (address !== undefined && address !== this.#scope.address) {
        span.setAttributes(serverAttributes(address));
      }
    }
    endSpan(span, failure);
  }

  /** Whether somebody is told when it takes too long. */
  get mayBeReported(): boolean {
    return this.#scope.slow !== undefined;
  }

  /** Tells of it when it has taken too long; call it where the caller's line can be found. */
  report(): void {
    const { slow, tier } = this.#scope;
    if (slow === undefined || this.#duration === undefined || this.#duration < slow.after) return;
    const { text, summary } = this.#statement;
    const { rows, failure } = this.#outcome!;
    reportSlowQuery(slow, {
      text,
      summary,
      duration: this.#duration,
      wait: this.#wait,
      rows,
      errorType: failure === undefined ? undefined : errorType(failure.error),
      traceId: this.#span?.spanContext().traceId,
      tier,
    });
  }
}

/** Begins the span of waiting for a connection. */
export function startAcquire(scope: ObservedScope, purpose: string, parent: Context): Span {
  return scope.tracer!.startSpan("acquire", {
    kind: SpanKind.INTERNAL,
    attributes: { ...scope.spanAttributes, [ATTRIBUTE.purpose]: purpose },
  }, parent);
}

/** Ends a span; of an error it shows what kind it is, never what a server or a user wrote into it. */
export function endSpan(span: Span, failure: { readonly error: unknown } | undefined): void {
  if (failure !== undefined && span.isRecording()) {
    const { error } = failure;
    const state = sqlState(error);
    span.setAttribute(ATTRIBUTE.errorType, errorType(error));
    if (state !== undefined) span.setAttribute(ATTRIBUTE.sqlState, state);
    const isOurs = error instanceof LifeguardError && !(error instanceof PostgresError);
    span.setStatus({ code: SpanStatusCode.ERROR, message: isOurs ? error.message : undefined });
  }
  span.end();
}
