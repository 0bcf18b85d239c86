/**
 * Transactions that were read and not handed out: nobody has asked yet, or a snapshot did not show them.
 *
 * Invariant: they hold no more than about {@link HIGH_WATER} texts: whoever fills it stops reading when it is full, and
 * when what is not visible yet fills half of it, that becomes changes of whole tables.
 *
 * @module
 */
import { heldBy } from "./batch.ts";
import type { Transaction } from "./transaction_assembler.ts";
import { isVisible, type Snapshot } from "./visibility.ts";

/** Texts that may wait before reading stops. */
export const HIGH_WATER = 100_000;

/** Transactions in the stream's order. */
export class PendingTransactions {
  #waiting: Transaction[] = [];
  #held = 0;

  /** Whether none waits. */
  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Whether no more should be read. */
  get isFull(): boolean {
    return this.#held > HIGH_WATER;
  }

  /** Where the first commit of them ends. */
  get firstEnd(): bigint | undefined {
    return this.#waiting[0]?.endLsn;
  }

  add(transaction: Transaction): void {
    this.#waiting.push(transaction);
    this.#held += heldBy(transaction);
  }

  /** Takes out those that a snapshot shows, in order. It must have been taken after they were read. */
  takeVisible(snapshot: Snapshot): readonly Transaction[] {
    const visible: Transaction[] = [];
    const hidden: Transaction[] = [];
    let held = 0;
    for (const transaction of this.#waiting) {
      if (isVisible(transaction.xid, snapshot)) visible.push(transaction);
      else {
        hidden.push(transaction);
        held += heldBy(transaction);
      }
    }
    if (held > HIGH_WATER / 2) {
      for (const { tables } of hidden) {
        for (const rows of tables) rows.give("too much waits to become visible");
      }
      held = hidden.reduce((sum, transaction) => sum + heldBy(transaction), 0);
    }
    this.#waiting = hidden;
    this.#held = held;
    return visible;
  }
}
