/**
 * One tier of a pool: a fixed number of persistent slots and one FIFO channel of waiting calls.
 *
 * ## How a call gets a slot (late binding)
 *
 * 1. While nobody waits, a statement goes to an idle slot. When there is none it is pipelined behind others, but only
 *    where that is certain to be short: its own estimate and the slot's backlog are within {@link BUDGET}, the slot's
 *    head does not take longer than it usually does, and fewer than `pipelineDepth` are in flight.
 *    Behind a statement that is slow now and then, as it may be for some of its values, one may stand, not more.
 * 2. Everything else waits in the channel, bound to no slot. Whoever is first there is served first.
 * 3. A statement that is known to be slow, or not known yet, and a reservation need a slot for themselves. When one
 *    of these is first in the channel and no slot is idle it becomes a claim: it leaves the channel, and one
 *    slot is earmarked, so that nothing more is put on it. The first slot to fall idle, earmarked or not, serves the
 *    oldest claim. Calls behind it go on to the other slots meanwhile.
 *
 * ## Invariants
 *
 * - T1 Nobody is overtaken by more calls than there are slots: so many may be served before a claim, then none.
 * - T2 A claim is served after the backlog of one slot at most, unless all slots are held by others for themselves.
 * - T3 A statement behind which others stand was expected to take at most {@link BUDGET}.
 * - T4 `acquireTimeout` covers all waiting before a statement is given to a connection or a lease is granted:
 *   queueing, connecting, healing, and validating a connection that was idle. The query's own timeout starts after.
 * - T5 Every waiter settles: served, timed out, aborted, refused because the tier is closed or can never connect.
 * - T6 What was not sent, or only reads, when its connection is lost goes back to the front of the channel; anything
 *   else is rejected, and says whether it may have taken effect.
 * - T7 What a lease has submitted runs on its connection or not at all, also while that is being cleaned.
 * - T8 A connection that was idle for {@link VALIDATE_AFTER} answers a probe before it is given anything. At most one more
 *   than calls wait is probed for them at a time.
 * - T9 A call is refused for a deadlock only when all slots were held, for a while (deadlock_watch.ts), by callers that wait
 *   for another one and did nothing else.
 *
 * @module
 */
import { Channel } from "./channel.ts";
import { Connector } from "./connector.ts";
import { DeadlockWatch } from "./deadlock_watch.ts";
import { IdleSlots } from "./idle_slots.ts";
import { Lease, type LeasePurpose } from "./lease.ts";
import { anew, closedError, lostError, lostInLease } from "./lost_errors.ts";
import { within } from "../pause.ts";
import {
  PoolClosedError,
  PoolDeadlockError,
  PoolQueueFullError,
  type PoolSnapshot,
  PoolTimeoutError,
} from "../pool_errors.ts";
import { type TierStats, totalStats } from "../pool_stats.ts";
import { cleanSession } from "./session_cleaning.ts";
import type { TierOptions } from "./tier_options.ts";
import { ShareableSlots } from "./shareable_slots.ts";
import { Slot } from "./slot.ts";
import { TickClock } from "./tick_clock.ts";
import { countSlots, longestHolder } from "./slot_counts.ts";
import { type Demand, Waiter } from "./waiter.ts";
import type { TierObserver } from "../telemetry/tier_observer.ts";
import { type Retirement, TierReporter } from "../telemetry/tier_reporter.ts";
import type { ReplicaStatus } from "../replicas/replica_monitor.ts";
import type { ConnectionError } from "../wire/errors.ts";
import type { Exchange } from "../wire/session/exchange.ts";
import type { Session } from "../wire/session/session.ts";

/** Milliseconds that a pipelined statement, and the backlog it is put behind, are expected to take at most. */
const BUDGET = 5;
/** Milliseconds within which the loss of a connection that has served nobody counts as a failure to connect. */
const SHORT_LIVED = 1_000;
/** How often one statement is sent again after its connection was lost. */
const MAX_ATTEMPTS = 3;
/** Slots and the calls that wait for them. */
export class Tier {
  /** Its name. */
  readonly name: string;
  /** Who observes what runs on it, if anybody does. */
  observer: TierObserver | undefined = undefined;
  /** What is known of the replica it is, if it is one; for whoever observes it. */
  replica: (() => ReplicaStatus) | undefined = undefined;
  readonly #options: TierOptions;
  readonly #slots: Slot[];
  readonly #idle: IdleSlots;
  readonly #shareable: ShareableSlots;
  readonly #clock = new TickClock();
  readonly #channel: Channel;
  readonly #deadlocks: DeadlockWatch;
  readonly #connector: Connector;
  /** The ends of connections that have no slot any more. */
  readonly #retired = new Set<Promise<void>>();
  readonly #reporter: TierReporter;
  #isOpen = false;
  #isClosed = false;
  #openWaiters: { resolve(): void; reject(error: unknown): void }[] = [];
  #onDrained: (() => void) | undefined;

