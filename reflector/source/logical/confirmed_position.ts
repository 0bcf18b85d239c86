/**
 * Up to where the slot may forget: never past a transaction that was read and not applied.
 *
 * @module
 */
import { Deque } from "../../../pool/wire/deque.ts";
import type { Transaction } from "./transaction_assembler.ts";

/** What is read and not applied, in the stream's order. */
export class ConfirmedPosition {
  readonly #outstanding = new Deque<Transaction>();
  readonly #applied = new Set<Transaction>();
  #position = 0n;

  /** Up to where everything is applied. */
  get position(): bigint {
    return this.#position;
  }

  /** A transaction was read; `applied` follows. */
  read(transaction: Transaction): void {
    this.#outstanding.push(transaction);
  }

  /** A transaction was applied. */
  applied(transaction: Transaction): void {
    this.#applied.add(transaction);
    for (let first = this.#outstanding.peek(); first !== undefined; first = this.#outstanding.peek()) {
      if (!this.#applied.delete(first)) return;
      this.#outstanding.shift();
      this.#raise(first.endLsn);
    }
  }

  /** The stream has come so far, and no transaction is half read. */
  reached(lsn: bigint): void {
    if (this.#outstanding.length === 0) this.#raise(lsn);
  }

  #raise(lsn: bigint): void {
    if (lsn > this.#position) this.#position = lsn;
  }
}
