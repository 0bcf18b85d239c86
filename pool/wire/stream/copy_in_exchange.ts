/**
 * COPY … FROM STDIN: data from us.
 *
 * Between CopyInResponse and the end data is sent; CopyDone or CopyFail is sent once, directly before the Sync, which
 * the server would ignore in between.
 *
 * @module
 */
import type { ValidationError } from "../errors.ts";
import { CopyExchange } from "./copy_exchange.ts";
import { notCopy } from "./copy_text.ts";
import { writeCopyDataHead, writeCopyDone, writeCopyFail } from "../message/frontend.ts";
import { BACKEND } from "../message/names.ts";

/** What a COPY from us tells the owner of its data. */
export interface CopyInOwner {
  /** Data may be sent. */
  opened(): void;
  /** No more data is wanted. `error` is why, if it failed. */
  ended(error: unknown): void;
}

/** A COPY from us. */
export class CopyInExchange extends CopyExchange {
  readonly #owner: CopyInOwner;
  #isWhole = false;
  #error: unknown;

  /**
   * Creates the exchange.
   *
   * @param text The COPY command.
   * @param owner Who has the data.
   * @param patience Milliseconds the server may take for each step; 0 for no limit.
   */
  constructor(text: string, owner: CopyInOwner, patience: number) {
    super(text, patience);
    this.#owner = owner;
  }

  /** Whether more data may be sent. */
  get accepting(): boolean {
    return this.copying && !this.ending && !this.settled && this.failure === undefined;
  }

  /** Without its CopyDone the server copies nothing. */
  override get mayHaveEffect(): boolean {
    return this.#isWhole && super.mayHaveEffect;
  }

  /** Sends data; returns undefined, or a promise to wait for before more is sent. */
  send(bytes: Uint8Array): Promise<void> | undefined {
    const session = this.session!;
    const hasRoom = session.sendRaw((writer) => {
      writeCopyDataHead(writer, bytes.length);
      writer.raw(bytes);
    });
    if (hasRoom) return undefined;
    this.wait(this.patience);
    return session.drained.then(() => {
      if (this.accepting) this.wait(0);
    });
  }

  /** All data was sent. */
  finish(): void {
    if (!this.accepting) return;
    this.#isWhole = true;
    this.wait(this.patience);
    this.end();
  }

  /** The data cannot be completed; nothing is copied, and the COPY rejects with the error. */
  cancel(error: unknown): void {
    if (this.settled || this.failure !== undefined) return;
    // What the server has whole it must be asked to give up, and may not.
    if (this.#isWhole) return this.abandon(error, { atOnce: true });
    this.problem ??= { error };
    this.abandon(error);
  }

  protected override parting(): void {
    this.session?.send((writer) => {
      if (this.#isWhole) writeCopyDone(writer);
      // Where no COPY is going on the server ignores it.
      else writeCopyFail(writer, "the source of the data failed or was given up");
    });
  }

  protected override opened(type: number): void {
    if (type !== BACKEND.CopyInResponse) this.problem ??= { error: this.mistaken() };
    else if (this.accepting) this.#owner.opened();
  }

  protected override data(type: number): void {
    // Only where the problem is that there is data for us.
    const isTheirs = type === BACKEND.CopyData || type === BACKEND.CopyDone;
    if (!isTheirs || this.problem === undefined) throw this.outOfOrder(type);
  }

  protected override mistaken(): ValidationError {
    return notCopy("in");
  }

  protected override fail(error: unknown): void {
    this.#error = error;
    super.fail(error);
  }

  protected override ended(): void {
    this.#owner.ended(this.#error);
  }
}
