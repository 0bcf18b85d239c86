/**
 * The near cache: rows of one model in this process, in front of the store and under the same rules. A row is good for
 * as long as what it was read with is (`currentAt`), so at most for the trust window.
 *
 * Invariants: bounded; what was read before a key was voided here is not kept (`voidedAt`); a mark stays as long as
 * what was read before it could still be good.
 *
 * @module
 */
import { accepts, type Found, type Reader } from "./found.ts";
import { TRUST_WINDOW } from "./trust.ts";

/** That a key was voided, and when. */
interface Mark {
  readonly voidedAt: number;
}

/** Rows by comparable key, the least recently stored forgotten first. */
export class NearRows<Value> {
  readonly #limit: number;
  readonly #rows = new Map<unknown, Found<Value> | Mark>();

  /** Keeps at most `limit` rows; 0 keeps none. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** How many it holds. */
  get size(): number {
    return this.#rows.size;
  }

  /** Whether there is anything to judge. */
  has(key: unknown): boolean {
    return this.#rows.has(key);
  }

  /** What is good enough for a reader. */
  get(key: unknown, reader: Reader): Found<Value> | undefined {
    const found = this.#rows.get(key);
    return found !== undefined && "value" in found && accepts(found, reader) ? found : undefined;
  }

  /** The row as a `mixed` reader of this moment may have it: the hot path. */
  peek(key: unknown): Found<Value> | undefined {
    const found = this.#rows.get(key) as Found<Value> | undefined;
    if (found === undefined) return undefined;
    // The clock is asked only where it decides. A mark has no such time, and nothing compares with it.
    return found.currentAt >= performance.now() - TRUST_WINDOW ? found : undefined;
  }

  /** Keeps what was found. */
  put(key: unknown, found: Found<Value>): void {
    if (this.#limit === 0) return;
    const known = this.#rows.get(key);
    if (known !== undefined) {
      if ("voidedAt" in known ? found.currentAt <= known.voidedAt : found.currentAt < known.currentAt) return;
      this.#rows.delete(key);
    }
    // The bytes may be a part of something much larger.
    this.#set(key, { ...found, bytes: undefined, in: "near" });
  }

  /** Forgets a key: what was read of it before now is not kept any more. */
  void(key: unknown, now: number): void {
    if (this.#limit === 0) return;
    this.#rows.delete(key);
    this.#set(key, { voidedAt: now });
  }

  /** Forgets all. */
  clear(): void {
    this.#rows.clear();
  }

  #set(key: unknown, value: Found<Value> | Mark): void {
    this.#rows.set(key, value);
    if (this.#rows.size <= this.#limit) return;
    for (const [oldest] of this.#rows) {
      this.#rows.delete(oldest);
      break;
    }
  }
}
