/**
 * What the model knows: one row, its key in the cache, and everyone who reads, writes or reflects it.
 *
 * LSNs are small numbers: each record written to the WAL takes the next. The row's content is the number of the write
 * it shows; 0 is what was there before (a row, or none: a negative entry goes by the same rules).
 *
 * Invariants: `visible` ≤ number of commit records; a second write commits only when the first is visible (it waits for
 * the row's lock); `tokens` has no more than `visible`; the replica never shows more than there are commit records.
 *
 * @module
 */

/** What comes out of the change stream, in the order of the commits. */
export type Change =
  | { readonly kind: "write"; readonly write: number }
  | { readonly kind: "canary"; readonly by: number } & Advance;

/** What a canary lets its sender say of the watermark. */
export interface Advance {
  readonly seq: number;
  /** The LSN of the canary's own record. */
  readonly lsn: number;
  /** History: the number of writes that were visible when the canary was sent. */
  readonly proof: number;
}

/** The primary, one replica, and the change stream. */
export interface Database {
  /** The last record in the WAL. */
  readonly wal: number;
  /** The LSN of each write's commit record. */
  readonly commits: readonly number[];
  /** How many writes the primary shows. */
  readonly visible: number;
  /** The token of each write that has been ticked. */
  readonly tokens: readonly number[];
  /** History: the lowest upper bound with which any session can have read each write. */
  readonly uppers: readonly number[];
  /** How far the replica has replayed. */
  readonly replayed: number;
  readonly stream: readonly Change[];
}

/** An entry in the cache. */
export interface Entry {
  readonly version: number;
  readonly row: number;
  readonly epoch: number;
}

/** A ticket, as it lies in the cache and in its reader's hand. */
export interface Ticket {
  readonly id: number;
  readonly floor: number;
  readonly epoch: number;
}

/** What lies under the key. Each can be evicted by itself. */
export interface Slot {
  readonly entry: Entry | null;
  readonly tombstone: number | null;
  readonly ticket: Ticket | null;
}

/** The watermark. */
export interface Watermark {
  readonly term: number;
  readonly epoch: number;
  /** The `run_id` of the server it was established on. */
  readonly server: number;
  readonly lsn: number;
  readonly floor: number;
  readonly seq: number;
  readonly proof: number;
}

/** The cache's server. */
export interface Keyspace {
  /** The server's own `run_id`. */
  readonly server: number;
  readonly slot: Slot;
  readonly watermark: Watermark | null;
  /** What a server that takes over has: everything but the last write. Only where a failover is in the scenario. */
  readonly copy: { readonly slot: Slot; readonly watermark: Watermark | null } | null;
}

/** A reader that missed and fills, or the reflector's refresh. */
export interface Reader {
  readonly step: "idle" | "looked" | "labelled" | "read";
  readonly looks: number;
  readonly from: "primary" | "replica";
  readonly ticket: Ticket | null;
  readonly version: number;
  readonly row: number;
  /** Without R8: an entry that was read before its watermark. */
  readonly held: Entry | null;
}

/** A reflector. */
export interface Reflector {
  readonly role: "waiting" | "listening" | "elected" | "leading" | "deposed";
  readonly term: number;
  readonly epoch: number;
  /** The place in the change stream of the next change it takes. */
  readonly next: number;
  /** The insert LSN it has read for the change, or the take-over, at hand. */
  readonly lsn: number | null;
  /** The number of its last canary. */
  readonly sent: number;
  /** The number of its last advance that was acknowledged. */
  readonly acknowledged: number;
  /** An advance on its way to the cache. */
  readonly advance: Advance | null;
}

/** A client that asks for the watermark now and then. */
export interface Client {
  /** Whose numbers it has been shown: server, term and epoch. */
  readonly leadership: string;
  /** For each number: how many writes were visible when the latest question that showed it was sent; null: none showed it. */
  readonly shown: readonly (number | null)[];
  /** The same for the latest question that showed another leadership. */
  readonly other: number | null;
}

/** How often things may still happen. */
export interface Budget {
  readonly writes: number;
  /** Voidings by writers. */
  readonly voids: number;
  readonly canaries: number;
  readonly takeOvers: number;
  readonly gaps: number;
  readonly failovers: number;
  readonly restarts: number;
  readonly polls: number;
}

/** A state of the whole. */
export interface State {
  readonly database: Database;
  readonly keyspace: Keyspace;
  readonly first: Reader;
  readonly second: Reader;
  readonly refresh: Reader;
  readonly leader: Reflector;
  readonly standby: Reflector;
  readonly client: Client;
  readonly budget: Budget;
}
