/**
 * What a reflector counts and remembers for those who look at it: counters, rates, faults, what was active.
 *
 * @module
 */
import { spanned } from "./telemetry/reflector_spans.ts";
import type { ReflectorEvent, ReflectorFault, ReflectorLogger } from "./reflector_log.ts";
import {
  REFLECTOR_COUNTERS,
  type ReflectorCounter,
  type ReflectorLink,
  type ReflectorObserver,
  type ReflectorState,
} from "./status.ts";

/** Seconds over which rates are taken. */
const WINDOW = 10;
/** Faults that are remembered. */
const MOST_FAULTS = 20;
/** Keys that count as active, and the milliseconds they do. */
const MOST_ACTIVE = 10_000;
const ACTIVE_FOR = 60_000;

type Counts = Record<ReflectorCounter, number>;

/** Counts, and tells the observer and the logger; neither can fail what it is told of. */
export class StatusBoard {
  readonly counters: Counts = zeroes();
  readonly #observer: ReflectorObserver;
  readonly #logger: ReflectorLogger;
  readonly #faults: ReflectorFault[] = [];
  /** Counters at the beginning of each of the last seconds. */
  readonly #seconds: { readonly at: number; readonly counts: Counts }[] = [];
  /** When keys were last found active, the longest ago first. */
  readonly #active = new Map<string, number>();

  /** Creates one that has counted nothing. */
  constructor(observer: ReflectorObserver, logger: ReflectorLogger) {
    this.#observer = observer;
    this.#logger = logger;
  }

  /** Counts up. */
  count(counter: ReflectorCounter, by = 1): void {
    if (by <= 0) return;
    this.#mark();
    this.counters[counter] += by;
    this.#quietly(() => this.#observer.counted?.(counter, by));
  }

  /** Measures a round trip, and has a span around it where the program makes spans. */
  async timed<Result>(
    link: ReflectorLink,
    operation: string,
    body: () => Promise<Result>,
  ): Promise<Result> {
    const started = performance.now();
    try {
      return await spanned(link, operation, body);
    } finally {
      const took = performance.now() - started;
      this.#quietly(() => this.#observer.timed?.(link, operation, took));
    }
  }

  /** Remembers a fault, and logs it. */
  fault(event: ReflectorEvent, message: string, error?: unknown): void {
    const cause = error === undefined ? "" : `: ${error instanceof Error ? error.message : String(error)}`;
    const fault: ReflectorFault = { at: new Date(), event, message: `${message}${cause}` };
    this.#faults.unshift(fault);
    if (this.#faults.length > MOST_FAULTS) this.#faults.pop();
    this.count("faults");
    this.log("warn", fault.message, event, error === undefined ? {} : { error });
    this.#quietly(() => this.#observer.fault?.(fault));
  }

  /** Logs. */
  log(
    level: keyof ReflectorLogger,
    message: string,
    event: ReflectorEvent,
    fields: Readonly<Record<string, unknown>> = {},
  ): void {
    this.#quietly(() => this.#logger[level]?.(message, { event, ...fields }));
  }

  /** Tells of another state. */
  moved(state: ReflectorState, before: ReflectorState): void {
    this.#quietly(() => this.#observer.moved?.(state, before));
  }

  /** Takes note of keys that somebody uses. */
  active(keys: readonly string[]): void {
    const now = performance.now();
    for (const key of keys) {
      this.#active.delete(key);
      this.#active.set(key, now);
    }
    for (const [key, at] of this.#active) {
      if (this.#active.size <= MOST_ACTIVE && now - at < ACTIVE_FOR) break;
      this.#active.delete(key);
    }
  }

  /** How many keys were found active in the last minute. */
  get activeKeys(): number {
    this.active([]);
    return this.#active.size;
  }

  /** The last faults, the latest first. */
  get faults(): readonly ReflectorFault[] {
    return [...this.#faults];
  }

  /** Counts per second, lately. */
  get rates(): Counts {
    this.#mark();
    const oldest = this.#seconds[0];
    const seconds = Math.max(1, (performance.now() - oldest.at) / 1_000);
    const rates = zeroes();
    for (const counter of REFLECTOR_COUNTERS) {
      rates[counter] = (this.counters[counter] - oldest.counts[counter]) / seconds;
    }
    return rates;
  }

  #mark(): void {
    const now = performance.now();
    const latest = this.#seconds.at(-1);
    if (latest === undefined || now - latest.at >= 1_000) {
      this.#seconds.push({ at: now, counts: { ...this.counters } });
    }
    while (this.#seconds.length > 1 && now - this.#seconds[1].at >= WINDOW * 1_000) this.#seconds.shift();
  }

  #quietly(body: () => void): void {
    try {
      body();
    } catch {
      // Who looks on must not change what is looked at.
    }
  }
}

function zeroes(): Counts {
  return Object.fromEntries(REFLECTOR_COUNTERS.map((counter) => [counter, 0])) as Counts;
}
