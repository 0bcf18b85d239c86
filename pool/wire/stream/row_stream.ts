/**
 * Rows of one statement, a batch at a time, as an async iterator.
 *
 * States: `new` → `opening` (a session is being waited for) → `flowing` → `closing` (the portal is being closed) →
 * `ended`.
 *
 * Invariants: at most two batches are held or under way, the one being consumed and the one after it; a fetch is asked
 * for only when none is under way; calls of `next()` are answered in order; the portal is closed and `onEnd` called
 * once in every case: when the last batch has come, although it is still to be read; before the stream says that it is
 * done; but after it has told of a failure.
 *
 * @module
 */
import { watchAbort } from "./abort.ts";
import { ValidationError } from "../errors.ts";
import { ExclusivePortal, type Portal, TransactionPortal } from "./portal.ts";
import type { StreamedRow } from "./portal_reader.ts";
import type { Session } from "../session/session.ts";

/** Bytes on the wire that a batch aims at when its size is not given. */
const BATCH_BYTES = 131_072;
/** Rows of the first batch when its size is not given. */
const FIRST_BATCH = 16;
/** How much larger than the one before a batch may be. */
const GROWTH = 8;
/** Rows a batch has at most when its size is not given. */
const MAX_BATCH = 8_192;

/** A session, or a way to get one when the stream is first read. */
export type SessionSource = Session | ((signal: AbortSignal) => Promise<Session>);

/** How rows are streamed. */
export interface RowStreamOptions {
  /** Rows in a batch. Default: as many as take about 128 KiB. */
  readonly batchSize?: number;
  /** Ends the stream: the server is asked to cancel, and the stream rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Milliseconds each batch may take. Default: no limit. */
  readonly timeout?: number;
  /** Whether the session is in a transaction in which others work too. Default: as the session knows. */
  readonly inTransaction?: boolean;
  /** Called once when the session, if there was one, is free of the stream. */
  readonly onEnd?: () => void;
  /** What the reader is told instead of an error: the same one with the reader's stack, for example. */
  readonly explain?: (error: unknown) => unknown;
}

/**
 * Opens a stream of rows. Nothing is sent before the first row is asked for.
 *
 * Outside a transaction the session serves nobody else until the stream has ended. Inside one, other statements may
 * run between two rows; the stream must be ended before the transaction.
 *
 * @param session The session, or what gets one.
 * @param text The SQL text with `$1` placeholders.
 * @param values One value for each placeholder.
 * @param options See {@link RowStreamOptions}.
 * @returns The stream; leaving its `for await` closes it.
 * @throws {ValidationError} When an option is out of range.
 */
export function openRowStream<Row = StreamedRow>(
  session: SessionSource,
  text: string,
  values: readonly unknown[],
  options: RowStreamOptions = {},
): RowStream<Row> {
  const { batchSize, timeout } = options;
  if (batchSize !== undefined && !(Number.isInteger(batchSize) && batchSize > 0 && batchSize < 2 ** 31)) {
    throw new ValidationError(`batchSize ${batchSize}`, "it is not a whole number of rows from 1; give one");
  }
  if (timeout !== undefined && !(timeout >= 0 && timeout < 2 ** 31)) {
    throw new ValidationError(
      `timeout ${timeout}`,
      "it is not a number of milliseconds; give one, 0 for none",
    );
  }
  return new RowStream<Row>(session, { text, values }, options);
}

interface Waiter<Row> {
  resolve(result: IteratorResult<Row, undefined>): void;
  reject(error: unknown): void;
}

type State = "new" | "opening" | "flowing" | "closing" | "ended";

