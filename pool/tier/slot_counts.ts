/**
 * What slots look like from outside: counts, and who has had one for the longest time.
 *
 * @module
 */
import { wordLine } from "../caller.ts";
import type { SlotHolder } from "../pool_errors.ts";
import type { TierStats } from "../pool_stats.ts";
import type { Slot } from "./slot.ts";

/** Counts slots by what they do; `waiting` calls wait for them. */
export function countSlots(slots: readonly Slot[], waiting: number): TierStats {
  const stats = { size: 0, idle: 0, busy: 0, reserved: 0, healing: 0, waiting, inFlight: 0 };
  for (const slot of slots) {
    if (slot.state === "connecting") stats.healing++;
    if (slot.state !== "open") continue;
    stats.size++;
    stats.inFlight += slot.session!.depth;
    if (slot.use === "leased") stats.reserved++;
    else if (slot.isIdle) stats.idle++;
    else stats.busy++;
  }
  return stats;
}

/** Who has held a slot, or has kept one busy, for the longest time. */
export function longestHolder(slots: readonly Slot[]): SlotHolder | undefined {
  const now = performance.now();
  let longest: SlotHolder | undefined;
  for (const { state, lease, session } of slots) {
    if (state !== "open") continue;
    const head = session!.head;
    if (lease === undefined && head === undefined) continue;
    const heldFor = now - (lease?.takenAt ?? session!.headSince);
    if (longest !== undefined && longest.heldFor >= heldFor) continue;
    longest = {
      heldFor,
      query: head?.text ?? lease?.latest,
      takenAt: lease === undefined ? undefined : wordLine(lease.taker),
    };
  }
  return longest;
}
