/**
 * LISTEN for a pool: one connection for all channels, made with the first, closed with the last, healed meanwhile.
 *
 * States: `off` (no channel) → `connecting` → `listening` → `connecting` (the connection was lost) … → `off`.
 * Invariants: the server listens to exactly the channels that have subscriptions; a subscription whose connection was
 * lost is told so by `onReconnect` once LISTEN is in force again, since notifications may have been missed. A connection
 * that the network lost in silence is found by a probe, since nothing else is ever sent on it.
 *
 * An embedded database has one connection only: there the hub listens on the pool's own.
 *
 * @module
 */
import { command } from "./commands.ts";
import { quoteIdentifier } from "./sql/identifier.ts";
import { pause } from "./pause.ts";
import type { PoolLogger } from "./telemetry/pool_log.ts";
import { PoolClosedError } from "./pool_errors.ts";
import type { HandshakeLine, HandshakeOutcome } from "./tier/handshakes.ts";
import { answeredInTime, probe } from "./tier/sign_of_life.ts";
import type { Notification } from "./wire/message/backend.ts";
import type { Session } from "./wire/session/session.ts";
import { ConnectionError, ValidationError } from "./wire/errors.ts";

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

/** The shortest pause between two attempts to reconnect, in milliseconds. */
const MIN_PAUSE = 100;
/** Milliseconds within which the loss of a connection counts as a failure to connect. */
const SHORT_LIVED = 1_000;

type Connect = (signal: AbortSignal) => Promise<Session>;

