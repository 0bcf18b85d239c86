/**
 * Whether two values of a column are the same, so that writing the one where the other is would change nothing.
 *
 * @module
 */

/**
 * Compares by value: bytes, dates and times, arrays, JSON, ranges. What it does not know it takes for different, which
 * costs a write and loses nothing.
 */
export function sameValue(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  const prototype = Object.getPrototypeOf(a);
  if (prototype !== Object.getPrototypeOf(b)) return false;
  if (Array.isArray(a)) return sameItems(a, b as readonly unknown[]);
  if (a instanceof Uint8Array) return sameItems(a, b as Uint8Array);
  if (a instanceof Date) return Object.is(a.getTime(), (b as Date).getTime());
  if (isTemporal(a)) return isTemporal(b) && a.toString() === b.toString();
  return sameProperties(a, b, isPlain(a));
}

/** Whether an object can be changed in place, so that a reference to it says nothing about what it was. */
export function isMutable(value: unknown): value is object {
  return Array.isArray(value) || value instanceof Uint8Array || value instanceof Date || isPlain(value);
}

/** A copy of what can be changed in place, all the way down. */
export function copyOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copyOf);
  if (value instanceof Uint8Array) return value.slice();
  if (value instanceof Date) return new Date(value);
  if (!isPlain(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, copyOf(item)]));
}

function isTemporal(value: object): boolean {
  return (value as { readonly [Symbol.toStringTag]?: unknown })[Symbol.toStringTag]?.toString()
    .startsWith("Temporal.") === true;
}

function isPlain(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function sameItems(a: ArrayLike<unknown>, b: ArrayLike<unknown>): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!sameValue(a[i], b[i])) return false;
  return true;
}

/** Of instances of other classes without properties nothing is known: their state may be private. */
function sameProperties(a: object, b: object, mayBeEmpty: boolean): boolean {
  const names = Object.keys(a);
  if (names.length === 0 && !mayBeEmpty) return false;
  if (names.length !== Object.keys(b).length) return false;
  return names.every((name) =>
    Object.hasOwn(b, name) &&
    sameValue((a as Record<string, unknown>)[name], (b as Record<string, unknown>)[name])
  );
}
