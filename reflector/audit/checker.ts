/**
 * Judges a history of reads and writes by what each mode promises; no I/O.
 *
 * | mode      | kept when                                                                                               |
 * | --------- | ------------------------------------------------------------------------------------------------------- |
 * | `primary` | linearizable by key: at least what had been acknowledged, or read from the primary, before it was sent  |
 * | `strong`  | at least what its session had written (or got with a token) and read by strong reads of that key before |
 * | `mixed`   | nothing newer had been acknowledged for longer than the bound when it was sent                          |
 * | `replica` | the same, with the bound of replicas                                                                    |
 *
 * An absence does not say which one it is: it is judged as the newest that it may be, and counts as the oldest.
 *
 * Invariants: a read is judged only when all that ended before it did is known, which is what `settle` is told; so it
 * blames no read wrongly, whatever the order in which events are added. Memory is bounded by the keys, the sessions of
 * one window, and the events of one window.
 *
 * @module
 */
import { endOf, type HistoryEvent, type LossEvent, type ReadEvent, type WriteEvent } from "./history.ts";
import type { Judgement, Violation } from "./judgement.ts";
import { describe, KeyHistory } from "./key_history.ts";
import { ReadTallies } from "./read_tallies.ts";
import { SessionHistory } from "./session_history.ts";
import { NO_STATE } from "./staircase.ts";

/** How a history is judged. */
export interface CheckerOptions {
  /** Milliseconds a mixed read may be older than the database. Default 1,000: the canary window. */
  readonly mixedBound?: number;
  /** Milliseconds a read from a replica may be older than the primary: `maxLag`. Default 1,000. */
  readonly replicaBound?: number;
  /** Milliseconds by which the clocks of the processes that recorded may differ. Default 0. */
  readonly skew?: number;
  /** Milliseconds that are remembered: no read that takes longer is judged. Default 120,000. */
  readonly window?: number;
  /** How many violations are kept with their histories. Default 20. */
  readonly shown?: number;
}

const CHECKER_DEFAULTS = {
  mixedBound: 1_000,
  replicaBound: 1_000,
  skew: 0,
  window: 120_000,
  shown: 20,
} satisfies Required<CheckerOptions>;

/** A judge of histories. */
export class HistoryChecker {
  readonly #options: Required<CheckerOptions>;
  readonly #keys: Map<string, KeyHistory> = new Map();
  readonly #sessions: Map<string, SessionHistory> = new Map();
  readonly #losses: LossEvent[] = [];
  #pending: HistoryEvent[] = [];
  /** Reads that found what nobody is known to have written: the write may be told of later. */
  #unwritten: ReadEvent[] = [];
  #settled = -Infinity;
  #forgotten = -Infinity;
  #tallies: ReadTallies = new ReadTallies();
  #violations: Violation[] = [];
  #broken = 0;
  #writes = 0;

  /** @param options See {@link CheckerOptions}. */
  constructor(options: CheckerOptions = {}) {
    this.#options = { ...CHECKER_DEFAULTS, ...options };
  }

  /** Adds an event, in any order. */
  add(event: HistoryEvent): void {
    if (event.kind === "write") this.#key(event.key).begun(event);
    if (event.kind === "loss") this.#losses.push(event);
    else this.#pending.push(event);
  }

  /**
   * Judges what ended up to a time.
   *
   * @param until Every event that ended up to then has been added.
   */
  settle(until: number): void {
    const ready = this.#pending.filter((event) => endOf(event) <= until);
    this.#pending = this.#pending.filter((event) => endOf(event) > until);
    for (const event of ready.sort((a, b) => endOf(a) - endOf(b))) this.#take(event);
    this.#settled = Math.max(this.#settled, until);
    const again = this.#unwritten;
    this.#unwritten = [];
    for (const read of again) this.#judge(read);
    this.#forget(until - this.#options.window);
  }

  /** Judges the rest: nothing will be added. */
  finish(): void {
    this.settle(Infinity);
  }

