/**
 * A call in a tier's channel: a query that any slot may run, or a reservation that needs one for itself.
 *
 * @module
 */
import { AbortWatch } from "../abort_watch.ts";
import type { Lease } from "./lease.ts";
import type { Slot } from "./slot.ts";
import type { Exchange } from "../wire/session/exchange.ts";

/** What waits. `query` is what it would run; a `lease` is told the slot it gets. */
export type Demand =
  | { readonly kind: "query"; readonly exchange: Exchange }
  | { readonly kind: "lease"; grant(slot: Slot): void; refuse(error: unknown): void };

/** Where calls wait. */
export interface WaiterOwner {
  /** Ends a wait with an error. */
  giveUp(waiter: Waiter, reason: unknown): void;
}

/** A call that waits for a slot. */
export class Waiter {
  /** What it waits for. */
  readonly demand: Demand;
  /** Monotonic milliseconds by which it must have a slot. */
  readonly deadline: number;
  /** The lease that the caller holds meanwhile, if any. */
  readonly holder: Lease | undefined;
  /** As a claim: how many calls had passed older claims before it became one. */
  passesBefore = 0;
  /** Whether it has got a slot, or given up. */
  isDone = false;
  /** What watches whether its caller gives it up; stopped when it is done. */
  watch: AbortWatch | undefined = undefined;

  /** Creates a waiter. */
  constructor(demand: Demand, deadline: number, holder: Lease | undefined) {
    this.demand = demand;
    this.deadline = deadline;
    this.holder = holder;
  }

  /** Has `owner` end the wait when the signal, which has not aborted, does so before it is done. */
  watchSignal(signal: AbortSignal, owner: WaiterOwner): void {
    if (!this.isDone) new WaiterWatch(this, owner).begin(signal);
  }

  /** Ends the wait with an error. */
  refuse(error: unknown): void {
    if (this.isDone) return;
    this.isDone = true;
    if (this.demand.kind === "query") this.demand.exchange.reject(error);
    else this.demand.refuse(error);
  }
}

/** Gives a call up when its caller's signal aborts. */
class WaiterWatch extends AbortWatch {
  readonly #waiter: Waiter;
  readonly #owner: WaiterOwner;

  constructor(waiter: Waiter, owner: WaiterOwner) {
    super();
    this.#waiter = waiter;
    this.#owner = owner;
  }

  override aborted(reason: unknown): void {
    this.#owner.giveUp(this.#waiter, reason);
  }

  begin(signal: AbortSignal): void {
    this.#waiter.watch = this;
    this.watch(signal);
  }
}
