/**
 * LISTEN for a pool: one connection for all channels, made with the first, closed with the last, healed meanwhile.
 *
 * States: `off` (no channel) → `connecting` → `listening` → `connecting` (the connection was lost) … → `off`.
 * Invariants: the server listens to exactly the channels that have subscriptions; a subscription whose connection was
 * lost is told so by `onReconnect` once LISTEN is in force again, since notifications may have been missed.
 *
 * An embedded database has one connection only: there the hub listens on the pool's own.
 *
 * @module
 */
import { command } from "./commands.ts";
import { quoteIdentifier } from "./identifier.ts";
import { pause } from "./pause.ts";
import type { PoolLogger } from "./pool_options.ts";
import { PoolClosedError } from "./pool_errors.ts";
import type { Notification } from "./wire/message/backend.ts";
import type { Session } from "./wire/session.ts";
import { type ConnectionError, ValidationError } from "./wire/errors.ts";

/** Receives the notifications of a channel. */
export type NotificationHandler = (payload: string, notification: Notification) => void | Promise<void>;

/** How a channel is listened to. */
export interface ListenOptions {
  /** Called when the connection was lost and LISTEN is in force again: notifications may have been missed. */
  readonly onReconnect?: () => void | Promise<void>;
  /** Ends the subscription. */
  readonly signal?: AbortSignal;
}

/** A subscription to a channel; end it by `close()` or `await using`. */
export interface Subscription extends AsyncDisposable {
  /** The channel. */
  readonly channel: string;
  /** Ends it; resolves when no more notifications come. */
  close(): Promise<void>;
}

/** What a hub works with. */
export interface ListenHubOptions {
  /** Makes the hub's own connection; undefined where it listens on the pool's. */
  readonly connect: ((signal: AbortSignal) => Promise<Session>) | undefined;
  /** Runs a command on the pool's connection. */
  readonly runOnPool: (text: string) => Promise<void>;
  /** The longest pause between two attempts to reconnect, in milliseconds. */
  readonly backoffMax: number;
  /** Told what handlers throw, and of lost connections. */
  readonly logger: PoolLogger | undefined;
}

interface Entry {
  readonly handler: NotificationHandler;
  readonly onReconnect: (() => void | Promise<void>) | undefined;
}

/** All subscriptions of a pool. */
export class ListenHub {
  readonly #options: ListenHubOptions;
  readonly #channels = new Map<string, Set<Entry>>();
  readonly #abort = new AbortController();
  #session: Promise<Session> | undefined;
  #queue: Promise<unknown> = Promise.resolve();

  /** Creates a hub without channels. */
  constructor(options: ListenHubOptions) {
    this.#options = options;
  }

