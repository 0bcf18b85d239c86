/**
 * A shelf of bounded size: what was used last stays. It forgets whatever it must, at any time; the protocol allows it.
 *
 * Invariant: the keys stand in the map in the order of their last use, and `#bytes` is the sum of their sizes.
 *
 * @module
 */
import type { Held, Shelf } from "../protocol/keyspace.ts";

/** How much a {@link BoundedShelf} holds. */
export interface ShelfBounds {
  readonly maxEntries: number;
  readonly maxBytes: number;
}

// A key's own cost beside its text and payload, roughly: the record, its LSNs, the place in the map.
const OVERHEAD = 200;

/** A map that forgets what was not used for the longest time. */
export class BoundedShelf implements Shelf {
  readonly #bounds: ShelfBounds;
  readonly #keys: Map<string, Held> = new Map();
  #bytes = 0;

  constructor(bounds: ShelfBounds) {
    this.#bounds = bounds;
  }

  /** How many keys it holds. */
  get size(): number {
    return this.#keys.size;
  }

  /** How many bytes they take, roughly. */
  get bytes(): number {
    return this.#bytes;
  }

  get(key: string): Held | undefined {
    const held = this.#keys.get(key);
    if (held === undefined) return undefined;
    this.#keys.delete(key);
    this.#keys.set(key, held);
    return held;
  }

  set(key: string, held: Held): void {
    this.delete(key);
    this.#keys.set(key, held);
    this.#bytes += sizeOf(key, held);
    while (this.#keys.size > this.#bounds.maxEntries || this.#bytes > this.#bounds.maxBytes) {
      const [oldest] = this.#keys.keys();
      this.delete(oldest);
    }
  }

  delete(key: string): void {
    const held = this.#keys.get(key);
    if (held === undefined) return;
    this.#keys.delete(key);
    this.#bytes -= sizeOf(key, held);
  }

  /** Forgets everything. */
  clear(): void {
    this.#keys.clear();
    this.#bytes = 0;
  }
}

function sizeOf(key: string, held: Held): number {
  const payload = held.kind === "entry" ? held.entry.payload?.length ?? 0 : 0;
  return OVERHEAD + 2 * key.length + payload;
}
