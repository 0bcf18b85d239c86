/**
 * The span of a transaction, to which everything in it belongs.
 *
 * @module
 */
import { type Context, context, type Span, SpanKind, trace } from "@opentelemetry/api";
import { ATTRIBUTE } from "./attributes.ts";
import { endSpan } from "./observation.ts";
import type { ObservedScope } from "./observed_scope.ts";

/** A transaction, or a nested one, as spans show it. */
export class TransactionSpan {
  readonly #scope: ObservedScope;
  readonly #depth: number;
  readonly #span: Span;
  readonly #context: Context;
  /** The span that was active where it began. */
  readonly #around: Span | undefined;
  #attempts = 0;

  /** Begins at a depth: 0 for a transaction, more for nested ones. */
  constructor(scope: ObservedScope, above?: TransactionSpan) {
    this.#scope = scope;
    this.#depth = above === undefined ? 0 : above.#depth + 1;
    const parent = above === undefined ? context.active() : above.inside;
    this.#around = trace.getSpan(context.active());
    this.#span = scope.tracer!.startSpan("transaction", {
      kind: SpanKind.INTERNAL,
      attributes: { ...scope.spanAttributes, [ATTRIBUTE.depth]: this.#depth },
    }, parent);
    this.#context = trace.setSpan(parent, this.#span);
  }

  /**
   * What is begun inside belongs to this context: the active one, if that is inside; an application without a context
   * manager, or code that was called from elsewhere, has another.
   */
  get inside(): Context {
    const active = context.active();
    return trace.getSpan(active) === this.#around ? this.#context : active;
  }

  /** Begins a transaction nested in this one. */
  nested(): TransactionSpan {
    return new TransactionSpan(this.#scope, this);
  }

  /** It is begun, once more if there was a conflict. */
  attempted(isolation: string | undefined): void {
    if (!this.#span.isRecording()) return;
    if (isolation !== undefined) this.#span.setAttribute(ATTRIBUTE.isolation, isolation);
    if (++this.#attempts > 1) this.#span.setAttribute(ATTRIBUTE.attempts, this.#attempts);
  }

  /** Runs a function inside, and ends with it. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    try {
      const result = await context.with(this.#context, work);
      endSpan(this.#span, undefined);
      return result;
    } catch (error) {
      endSpan(this.#span, { error });
      throw error;
    }
  }
}
