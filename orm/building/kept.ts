/**
 * What is kept to be found again, up to a number of things.
 *
 * @module
 */

/**
 * Keeps a value by its key. When there are too many, all are forgotten first: those in use come again, and a program that
 * makes new ones for ever neither grows nor keeps the rest from being found.
 *
 * @param kept What is kept.
 * @param limit How many there are at most.
 * @param entry The key and the value.
 * @returns The value.
 */
export function keep<Key, Value>(
  kept: Map<Key, Value>,
  limit: number,
  [key, value]: readonly [Key, Value],
): Value {
  if (kept.size >= limit) kept.clear();
  kept.set(key, value);
  return value;
}
