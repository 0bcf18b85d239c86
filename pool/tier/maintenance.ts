/**
 * What happens to slots by the clock: probes, retirement of the old and the superfluous, leak reports.
 *
 * @module
 */
import { wordLine } from "../caller.ts";
import type { ResolvedPoolOptions } from "../configuration/pool_options.ts";
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
    this.#onLook();
    for (const tier of this.#tiers) {
      tier.report();
      this.#renew(tier, now);
      this.#report(tier, now);
    }
  }

  #renew(tier: Tier, now: number): void {
    const { probeInterval, idleTimeout } = this.#settings;
    let spare = tier.spare;
    for (const slot of tier.slots) {
      if (slot.state !== "open" || slot.isRetiring) continue;
      if (now >= slot.expiresAt) {
        tier.retire(slot, "lifetime");
        continue;
      }
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
