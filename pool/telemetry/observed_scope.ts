/**
 * What the observation of one tier works with: where spans, metrics and reports go, and what they have in common.
 *
 * @module
 */
import type { Attributes, Tracer } from "@opentelemetry/api";
import { ATTRIBUTE } from "./attributes.ts";
import type { Instruments } from "./instruments.ts";
import type { SlowQueryWatch } from "./slow_query.ts";
import { type StatementSummary, summarize } from "./statement_summary.ts";

/** What the observation of a tier works with; at least one of `tracer`, `instruments`, `slow` is there. */
export interface ObservedScope {
  /** The tier's name. */
  readonly tier: string;
  /** Who its connections are made to, as sessions word it; undefined for a database in this process. */
  readonly address: string | undefined;
  /** Makes spans, where a provider was set. */
  readonly tracer: Tracer | undefined;
  /** Takes measurements, where a provider was set. */
  readonly instruments: Instruments | undefined;
  /** What is slow, where that is asked for. */
  readonly slow: SlowQueryWatch | undefined;
  /** Whether spans have the statement's text. */
  readonly withText: boolean;
  /** What every span of the tier has. */
  readonly spanAttributes: Attributes;
  /** What every measurement of the tier has. */
  readonly metricAttributes: Attributes;
}

/** A statement as spans and metrics show it. */
export interface ShownStatement extends StatementSummary {
  /** What its spans begin with. */
  readonly spanAttributes: Attributes;
  /** What its measurements have. */
  readonly metricAttributes: Attributes;
}

/** Texts that are remembered; programs have fewer, unless they put values into texts. */
const REMEMBERED = 1_000;

/** The statements of a tier, as spans and metrics show them. */
export class ShownStatements {
  readonly #scope: ObservedScope;
  readonly #byText = new Map<string, ShownStatement>();

  /** None are known yet. */
  constructor(scope: ObservedScope) {
    this.#scope = scope;
  }

  /** How a text is shown. */
  of(text: string): ShownStatement {
    let shown = this.#byText.get(text);
    if (shown === undefined) {
      if (this.#byText.size >= REMEMBERED) this.#byText.clear();
      this.#byText.set(text, shown = this.#show(summarize(text), {}));
    }
    return shown;
  }

  /** How several statements that are sent together are shown. */
  batch(texts: readonly string[]): ShownStatement {
    if (texts.length === 1) return this.of(texts[0]);
    const text = texts.map((one) => this.of(one).text).join("; ");
    return this.#show(
      { operation: "BATCH", summary: "BATCH", text },
      { [ATTRIBUTE.batchSize]: texts.length },
    );
  }

  #show(summary: StatementSummary, more: Attributes): ShownStatement {
    const { spanAttributes, metricAttributes, withText } = this.#scope;
    const named = summary.operation === "" ? {} : {
      [ATTRIBUTE.operation]: summary.operation,
    };
    return {
      ...summary,
      spanAttributes: {
        ...spanAttributes,
        ...named,
        ...(summary.operation === "" ? {} : { [ATTRIBUTE.summary]: summary.summary }),
        ...(withText ? { [ATTRIBUTE.text]: summary.text } : {}),
        ...more,
      },
      metricAttributes: { ...metricAttributes, ...named },
    };
  }
}
