/**
 * Commands of the pool's own: without parameters and result, so that they need not be described by the server first.
 *
 * @module
 */
import type { CodecRegistry } from "./wire/codec/registry.ts";
import { Plan } from "./wire/session/plan.ts";
import { QueryExchange } from "./wire/session/query_exchange.ts";

/** Milliseconds a command takes as a rule. */
const ESTIMATE = 0.1;

/** Makes the exchange of a command such as `BEGIN` or `ROLLBACK`. */
export function command(registry: CodecRegistry, text: string): QueryExchange {
  const plan = new Plan(text, [], [], registry);
  plan.estimate = ESTIMATE;
  return new QueryExchange(text, [], { plan });
}
