/**
 * Rows one at a time, as they are asked for.
 *
 * @module
 */
import type { Executor, QueryOptions } from "../../pool/executor.ts";
import type { SessionExecutor } from "../../pool/session_executor.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import type { SelectQuery } from "../building/select_query.ts";
import { convertRows, readerOf } from "../hydrating/row_reader.ts";

/** How rows are streamed. */
export interface QueryStreamOptions {
  /** Rows fetched at a time, and for which relations are loaded together. Default: as many as take about 128 KiB. */
  readonly batchSize?: number;
}

/** Rows relations are loaded for together when the size of a batch is not given. */
const RELATED_BATCH = 200;

/**
 * Streams a query's rows.
 *
 * @param query The query.
 * @param given How.
 * @param running What to run on, and the query's own options.
 */
export async function* streamRows(
  query: SelectQuery,
  given: QueryStreamOptions,
  { executor, options }: { readonly executor: Executor; readonly options: QueryOptions | undefined },
): AsyncGenerator<unknown, void, undefined> {
  const { batchSize, ...unknown } = given;
  const [name] = Object.keys(unknown);
  if (name !== undefined) {
    throw new ValidationError(`stream() of ${query.subject}`, `it has no option "${name}"; it has batchSize`);
  }
  if (typeof (executor as Partial<SessionExecutor>).stream !== "function") {
    throw new ValidationError(
      `stream() of ${query.subject}`,
      "what it is to run on cannot stream; give a pool, a transaction or a reserved session",
    );
  }
  const { signal, timeout } = options ?? {};
  const rows = (executor as SessionExecutor).stream(query.toSQL(), {
    ...(batchSize === undefined ? {} : { batchSize }),
    ...(signal === undefined ? {} : { signal }),
    ...(timeout === undefined ? {} : { timeout }),
  });
  const reader = readerOf(query.shape);
  const together = query.running.relations === undefined ? 1 : batchSize ?? RELATED_BATCH;
  let pending: unknown[] = [];
  for await (const row of rows) {
    pending.push(row);
    if (pending.length < together) continue;
    convertRows(reader, pending);
    const finished = query.finish(pending, executor);
    yield* finished instanceof Promise ? await finished : finished;
    pending = [];
  }
  convertRows(reader, pending);
  if (pending.length > 0) yield* await query.finish(pending, executor);
}
