/**
 * Changes by triggers and NOTIFY: works on any server, survives no lost connection.
 *
 * States: `closed` → `open` (LISTEN is in force) → `lost` (the connection was another for a moment) → `open` …
 *
 * Invariants:
 * - N1 Notifications of one database come in the order in which their transactions commit, and only once these are
 *   visible (R5): PostgreSQL takes a lock for that from before the commit record until after. So a canary comes out
 *   behind everything that was visible when it was sent, and behind every commit record before its own.
 * - N2 What the outbox shows when a canary is sent is notified in the canary's transaction, before it: so everybody who
 *   listens hears it, in order, and it is told once.
 * - N3 Whatever comes over the channel is read or counted, never thrown.
 *
 * @module
 */
import type { Pool } from "../../../pool/pool.ts";
import { sql } from "../../../pool/sql/sql.ts";
import type { Subscription } from "../../../pool/listen_hub.ts";
import { CHANNEL } from "../../install/trigger_sql.ts";
import {
  type Change,
  type ChangeBatch,
  type ChangeSource,
  type SourceBacklog,
  SourceLostError,
} from "../change_source.ts";
import { canaryPayload, parseMessage } from "./message.ts";

/** Milliseconds a question to PostgreSQL may take. */
const TIMEOUT = 5_000;
/** The share of the notification queue from which operators are told. */
const ALARMING = 0.1;
/** The share of the notification queue from which nothing more is put into it: others may need it. */
const TOO_FULL = 0.75;
/** Messages of the outbox that are notified by one transaction. */
const OUTBOX_BATCH = 10_000;

/** How a {@link NotifySource} works. */
export interface NotifySourceOptions {
  /** The primary's pool. */
  readonly pool: Pool;
  /** Told of each payload that means nothing. */
  readonly onStranger?: () => void;
}

/** Changes by NOTIFY; see the module's head. */
export class NotifySource implements ChangeSource {
  /** What it is. */
  readonly kind = "notify" as const;
  readonly #pool: Pool;
  readonly #onStranger: () => void;
  #subscription: Subscription | undefined;
  #changes: Change[] = [];
  #canaries: string[] = [];
  #lost: SourceLostError | undefined;
  #hasOutbox = false;
  #wake: (() => void) | undefined;

  /** Creates a source that is closed. */
  constructor({ pool, onStranger = () => {} }: NotifySourceOptions) {
    this.#pool = pool;
    this.#onStranger = onStranger;
  }

  /** See {@link ChangeSource}. */
  async open(signal: AbortSignal): Promise<void> {
    await this.#close();
    this.#changes = [];
    this.#canaries = [];
    this.#lost = undefined;
    this.#hasOutbox = false;
    // The subscription's signal would end it; this one only ends the wait for it.
    const opening = this.#pool.listen(CHANNEL, (payload) => this.#heard(payload), {
      onReconnect: () => this.#lose("its connection was lost, and what was notified meanwhile with it"),
    });
    try {
      this.#subscription = await abortable(opening, signal);
    } catch (error) {
      void opening.then((subscription) => subscription.close()).catch(() => {});
      throw error;
    }
  }

  /** See {@link ChangeSource}. */
  async *batches(signal: AbortSignal): AsyncIterable<ChangeBatch> {
    const onAbort = (): void => this.#wake?.();
    signal.addEventListener("abort", onAbort);
    try {
      while (!signal.aborted) {
        if (this.#lost !== undefined) throw this.#lost;
        if (this.#changes.length === 0 && this.#canaries.length === 0) {
          await new Promise<void>((resolve) => this.#wake = resolve);
          this.#wake = undefined;
          continue;
        }
        const changes = this.#changes;
        const canaries = this.#canaries;
        this.#changes = [];
        this.#canaries = [];
        yield { changes, canaries };
      }
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  /** Sends a canary; what is written beside it makes the log be flushed, which is what versions are counted by. */
  async canary(id: string, signal: AbortSignal): Promise<void> {
    const options = { signal, timeout: TIMEOUT };
    // Nobody depends on a standby's having a canary.
    const local = sql`set local synchronous_commit = local`;
    const send = sql`select pg_notify(${CHANNEL}, ${
      canaryPayload(id)
    }), pg_logical_emit_message(true, 'lifeguard', '')
where pg_notification_queue_usage() < ${TOO_FULL}::float8`;
    if (!await this.#findOutbox(signal)) {
      const [, sent] = await this.#pool.batch([local, send], options);
      if (sent.length === 0) throw queueFull();
      return;
    }
    const move = sql`select lifeguard_reflector.drain(${OUTBOX_BATCH}, ${TOO_FULL})`;
    const rest = sql<{ full: boolean }>`select pg_notification_queue_usage() >= ${TOO_FULL}::float8 as full`;
    while (true) {
      const sendBehindAll = sql`${send} and lifeguard_reflector.is_drained()`;
      const [, , sent, [{ full }]] = await this.#pool.batch([local, move, sendBehindAll, rest], options);
      if (sent.length > 0) return;
      if (full) throw queueFull();
    }
  }

  /** Nothing is kept for it. */
  applied(): void {}

  /** See {@link ChangeSource}. */
  async backlog(signal: AbortSignal): Promise<SourceBacklog> {
    const queueUsage = Number(
      await this.#pool.value(sql`select pg_notification_queue_usage()`, {
        signal,
        timeout: TIMEOUT,
      }),
    );
    const alarms = queueUsage < ALARMING ? [] : [
      `The notification queue is ${Math.round(100 * queueUsage)} % full: COMMIT fails when it is full; ` +
      "look in pg_stat_activity for a session that listens and stays in a transaction",
    ];
    return { queueUsage, alarms };
  }

  /** Ends it. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#lose("it was closed");
    await this.#close();
  }

  #heard(payload: string): void {
    const message = parseMessage(payload);
    if (message === undefined) return this.#onStranger();
    if (message.kind === "canary") this.#canaries.push(message.id);
    else this.#changes.push(message.change);
    this.#wake?.();
  }

  #lose(reason: string): void {
    this.#lost ??= new SourceLostError(`Cannot hear what has changed: ${reason}; the source is opened anew`);
    this.#wake?.();
  }

  async #close(): Promise<void> {
    const subscription = this.#subscription;
    this.#subscription = undefined;
    await subscription?.close();
  }

  /** Whether there is a table for what transactions could not notify. */
  async #findOutbox(signal: AbortSignal): Promise<boolean> {
    return this.#hasOutbox ||= await this.#pool.value<boolean>(
      sql`select to_regprocedure('lifeguard_reflector.is_drained()') is not null`,
      { signal, timeout: TIMEOUT },
    );
  }
}

function queueFull(): SourceLostError {
  return new SourceLostError(
    `Cannot send a canary: the notification queue is more than ${100 * TOO_FULL} % full; ` +
      "look in pg_stat_activity for a session that listens and stays in a transaction",
  );
}

/** Waits for something, but not longer than a signal allows. */
function abortable<Result>(promise: Promise<Result>, signal: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    if (signal.aborted) return onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
