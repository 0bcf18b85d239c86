/**
 * The names of indexes and foreign keys that were given none.
 *
 * @module
 */

/** `NAMEDATALEN - 1`. */
const MAX_BYTES = 63;

const encoder = new TextEncoder();

/**
 * A name for an index: as PostgreSQL would choose, but the same each time.
 *
 * @param table The table's name.
 * @param parts The columns' names, `expr` for an expression.
 * @param taken The names already given in this table; the new one is added.
 */
export function indexName(table: string, parts: readonly string[], taken: Set<string>): string {
  const base = `${table}_${parts.join("_")}`;
  for (let count = 0;; count++) {
    const name = shortened(base, count === 0 ? "_idx" : `_idx${count}`);
    if (taken.has(name)) continue;
    taken.add(name);
    return name;
  }
}

/** The name PostgreSQL gives a foreign key (`fkey`) or a unique constraint (`key`) that has none, unless it is too long. */
export function constraintName(table: string, columns: readonly string[], label: "fkey" | "key"): string {
  return shortened(`${table}_${columns.join("_")}`, `_${label}`);
}

/** The text with its end, or as much of it as fits, with a hash of all of it. */
export function shortened(base: string, end: string): string {
  if (encoder.encode(base + end).length <= MAX_BYTES) return base + end;
  const tail = `_${hash(base)}${end}`;
  let kept = "";
  for (const character of base) {
    if (encoder.encode(kept + character + tail).length > MAX_BYTES) break;
    kept += character;
  }
  return kept + tail;
}

/** FNV-1a of 32 bits: http://www.isthe.com/chongo/tech/comp/fnv/ */
function hash(text: string): string {
  let value = 0x811c9dc5;
  for (const byte of encoder.encode(text)) value = Math.imul(value ^ byte, 0x01000193);
  return (value >>> 0).toString(36);
}
