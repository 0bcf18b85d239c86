/**
 * Whether two plain records say the same.
 *
 * @module
 */

/**
 * Compares two values down to their last field; a field that is `undefined` is the same as one that is missing.
 *
 * @param a One.
 * @param b The other.
 * @param ignored Fields of the outermost records that are not looked at.
 */
export function isEqual(a: unknown, b: unknown, ignored?: ReadonlySet<string>): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  if (Array.isArray(a)) {
    const other = b as readonly unknown[];
    return a.length === other.length && a.every((item, index) => isEqual(item, other[index]));
  }
  const one = a as Readonly<Record<string, unknown>>;
  const two = b as Readonly<Record<string, unknown>>;
  for (const key in one) {
    if (!ignored?.has(key) && !isEqual(one[key], two[key])) return false;
  }
  for (const key in two) {
    if (!ignored?.has(key) && two[key] !== undefined && one[key] === undefined) return false;
  }
  return true;
}
