/**
 * Random values that come again: generators with a seed, which `LIFEGUARD_TEST_SEED` sets.
 *
 * @module
 */
import { processEnvironment } from "../pool/wire/configuration/environment.ts";
import { ValidationError } from "../pool/wire/errors.ts";

/** The variable that holds the seed: an integer, or `random` for a new one in each run. */
const SEED_VARIABLE = "LIFEGUARD_TEST_SEED";
/** The seed where none is given. */
const DEFAULT_SEED = 1;

let seed: number | undefined;
let isDrawn = false;

/** The seed of this run. */
export function runSeed(): number {
  return seed ??= readSeed(processEnvironment.variable(SEED_VARIABLE));
}

/** Says how the random values of a test that failed come again; nothing where none were used. */
export function printSeed(): void {
  if (isDrawn) console.error(`The random values come again with ${SEED_VARIABLE}=${runSeed()}`);
}

/**
 * Reads what the variable says.
 *
 * @param text Its value; `undefined` when it is not set.
 * @returns The seed.
 * @throws {ValidationError} When it is no integer.
 */
export function readSeed(text: string | undefined): number {
  if (text === undefined || text === "") return DEFAULT_SEED;
  if (text === "random") return Math.floor(Math.random() * 2 ** 31);
  if (/^\d{1,10}$/.test(text)) return Number(text);
  throw new ValidationError(`variable ${SEED_VARIABLE}`, 'it is no integer; give one, or "random"');
}

/**
 * Random values, the same for the same seed. Factories hand one to their attributes.
 *
 * @example
 * ```ts
 * import { SeededRandom } from "@lifeguard/core/testkit";
 * const [first, second] = [new SeededRandom(7), new SeededRandom(7)];
 * console.assert(first.integer(1, 6) === second.integer(1, 6));
 * console.assert(first.pick(["a", "b"]) === second.pick(["a", "b"]));
 * ```
 */
export class SeededRandom {
  #state: number;

  /** Starts from a seed: any integer. */
  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** A number from 0 up to, but not including, 1. */
  number(): number {
    // mulberry32: https://gist.github.com/tommyettinger/46a874533244883189143505d203312c
    isDrawn = true;
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let value = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
  }

  /** An integer from `from` to `to`, both included. */
  integer(from: number, to: number): number {
    if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to) || from > to) {
      throw new ValidationError("a random integer", `there is none from ${from} to ${to}; give two integers`);
    }
    return from + Math.floor(this.number() * (to - from + 1));
  }

  /** True as often as `probability` says. Default 0.5. */
  boolean(probability = 0.5): boolean {
    return this.number() < probability;
  }

  /** One of several values. */
  pick<Value>(values: readonly Value[]): Value {
    if (values.length === 0) throw new ValidationError("a random choice", "there is nothing to choose from");
    return values[this.integer(0, values.length - 1)];
  }

  /** Lower-case letters. */
  letters(length: number): string {
    return Array.from({ length }, () => String.fromCharCode(97 + this.integer(0, 25))).join("");
  }

  /** A UUID of version 4. */
  uuid(): string {
    const digits = Array.from({ length: 32 }, () => this.integer(0, 15).toString(16));
    digits[12] = "4";
    digits[16] = "89ab"[this.integer(0, 3)];
    const text = digits.join("");
    return [[0, 8], [8, 12], [12, 16], [16, 20], [20, 32]].map(([from, to]) => text.slice(from, to)).join(
      "-",
    );
  }
}

/** A seed of its own for each name, so that what one factory draws does not change what another does. */
export function seedFor(name: string, seed: number): number {
  let hash = seed | 0;
  for (const character of name) hash = Math.imul(hash ^ character.codePointAt(0)!, 0x01000193);
  return hash;
}
