/**
 * The seam between the reflector and where changes come from: triggers and NOTIFY, or logical replication.
 *
 * A source hears everything from when `open()` has resolved. A canary comes out behind every change that was visible
 * when it was sent. When it may have missed anything, the iteration throws {@link SourceLostError}: the epoch is raised
 * and the source opened anew.
 *
 * @module
 */

/** The kinds of sources. */
export const SOURCE_KINDS = ["notify", "logical"] as const;

/** A kind of source. */
export type SourceKind = typeof SOURCE_KINDS[number];

/** Rows of a table that have changed: visible on the primary, whatever the source (R5). */
export interface RowChange {
  /** What it is. */
  readonly kind: "rows";
  /** `schema.table`. */
  readonly table: string;
  /** Key texts of the rows, old and new; see `orm/cache/protocol/key_text.ts`. */
  readonly ids: readonly string[];
  /** By lookup columns (`email`, `artist_id`, `a+b`): the texts of the values that rows have now, or had. */
  readonly lookups: ReadonlyMap<string, readonly string[]>;
}

/** A table as a whole has changed: TRUNCATE, too many rows, DDL (R10). */
export interface TableChange {
  /** What it is. */
  readonly kind: "table";
  /** `schema.table`. */
  readonly table: string;
  /** For the log. */
  readonly reason: string;
}

/** One change. */
export type Change = RowChange | TableChange;

/** Changes that came together. */
export interface ChangeBatch {
  /** In order. */
  readonly changes: readonly Change[];
  /** Canaries that came out behind these changes. */
  readonly canaries: readonly string[];
  /**
   * The end of the first commit that was read before a canary and is not handed out, since the primary does not show it
   * yet. A standby may show it already.
   */
  readonly hidden?: bigint | undefined;
}

/** Where changes come from. */
export interface ChangeSource extends AsyncDisposable {
  /** What it is. */
  readonly kind: SourceKind;
  /** Begins to hear; resolves when it is in force. */
  open(signal: AbortSignal): Promise<void>;
  /** What is heard, in order. Ends when the signal says so, throws {@link SourceLostError} when something may be missed. */
  batches(signal: AbortSignal): AsyncIterable<ChangeBatch>;
  /** Sends a canary through the stream. */
  canary(id: string, signal: AbortSignal): Promise<void>;
  /** A batch, and everything before it, has been applied: a slot may forget it. */
  applied(batch: ChangeBatch): void;
  /** Bytes of WAL, or share of the notification queue, that wait for it; for alarms. */
  backlog(signal: AbortSignal): Promise<SourceBacklog>;
}

/** What waits for a source. */
export interface SourceBacklog {
  /** Bytes of WAL kept for its slot, where it has one. */
  readonly walBytes?: number;
  /** Share of the notification queue in use, 0 to 1, where it listens. */
  readonly queueUsage?: number;
  /** What an operator should know now; empty when all is well. */
  readonly alarms: readonly string[];
}

/** The source may have missed something. */
export class SourceLostError extends Error {
  /** Its name. */
  override readonly name = "SourceLostError";
}
