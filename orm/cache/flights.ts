/**
 * The flights of one kind of reads that have not ended, by key.
 *
 * They come and go by the hundred thousand a second. A map that stays while its entries change gets a new table every few
 * entries, and V8 links each old table to the next; once one of them has grown old, all that follow outlive the young
 * generation, with all they held: measured, that was a quarter of the time of reads from Redis. So flights stand in maps
 * that come and go themselves.
 *
 * Invariants:
 * - A key is in one map at most; a flight knows whether it is there.
 * - New flights go into the newest map, which takes {@link FLIGHTS_OF_A_MAP} in its life; an older one goes when it is empty.
 *
 * @module
 */
import type { Flight } from "./flight.ts";

/** How many flights a map takes before another begins. */
const FLIGHTS_OF_A_MAP = 512;

/** See the module's head. */
export class Flights<Value> {
  #newest = new Map<unknown, Flight<Value>>();
  #taken = 0;
  #older: Map<unknown, Flight<Value>>[] = [];

  /** The flight of a key. */
  get(comparable: unknown): Flight<Value> | undefined {
    return this.#newest.get(comparable) ?? this.#older.find((map) => map.has(comparable))?.get(comparable);
  }

  /** Adds the flight of a key that has none. */
  add(flight: Flight<Value>): void {
    if (this.#taken > 0 && this.#newest.size === 0 || this.#taken === FLIGHTS_OF_A_MAP) {
      if (this.#newest.size > 0) this.#older.push(this.#newest);
      this.#newest = new Map();
      this.#taken = 0;
    }
    this.#taken++;
    this.#newest.set(flight.comparable, flight);
  }

  /** Takes out a flight, if it is still its key's. */
  remove(flight: Flight<Value>): void {
    if (this.get(flight.comparable) === flight) this.forget(flight.comparable);
  }

  /** Takes out the flight of a key, if there is one. */
  forget(comparable: unknown): void {
    if (this.#newest.delete(comparable) || this.#older.length === 0) return;
    for (const map of this.#older) map.delete(comparable);
    if (this.#older.some(({ size }) => size === 0)) this.#older = this.#older.filter(({ size }) => size > 0);
  }
}
