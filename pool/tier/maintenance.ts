/**
 * What happens to slots by the clock: probes, retirement of the old and the superfluous, leak reports.
 *
 * Invariants: one look retires at most half of a tier's connections for their age, the oldest first, and a quarter while
 * half are still being replaced; none is retired for an {@link INTERVAL} after the program stood still (its process was
 * stopped, its machine slept), when all may have become old at once and the calls that have piled up need them.
 *
 * @module
 */
import { wordLine } from "../caller.ts";
import type { ResolvedPoolOptions } from "../configuration/pool_options.ts";
import type { Slot } from "./slot.ts";
import type { Tier } from "./tier.ts";

/** Milliseconds between two looks. */
const INTERVAL = 1_000;

/** How a pool is looked after. */
export interface MaintenanceOptions {
  /** The pool's settings. */
  readonly settings: ResolvedPoolOptions;
  /** Called with every look. */
  readonly onLook: () => void;
}

/** Looks after the slots of some tiers. */
export class Maintenance {
  readonly #tiers: readonly Tier[];
  readonly #settings: ResolvedPoolOptions;
  readonly #onLook: () => void;
  readonly #timer: ReturnType<typeof setInterval>;
  #lookedAt: number = performance.now();
  #wasLate = false;
  #renewFrom = 0;

  /** Begins to look after tiers. */
  constructor(tiers: readonly Tier[], { settings, onLook }: MaintenanceOptions) {
    this.#tiers = tiers;
    this.#settings = settings;
    this.#onLook = onLook;
    this.#timer = setInterval(() => this.#look(), INTERVAL);
    // Open connections keep a program running, the clock alone must not.
    (this.#timer as unknown as { unref?(): void }).unref?.();
  }

  /** Ends it. */
  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const now = performance.now();
    const isLate = now - this.#lookedAt > 2 * INTERVAL;
    // Where every look comes late there is no waiting for one that does not.
    if (isLate && !this.#wasLate) this.#renewFrom = now + INTERVAL;
    this.#wasLate = isLate;
    this.#lookedAt = now;
    this.#onLook();
    for (const tier of this.#tiers) {
      tier.report();
      if (now >= this.#renewFrom) this.#renew(tier, now);
      this.#report(tier, now);
    }
  }

  #renew(tier: Tier, now: number): void {
    const { probeInterval, idleTimeout } = this.#settings;
    const old = tier.slots.filter((slot) => isOld(slot, now)).sort((a, b) => a.expiresAt - b.expiresAt);
    for (const slot of old.slice(0, renewable(tier))) tier.retire(slot, "lifetime");
    let spare = tier.spare;
    for (const slot of tier.slots) {
      if (!slot.isIdle) continue;
      const idleFor = now - slot.idleSince;
      if (spare > 0 && idleTimeout > 0 && idleFor >= idleTimeout) {
        spare--;
        tier.retire(slot, "idle");
      } else if (probeInterval > 0 && idleFor >= probeInterval) tier.probe(slot);
    }
  }

  #report(tier: Tier, now: number): void {
    const { leakAfter, onLeak, logger } = this.#settings;
    if (leakAfter === 0) return;
    for (const { lease } of tier.slots) {
      if (lease === undefined || lease.isReported || now - lease.takenAt < leakAfter) continue;
      lease.isReported = true;
      const heldFor = now - lease.takenAt;
      const stack = lease.taker.stack ?? "";
      if (onLeak !== undefined) onLeak({ heldFor, stack });
      else {
        logger?.warn?.(
          `A ${lease.purpose} has held its connection for ${Math.round(heldFor)} ms; it was taken at ${
            wordLine(lease.taker) ?? "an unknown line"
          }. Release it, or raise "leakAfter"`,
          { event: "leak", tier: tier.name, heldFor, stack },
        );
      }
    }
  }
}

function isOld(slot: Slot, now: number): boolean {
  return slot.state === "open" && !slot.isRetiring && now >= slot.expiresAt;
}

/** How many of a tier's connections may be retired for their age at once, while others are still being replaced. */
function renewable(tier: Tier): number {
  let open = 0;
  let connecting = 0;
  for (const { state } of tier.slots) {
    if (state === "open") open++;
    else if (state === "connecting") connecting++;
  }
  const total = open + connecting;
  return Math.max(Math.ceil(total / 4), Math.ceil(total / 2) - connecting);
}