/** What a hub works with. */
export interface ListenHubOptions {
  /** Makes the hub's own connection; undefined where it listens on the pool's. */
  readonly connect: Connect | undefined;
  /** Where the attempts to connect take their turn. */
  readonly handshakes: HandshakeLine;
  /** Runs a command on the pool's connection. */
  readonly runOnPool: (text: string) => Promise<void>;
  /** Milliseconds a subscription may wait for a connection. */
  readonly timeout: number;
  /** Milliseconds between two probes of the connection; 0 for none. */
  readonly probeInterval: number;
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
  /** The connection that is in use, or will be once it was made and LISTEN is in force. */
  #session: Promise<Session> | undefined;
  /** The connection that is in use. */
  #current: Session | undefined;
  #connectError: unknown;
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
      const listening = this.#inOrder(async () => {
        // Who has given up meanwhile needs no connection.
        if (this.#channels.get(channel)?.has(entry)) await this.#run(`LISTEN ${name}`);
      });
      await this.#inTime(listening, options.signal);
    } catch (error) {
      void close().catch(() => {});
      throw error;
    }
    return { channel, close, [Symbol.asyncDispose]: close };
  }

  /** Waits until LISTEN is in force, but not for longer than any call waits for a connection. */
  async #inTime(listening: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
    const { timeout } = this.#options;
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(
      () =>
        reject(
          new ConnectionError(
            `Cannot listen: there was no connection within ${timeout} ms; listen again later`,
            {
              cause: this.#connectError,
              neverSent: true,
            },
          ),
        ),
      timeout,
    );
    const onAbort = (): void => reject(signal!.reason);
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      await Promise.race([listening, late]);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
    }
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
    // One that is still being made is given up by the signal.
    await Promise.all([
      this.#current?.close(),
      this.#session?.then((session) => session.close(), () => {}),
    ]);
  }

  async #leave(channel: string, entry: Entry): Promise<void> {
    const entries = this.#channels.get(channel);
    if (!entries?.delete(entry) || entries.size > 0) return;
    this.#channels.delete(channel);
    if (this.#abort.signal.aborted) return;
    const left = this.#inOrder(async () => {
      if (this.#channels.has(channel)) return;
      if (this.#channels.size === 0 && this.#options.connect !== undefined) {
        const session = this.#current;
        this.#current = undefined;
        this.#session = undefined;
        await session?.close();
      } else await this.#unlisten(channel).catch(() => {});
    });
    // While there is no connection nothing is heard, so nothing need be waited for.
    if (this.#current !== undefined || this.#options.connect === undefined) await left;
  }

  async #unlisten(channel: string): Promise<void> {
    const text = `UNLISTEN ${quoteIdentifier(channel)}`;
    if (this.#options.connect === undefined) return await this.#options.runOnPool(text);
    // The connection after this one does not listen to it in the first place.
    const session = this.#current ?? await this.#session;
    if (session !== undefined) await this.#submit(session, text);
  }

  /** LISTEN and UNLISTEN of one channel must not overtake each other. */
  #inOrder<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(task);
    this.#queue = result.catch(() => {});
    return result;
  }

  /** Runs a command that may be repeated, on the next connection when the one is lost meanwhile. */
  async #run(text: string): Promise<void> {
    const { connect, runOnPool } = this.#options;
    if (connect === undefined) return await runOnPool(text);
    while (true) {
      const session = await (this.#session ??= this.#first(connect));
      try {
        return await this.#submit(session, text);
      } catch (error) {
        if (session.state === "ready" || this.#abort.signal.aborted) throw error;
      }
    }
  }

  async #submit(session: Session, text: string): Promise<void> {
    const exchange = command(session.shared.registry, text);
    session.submit(exchange);
    await answeredInTime(session, exchange.promise);
  }

  /** Connects for the first channel; who asked for it is told when that fails. */
  async #first(connect: Connect): Promise<Session> {
    try {
      return this.#use(await this.#connect(connect));
    } catch (error) {
      this.#session = undefined;
      throw error;
    }
  }

  async #connect(connect: Connect): Promise<Session> {
    const session = await this.#shakeHands(connect);
    const connectedAt = performance.now();
    session.listener = {
      progress: () => {},
      notification: (notification) => this.deliver(notification),
      closed: (_session, error, unsettled) => {
        for (const exchange of unsettled) exchange.reject(error);
        // One that was lost before it was put to use is its maker's concern.
        if (session !== this.#current) return;
        if (performance.now() - connectedAt < SHORT_LIVED) this.#options.handshakes.wasted();
        this.#lost(connect, error);
      },
    };
    return session;
  }

  async #shakeHands(connect: Connect): Promise<Session> {
    const { signal } = this.#abort;
    const handshake = await this.#options.handshakes.begin(signal);
    let outcome: HandshakeOutcome = "unused";
    try {
      // While it waited for its turn, everybody may have given up.
      if (this.#channels.size === 0) {
        throw new ConnectionError("Cannot listen: nobody wants to any more", { neverSent: true });
      }
      outcome = "failed";
      const session = await connect(signal);
      outcome = "made";
      return session;
    } finally {
      handshake.end(outcome);
    }
  }

  #use(session: Session): Session {
    if (session.state !== "ready") {
      this.#options.handshakes.wasted();
      throw new ConnectionError("Cannot listen: the connection was lost");
    }
    this.#probeRegularly(session);
    return this.#current = session;
  }

  #probeRegularly(session: Session): void {
    const { probeInterval } = this.#options;
    if (probeInterval === 0) return;
    const timer = setInterval(() => {
      if (session.idle) probe(session).catch(() => {});
    }, probeInterval);
    // Open connections keep a program running, the clock alone must not.
    (timer as unknown as { unref?(): void }).unref?.();
    void session.closed.then(() => clearInterval(timer));
  }

  #lost(connect: Connect, error: ConnectionError): void {
    this.#current = undefined;
    this.#session = undefined;
    if (this.#abort.signal.aborted || this.#channels.size === 0) return;
    this.#options.logger?.warn?.(`The connection for LISTEN was lost: ${error.message}`, {
      event: "listen_lost",
      error,
    });
    const again: Promise<Session> = this.#reconnect(connect, () => this.#session === again);
    this.#session = again;
    again.catch(() => {});
  }

  /** Connects until it succeeds, or until it is not wanted any more. */
  async #reconnect(connect: Connect, isWanted: () => boolean): Promise<Session> {
    const { signal } = this.#abort;
    const { backoffMax } = this.#options;
    for (let attempt = 0;; attempt++) {
      const delay = Math.max(MIN_PAUSE, Math.min(backoffMax, MIN_PAUSE * 2 ** Math.min(attempt, 10)));
      await pause(delay * (1 + Math.random() / 2), signal);
      let session: Session | undefined;
      try {
        if (isWanted()) session = await this.#connect(connect);
        if (!isWanted()) throw new PoolClosedError("listen");
        for (const channel of this.#channels.keys()) {
          await this.#submit(session!, `LISTEN ${quoteIdentifier(channel)}`);
        }
        if (!isWanted()) throw new PoolClosedError("listen");
        this.#use(session!);
        for (const entries of this.#channels.values()) {
          for (const { onReconnect } of entries) if (onReconnect !== undefined) this.#call(onReconnect);
        }
        return session!;
      } catch (error) {
        void session?.close();
        if (signal.aborted || !isWanted()) throw error;
        this.#connectError = error;
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
          event: "callback_failed",
          error,
        },
      );
    }
  }
}
