/**
 * Random numbers that come again: the seed is fixed, so that a failure is no accident of one run;
 * `LIFEGUARD_TEST_SEED` sets another, `LIFEGUARD_TEST_SEED=random` a new one each time. Every random test prints its.
 */
import { testVariable } from "./variables.ts";

const given: string | undefined = await testVariable("LIFEGUARD_TEST_SEED");
const isLong: boolean = await testVariable("LIFEGUARD_TEST_LONG") !== undefined;

/** The seed of this run. */
export const SEED: number = given === "random"
  ? Math.floor(Math.random() * 2 ** 31)
  : Number(given ?? 20_261);

/**
 * How many rounds a random test runs: few in the suite, many where `LIFEGUARD_TEST_LONG` is set
 * (`deno task faults --long`).
 *
 * @param usual The number in the suite.
 * @param long The number in the long run.
 */
export function rounds(usual: number, long: number): number {
  return isLong ? long : usual;
}

/**
 * A generator of numbers from 0 to 1 (mulberry32), the same for the same seed.
 *
 * @param seed Any integer.
 */
export function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * A generator of integers below a bound, the same for the same seed.
 *
 * @param seed Any integer.
 */
export function randomIntegers(seed: number): (below: number) => number {
  const next = randomNumbers(seed);
  return (below) => Math.floor(next() * below);
}
