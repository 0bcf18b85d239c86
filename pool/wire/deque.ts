/**
 * A double-ended queue on a ring buffer: constant time at both ends, no allocation per element.
 *
 * @module
 */

/** A queue that is cheap at both ends. */
export class Deque<T> {
  #ring: (T | undefined)[] = new Array(16);
  #first = 0;
  #length = 0;

  /** How many elements it holds. */
  get length(): number {
    return this.#length;
  }

  /** Adds at the end. */
  push(item: T): void {
    if (this.#length === this.#ring.length) this.#grow();
    this.#ring[(this.#first + this.#length++) & (this.#ring.length - 1)] = item;
  }

  /** Adds at the front. */
  unshift(item: T): void {
    if (this.#length === this.#ring.length) this.#grow();
    this.#first = (this.#first - 1) & (this.#ring.length - 1);
    this.#ring[this.#first] = item;
    this.#length++;
  }

  /** The first element, left where it is. */
  peek(): T | undefined {
    return this.#length === 0 ? undefined : this.#ring[this.#first];
  }

  /** Takes the first element. */
  shift(): T | undefined {
    if (this.#length === 0) return undefined;
    const item = this.#ring[this.#first];
    this.#ring[this.#first] = undefined;
    this.#first = (this.#first + 1) & (this.#ring.length - 1);
    if (--this.#length === 0 && this.#ring.length > 1024) this.#ring = new Array(16), this.#first = 0;
    return item;
  }

  /** The last element, left where it is. */
  last(): T | undefined {
    return this.#length === 0
      ? undefined
      : this.#ring[(this.#first + this.#length - 1) & (this.#ring.length - 1)];
  }

  /** Removes one element wherever it is; linear time. Returns whether it was there. */
  remove(item: T): boolean {
    const kept = [...this];
    const index = kept.indexOf(item);
    if (index < 0) return false;
    kept.splice(index, 1);
    this.clear();
    for (const other of kept) this.push(other);
    return true;
  }

  /** Keeps what is wanted, in order; linear time. */
  retain(isWanted: (item: T) => boolean): void {
    const kept = [...this].filter(isWanted);
    this.clear();
    for (const item of kept) this.push(item);
  }

  /** Removes everything. */
  clear(): void {
    this.#ring = new Array(16);
    this.#first = 0;
    this.#length = 0;
  }

  /** The elements, first to last. */
  *[Symbol.iterator](): Generator<T> {
    for (let index = 0; index < this.#length; index++) {
      yield this.#ring[(this.#first + index) & (this.#ring.length - 1)] as T;
    }
  }

  #grow(): void {
    const ring = new Array<T | undefined>(this.#ring.length * 2);
    for (let index = 0; index < this.#length; index++) {
      ring[index] = this.#ring[(this.#first + index) & (this.#ring.length - 1)];
    }
    this.#ring = ring;
    this.#first = 0;
  }
}
