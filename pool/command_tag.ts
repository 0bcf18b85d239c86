/**
 * What a command says of itself when it is complete.
 *
 * @module
 */

/** How many rows a command returned or affected, which is the last word of its tag; undefined where it does not tell. */
export function countOf(tag: string): number | undefined {
  const word = tag.slice(tag.lastIndexOf(" ") + 1);
  return /^\d+$/.test(word) ? Number(word) : undefined;
}
