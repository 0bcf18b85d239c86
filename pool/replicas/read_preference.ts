/**
 * Where reads may come from.
 *
 * @module
 */

/** Where reads may come from; `docs/replicas.md` says what each promises. */
export const READ_PREFERENCES = ["primary", "replica", "mixed", "strong"] as const;

/**
 * Where reads may come from: `"primary"` only; a healthy `"replica"`, else the primary; `"mixed"`, the same and a cache,
 * where there is one; `"strong"`, any of these that is as new as what the reader has written and read, else the primary.
 */
export type ReadPreference = typeof READ_PREFERENCES[number];

/** Names what tells the layers above what an executor's reads prefer. */
export const READING: unique symbol = Symbol("lifeguard.reading");

/** What an executor's reads prefer. */
export interface Reading {
  /** Where they may come from. */
  readonly preference: ReadPreference;
  /** What reads that may travel in one statement have in common: the same object, as long as it is for the same reader. */
  readonly company: () => object;
}

/** What an executor's reads prefer; undefined for what has a connection for itself, a transaction say. */
export function readingOf(executor: object): Reading | undefined {
  return (executor as { readonly [READING]?: Reading })[READING];
}
