/**
 * The watermark: how far the reflector has come. One for each shard of the store, read with every look.
 *
 * @module
 */

/** What a watermark says. */
export interface Watermark {
  /** The number of the leadership that wrote it; a script of any other is refused (R12). */
  readonly term: number;
  /** Sixteen characters; entries of any other epoch are not looked at. */
  readonly epoch: string;
  /** `"{system identifier}/{timeline}"` of the database its LSNs belong to. */
  readonly timeline: string;
  /** The database's name. */
  readonly database: string;
  /** Every change up to here that is visible has been applied. */
  readonly lsn: bigint;
  /** The least version a fill needs; not below `lsn`. */
  readonly floor: bigint;
  /** The number of the last canary that came out of the change stream. */
  readonly seq: number;
  /** Milliseconds that canary took, by the reflector's monotonic clock. */
  readonly delay: number;
  /** The store's identity as the reflector saw it (R9): see `SeenWatermark.server`. */
  readonly runId: string;
  /** Names the list of covered tables that is in force. */
  readonly coverage: string;
  /** Tables of which entries are void up to a version: large changes, TRUNCATE, DDL (R10). */
  readonly tables: ReadonlyMap<string, bigint>;
}
