/**
 * Several statements in one round trip.
 *
 * @module
 */
import { command } from "./commands.ts";
import type { Lease } from "./lease.ts";
import type { Sql } from "./sql.ts";
import { QueryExchange } from "./wire/query_exchange.ts";

/** The type of a statement's rows. */
export type StatementRow<Statement> = Statement extends Sql<infer Row> ? Row : never;

/** The rows of each statement of a batch. */
export type BatchRows<Statements extends readonly Sql<unknown>[]> = {
  -readonly [Index in keyof Statements]: StatementRow<Statements[Index]>[];
};

/** The outcome of each statement of a batch that is not atomic. */
export type BatchOutcomes<Statements extends readonly Sql<unknown>[]> = {
  -readonly [Index in keyof Statements]: PromiseSettledResult<StatementRow<Statements[Index]>[]>;
};

/**
 * Sends statements in one write and collects their outcomes.
 *
 * @param lease The slot.
 * @param statements The statements.
 * @param options Whether they are one transaction; milliseconds each may take.
 * @returns One outcome for each statement.
 */
export async function runBatch(
  lease: Lease,
  statements: readonly Sql<unknown>[],
  options: { readonly atomic: boolean; readonly timeout: number },
): Promise<PromiseSettledResult<unknown[]>[]> {
  const { registry } = lease.session.shared;
  const begin = options.atomic ? command(registry, "BEGIN") : undefined;
  if (begin !== undefined) lease.submitOwn(begin);
  const exchanges = statements.map(({ text, values }) => {
    const exchange = new QueryExchange(text, values);
    exchange.timeout = options.timeout;
    lease.submit(exchange);
    return exchange;
  });
  const outcomes = await Promise.allSettled(exchanges.map((exchange) => exchange.promise));
  const results = outcomes.map((outcome): PromiseSettledResult<unknown[]> =>
    outcome.status === "fulfilled" ? { status: "fulfilled", value: outcome.value.rows } : outcome
  );
  if (begin === undefined) return results;
  const failed = results.find((result) => result.status === "rejected");
  // A statement refused before it was sent leaves the transaction whole on the server, so only now is it known.
  const end = command(registry, failed === undefined ? "COMMIT" : "ROLLBACK");
  lease.submitOwn(end);
  const [begun, ended] = await Promise.allSettled([begin.promise, end.promise]);
  const problem = failed ?? [begun, ended].find((outcome) => outcome.status === "rejected");
  if (problem?.status === "rejected") throw problem.reason;
  return results;
}
