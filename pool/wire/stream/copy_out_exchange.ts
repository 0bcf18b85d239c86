/**
 * COPY … TO STDOUT: data for us.
 *
 * @module
 */
import type { ByteSource } from "../byte_source.ts";
import { CopyExchange } from "./copy_exchange.ts";
import { notCopy } from "./copy_text.ts";
import type { ValidationError } from "../errors.ts";
import { writeCopyFail } from "../message/frontend.ts";
import { BACKEND } from "../message/names.ts";

/** Who takes the data of a COPY. Nothing here may throw. */
export interface CopyOutOwner {
  /** Takes data; the bytes lie in `source` during the call only. */
  data(source: ByteSource, offset: number, end: number): void;
}

/** A COPY for us. */
export class CopyOutExchange extends CopyExchange {
  readonly #owner: CopyOutOwner;
  #isWhole = false;

  /**
   * Creates the exchange.
   *
   * @param text The COPY command.
   * @param owner Who takes the data.
   * @param patience Milliseconds the server may take for each step; 0 for no limit.
   */
  constructor(text: string, owner: CopyOutOwner, patience: number) {
    super(text, patience);
    this.#owner = owner;
  }

  /** Begins a wait for data; without one the server may be as silent as it likes. */
  await(isWaiting: boolean): void {
    if (!this.settled && this.copying) this.wait(isWaiting ? this.patience : 0);
  }

  protected override opened(type: number): void {
    if (type === BACKEND.CopyOutResponse) {
      this.wait(this.patience);
      return;
    }
    // The server waits for data that we do not have.
    this.problem ??= { error: this.mistaken() };
    this.session?.send((writer) => writeCopyFail(writer, "there is no data"));
    this.end();
  }

  protected override data(type: number, source: ByteSource, offset: number, end: number): void {
    if (this.#isWhole) throw this.outOfOrder(type);
    if (type === BACKEND.CopyData) {
      if (!this.settled) this.#owner.data(source, offset, end);
    } else if (type === BACKEND.CopyDone) this.#isWhole = true;
    else throw this.outOfOrder(type);
  }

  protected override mistaken(): ValidationError {
    return notCopy("out");
  }

  protected override ended(): void {}
}
