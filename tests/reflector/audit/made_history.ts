/** Histories made by a model that keeps every promise, with times of its own: what a right cache might do. */
import type { HistoryEvent, ReadEvent, WriteEvent } from "../../../reflector/audit/history.ts";

/** Milliseconds of the bounds of mixed and replica reads in made histories. */
export const BOUND = 100;

/** How a history is made. */
export interface MadeOptions {
  readonly keys?: number;
  readonly sessions?: number;
  readonly events?: number;
  /** Milliseconds between two events, at most. */
  readonly pause?: number;
  /** Whether the outcome of some writes is unknown. Default true. */
  readonly unknown?: boolean;
}

/** A state of a key, from the moment of its commit. */
interface Commit {
  readonly state: number;
  readonly absent: boolean;
  readonly at: number;
}

interface Known {
  readonly at: number;
  readonly state: number;
}

/** A database of a few keys, with clients that keep to the rules. */
class Model {
  readonly events: HistoryEvent[] = [];
  readonly #next: () => number;
  readonly #commits: Map<string, Commit[]> = new Map();
  /** What sessions know: `session key` → from when on which state. */
  readonly #floors: Map<string, Known[]> = new Map();
  readonly #written: Map<string, Known[]> = new Map();
  #now = 1_000;

  constructor(
    next: () => number,
    { keys = 3, sessions = 4, events = 200, pause = 20, unknown = true }: MadeOptions,
  ) {
    this.#next = next;
    const name = (prefix: string, below: number): string => prefix + Math.floor(next() * below);
    for (let key = 0; key < keys; key++) this.#write("s0", `k${key}`, "acknowledged");
    for (let index = 0; index < events; index++) {
      this.#now += next() * pause;
      const key = name("k", keys);
      const session = name("s", sessions);
      const choice = next();
      if (choice < 0.2) this.#write(session, key, "acknowledged");
      else if (choice < 0.25) this.#write(session, key, unknown ? "unknown" : "acknowledged");
      else if (choice < 0.3) this.#pass(session, name("s", sessions), keys);
      else this.#read(session, key);
    }
  }

  #write(session: string, key: string, outcome: WriteEvent["outcome"]): void {
    const commits = this.#of(this.#commits, key);
    const last = commits.at(-1);
    const sent = Math.max(this.#now, last?.at ?? 0);
    const at = sent + this.#next() * 10;
    const ended = at + this.#next() * 30;
    const state = (last?.state ?? 0) + 1;
    const absent = last !== undefined && !last.absent && this.#next() < 0.2;
    this.events.push({ kind: "write", session, key, state, absent, sent, ended, outcome });
    // Half of the unknown ones never happened: the next writer takes the same number.
    if (outcome === "unknown" && this.#next() < 0.5) return;
    commits.push({ state, absent, at });
    if (outcome === "unknown") return;
    this.#of(this.#floors, `${session} ${key}`).push({ at: ended, state });
    this.#of(this.#written, `${session} ${key}`).push({ at: ended, state });
  }

  #read(session: string, key: string): void {
    const sent = this.#now;
    const answered = sent + 1 + this.#next() * 30;
    const choice = this.#next();
    const mode = (["primary", "replica", "mixed", "strong"] as const)[Math.floor(choice * 4)];
    const origin = mode === "primary" ? "primary" : mode === "replica" ? "replica" : "redis";
    const moment = sent + this.#next() * (answered - sent);
    const early = mode === "primary" ? moment : sent - this.#next() * (mode === "strong" ? 10_000 : BOUND);
    const floor = mode === "strong" ? known(this.#of(this.#floors, `${session} ${key}`), sent) : 0;
    const commit = this.#of(this.#commits, key).findLast(({ at, state }) => at <= early || state <= floor);
    if (commit === undefined) return;
    const found = commit.absent ? "absent" : commit.state;
    this.events.push({ kind: "read", session, key, mode, origin, found, sent, answered });
    if (mode === "strong") {
      this.#of(this.#floors, `${session} ${key}`).push({ at: answered, state: commit.state });
    }
  }

  #pass(from: string, to: string, keys: number): void {
    const taken = this.#now;
    const accepted = taken + this.#next() * 30;
    this.events.push({ kind: "pass", from, taken, to, accepted });
    for (let index = 0; index < keys; index++) {
      const state = known(this.#of(this.#written, `${from} k${index}`), taken);
      if (state === 0) continue;
      this.#of(this.#written, `${to} k${index}`).push({ at: accepted, state });
      this.#of(this.#floors, `${to} k${index}`).push({ at: accepted, state });
    }
  }

  #of<T>(map: Map<string, T[]>, name: string): T[] {
    let found = map.get(name);
    if (found === undefined) map.set(name, found = []);
    return found;
  }
}

function known(all: readonly Known[], at: number): number {
  return Math.max(0, ...all.filter((one) => one.at < at).map(({ state }) => state));
}

/**
 * Makes a history in which every promise is kept.
 *
 * @param next Random numbers from 0 to 1.
 * @param options How large.
 */
export function madeHistory(next: () => number, options: MadeOptions = {}): HistoryEvent[] {
  return new Model(next, options).events;
}

/** Changes what some reads found, to any state of their key. */
export function spoilt(events: readonly HistoryEvent[], next: () => number, share: number): HistoryEvent[] {
  const states = new Map<string, (number | "absent")[]>();
  for (const event of events) {
    if (event.kind !== "write") continue;
    const found = event.absent ? "absent" : event.state!;
    states.set(event.key, [...states.get(event.key) ?? [], found]);
  }
  return events.map((event) => {
    if (event.kind !== "read" || next() >= share) return event;
    const all = states.get(event.key)!;
    return { ...event, found: all[Math.floor(next() * all.length)] } satisfies ReadEvent;
  });
}