  /** Creates a tier; nothing is connected yet. */
  constructor(options: TierOptions) {
    this.name = options.name;
    this.#options = options;
    this.#reporter = new TierReporter({
      tier: options.name,
      logger: options.settings.logger,
      observer: () => this.observer,
    });
    this.#slots = Array.from({ length: options.size.max }, (_, index) => new Slot(index));
    const limits = { depth: options.settings.pipelineDepth, budget: BUDGET };
    this.#shareable = new ShareableSlots(this.#slots, limits, this.#clock);
    this.#idle = new IdleSlots({
      waiting: () => this.#channel.length,
      freed: (slot) => this.#freed(slot),
      probed: () => {
        if (this.#channel.length > 0) this.#pump();
      },
    });
    this.#channel = new Channel(this.#slots, (waiters) => this.#timedOut(waiters));
    this.#deadlocks = new DeadlockWatch(
      this.#slots,
      this.#channel,
      (victim) => this.giveUp(victim, new PoolDeadlockError(this.#slots.length)),
    );
    this.#connector = new Connector({
      connect: options.connect,
      handshakes: options.handshakes,
      backoffMin: options.settings.backoffMin,
      backoffMax: options.settings.backoffMax,
      failed: (error, isFinal) => this.#connectFailed(error, isFinal),
    });
  }

  /** Its slots, for maintenance. */
  get slots(): readonly Slot[] {
    return this.#slots;
  }

  /** How many of its open connections are more than it must keep. */
  get spare(): number {
    if (this.#options.isEmbedded) return 0;
    let open = 0;
    for (const slot of this.#slots) if (slot.state === "open") open++;
    return open - this.#options.size.min;
  }

  /** Connects the slots that are to be kept open; resolves when all are, rejects when the first attempt fails. */
  open(): Promise<void> {
    this.#isOpen = true;
    this.#refill();
    if (this.#slots.some((slot) => slot.state === "connecting")) {
      return new Promise((resolve, reject) => this.#openWaiters.push({ resolve, reject }));
    }
    return Promise.resolve();
  }

  /** Runs a statement, which usually takes `estimate` ms, on whatever slot is right for it. It settles in any case. */
  run(exchange: Exchange, estimate: number | undefined): void {
    if (this.#isClosed) return exchange.reject(new PoolClosedError("run the statement"));
    if (this.#channel.length === 0) {
      const slot = this.#idle.take();
      if (slot !== undefined) return this.#give(slot, exchange, estimate);
      if (estimate !== undefined && estimate <= BUDGET) {
        const shared = this.#shareable.find();
        if (shared !== undefined) return shared.session!.submit(exchange);
      }
    }
    this.#enqueue({ kind: "query", exchange });
  }

  /** Takes a slot for one caller; see {@link Lease}. */
  lease(purpose: LeasePurpose, taker: Error, signal?: AbortSignal): Promise<Lease> {
    if (this.#isClosed) return Promise.reject(new PoolClosedError(`begin a ${purpose}`));
    if (signal?.aborted) return Promise.reject(signal.reason);
    return new Promise<Lease>((resolve, refuse) => {
      const grant = (slot: Slot): void => {
        slot.use = "leased";
        const lease = new Lease(slot, purpose, taker, (lease, held) => this.#released(lease, held));
        lease.observer = this.observer;
        resolve(slot.lease = lease);
      };
      const slot = this.#channel.length === 0 ? this.#idle.take() : undefined;
      if (slot !== undefined) return grant(slot);
      const waiter = this.#enqueue({ kind: "lease", grant, refuse });
      if (signal !== undefined) waiter.watchSignal(signal, this);
    });
  }

  /** Ends a wait with an error. */
  giveUp(waiter: Waiter, reason: unknown): void {
    if (waiter.isDone) return;
    const wasFirst = this.#channel.refuse(waiter, reason);
    // Nobody waited for one further back.
    if (wasFirst || this.#channel.length === 0) this.#pump();
  }

  /** Ends the wait of a statement that waits for a slot; returns false when it does not wait. */
  giveUpQuery(exchange: Exchange, reason: unknown): boolean {
    const waiter = this.#channel.waiterOf(exchange);
    if (waiter === undefined) return false;
    this.giveUp(waiter, reason);
    return true;
  }

  /** The counts. */
  stats(): TierStats {
    return countSlots(this.#slots, this.#channel.length);
  }

  /** What the tier looks like to somebody who waited in vain. */
  snapshot(): PoolSnapshot {
    const stats = this.stats();
    return {
      stats: totalStats({ [this.name]: stats }),
      longestHolder: longestHolder(this.#slots),
      connectError: stats.size === 0 ? this.#connector.lastError : undefined,
    };
  }

  /** Puts a call into the channel. */
  #enqueue(demand: Demand): Waiter {
    const { settings, holder } = this.#options;
    const by = holder();
    const waiter = new Waiter(demand, this.#clock.now() + settings.acquireTimeout, by);
    if (
      this.#channel.length >= settings.maxWaiting &&
      this.#channel.length >= settings.maxWaiting + this.#coming()
    ) {
      waiter.refuse(new PoolQueueFullError(settings.maxWaiting));
      return waiter;
    }
    if (this.#connector.isRefused && !this.#slots.some((slot) => slot.state === "open")) {
      waiter.refuse(anew(this.#connector.lastError!));
      return waiter;
    }
    this.#channel.push(waiter);
    this.#isOpen = true;
    this.#refill();
    this.#pump();
    if (by !== undefined && !waiter.isDone) this.#deadlocks.suspect();
    return waiter;
  }

  /** Slots that will take a call without another having to end first; asks for connections if there are none. */
  #coming(): number {
    this.#isOpen = true;
    this.#refill(1);
    let count = 0;
    for (const { state, use } of this.#slots) if (state === "connecting" || use === "probing") count++;
    return count;
  }

  /** Puts a slot's session to work for a statement. */
  #give(slot: Slot, exchange: Exchange, estimate: number | undefined): void {
    slot.isSolo = estimate === undefined || estimate > BUDGET;
    slot.session!.submit(exchange);
  }

  /** Asks an idle slot whether its connection lives. */
  probe(slot: Slot): void {
    this.#idle.probe(slot);
  }

  /** Serves who waits, in order, as far as slots allow; `freed` has just had answers. */
  #pump(freed?: Slot): void {
    const filled = freed !== undefined && this.#shareable.isWorthFilling(freed) ? freed : undefined;
    const { claims } = this.#channel;
    if (claims.length > 0) {
      claims.settle();
      while (claims.length > 0) {
        const slot = this.#idle.take();
        if (slot === undefined) break;
        slot.isEarmarked = false;
        this.#serve(slot, claims.shift()!);
      }
      claims.settle();
    }
    for (let first = this.#channel.first(); first !== undefined; first = this.#channel.first()) {
      const slot = this.#idle.take();
      if (slot !== undefined) {
        slot.isEarmarked = false;
        this.#serve(slot, first);
        continue;
      }
      const { demand } = first;
      const estimate = demand.kind === "query" ? this.#estimate(demand.exchange) : undefined;
      if (demand.kind === "query" && estimate !== undefined && estimate <= BUDGET) {
        const shared = claims.letsPass ? this.#shareable.findForWaiting(filled) : undefined;
        if (shared === undefined) break;
        claims.passed();
        this.#channel.served(first);
        shared.session!.submit(demand.exchange);
      } else if (!this.#channel.claim(first)) break;
    }
    if (this.#isClosed && this.#channel.length === 0) this.#drained();
  }

  #estimate(exchange: Exchange): number | undefined {
    return this.#options.shared.plans.get(exchange.text)?.estimate;
  }

  #serve(slot: Slot, waiter: Waiter): void {
    this.#channel.served(waiter);
    if (waiter.demand.kind === "lease") waiter.demand.grant(slot);
    else this.#give(slot, waiter.demand.exchange, this.#estimate(waiter.demand.exchange));
  }

  /** A slot may have become idle, or have room. */
  #freed(slot: Slot): void {
    if (slot.state === "open" && slot.use === "shared" && slot.session!.idle) {
      if (slot.session!.transactionStatus !== "I") return this.#endTransaction(slot);
      slot.isSolo = false;
      if (slot.isRetiring) {
        this.#retire(slot);
      } else this.#idle.add(slot);
      if (this.#isClosed) this.#drained();
    }
    if (this.#channel.length > 0) this.#pump(slot);
  }

  /** Ends a transaction that a statement began although its text did not look like it. */
  #endTransaction(slot: Slot): void {
    const lease = slot.lease = new Lease(slot, "statement", new Error("taken here"), () => {});
    lease.isDirty = true;
    this.#released(lease, slot);
  }

  /** Cleans up behind a lease and gives the slot to the next. */
  #released(lease: Lease, slot: Slot): Promise<void> | void {
    if (slot.lease !== lease) return;
    slot.lease = undefined;
    if (lease.lost !== undefined) return;
    slot.use = "cleaning";
    slot.idleSince = performance.now();
    const cleaning = cleanSession(lease, this.#options.afterReset);
    if (cleaning === undefined) {
      slot.use = "shared";
      return this.#freed(slot);
    }
    return cleaning.then(() => {
      if (slot.session !== lease.session) return;
      slot.use = "shared";
      slot.idleSince = performance.now();
      this.#freed(slot);
    });
  }

  /** Has vacant slots connected: those kept open, and as many as calls wait for, or so many more. */
  #refill(more = 0): void {
    if (this.#isClosed || !this.#isOpen) return;
    let open = 0;
    let connecting = 0;
    for (const slot of this.#slots) {
      if (slot.state === "open") open++;
      else if (slot.state === "connecting") connecting++;
    }
    const { min, max } = this.#options.size;
    let missing = Math.min(max - open, Math.max(min - open, this.#channel.length + more)) - connecting;
    if (missing <= 0) return;
    for (const slot of this.#slots) {
      if (slot.state !== "vacant") continue;
      if (missing-- <= 0) break;
      slot.state = "connecting";
      this.#connector.request((session) => this.#connected(session));
    }
  }

  #connected(session: Session): void {
    const slot = this.#slots.find((candidate) => candidate.state === "connecting");
    if (slot === undefined || (this.#isClosed && this.#channel.length === 0)) return this.#leave(session);
    if (session.state !== "ready") {
      // It was lost before anybody could be told.
      slot.state = "vacant";
      this.#connector.wasted();
      return this.#refill();
    }
    const { settings, events, isEmbedded } = this.#options;
    const { maxLifetime, maxLifetimeJitter } = settings;
    const isLasting = maxLifetime === 0 || isEmbedded;
    this.#reporter.connected(session.address);
    slot.open(session, isLasting ? Infinity : maxLifetime * (1 - Math.random() * maxLifetimeJitter));
    session.listener = {
      ...events,
      progress: () => {
        if (slot.session !== session) return;
        slot.hasServed = true;
        slot.idleSince = session.headSince;
        this.#freed(slot);
      },
      closed: (_session, error, unsettled) => this.#lost(slot, session, error, unsettled),
    };
    this.#freed(slot);
    if (!this.#slots.some((other) => other.state === "connecting")) this.#settleOpen();
  }

  #settleOpen(error?: unknown): void {
    for (const { resolve, reject } of this.#openWaiters.splice(0)) {
      if (error === undefined) resolve();
      else reject(anew(error));
    }
  }

  /** An attempt to connect failed. */
  #connectFailed(error: Error, isFinal: boolean): void {
    this.#reporter.connectFailed(error, isFinal);
    this.#settleOpen(error);
    if (!isFinal && !this.#isClosed) return;
    for (const slot of this.#slots) if (slot.state === "connecting") slot.state = "vacant";
    // Nobody is let wait for what cannot come, unless others' connections go on serving.
    if (this.#slots.some((slot) => slot.state === "open")) return;
    this.#channel.refuseAll(() => anew(error));
  }

  /** A slot's connection is gone. */
  #lost(slot: Slot, session: Session, error: ConnectionError, unsettled: readonly Exchange[]): void {
    if (slot.session !== session) return;
    const { lease, use } = slot;
    slot.vacate();
    if (lease !== undefined) {
      lease.lost = lostError(error, lease.purpose, false);
      for (const exchange of unsettled) exchange.reject(lostInLease(lease, exchange, error));
    } else if (use !== "shared") {
      // The tier's own, and what its last holder left running, have no place on another connection.
      for (const exchange of unsettled) {
        exchange.reject(lostError(error, "statement", exchange.sent && !exchange.repeatable));
      }
    } else {
      for (let index = unsettled.length - 1; index >= 0; index--) {
        this.#sendElsewhere(unsettled[index], error);
      }
    }
    if (!slot.hasServed && performance.now() - slot.connectedAt < SHORT_LIVED) this.#connector.wasted();
    if (!this.#isClosed) this.#reporter.lost(session.address, error);
    this.#refill();
    this.#reporter.connecting(this.#slots.filter(({ state }) => state === "connecting").length);
    if (this.#isClosed) {
      if (this.#slots.every(({ state }) => state === "vacant")) {
        this.#channel.refuseAll(() => new PoolClosedError("run the statement"));
      }
      this.#drained();
    }
    this.#pump();
  }

  #sendElsewhere(exchange: Exchange, error: ConnectionError): void {
    const isSafe = !exchange.sent || exchange.repeatable;
    if (this.#isClosed || !isSafe || exchange.attempts >= MAX_ATTEMPTS || !exchange.requeues) {
      exchange.reject(lostError(error, "statement", exchange.sent && !exchange.repeatable));
      return;
    }
    exchange.reset(undefined);
    const deadline = performance.now() + this.#options.settings.acquireTimeout;
    this.#channel.unshift(new Waiter({ kind: "query", exchange }, deadline, undefined));
  }

  #timedOut(waiters: readonly Waiter[]): void {
    if (waiters.length > 0) {
      this.#reporter.timedOut(waiters.length);
      const snapshot = this.snapshot();
      for (const waiter of waiters) {
        this.#channel.refuse(waiter, new PoolTimeoutError(this.#options.settings.acquireTimeout, snapshot));
      }
    }
    this.#pump();
  }

  /** Tells what is told together, by the clock. */
  report(): void {
    this.#reporter.flush();
  }

  /** Stops handing a slot out, and closes it when it is idle; its place is filled again. */
  retire(slot: Slot, why: Retirement): void {
    slot.isRetiring = true;
    this.#reporter.retired(slot.session!.address, why);
    if (slot.state === "open" && slot.use === "shared" && slot.session!.idle) this.#retire(slot);
  }

  #retire(slot: Slot): void {
    const session = slot.session!;
    this.#idle.remove(slot);
    slot.vacate();
    this.#leave(session);
    this.#refill();
  }

  /** Closes a session that has no slot; the tier's end waits for it. */
  #leave(session: Session): void {
    const closed = session.close();
    this.#retired.add(closed);
    closed.then(() => this.#retired.delete(closed));
  }

  /** Refuses new calls, waits for running and waiting ones, then closes. What is left after `timeout` is cancelled. */
  async close(timeout: number): Promise<void> {
    this.#isClosed = true;
    this.#isOpen = false;
    const drained = new Promise<void>((resolve) => this.#onDrained = resolve);
    this.#drained();
    if (this.#slots.every(({ state }) => state === "vacant")) {
      this.#channel.refuseAll(() => new PoolClosedError("run the statement"));
      this.#drained();
    }
    await within(drained, timeout);
    this.#channel.stop();
    this.#deadlocks.stop();
    this.#reporter.flush();
    const retired = within(Promise.all(this.#retired), 1_000);
    this.#connector.close();
    this.#settleOpen(new PoolClosedError("connect"));
    this.#channel.refuseAll(() => new PoolClosedError("run the statement"));
    await Promise.all(
      this.#slots.map(({ session }) => session === undefined ? undefined : endSession(session)),
    );
    await retired;
  }

  #drained(): void {
    if (this.#channel.length > 0) return;
    if (this.#slots.every((slot) => slot.state !== "open" || slot.isIdle)) this.#onDrained?.();
  }
}

/** Closes a session; what still runs there is cancelled first, so that the server does not go on for nobody. */
async function endSession(session: Session): Promise<void> {
  if (!session.idle) {
    session.giveUpAll(closedError);
    await within(session.cancel(), 1_000);
  }
  await within(session.close(), 1_000);
  session.destroy();
}
