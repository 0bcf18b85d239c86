/**
 * The seam between the coherent cache and what holds it: Redis, or this process's memory. Each method is atomic for each
 * shard it touches. What a method means is in `../protocol/keyspace.ts`; every store is held to the same contract test.
 *
 * @module
 */
import type { Watermark } from "../protocol/watermark.ts";

/** An entry as it is stored: a version and a payload. */
export interface Entry {
  /** The flush LSN that was read before the row (R1). */
  readonly version: bigint;
  /** The LSN that was read after the row: nothing later is in it. */
  readonly upper: bigint;
  /** Names the columns and formats of the payload; empty for a negative entry's. */
  readonly shape: string;
  /** What was found; `undefined`: there is no such row. */
  readonly payload: Uint8Array | undefined;
}

/** The right to fill a key, as long as nothing happens to it (R3). */
export interface Ticket {
  /** What it is told from others by. */
  readonly id: string;
  /** The epoch it was left in. */
  readonly epoch: string;
  /** The least version the fill needs: the watermark's floor when the ticket was left, or a writer's above it. */
  readonly floor: bigint;
}

/** What a look found at one key. */
export interface KeyLook {
  /** The entry, if there is one that is not void. */
  readonly entry: Entry | undefined;
  /** The ticket that was left, or had been; undefined beside an entry, and where no watermark is. */
  readonly ticket: Ticket | undefined;
  /** The watermark of the key's shard at that moment. The same object while it has not changed. */
  readonly watermark: SeenWatermark | undefined;
}

/** A watermark, and where it was seen. */
export interface SeenWatermark extends Watermark {
  /** The shard: 0 where there is one only. */
  readonly shard: number;
  /**
   * The identity of the server that answered, 40 characters, as its connection was told: of its `run_id` and of its
   * replication id, which changes too when a server was a replica in between. A leader writes it into `runId`.
   */
  readonly server: string;
}

/** What a look is for. */
export interface LookKey {
  /** The key, with its prefix and without a hash tag. */
  readonly key: string;
  /** The table whose floor it is under: `schema.table`. */
  readonly table: string;
}

/** What is to be stored. */
export interface Fill extends Entry {
  /** Where: as of {@link LookKey}. */
  readonly key: string;
  /** The table whose floor it is under. */
  readonly table: string;
  /** The right to. */
  readonly ticket: Ticket;
  /** Milliseconds it lives. */
  readonly ttl: number;
}

/** What became of a fill: stored; the ticket is gone; the epoch has changed; something newer is there; the row was read too early. */
export type FillOutcome = "stored" | "void" | "epoch" | "newer" | "early";

/** Who voids: a writer after its commit, or the leading reflector. */
export type Voider = "writer" | Leader;

/** A leadership, as scripts check it (R12, R9): hand on what `advance()` gave, do not make one. */
export interface Leader {
  /** The number of the leadership. */
  readonly term: number;
  /** Terms begin anew in a store that was emptied or restored; an epoch never comes again. */
  readonly epoch: string;
}

/** What is to be voided. */
export interface Voiding {
  /** Which keys. */
  readonly keys: readonly LookKey[];
  /** The LSN up to which what is there is void: a writer's token, or the insert LSN read after the changes were visible. */
  readonly floor: bigint;
  /** Who does it. */
  readonly by: Voider;
}

/** What was at a key that was voided. */
export interface Voided {
  /** The key. */
  readonly key: string;
  /** `"absent"`: nobody has it; `"idle"`: a tombstone was there; `"active"`: an entry, or a reader on its way. */
  readonly was: "absent" | "idle" | "active";
  /** The shape of the entry that was there, or for which the tombstone stands; empty: nothing to refill. */
  readonly shape: string;
  /** Milliseconds that entry would have lived on; 0 where there is nothing to refill. */
  readonly ttl: number;
  /** The reflector's own ticket for its refill (R11); undefined for a writer, and where nothing is to be refilled. */
  readonly ticket: Ticket | undefined;
}

/** The leader was deposed, or the store is another than it was: establish again, if still elected. */
export class NotLeaderError extends Error {
  /** `"NotLeaderError"`. */
  override readonly name = "NotLeaderError";
}

/** The store did not answer, or not in time; nothing is known of what it did. */
export class StoreUnavailableError extends Error {
  /** `"StoreUnavailableError"`. */
  override readonly name = "StoreUnavailableError";
}

/** What holds a cache. Methods reject with {@link StoreUnavailableError} within the store's timeout, never later. */
export interface CacheStore extends AsyncDisposable {
  /** What it is, for messages and metrics. */
  readonly kind: "redis" | "redis-sentinel" | "redis-cluster" | "memory";
  /** Reads keys and each one's watermark; leaves a ticket, or finds one, where there is no entry. With no keys: the watermarks only. */
  look(keys: readonly LookKey[]): Promise<readonly KeyLook[]>;
  /** The watermark of every shard, `undefined` where there is none. */
  watermarks(): Promise<readonly (SeenWatermark | undefined)[]>;
  /** Stores what readers, or the reflector, have read (R3, R4). */
  fill(fills: readonly Fill[], by?: Voider): Promise<readonly FillOutcome[]>;
  /** Voids keys; a leader's voiding raises the shard's floor in the same script. */
  void(voiding: Voiding): Promise<readonly Voided[]>;
  /**
   * Writes what a leader has to say of the watermark, in every shard; what is left out stays. With `takeOver` it becomes
   * the leader: the term is one more than what is there, and what is left out begins anew.
   *
   * @throws {NotLeaderError} When another has taken over, or the server is another.
   */
  advance(change: WatermarkChange): Promise<Leader>;
  /** Small documents beside the entries: the list of covered tables, and shapes. Undefined: only read. */
  document(name: string, text?: string): Promise<string | undefined>;
}

/** What a leader says of the watermark. */
export type WatermarkChange =
  | {
    readonly takeOver: true;
    readonly epoch: string;
    readonly timeline: string;
    readonly database: string;
    readonly lsn: bigint;
    readonly coverage: string;
  }
  | {
    readonly takeOver?: false;
    readonly by: Leader;
    /** Never lowered. */
    readonly lsn?: bigint;
    readonly floor?: bigint;
    /** Never lowered: what comes late with an older number changes neither it, nor `delay`, nor `coverage`. */
    readonly seq?: number;
    readonly delay?: number;
    /** To be sent with a `seq`, so that an older list which comes late does not win. */
    readonly coverage?: string;
    /** Table floors to be raised. */
    readonly tables?: ReadonlyMap<string, bigint>;
    /**
     * Tables whose floors nobody needs any more, since every entry and ticket from before is over, each with the floor
     * that is meant: one raised since stays.
     */
    readonly forget?: ReadonlyMap<string, bigint>;
  };