/** Rows as they come; made by {@link openRowStream}. */
export class RowStream<Row = StreamedRow> implements AsyncIterableIterator<Row, undefined>, AsyncDisposable {
  readonly #source: SessionSource;
  readonly #statement: { readonly text: string; readonly values: readonly unknown[] };
  readonly #options: RowStreamOptions;
  readonly #opening = new AbortController();
  readonly #ended: Promise<void>;
  #resolveEnded!: () => void;
  #state: State = "new";
  #portal: Portal | undefined;
  #released: Promise<void> | undefined;
  #unwatch: () => void = () => {};
  #waiters: Waiter<Row>[] = [];
  #batch: readonly Row[] = [];
  #at = 0;
  #spare: readonly Row[] | undefined;
  #isFetching = false;
  /** Why it is to end as soon as what is under way has. */
  #givenUp: { readonly error: unknown } | undefined;
  #isLast = false;
  #size: number;
  /** Why it ended, until a call of `next()` has been told. */
  #failure: { readonly error: unknown } | undefined;
  /** Whether the failure is that all rows came but could not be committed. */
  #isUncommitted = false;

  /** Use {@link openRowStream}. */
  constructor(
    source: SessionSource,
    statement: { readonly text: string; readonly values: readonly unknown[] },
    options: RowStreamOptions,
  ) {
    this.#source = source;
    this.#statement = statement;
    this.#options = options;
    this.#size = options.batchSize ?? FIRST_BATCH;
    this.#ended = new Promise((resolve) => this.#resolveEnded = resolve);
  }

  /** The next row; rejects once when the stream fails, and is done from then on. */
  next(): Promise<IteratorResult<Row, undefined>> {
    if (this.#at < this.#batch.length) return Promise.resolve({ value: this.#take(), done: false });
    if (this.#state === "ended") return this.#end();
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
      if (this.#state === "new") this.#open();
    });
  }

  /** Ends the stream early; resolves when the session is free of it. Rejects when what it wrote was not committed. */
  async return(): Promise<IteratorResult<Row, undefined>> {
    await this.#close();
    if (!this.#isUncommitted) this.#failure = undefined;
    return await this.#end();
  }

  /** Ends the stream early and rejects with the error. */
  async throw(error?: unknown): Promise<IteratorResult<Row, undefined>> {
    await this.#close();
    this.#failure = undefined;
    throw error;
  }

  /** Ends the stream early because of an error, which the next call of `next()` is told; never rejects. */
  async fail(error: unknown): Promise<void> {
    await this.#close({ error });
  }

  /** Itself. */
  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Ends the stream, as {@link RowStream.return}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  #end(): Promise<IteratorResult<Row, undefined>> {
    const failure = this.#failure;
    if (failure === undefined) return Promise.resolve({ value: undefined, done: true });
    this.#failure = undefined;
    const { explain } = this.#options;
    return Promise.reject(explain === undefined ? failure.error : explain(failure.error));
  }

  #open(): void {
    const { signal } = this.#options;
    if (signal?.aborted) return this.#finish({ error: signal.reason });
    this.#state = "opening";
    this.#unwatch = watchAbort(signal, (reason) => this.#abort(reason));
    const source = this.#source;
    if (typeof source !== "function") return this.#flow(source);
    source(this.#opening.signal).then((session) => this.#flow(session), (error) => this.#finish({ error }));
  }

  #flow(session: Session): void {
    const { text, values } = this.#statement;
    const { inTransaction = session.transactionStatus !== "I", timeout = 0 } = this.#options;
    const sink = {
      batch: (rows: StreamedRow[], bytes: number, isLast: boolean) => this.#receive(rows, bytes, isLast),
      failed: (error: unknown) => this.#fail(error),
    };
    const Kind = inTransaction ? TransactionPortal : ExclusivePortal;
    this.#portal = new Kind({ session, text, values, timeout, sink });
    // It may have been closed while it waited for the session.
    if (this.#state === "closing") return this.#closePortal();
    this.#state = "flowing";
    this.#fetch();
  }

  #fetch(): void {
    this.#isFetching = true;
    this.#portal!.fetch(this.#size);
  }

