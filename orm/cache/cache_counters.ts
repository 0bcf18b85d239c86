/**
 * What a cache counts.
 *
 * @module
 */
import type { FillOutcome } from "./stores/cache_store.ts";

/** What became of reads and fills. */
export class CacheCounters {
  /** Reads answered by rows in this process. */
  nearHits = 0;
  /** Reads answered by the store. */
  hits = 0;
  /** Reads that found nothing in the store, or nothing new enough. */
  misses = 0;
  /** Reads for which the store was not asked: no trust, not covered, or it does not answer. */
  bypassed = 0;
  /** Keys voided after writes of this process. */
  voided = 0;
  /** Calls of the store that failed or took too long. */
  storeErrors = 0;
  /** What became of fills; `skipped`: too many were under way, or the store did not answer. */
  readonly fills: Record<FillOutcome | "skipped", number> = {
    stored: 0,
    void: 0,
    epoch: 0,
    newer: 0,
    early: 0,
    skipped: 0,
  };
}
