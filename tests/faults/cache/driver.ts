/**
 * Random reads and writes by many sessions, recorded for the checker.
 *
 * Invariants: an operation is recorded when it ends, with the times before it was sent and after it was answered; a write
 * that failed after its commit may have been sent is recorded with an unknown outcome; a read that failed is counted only.
 */
import type { HistoryChecker } from "../../../reflector/audit/checker.ts";
import { type HistoryEvent, READ_MODES, type ReadMode } from "../../../reflector/audit/history.ts";
import { LifeguardError } from "../../../pool/wire/errors.ts";
import { type Client, WRITE_WAYS, type Writing } from "./client.ts";

/** What is driven, and how. */
export interface DriverOptions {
  readonly clients: readonly Client[];
  readonly checker: HistoryChecker;
  /** Random integers below a bound. */
  readonly random: (below: number) => number;
  /** Keys are the ids from 1 to this. */
  readonly keys: number;
  /** Sessions at a time, a client. */
  readonly sessions?: number;
  /** Operations of a session. */
  readonly operations?: number;
  /** Milliseconds between two operations of a session, at most. */
  readonly pause?: number;
  /** Of a thousand operations, how many write. */
  readonly writes?: number;
}

/** What went on, beside what is judged. */
export interface DriverFigures {
  /** Reads that failed, by the name of their error. */
  readonly failedReads: Readonly<Record<string, number>>;
  readonly failedWrites: Readonly<Record<string, number>>;
  /** The longest read that succeeded, in milliseconds, by mode. */
  readonly longest: Readonly<Record<ReadMode, number>>;
}

/** A token on its way from one session to another. */
interface Passed {
  readonly from: string;
  readonly taken: number;
  readonly token: string;
}

/** Of a thousand writes, how many remove a row. */
const REMOVALS = 50;
/** Cumulated weights of the modes, of a hundred reads: see {@link READ_MODES}. */
const MODES = [8, 16, 58, 100];

/** Drives clients until it is told to stop. */
export class Driver implements AsyncDisposable {
  readonly #options: Required<DriverOptions>;
  readonly #running: Promise<void>[];
  #passed: Passed[] = [];
  #isOver = false;
  #writing = 0;
  #sessions = 0;
  #figures = noFigures();
  #isResting = false;
  /** What is awaited at this moment: when it was sent. */
  readonly #underway: Set<{ sent: number }> = new Set();

  constructor(options: DriverOptions) {
    this.#options = { sessions: 16, operations: 60, pause: 4, writes: 60, ...options };
    this.#running = this.#options.clients.flatMap((client) =>
      Array.from({ length: this.#options.sessions }, () => this.#work(client))
    );
  }

  /** Judges what is certain: all that ended before the oldest operation under way was sent, and a little earlier. */
  settle(): void {
    const oldest = Math.min(performance.now(), ...[...this.#underway].map(({ sent }) => sent));
    this.#options.checker.settle(oldest - 1);
  }

  /** What went on since it was asked for the last time. */
  takeFigures(): DriverFigures {
    const figures = this.#figures;
    this.#figures = noFigures();
    return figures;
  }

  /** Writes nothing until the end of a scope; resolves when no write is under way. */
  async rest(): Promise<AsyncDisposable> {
    this.#isResting = true;
    while (this.#writing > 0) await sleep(5);
    return {
      [Symbol.asyncDispose]: () => {
        this.#isResting = false;
        return Promise.resolve();
      },
    };
  }

  /** Sends nothing more, and waits for what is under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#running);
  }

  async #work(client: Client): Promise<void> {
    while (!this.#isOver) {
      const name = `${client.name}.${++this.#sessions}`;
      const passed = this.#options.random(2) === 0 ? this.#passed.pop() : undefined;
      await client.session(async () => {
        if (passed !== undefined) this.#accept(passed, name);
        await this.#session(client, name);
      }, passed?.token);
    }
  }

  async #session(client: Client, name: string): Promise<void> {
    const { random, operations, writes, keys, pause } = this.#options;
    for (let index = 0; index < operations && !this.#isOver; index++) {
      const choice = random(1_000);
      const id = 1 + Math.min(random(keys), random(keys));
      if (choice < writes && !this.#isResting) await this.#write(client, name, id);
      else await this.#read(client, name, id);
      if (choice % 50 === 0) this.#offer(client, name);
      await sleep(random(pause + 1));
    }
  }

  async #read(client: Client, session: string, id: number): Promise<void> {
    const share = this.#options.random(100);
    const mode = READ_MODES[MODES.findIndex((limit) => share < limit)];
    const under = this.#begin();
    try {
      const { state, origin } = await client.read(id, mode);
      const answered = performance.now();
      this.#figures.longest[mode] = Math.max(this.#figures.longest[mode], answered - under.sent);
      const found = state ?? "absent";
      this.#add({ kind: "read", session, key: String(id), mode, origin, found, sent: under.sent, answered });
    } catch (error) {
      countError(this.#figures.failedReads, error);
      await sleep(20);
    } finally {
      this.#underway.delete(under);
    }
  }

  async #write(client: Client, session: string, id: number): Promise<void> {
    const { random } = this.#options;
    const writing: Writing = {};
    this.#writing++;
    const way = WRITE_WAYS[random(WRITE_WAYS.length)];
    const kind = random(1_000) < REMOVALS ? "remove" : "put";
    const under = this.#begin();
    const told = (outcome: "acknowledged" | "unknown"): void => {
      const { state, absent = false, isSent = false } = writing;
      if (state === undefined && !(isSent && outcome === "unknown")) return;
      const ended = performance.now();
      const key = String(id);
      this.#add({ kind: "write", session, key, state, absent, sent: under.sent, ended, outcome });
    };
    try {
      await client.write(id, { kind, way, writing });
      told("acknowledged");
    } catch (error) {
      countError(this.#figures.failedWrites, error);
      told("unknown");
      await sleep(20);
    } finally {
      this.#writing--;
      this.#underway.delete(under);
    }
  }

  /** Hands the session's token to whoever comes next. */
  #offer(client: Client, from: string): void {
    const taken = performance.now();
    const token = client.token();
    if (token === undefined) return;
    this.#passed.push({ from, taken, token });
    if (this.#passed.length > 50) this.#passed.shift();
  }

  #accept({ from, taken }: Passed, to: string): void {
    this.#add({ kind: "pass", from, taken, to, accepted: performance.now() });
  }

  #begin(): { sent: number } {
    const under = { sent: performance.now() };
    this.#underway.add(under);
    return under;
  }

  #add(event: HistoryEvent): void {
    this.#options.checker.add(event);
  }
}

function noFigures(): {
  failedReads: Record<string, number>;
  failedWrites: Record<string, number>;
  longest: Record<ReadMode, number>;
} {
  return { failedReads: {}, failedWrites: {}, longest: { primary: 0, replica: 0, mixed: 0, strong: 0 } };
}

function countError(counts: Record<string, number>, error: unknown): void {
  const { name, message } = error as Error;
  const sqlState = error instanceof LifeguardError
    ? ` ${(error as { sqlState?: string }).sqlState ?? ""}`
    : "";
  const text = sqlState === "" ? `${name}: ${message}` : `${name}${sqlState}`;
  counts[text] = (counts[text] ?? 0) + 1;
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