  #receive(rows: StreamedRow[], bytes: number, isLast: boolean): void {
    this.#isFetching = false;
    if (this.#state !== "flowing") return;
    // The batch was quicker than its cancellation.
    if (this.#givenUp !== undefined) return void this.#close(this.#givenUp);
    this.#isLast = isLast;
    if (this.#options.batchSize === undefined && rows.length > 0) this.#size = nextSize(rows.length, bytes);
    this.#spare = rows as Row[];
    if (isLast) void this.#release();
    this.#advance();
  }

  /** Answers waiting calls, and keeps one batch ahead of them. */
  #advance(): void {
    let answered = 0;
    const waiters = this.#waiters;
    while (true) {
      while (answered < waiters.length && this.#at < this.#batch.length) {
        waiters[answered++].resolve({ value: this.#batch[this.#at++], done: false });
      }
      if (this.#at < this.#batch.length || this.#spare === undefined) break;
      this.#batch = this.#spare;
      this.#at = 0;
      this.#spare = undefined;
    }
    if (answered > 0) this.#waiters = waiters.slice(answered);
    if (this.#state !== "flowing" || this.#isFetching || this.#spare !== undefined) return;
    if (!this.#isLast) this.#fetch();
    else if (this.#at === this.#batch.length) void this.#close();
  }

  #take(): Row {
    const row = this.#batch[this.#at++];
    if (this.#at === this.#batch.length) {
      this.#batch = [];
      this.#at = 0;
      this.#advance();
    }
    return row;
  }

  #abort(reason: unknown): void {
    // What is under way is given up first, and then fails for this reason.
    if (this.#isFetching) {
      // Rows that came before are not given out any more.
      this.#batch = [];
      this.#at = 0;
      this.#spare = undefined;
      this.#givenUp = { error: reason };
      this.#portal!.abandon(reason);
    } else void this.#close({ error: reason });
  }

  #fail(error: unknown): void {
    if (this.#state !== "closing") {
      this.#isUncommitted = this.#isLast;
      return void this.#close({ error });
    }
    // Of what was asked for ahead and is not wanted any more, the failure does not matter.
    if (this.#isFetching || this.#failure !== undefined || this.#givenUp !== undefined) return;
    this.#failure = { error };
    this.#isUncommitted = true;
  }

  /** Ends it; a failure is told at once to a call of `next()` that waits, or to the next that comes. */
  #close(failure?: { readonly error: unknown }): Promise<void> {
    const state = this.#state;
    if (state === "closing" || state === "ended") return this.#ended;
    this.#state = "closing";
    this.#batch = [];
    this.#at = 0;
    this.#spare = undefined;
    this.#failure = failure;
    if (failure !== undefined && this.#waiters.length > 0) {
      const waiter = this.#waiters.shift()!;
      this.#end().catch(waiter.reject);
    }
    if (state === "new") this.#finish();
    else if (state === "opening") this.#opening.abort(failure?.error);
    else this.#closePortal();
    return this.#ended;
  }

  #closePortal(): void {
    this.#release().then(() => this.#finish());
  }

  /** Gives the session back. */
  #release(): Promise<void> {
    return this.#released ??= this.#portal!.close().then(() => this.#options.onEnd?.());
  }

  /** Nothing of it is left on the server, if anything ever was. */
  #finish(failure?: { readonly error: unknown }): void {
    // A stream that was closed while it waited for a session does not fail for having been told not to wait.
    if (this.#state !== "closing") this.#failure = failure;
    this.#state = "ended";
    this.#unwatch();
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) this.#end().then(waiter.resolve, waiter.reject);
    this.#resolveEnded();
  }
}

/** How many rows to ask for next, after so many rows took so many bytes. */
function nextSize(rows: number, bytes: number): number {
  const fitting = Math.floor(BATCH_BYTES * rows / (bytes + 1));
  return Math.max(1, Math.min(fitting, rows * GROWTH, MAX_BATCH));
}