  /** What was found out since the last time it was asked for. */
  take(): Judgement {
    const judgement: Judgement = {
      ...this.#tallies.summary(),
      writes: this.#writes,
      broken: this.#broken,
      violations: this.#violations,
    };
    this.#tallies = new ReadTallies();
    this.#violations = [];
    this.#broken = this.#writes = 0;
    return judgement;
  }

  #take(event: HistoryEvent): void {
    switch (event.kind) {
      case "write":
        return this.#write(event);
      case "read":
        return this.#judge(event);
      case "pass":
        return this.#session(event.from).pass(this.#session(event.to), event.taken, event.accepted);
      case "loss":
        return;
      default:
        event satisfies never;
    }
  }

  #write(write: WriteEvent): void {
    this.#writes++;
    const { state } = write;
    if (write.outcome === "unknown" || state === undefined) return;
    this.#session(write.session).wrote(write.key, write.ended, state);
    const newest = this.#key(write.key).ended({ ...write, state }, this.#options.skew);
    if (newest < state || this.#isLost(write.sent, write.ended)) return;
    this.#violated({ promise: "order", event: write, needed: newest + 1, staleness: 0 });
  }

  #judge(read: ReadEvent): void {
    if (this.#isLost(read.sent, read.answered) || read.sent < this.#forgotten) return this.#tallies.skip();
    const { skew, window } = this.#options;
    const key = this.#key(read.key);
    const state = key.newestFound(read, read.answered + skew);
    if (state === undefined) {
      if (this.#settled < read.answered + window / 2) this.#unwritten.push(read);
      else this.#violated({ promise: "unwritten", event: read, needed: undefined, staleness: 0 });
      return;
    }
    const sent = read.sent - skew;
    const staleness = Math.max(0, sent - key.acknowledged.firstAbove(state));
    const needed = this.#needed(read);
    this.#tallies.count(read, staleness);
    key.read(read);
    if (state < needed) this.#violated({ promise: read.mode, event: read, needed, staleness });
    const oldest = key.oldestFound(read, read.answered + skew, needed);
    if (read.mode === "primary") key.visible.add(read.answered, oldest);
    if (read.mode === "strong") this.#session(read.session).read(read.key, read.answered, oldest);
  }

  /** The least state that keeps the promise. */
  #needed({ key, mode, origin, session, sent }: ReadEvent): number {
    const { mixedBound, replicaBound, skew } = this.#options;
    switch (mode) {
      case "primary":
        return this.#key(key).visible.before(sent - skew);
      case "strong":
        // A session is in one process, with one clock.
        return this.#session(session).floor(key, sent).state;
      case "mixed":
      case "replica": {
        const bound = mode === "replica" || origin === "replica" ? replicaBound : mixedBound;
        return this.#key(key).acknowledged.before(sent - skew - bound);
      }
      default:
        return mode satisfies never;
    }
  }

  #violated({ promise, event, needed, staleness }: Omit<Violation, "history">): void {
    this.#broken++;
    if (this.#violations.length === this.#options.shown) return;
    const history = [
      ...this.#key(event.key).describe(needed ?? NO_STATE, event.sent),
      `--> ${describe(event, event.sent)}`,
    ];
    this.#violations.push({ promise, event, needed, staleness, history });
  }

  #isLost(sent: number, ended: number): boolean {
    return this.#losses.some(({ from, until }) => sent <= until && ended >= from);
  }

  /** Forgets what ended before a time, once in a while. */
  #forget(before: number): void {
    if (before < this.#forgotten + this.#options.window / 4 || before === Infinity) return;
    this.#forgotten = Math.max(this.#forgotten, before);
    for (const key of this.#keys.values()) key.forget(before);
    for (const [name, session] of this.#sessions) {
      if (session.lastUsed < before) this.#sessions.delete(name);
      else session.forget(before);
    }
  }

  #key(name: string): KeyHistory {
    let key = this.#keys.get(name);
    if (key === undefined) this.#keys.set(name, key = new KeyHistory());
    return key;
  }

  #session(name: string): SessionHistory {
    let session = this.#sessions.get(name);
    if (session === undefined) this.#sessions.set(name, session = new SessionHistory());
    return session;
  }
}
