/**
 * What the connections of one database share: codecs, plans, and whether statements may be named.
 *
 * @module
 */
import type { CodecRegistry } from "../codec/registry.ts";
import { PlanCache } from "./plan.ts";

/** Whether statements are prepared under names: as found out, always, or never. */
export const PREPARE_MODES = ["auto", "always", "never"] as const;
/** See {@link PREPARE_MODES}. */
export type PrepareMode = typeof PREPARE_MODES[number];

/** What the connections of one database learn from the server and share. */
export class DatabaseKnowledge {
  /** The codecs, by OID. */
  readonly registry: CodecRegistry;
  /** The plans, by text. */
  readonly plans: PlanCache;
  /** Statements kept prepared on each connection at most. */
  readonly statementLimit: number;
  #prepare: PrepareMode;

  /** Creates the knowledge of a database nothing is known of yet. */
  constructor(
    registry: CodecRegistry,
    options: {
      readonly prepare: PrepareMode;
      readonly statementCacheSize: number;
      readonly planCacheSize: number;
    },
  ) {
    this.registry = registry;
    this.plans = new PlanCache(options.planCacheSize);
    this.statementLimit = options.statementCacheSize;
    this.#prepare = options.statementCacheSize === 0 ? "never" : options.prepare;
  }

  /** Whether statements are prepared under names; not before that is decided. */
  get named(): boolean {
    return this.#prepare === "always";
  }

  /** Whether it is still to be found out if a pooler stands between us and the server. */
  get undecided(): boolean {
    return this.#prepare === "auto";
  }

  /** Decides `auto`: behind a pooler that hands out server connections per transaction no name can be relied on. */
  decide(isPooled: boolean): void {
    if (this.#prepare === "auto") this.#prepare = isPooled ? "never" : "always";
  }
}
