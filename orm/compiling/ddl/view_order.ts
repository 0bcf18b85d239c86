/**
 * The order views are created in: each after those it is made of. What a query is made of is told by the names that stand
 * in it; a name that only looks like a view's costs nothing but a place in the order.
 *
 * @module
 */

/** A view as far as its place is concerned. */
export interface ViewPlace {
  /** Its name, without its schema. */
  readonly name: string;
  /** The text of its query. */
  readonly query: string;
}

/**
 * Puts views in an order they can be created in.
 *
 * @param views The views.
 * @returns The same, each after those its query names; in the order given where nothing else is known.
 */
export function orderedViews<View extends ViewPlace>(views: readonly View[]): readonly View[] {
  const byName = new Map<string, View[]>();
  for (const view of views) byName.set(view.name, [...byName.get(view.name) ?? [], view]);
  const result = new Set<View>();
  const visited = new Set<View>();
  const visit = (view: View): void => {
    if (visited.has(view)) return;
    visited.add(view);
    for (const name of namesIn(view.query)) byName.get(name)?.forEach(visit);
    result.add(view);
  };
  views.forEach(visit);
  return [...result];
}

/** Strings, comments and dollar quotes, which are passed over; names in quotes; names without. */
const TOKENS =
  /e'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|--[^\n]*|\/\*[^]*?\*\/|(\$\w*\$)[^]*?\1|"((?:[^"]|"")+)"|([\p{L}_][\p{L}\p{N}_$]*)/giu;

/** The names a text holds, as they are stored. */
function namesIn(text: string): Set<string> {
  const names = new Set<string>();
  for (const [, , quoted, plain] of text.matchAll(TOKENS)) {
    if (quoted !== undefined) names.add(quoted.replaceAll('""', '"'));
    else if (plain !== undefined) names.add(plain.toLowerCase());
  }
  return names;
}
