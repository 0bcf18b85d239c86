/**
 * How sequences and identity columns count, and what of that PostgreSQL has by itself.
 *
 * @module
 */
import type { ColumnIdentity } from "../catalog/objects.ts";

/** How something counts. */
export type Counting = Omit<ColumnIdentity, "generation">;

/** The greatest number of each type; the least is one less than its negative. */
const GREATEST: Readonly<Record<string, bigint>> = {
  smallint: 32_767n,
  integer: 2_147_483_647n,
  bigint: 9_223_372_036_854_775_807n,
};

/**
 * How something of a type counts, with what PostgreSQL takes for what is left out.
 *
 * @param type `smallint`, `integer` or `bigint`; anything else is taken for `bigint`.
 * @param given What is not left out.
 */
export function countingOf(
  type: string,
  given: { readonly [Option in keyof Counting]?: Counting[Option] | number },
): Counting {
  const greatest = GREATEST[type] ?? GREATEST.bigint;
  const increment = BigInt(given.increment ?? 1);
  const min = BigInt(given.min ?? (increment > 0n ? 1n : -greatest - 1n));
  const max = BigInt(given.max ?? (increment > 0n ? greatest : -1n));
  return {
    start: BigInt(given.start ?? (increment > 0n ? min : max)),
    increment,
    min,
    max,
    cache: BigInt(given.cache ?? 1),
    cycle: given.cycle === true,
  };
}

/**
 * What lets something that counted in one range count in another, where no value is in both: it begins anew. Without that
 * PostgreSQL refuses the range, as the value it stands at is not in it.
 */
export function restartOption(from: Counting, to: Counting): readonly string[] {
  return to.min > from.max || to.max < from.min ? ["restart"] : [];
}

/** The options as SQL, each by itself. */
export function countingOptions({ start, increment, min, max, cache, cycle }: Counting): string[] {
  return [
    `start with ${start}`,
    `increment by ${increment}`,
    `minvalue ${min}`,
    `maxvalue ${max}`,
    `cache ${cache}`,
    cycle ? "cycle" : "no cycle",
  ];
}

/** The options as SQL but for those that PostgreSQL takes where they are left out. */
export function unusualOptions(type: string, counting: Counting): string[] {
  const { increment, min, max } = counting;
  // The start follows from the end it counts from.
  const usual = { ...countingOf(type, { increment }), increment: 1n, start: increment > 0n ? min : max };
  const left = new Set(countingOptions(usual));
  return countingOptions(counting).filter((option) => !left.has(option));
}