  /** The commands that put LISTEN in force again in a session that was reset. */
  get commands(): string[] {
    return this.#options.connect === undefined
      ? [...this.#channels.keys()].map((channel) => `LISTEN ${quoteIdentifier(channel)}`)
      : [];
  }

  /** Subscribes; resolves when LISTEN is in force. */
  async listen(channel: string, handler: NotificationHandler, options: ListenOptions): Promise<Subscription> {
    if (typeof handler !== "function") {
      throw new ValidationError("the handler of listen()", `${typeof handler} was given; give a function`);
    }
    const name = quoteIdentifier(channel);
    if (this.#abort.signal.aborted) throw new PoolClosedError("listen");
    options.signal?.throwIfAborted();
    const entry: Entry = { handler, onReconnect: options.onReconnect };
    const entries = this.#channels.get(channel);
    if (entries === undefined) this.#channels.set(channel, new Set([entry]));
    else entries.add(entry);
    let ended: Promise<void> | undefined;
    const close = (): Promise<void> => {
      options.signal?.removeEventListener("abort", onAbort);
      return ended ??= this.#leave(channel, entry);
    };
    const onAbort = (): void => void close();
    options.signal?.addEventListener("abort", onAbort, { once: true });
    try {
      await this.#inOrder(() => this.#run(`LISTEN ${name}`));
    } catch (error) {
      await close().catch(() => {});
      throw error;
    }
    return { channel, close, [Symbol.asyncDispose]: close };
  }

  /** Gives a notification to who listens to its channel. */
  deliver(notification: Notification): void {
    for (const entry of this.#channels.get(notification.channel) ?? []) {
      queueMicrotask(() => this.#call(() => entry.handler(notification.payload, notification)));
    }
  }

  /** Ends all subscriptions. */
  async close(): Promise<void> {
    this.#abort.abort(new PoolClosedError("listen"));
    this.#channels.clear();
    const session = await this.#session?.catch(() => undefined);
    await session?.close();
  }

  async #leave(channel: string, entry: Entry): Promise<void> {
    const entries = this.#channels.get(channel);
    if (!entries?.delete(entry) || entries.size > 0) return;
    this.#channels.delete(channel);
    if (this.#abort.signal.aborted) return;
    await this.#inOrder(async () => {
      if (this.#channels.has(channel)) return;
      if (this.#channels.size === 0 && this.#options.connect !== undefined) {
        const session = this.#session;
        this.#session = undefined;
        await (await session?.catch(() => undefined))?.close();
      } else await this.#run(`UNLISTEN ${quoteIdentifier(channel)}`).catch(() => {});
    });
  }

  /** LISTEN and UNLISTEN of one channel must not overtake each other. */
  #inOrder<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(task);
    this.#queue = result.catch(() => {});
    return result;
  }

  async #run(text: string): Promise<void> {
    const { connect, runOnPool } = this.#options;
    if (connect === undefined) return await runOnPool(text);
    const session = await (this.#session ??= this.#connect(connect));
    const exchange = command(session.shared.registry, text);
    session.submit(exchange);
    await exchange.promise;
  }

  async #connect(connect: (signal: AbortSignal) => Promise<Session>): Promise<Session> {
    try {
      const session = await connect(this.#abort.signal);
      session.listener = {
        progress: () => {},
        notification: (notification) => this.deliver(notification),
        closed: (_session, error, unsettled) => {
          for (const exchange of unsettled) exchange.reject(error);
          this.#lost(connect, error);
        },
      };
      return session;
    } catch (error) {
      this.#session = undefined;
      throw error;
    }
  }

  #lost(connect: (signal: AbortSignal) => Promise<Session>, error: ConnectionError): void {
    this.#session = undefined;
    if (this.#abort.signal.aborted || this.#channels.size === 0) return;
    this.#options.logger?.warn?.(`The connection for LISTEN was lost: ${error.message}`);
    const again = this.#reconnect(connect);
    this.#session = again;
    again.catch(() => {});
  }

  async #reconnect(connect: (signal: AbortSignal) => Promise<Session>): Promise<Session> {
    const { signal } = this.#abort;
    for (let attempt = 0;; attempt++) {
      await pause(
        Math.min(this.#options.backoffMax, 100 * 2 ** Math.min(attempt, 10)) * (0.5 + Math.random() / 2),
        signal,
      );
      try {
        const session = await this.#connect(connect);
        for (const channel of this.#channels.keys()) {
          const exchange = command(session.shared.registry, `LISTEN ${quoteIdentifier(channel)}`);
          session.submit(exchange);
          await exchange.promise;
        }
        this.#session = Promise.resolve(session);
        for (const entries of this.#channels.values()) {
          for (const { onReconnect } of entries) if (onReconnect !== undefined) this.#call(onReconnect);
        }
        return session;
      } catch (error) {
        if (signal.aborted) throw error;
      }
    }
  }

  async #call(callback: () => void | Promise<void>): Promise<void> {
    try {
      await callback();
    } catch (error) {
      this.#options.logger?.error?.(
        `A notification handler failed: ${error instanceof Error ? error.message : error}`,
        {
          error,
        },
      );
    }
  }
}
