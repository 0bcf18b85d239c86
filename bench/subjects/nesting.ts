/** Finding children by their parent, for clients that load each level by itself. */

/** The children of each parent; of one that has none, an empty array. */
export function byParent<Child>(
  children: readonly Child[],
  parentOf: (child: Child) => number,
): (parent: number) => readonly Child[] {
  const found = new Map<number, Child[]>();
  for (const child of children) {
    const parent = parentOf(child);
    const siblings = found.get(parent);
    if (siblings === undefined) found.set(parent, [child]);
    else siblings.push(child);
  }
  return (parent) => found.get(parent) ?? [];
}
