/**
 * A source that is being heard: its batches are taken as they come, whatever their reader is doing, so that neither a
 * notification queue nor a slot waits for the store.
 *
 * States: `open` → `ended` (the source was lost, or the feed was closed).
 *
 * @module
 */
import { PendingChanges } from "../applying/pending_changes.ts";
import { type ChangeBatch, type ChangeSource, SourceLostError } from "./change_source.ts";

/** Collects what a source tells. */
export class SourceFeed implements AsyncDisposable {
  readonly source: ChangeSource;
  readonly pending: PendingChanges = new PendingChanges();
  readonly #abort = new AbortController();
  readonly #heard: Promise<void>;
  #failure: { readonly error: unknown } | undefined;
  #wake: (() => void) | undefined;

  private constructor(source: ChangeSource) {
    this.source = source;
    this.#heard = this.#hear();
  }

  /** Opens a source and begins to hear it. */
  static async open(source: ChangeSource, signal: AbortSignal): Promise<SourceFeed> {
    await source.open(signal);
    return new SourceFeed(source);
  }

  /**
   * Waits until something is pending.
   *
   * @throws What ended the source, once nothing is pending any more; the signal's reason.
   */
  async ready(signal: AbortSignal): Promise<void> {
    const onAbort = (): void => this.#wake?.();
    signal.addEventListener("abort", onAbort);
    try {
      while (true) {
        signal.throwIfAborted();
        if (this.#failure !== undefined) throw this.#failure.error;
        if (!this.pending.isEmpty) return;
        await new Promise<void>((resolve) => this.#wake = resolve);
        this.#wake = undefined;
      }
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  /** Forgets what is pending: whoever reads takes note of everything up to now in another way. */
  forget(): number {
    const batch = this.pending.take();
    if (batch === undefined) return 0;
    this.source.applied(batch.last);
    return batch.count;
  }

  /** Throws what ended the source, if it has ended. */
  assertOpen(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** Ends it and its source. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort(new SourceLostError("Cannot hear what has changed: the source was closed"));
    await this.source[Symbol.asyncDispose]();
    await this.#heard;
  }

  async #hear(): Promise<void> {
    const { signal } = this.#abort;
    try {
      for await (const batch of this.source.batches(signal)) this.#add(batch);
      this.#failure = { error: new SourceLostError("Cannot hear what has changed: the source has ended") };
    } catch (error) {
      this.#failure = { error };
    }
    this.#wake?.();
  }

  #add(batch: ChangeBatch): void {
    this.pending.add(batch);
    this.#wake?.();
  }
}
