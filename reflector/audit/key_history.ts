/**
 * What is known of one key: its states, and from when on everybody has to see them.
 *
 * @module
 */
import type { ReadEvent, WriteEvent } from "./history.ts";
import { NO_STATE, Staircase } from "./staircase.ts";

/** A write whose number is known. */
export type NumberedWrite = WriteEvent & { readonly state: number };

/** How many of a key's last reads are kept, to be shown beside a violation. */
const READS_SHOWN = 12;
/** How many of a key's writes are shown beside a violation. */
const WRITES_SHOWN = 8;

/** What is known of one key. */
export class KeyHistory {
  /** From when on a state was acknowledged. */
  readonly acknowledged: Staircase = new Staircase();
  /** From when on a state was acknowledged, or had been read from the primary. */
  readonly visible: Staircase = new Staircase();
  readonly #writes: Map<number, NumberedWrite> = new Map();
  /** The states without a row, rising. */
  readonly #absences: number[] = [];
  readonly #reads: ReadEvent[] = [];
  /** Writes of states below it may have been forgotten. */
  #kept: number = NO_STATE;
  /** The last absence that was forgotten. */
  #forgottenAbsence: number | undefined;

  /** When the first write was begun of which nobody knows what it wrote. */
  #doubtful: number = Infinity;

  /** Takes in that a write was begun: from then on it may be read. */
  begun(given: WriteEvent): void {
    if (given.state === undefined) {
      this.#doubtful = Math.min(this.#doubtful, given.sent);
      return;
    }
    const write = { ...given, state: given.state };
    const known = this.#writes.get(write.state);
    // A number whose write failed is given again: either may have happened, until one is acknowledged.
    const isSure = write.outcome === "acknowledged";
    const isDecided = known?.outcome === "acknowledged";
    const sent = Math.min(write.sent, known?.sent ?? Infinity);
    this.#writes.set(write.state, { ...(isSure || known === undefined ? write : known), sent });
    if (isDecided) return;
    if (write.absent) this.#addAbsence(write.state);
    else if (isSure) this.#removeAbsence(write.state);
  }

  /**
   * Takes in that a write was acknowledged: from then on it has to be read.
   *
   * @param write The write.
   * @param skew Milliseconds by which clocks may differ.
   * @returns The newest state that could be seen before it began.
   */
  ended({ state, sent, ended }: NumberedWrite, skew: number): number {
    const newest = this.visible.before(sent - skew);
    this.acknowledged.add(ended, state);
    this.visible.add(ended, state);
    return newest;
  }

  /** Keeps a read to be shown. */
  read(read: ReadEvent): void {
    this.#reads.push(read);
    if (this.#reads.length > READS_SHOWN) this.#reads.shift();
  }

  /**
   * The state that a read found: of an absence the newest that it may have been, so that no read is blamed wrongly.
   * `undefined` when nobody is known to have begun to write it before a time.
   */
  newestFound({ found }: ReadEvent, answered: number): number | undefined {
    if (found !== "absent") {
      if (found < this.#kept) return found;
      const write = this.#writes.get(found);
      return Math.min(write?.sent ?? Infinity, this.#doubtful) <= answered ? found : undefined;
    }
    for (let index = this.#absences.length - 1; index >= 0; index--) {
      const state = this.#absences[index];
      if (this.#writes.get(state)!.sent <= answered) return state;
    }
    return this.#forgottenAbsence;
  }

  /** The oldest state that a read may have found, from a state on: of an absence the oldest it may have been. */
  oldestFound({ found }: ReadEvent, answered: number, from: number): number {
    if (found !== "absent") return found;
    const oldest = this.#absences.find((state) => state >= from);
    return oldest !== undefined && this.#writes.get(oldest)!.sent <= answered ? oldest : NO_STATE;
  }

  /** Forgets what no read that was sent later needs. */
  forget(before: number): void {
    const least = this.acknowledged.before(before);
    this.acknowledged.forget(before);
    this.visible.forget(before);
    for (const [state, { ended }] of this.#writes) {
      if (state < least && ended < before) this.#writes.delete(state);
    }
    this.#kept = Math.max(this.#kept, least);
    while (this.#absences.length > 0 && !this.#writes.has(this.#absences[0])) {
      this.#forgottenAbsence = this.#absences.shift();
    }
  }

  /** The writes around a state and the last reads, in the order in which they began, times counted from a moment. */
  describe(state: number, from: number): string[] {
    const writes = [...this.#writes.values()].filter((write) => write.state >= state - 1)
      .sort((a, b) => a.state - b.state).slice(0, WRITES_SHOWN);
    return [...writes, ...this.#reads].sort((a, b) => a.sent - b.sent).map((event) => describe(event, from));
  }

  #addAbsence(state: number): void {
    const index = this.#absences.findLastIndex((other) => other <= state);
    if (this.#absences[index] !== state) this.#absences.splice(index + 1, 0, state);
  }

  #removeAbsence(state: number): void {
    const index = this.#absences.indexOf(state);
    if (index >= 0) this.#absences.splice(index, 1);
  }
}

/**
 * One event in a line.
 *
 * @param event A write or a read.
 * @param from The moment from which its times are counted.
 */
export function describe(event: WriteEvent | ReadEvent, from: number): string {
  const at = (time: number): string => `${time >= from ? "+" : ""}${(time - from).toFixed(1)}`;
  if (event.kind === "write") {
    const outcome = event.outcome === "unknown" ? ", outcome unknown" : "";
    return `${at(event.sent)} … ${at(event.ended)} ms: ${event.session} wrote ${event.state}${
      event.absent ? " (deleted)" : ""
    }${outcome}`;
  }
  const note = event.note === undefined ? "" : ` (${event.note})`;
  return `${at(event.sent)} … ${
    at(event.answered)
  } ms: ${event.session} read ${event.found}, ${event.mode} from ${event.origin}${note}`;
}
