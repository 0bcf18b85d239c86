/**
 * What one session must not read older than: what it has written, what it has read, and what came with tokens.
 *
 * @module
 */
import { NO_STATE, Staircase } from "./staircase.ts";

type Floors = Map<string, Staircase>;

/** What a session knows of one key at a moment. */
export interface SessionFloor {
  /** The least state it may read now. */
  readonly state: number;
  /** How it knows. */
  readonly by: "write" | "read";
}

/** What one session has done, by key. */
export class SessionHistory {
  readonly #written: Floors = new Map();
  readonly #read: Floors = new Map();
  /** When it last did something. */
  lastUsed: number = -Infinity;

  /** It has written a state, or has a token that includes the write, since a time. */
  wrote(key: string, time: number, state: number): void {
    this.#add(this.#written, key, time, state);
  }

  /** It has read a state, at a time. */
  read(key: string, time: number, state: number): void {
    this.#add(this.#read, key, time, state);
  }

  /** The least it may read of a key in a read that is sent at a time. */
  floor(key: string, sent: number): SessionFloor {
    const written = this.#written.get(key)?.before(sent) ?? NO_STATE;
    const read = this.#read.get(key)?.before(sent) ?? NO_STATE;
    return written >= read ? { state: written, by: "write" } : { state: read, by: "read" };
  }

  /**
   * Hands its token to another session.
   *
   * @param other Who gets it.
   * @param taken When it was asked for.
   * @param accepted When the other one had it.
   */
  pass(other: SessionHistory, taken: number, accepted: number): void {
    for (const [key, steps] of this.#written) {
      const state = steps.before(taken);
      if (state !== NO_STATE) other.wrote(key, accepted, state);
    }
  }

  /** Forgets what no later read needs. */
  forget(before: number): void {
    for (const floors of [this.#written, this.#read]) {
      for (const steps of floors.values()) steps.forget(before);
    }
  }

  #add(floors: Floors, key: string, time: number, state: number): void {
    this.lastUsed = Math.max(this.lastUsed, time);
    let steps = floors.get(key);
    if (steps === undefined) floors.set(key, steps = new Staircase());
    steps.add(time, state);
  }
}
