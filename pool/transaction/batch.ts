/**
 * Several statements in one round trip.
 *
 * @module
 */
import { command } from "../commands.ts";
import { TransactionAbortedError } from "../pool_errors.ts";
import { isOutcomeUnknown, unknownOutcome } from "./unknown_outcome.ts";
import type { WriteTick } from "../consistency/tick.ts";
import type { Lease } from "../tier/lease.ts";
import type { Sql } from "../sql/sql.ts";
import { PostgresError } from "../wire/postgres_error.ts";
import { QueryExchange, type QueryResult } from "../wire/session/query_exchange.ts";

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

/** Milliseconds a batch that was given up waits for the server to say so. */
const PROMPTLY = 60;

/** How a batch is run. */
export interface BatchRun {
  /** Whether the statements are one transaction. */
  readonly atomic: boolean;
  /** Milliseconds each may take, 0 for ever. */
  readonly timeout: number;
  /** Gives the batch up. */
  readonly signal: AbortSignal | undefined;
  /** What goes with what it writes, where that takes a token. */
  readonly tick: WriteTick | undefined;
}

/**
 * Sends statements in one write and collects their outcomes. COMMIT is in the same write when all statements were
 * written: after one that fails on the server it rolls back. One that must be prepared first may yet be refused by us,
 * of which the server would know nothing, so then COMMIT waits.
 *
 * @param lease The slot; when this rejects, a transaction may be open on it.
 * @param statements The statements.
 * @param run See {@link BatchRun}.
 * @returns One outcome for each statement.
 */
export async function runBatch(
  lease: Lease,
  statements: readonly Sql<unknown>[],
  { atomic, timeout, signal, tick }: BatchRun,
): Promise<PromiseSettledResult<unknown[]>[]> {
  const { session } = lease;
  const { registry } = session.shared;
  const begin = atomic ? command(registry, "BEGIN") : undefined;
  if (begin !== undefined) {
    lease.submitOwn(begin);
    begin.promise.catch(() => {});
  }
  const exchanges = statements.map(({ text, values }, index) => {
    const exchange = new QueryExchange(text, values);
    exchange.timeout = timeout;
    if (!atomic && index === statements.length - 1) exchange.escort = tick;
    lease.submit(exchange);
    return exchange;
  });
  const submitCommit = (): QueryExchange => {
    const commit = command(registry, "COMMIT");
    commit.escort = tick;
    lease.submitOwn(commit);
    commit.promise.catch(() => {});
    return commit;
  };
  let commit = atomic && exchanges.every(({ group, settled }) => group > 0 && !settled)
    ? submitCommit()
    : undefined;
  let late: ReturnType<typeof setTimeout> | undefined;
  const onAbort = (): void => {
    const reason = signal!.reason;
    const giveUpAll = (): void => {
      for (const exchange of exchanges) session.giveUp(exchange, () => reason);
      // Cancelled, it would leave what is behind it to commit by itself.
      begin?.reject(reason);
      if (commit === undefined) return;
      session.giveUp(commit, (isConfirmed) => isConfirmed ? reason : unknownOutcome(reason));
    };
    const current = exchanges.find(({ settled }) => !settled);
    if (!atomic || current === undefined) return giveUpAll();
    // When the server confirms that it cancelled one, it rolls back all of them.
    session.giveUp(current, () => reason);
    late = setTimeout(giveUpAll, PROMPTLY);
  };
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    const outcomes = await Promise.allSettled(exchanges.map((exchange) => exchange.promise));
    const results = outcomes.map((outcome): PromiseSettledResult<unknown[]> =>
      outcome.status === "fulfilled" ? { status: "fulfilled", value: outcome.value.rows } : outcome
    );
    if (begin === undefined) {
      // One that was sent again has run behind the tick.
      if (exchanges.some(({ attempts }) => attempts > 0)) tick?.follow(session);
      const lost = outcomes.find((outcome) =>
        outcome.status === "rejected" && isOutcomeUnknown(outcome.reason)
      );
      if (lost?.status === "rejected") tick?.failed(lost.reason);
      else await tick?.arrived();
      return results;
    }
    const failed = outcomes.find((outcome) => outcome.status === "rejected")?.reason;
    // What the server has not confirmed it need not be waited for again.
    if (isOutcomeUnknown(failed)) throw failed;
    if (failed === undefined) {
      signal?.throwIfAborted();
      commit ??= submitCommit();
    }
    if (commit !== undefined) {
      const { tag } = await settled(commit, timeout).catch(async (error) => {
        tick?.failed(error);
        if (error instanceof PostgresError) await tick?.drained();
        throw failed === undefined || isOutcomeUnknown(error) ? error : failed;
      });
      await tick?.arrived();
      if (failed === undefined && tag === "ROLLBACK") throw new TransactionAbortedError();
    }
    if (failed !== undefined) throw failed;
    await begin.promise;
    return results;
  } finally {
    clearTimeout(late);
    signal?.removeEventListener("abort", onAbort);
  }
}

/** Waits for a COMMIT whose turn has come, for so many milliseconds. */
async function settled(commit: QueryExchange, timeout: number): Promise<QueryResult> {
  if (timeout === 0) return await commit.promise;
  commit.timeout = timeout;
  const timer = setTimeout(
    () => commit.session?.giveUp(commit, (isConfirmed) => commit.timeoutError(isConfirmed)),
    timeout,
  );
  try {
    return await commit.promise;
  } finally {
    clearTimeout(timer);
  }
}
