/**
 * Running a COPY … TO STDOUT as a web stream, no faster than it is read.
 *
 * States: `new` → `flowing` ⇄ `paused` (more is held than a slow reader should make us hold) → `ended`.
 *
 * Invariants: at most {@link HIGH_WATER} bytes and one chunk of the transport are held; the transport is never left
 * paused behind the COPY; `onEnd` is called once, when the session is free.
 *
 * @module
 */
import { watchAbort } from "./abort.ts";
import type { ByteSource } from "../byte_source.ts";
import { ByteWriter } from "../byte_writer.ts";
import type { CopyOptions } from "./copy_exchange.ts";
import { CopyOutExchange } from "./copy_out_exchange.ts";
import { assertCopyText } from "./copy_text.ts";
import type { SessionSource } from "./row_stream.ts";
import type { Session } from "../session/session.ts";

/** Bytes held before the server is slowed down. */
const HIGH_WATER = 262_144;

/** How a COPY out is run. */
export interface CopyOutOptions extends CopyOptions {
  /** Called once when the session, if there was one, is free of the COPY. */
  readonly onEnd?: () => void;
  /** What the reader is told instead of an error: the same one with the reader's stack, for example. */
  readonly explain?: (error: unknown) => unknown;
}

/**
 * Copies data out of the server. Nothing is sent before the stream is first read; the session serves nobody else until
 * it has ended.
 *
 * @param session The session, or what gets one.
 * @param text The command, of the form `COPY … TO STDOUT …`.
 * @param options See {@link CopyOutOptions}.
 * @returns The data in the format the command names, cut anywhere. Cancelling it cancels on the server.
 * @throws {ValidationError} When the text is no such command.
 */
export function copyOut(
  session: SessionSource,
  text: string,
  options: CopyOutOptions = {},
): ReadableStream<Uint8Array<ArrayBuffer>> {
  assertCopyText(text, "out");
  const copy = new CopyOut(session, text, options);
  return new ReadableStream({
    start: (controller) => copy.start(controller),
    pull: () => copy.pull(),
    cancel: (reason) => copy.cancel(reason),
  }, { highWaterMark: 0 });
}

class CopyOut {
  readonly #source: SessionSource;
  readonly #options: CopyOutOptions;
  readonly #exchange: CopyOutExchange;
  readonly #held = new ByteWriter(65_536);
  readonly #opening = new AbortController();
  #controller!: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;
  #session: Session | undefined;
  #state: "new" | "flowing" | "paused" | "ended" = "new";
  #isDelivering = false;
  #unwatch: () => void = () => {};
  /** Answers the reader that waits. */
  #answer: (() => void) | undefined;
  #isCancelled = false;
  #settled: Promise<void> | undefined;

  constructor(source: SessionSource, text: string, options: CopyOutOptions) {
    this.#source = source;
    this.#options = options;
    this.#exchange = new CopyOutExchange(
      text,
      { data: (source, offset, end) => this.#receive(source, offset, end) },
      options.timeout ?? 0,
    );
  }

  start(controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>): void {
    this.#controller = controller;
  }

  pull(): Promise<void> {
    return new Promise((resolve) => {
      this.#answer = resolve;
      if (this.#state === "new") this.#settled = this.#open();
      else {
        this.#exchange.await(true);
        this.#deliver();
      }
    });
  }

  async cancel(reason: unknown): Promise<void> {
    this.#answer = undefined;
    this.#isCancelled = true;
    this.#opening.abort(reason);
    if (this.#state !== "new") this.#giveUp(reason);
    await this.#settled;
  }

  async #open(): Promise<void> {
    this.#state = "flowing";
    this.#unwatch = watchAbort(this.#options.signal, (reason) => {
      this.#opening.abort(reason);
      this.#giveUp(reason);
    });
    try {
      if (this.#options.signal?.aborted) throw this.#options.signal.reason;
      const session = typeof this.#source === "function"
        ? await this.#source(this.#opening.signal)
        : this.#source;
      this.#session = session;
      if (this.#opening.signal.aborted) this.#exchange.reject(this.#opening.signal.reason);
      else this.#exchange.submitTo(session, this.#options.timeout ?? 0);
      await this.#exchange.promise;
      this.#end();
    } catch (error) {
      this.#end({ error });
    }
    if (this.#session === undefined) return;
    await this.#exchange.released;
    this.#options.onEnd?.();
  }

  #giveUp(reason: unknown): void {
    if (this.#state === "ended") return;
    this.#flow();
    this.#held.truncate(0);
    if (this.#session !== undefined) this.#exchange.abandon(reason, { atOnce: true });
  }

  #flow(): void {
    if (this.#state !== "paused") return;
    this.#state = "flowing";
    this.#session!.flow(true);
  }

  #receive(source: ByteSource, offset: number, end: number): void {
    if (this.#isCancelled || this.#opening.signal.aborted) return;
    this.#held.raw(source.bytes.subarray(offset, end));
    if (this.#held.length > HIGH_WATER && this.#state === "flowing") {
      this.#state = "paused";
      this.#session!.flow(false);
    }
    if (this.#answer === undefined || this.#isDelivering) return;
    // Each row is a message of its own; what came in one chunk is delivered as one.
    this.#isDelivering = true;
    queueMicrotask(() => {
      this.#isDelivering = false;
      this.#deliver();
    });
  }

  /** Gives the reader that waits what is held, and after the last of it the end. */
  #deliver(): void {
    const answer = this.#answer;
    if (answer !== undefined && this.#held.length > 0) {
      this.#answer = undefined;
      this.#controller.enqueue(this.#held.take() as Uint8Array<ArrayBuffer>);
      this.#exchange.await(false);
      this.#flow();
      answer();
    }
    if (this.#state !== "ended" || this.#isCancelled || this.#held.length > 0) return;
    this.#controller.close();
    this.#answer?.();
  }

  #end(failure?: { readonly error: unknown }): void {
    this.#flow();
    this.#state = "ended";
    this.#unwatch();
    if (failure === undefined) return this.#deliver();
    // What was held is worth nothing when the rest is missing.
    this.#held.truncate(0);
    const { explain } = this.#options;
    if (!this.#isCancelled) {
      this.#controller.error(explain === undefined ? failure.error : explain(failure.error));
    }
    this.#answer?.();
  }
}
