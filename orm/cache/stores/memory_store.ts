/**
 * A cache in this process's memory: for one process, and for tests. Its operations are those of `Keyspace`, at once.
 *
 * @module
 */
import { randomBytes } from "node:crypto";
import { Keyspace } from "../protocol/keyspace.ts";
import { newTicketId } from "../protocol/ticket_id.ts";
import { BoundedShelf } from "./bounded_shelf.ts";
import {
  type CacheStore,
  type Fill,
  type FillOutcome,
  type KeyLook,
  type Leader,
  type LookKey,
  type SeenWatermark,
  StoreUnavailableError,
  type Voided,
  type Voider,
  type Voiding,
  type WatermarkChange,
} from "./cache_store.ts";
import { checkStoreSettings, STORE_DEFAULTS } from "./store_settings.ts";

/** How a {@link MemoryStore} is made. */
export interface MemoryStoreOptions {
  /** Keys it holds at most. Default 100,000. */
  readonly maxEntries?: number;
  /** Bytes it holds at most, roughly. Default 64 MiB. */
  readonly maxBytes?: number;
  /** Milliseconds a ticket lives: the longest read it can serve. Default 5,000. */
  readonly ticketLife?: number;
  /** Milliseconds a tombstone lives at least. Default 10,000. */
  readonly tombstoneLife?: number;
  /** Milliseconds of a monotonic clock. Default `performance.now()`. */
  readonly now?: () => number;
}

/** The settings of a {@link MemoryStore} that says none. */
export const MEMORY_STORE_DEFAULTS: Required<MemoryStoreOptions> = {
  maxEntries: 100_000,
  maxBytes: 64 * 1024 * 1024,
  ticketLife: STORE_DEFAULTS.ticketLife,
  tombstoneLife: STORE_DEFAULTS.tombstoneLife,
  now: (): number => performance.now(),
};

/**
 * Holds a cache in this process's memory.
 *
 * @example
 * ```ts
 * import { MemoryStore } from "@lifeguard/core";
 *
 * await using store = new MemoryStore({ maxEntries: 10_000 });
 * console.assert(store.kind === "memory" && store.size === 0);
 * ```
 */
export class MemoryStore implements CacheStore {
  /** What it is: "memory". */
  readonly kind = "memory";
  readonly #shelf: BoundedShelf;
  readonly #keyspace: Keyspace;
  readonly #documents: Map<string, string> = new Map();
  #isClosed = false;

  /**
   * Creates an empty store.
   *
   * @param options Its bounds.
   * @throws {ConfigError} When a setting is not a whole number above 0.
   */
  constructor(options: MemoryStoreOptions = {}) {
    const settings = { ...MEMORY_STORE_DEFAULTS, ...options };
    checkStoreSettings(settings, ["maxEntries", "maxBytes", "ticketLife", "tombstoneLife"]);
    this.#shelf = new BoundedShelf(settings);
    this.#keyspace = new Keyspace({
      ...settings,
      shelf: this.#shelf,
      server: randomBytes(20).toString("hex"),
    });
  }

  /** How many keys it holds. */
  get size(): number {
    return this.#shelf.size;
  }

  /** How many bytes they take, roughly. */
  get bytes(): number {
    return this.#shelf.bytes;
  }

  /** Empties it, as a restart of Redis would: the watermark too, so that nothing is trusted before a reflector was here. */
  clear(): void {
    this.#shelf.clear();
    this.#documents.clear();
    this.#keyspace.loseWatermark();
  }

  /** Forgets the watermark only, as Redis may for want of memory. */
  loseWatermark(): void {
    this.#keyspace.loseWatermark();
  }

  /** See {@link CacheStore}. */
  look(keys: readonly LookKey[]): Promise<readonly KeyLook[]> {
    return this.#do(() => {
      const id = newTicketId();
      return keys.map((key) => this.#keyspace.look(key, id));
    });
  }

  /** See {@link CacheStore}. */
  watermarks(): Promise<readonly (SeenWatermark | undefined)[]> {
    return this.#do(() => [this.#keyspace.watermark]);
  }

  /** See {@link CacheStore}. */
  fill(fills: readonly Fill[], by: Voider = "writer"): Promise<readonly FillOutcome[]> {
    return this.#do(() => fills.map((fill) => this.#keyspace.fill(fill, by)));
  }

  /** See {@link CacheStore}. */
  void(voiding: Voiding): Promise<readonly Voided[]> {
    return this.#do(() => this.#keyspace.void(voiding, newTicketId()));
  }

  /** See {@link CacheStore}. */
  advance(change: WatermarkChange): Promise<Leader> {
    return this.#do(() => this.#keyspace.advance(change));
  }

  /** See {@link CacheStore}. */
  document(name: string, text?: string): Promise<string | undefined> {
    return this.#do(() => {
      if (text !== undefined) this.#documents.set(name, text);
      return this.#documents.get(name);
    });
  }

  /** Closes it: what is asked afterwards is refused. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.clear();
    return Promise.resolve();
  }

  // Not async functions, so that a hit costs one promise.
  #do<Result>(act: () => Result): Promise<Result> {
    if (this.#isClosed) {
      return Promise.reject(new StoreUnavailableError("Cannot use the cache's store: it was closed"));
    }
    try {
      return Promise.resolve(act());
    } catch (error) {
      return Promise.reject(error);
    }
  }
}
