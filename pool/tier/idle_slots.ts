/**
 * The idle slots of a tier, the latest idle first; those that were idle for long must answer before they are given work.
 *
 * Invariants: a slot is in the list at most once; one that is taken out is idle, open, and has answered within
 * {@link VALIDATE_AFTER}; no more slots are asked at once than calls wait, and one.
 *
 * @module
 */
import { probe } from "./sign_of_life.ts";
import type { Slot } from "./slot.ts";

/** Milliseconds of idleness after which a connection must answer before it is given work. */
const VALIDATE_AFTER = 1_000;

/** What idle slots need of their tier. */
export interface IdleSlotsOwner {
  /** How many calls wait. */
  readonly waiting: () => number;
  /** A slot has answered, so it may be given work. */
  readonly freed: (slot: Slot) => void;
  /** A probe has ended, well or not. */
  readonly probed: () => void;
}

/** The idle slots of a tier. */
export class IdleSlots {
  readonly #owner: IdleSlotsOwner;
  readonly #slots: Slot[] = [];
  #probing = 0;

  /** There are none yet. */
  constructor(owner: IdleSlotsOwner) {
    this.#owner = owner;
  }

  /** Adds a slot that has fallen idle. */
  add(slot: Slot): void {
    if (slot.isListed) return;
    slot.isListed = true;
    this.#slots.push(slot);
  }

  /** Takes a slot out that is to be closed. */
  remove(slot: Slot): void {
    slot.isListed = false;
    const index = this.#slots.indexOf(slot);
    if (index >= 0) this.#slots.splice(index, 1);
  }

  /** Takes a slot out that can be given work at once; begins to ask those that cannot. */
  take(): Slot | undefined {
    for (let slot = this.#slots.at(-1); slot !== undefined; slot = this.#slots.at(-1)) {
      const isStale = slot.isIdle && performance.now() - slot.idleSince > VALIDATE_AFTER;
      if (isStale && this.#probing > this.#owner.waiting()) return undefined;
      this.#slots.pop();
      slot.isListed = false;
      if (isStale) this.probe(slot);
      else if (slot.isIdle) return slot;
    }
    return undefined;
  }

  /** Asks an idle slot whether its connection lives; its owner hears of it when it does. */
  probe(slot: Slot): void {
    const session = slot.session!;
    slot.use = "probing";
    this.#probing++;
    probe(session).then(() => {
      if (slot.session !== session || slot.use !== "probing") return;
      slot.use = "shared";
      slot.idleSince = performance.now();
      this.#owner.freed(slot);
    }, () => {}).finally(() => {
      this.#probing--;
      this.#owner.probed();
    });
  }
}
