/**
 * What one user of the database has seen and done, so that no later read of theirs is older: the token of their last
 * write, and for each key they have read how new it was.
 *
 * ## States
 *
 * `certain` ↔ `uncertain`: something the session wrote has no token yet, because its outcome is not known or its tick
 * failed; or it has a token of a timeline that nobody has compared with the present one. What must not be old is then read
 * from the primary.
 *
 * Invariants: on one timeline the token and the floors never go down, also when what is kept for keys is forgotten.
 *
 * @module
 */
import { maxLsn } from "./lsn.ts";
import { parseTimeline } from "./timeline.ts";
import type { Token } from "./token.ts";

/** Keys whose floors are kept; beyond them all keys get the highest. */
const MOST_FLOORS = 10_000;

/** The key of everything that queries have shown, of which it is not known which rows it is. */
export const FLOOR_OF_QUERIES = "\0queries";
/** The key of everything that came from a cache or was read for it. */
export const FLOOR_OF_CACHED = "\0cached";

/** One user of the database. */
export class ConsistencySession {
  #token: Token | undefined;
  /** Tokens of other timelines, by timeline, that may be of writes which were lost. */
  readonly #foreign = new Map<string, bigint>();
  #doubts = 0;
  readonly #floors = new Map<string, bigint>();
  /** The least floor of every key. */
  #base = 0n;
  /** The timeline of the floors. */
  #floorTimeline = "";

  /** The token of its last write, or of the latest that was handed to it. */
  get token(): Token | undefined {
    return this.#token;
  }

  /** Whether only the primary can tell what it may read. */
  get isUncertain(): boolean {
    return this.#doubts > 0 || this.#foreign.size > 0;
  }

  /** Tokens of other timelines than the present one's. */
  get foreign(): readonly Token[] {
    return Array.from(this.#foreign, ([timeline, lsn]) => ({ timeline, lsn }));
  }

  /** Reads from now on are at least as new as this. */
  raise(token: Token): void {
    const known = this.#token;
    if (known === undefined) this.#token = token;
    else if (known.timeline === token.timeline) {
      if (token.lsn > known.lsn) this.#token = token;
    } else if (isLater(token.timeline, known.timeline)) {
      this.#keep(known);
      this.#token = token;
    } else this.#keep(token);
  }

  #keep({ timeline, lsn }: Token): void {
    this.#foreign.set(timeline, maxLsn(lsn, this.#foreign.get(timeline) ?? 0n));
  }

  /** A token was compared with the present timeline, or its loss was told: it does not count any more. */
  forget({ timeline }: Token): void {
    this.#foreign.delete(timeline);
    if (this.#token?.timeline === timeline) this.#token = undefined;
  }

  /**
   * Something it wrote has no token yet.
   *
   * @returns What ends the doubt; a second call does nothing.
   */
  doubt(): () => void {
    let isOpen = true;
    this.#doubts++;
    return () => {
      if (isOpen) this.#doubts--;
      isOpen = false;
    };
  }

  /** How new a read of a key must be because of what was read before; undefined when it was not. */
  floorOf(key: string): Token | undefined {
    const lsn = maxLsn(this.#base, this.#floors.get(key) ?? 0n);
    return lsn === 0n ? undefined : { timeline: this.#floorTimeline, lsn };
  }

  /** A key was read, and nothing later than this is in it. */
  raiseFloor(key: string, lsn: bigint, timeline: string): void {
    if (timeline !== this.#floorTimeline) {
      if (this.#floorTimeline !== "" && !isLater(timeline, this.#floorTimeline)) return;
      this.#floorTimeline = timeline;
      this.#floors.clear();
      this.#base = 0n;
    }
    const known = this.#floors.get(key);
    if (known !== undefined ? lsn <= known : lsn <= this.#base) return;
    if (known === undefined && this.#floors.size >= MOST_FLOORS) {
      for (const floor of this.#floors.values()) this.#base = maxLsn(this.#base, floor);
      this.#floors.clear();
    }
    this.#floors.set(key, lsn);
  }
}

/** Whether a timeline came after another one; of another database's, whichever is told later. */
function isLater(timeline: string, than: string): boolean {
  const a = parseTimeline(timeline);
  const b = parseTimeline(than);
  return a === undefined || b === undefined || a.system !== b.system || a.number > b.number;
}
