/**
 * Whether SQL text names something. PostgreSQL tells what an expression depends on for its whole table only; the text tells
 * which of the columns it is.
 *
 * @module
 */

/** A string, a quoted name, or a name. */
const TOKENS = /'((?:[^']|'')*)'|"((?:[^"]|"")*)"|[\p{L}_][\p{L}\p{N}_$]*/gu;

/**
 * Whether an expression names something, in a string as well: `nextval('public."Codes"'::regclass)`.
 *
 * @param text The expression as PostgreSQL tells it, with names quoted where they need it.
 * @param name The name, as it is stored.
 */
export function mentions(text: string | undefined, name: string): boolean {
  return text !== undefined && namesIn(text).has(name);
}

function namesIn(text: string): ReadonlySet<string> {
  const found = new Set<string>();
  for (const [token, string, quoted] of text.matchAll(TOKENS)) {
    if (string === undefined) found.add(quoted === undefined ? token : quoted.replaceAll('""', '"'));
    else for (const name of namesIn(string.replaceAll("''", "'"))) found.add(name);
  }
  return found;
}
