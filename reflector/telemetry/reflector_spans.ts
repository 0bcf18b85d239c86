/**
 * Spans of what a reflector asks PostgreSQL and the store, where the program has a provider of spans.
 *
 * @module
 */
import { SpanKind, SpanStatusCode } from "@opentelemetry/api";
import { globalTracerProvider, SCOPE } from "../../pool/telemetry/providers.ts";
import type { ReflectorLink } from "../status.ts";

/** What the other end of a link is, in the words of the conventions for databases. */
const SYSTEMS: Readonly<Record<ReflectorLink, string>> = { postgres: "postgresql", store: "redis" };

/**
 * Runs something in a span of its own.
 *
 * @param link Who is asked.
 * @param operation What is done: `void`, `fill`, `advance`, `floor`, `read`, `probe` …
 * @param body What is run; statements it sends are children of the span.
 */
export async function spanned<Result>(
  link: ReflectorLink,
  operation: string,
  body: () => Promise<Result>,
): Promise<Result> {
  const provider = globalTracerProvider();
  if (provider === undefined) return await body();
  const attributes = { "db.system.name": SYSTEMS[link], "db.operation.name": operation };
  const options = { kind: SpanKind.CLIENT, attributes };
  return await provider.getTracer(SCOPE).startActiveSpan(`reflector ${operation}`, options, async (span) => {
    try {
      return await body();
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR });
      span.setAttribute("error.type", error instanceof Error ? error.name : "Error");
      throw error;
    } finally {
      span.end();
    }
  });
}
