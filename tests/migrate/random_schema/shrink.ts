/**
 * Makes a pair of schemas that fails smaller while it fails.
 */
import type { Pair } from "./round_trip.ts";

/** A value that JSON knows. */
type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Where a value is in another. */
type Path = readonly (string | number)[];

/**
 * Makes a failing pair smaller: takes away what both have, makes the second like the first, and numbers 0.
 *
 * @param pair What fails.
 * @param fails Whether a pair still fails.
 * @param limit How long is tried, in milliseconds.
 */
export async function shrink(
  pair: Pair,
  fails: (pair: Pair) => Promise<boolean>,
  limit: number,
): Promise<Pair> {
  let smallest = pair;
  const end = performance.now() + limit;
  for (let isSmaller = true; isSmaller;) {
    isSmaller = false;
    for (const smaller of candidates(smallest)) {
      if (performance.now() > end) return smallest;
      if (!await fails(smaller)) continue;
      smallest = smaller;
      isSmaller = true;
      break;
    }
  }
  return smallest;
}

function* candidates({ first, second, seed }: Pair): Generator<Pair> {
  const [one, two] = [first, second] as unknown as [Json, Json];
  const make = (a: Json, b: Json): Pair => ({ first: a, second: b, seed }) as unknown as Pair;
  for (const path of elementsOf(one)) {
    const element = at(one, path);
    const twin = twinOf(two, path, element);
    yield make(without(one, path), twin === undefined ? two : without(two, twin));
  }
  for (const path of elementsOf(two)) {
    if (twinOf(one, path, at(two, path)) === undefined) yield make(one, without(two, path));
  }
  for (const path of elementsOf(one)) {
    const twin = twinOf(two, path, at(one, path));
    if (twin === undefined || typeof at(one, path) !== "object") continue;
    if (JSON.stringify(at(one, path)) !== JSON.stringify(at(two, twin))) {
      yield make(one, changed(two, twin, at(one, path)));
    }
  }
  for (const path of leavesOf(one)) {
    const zero = zeroOf(at(one, path));
    if (zero === undefined) continue;
    const isSame = JSON.stringify(at(two, path)) === JSON.stringify(at(one, path));
    yield make(changed(one, path, zero), isSame ? changed(two, path, zero) : two);
  }
  for (const path of leavesOf(two)) {
    const zero = zeroOf(at(two, path));
    if (zero !== undefined) yield make(one, changed(two, path, zero));
  }
}

function zeroOf(value: Json | undefined): Json | undefined {
  if (typeof value === "number" && value !== 0) return 0;
  return value === true ? false : undefined;
}

/** The elements of arrays, the outermost first. */
function elementsOf(value: Json, path: Path = []): Path[] {
  if (typeof value !== "object" || value === null) return [];
  const inner = Object.entries(value).flatMap(([key, child]) =>
    elementsOf(child, [...path, Array.isArray(value) ? Number(key) : key])
  );
  return Array.isArray(value) ? [...value.map((_, index) => [...path, index]), ...inner] : inner;
}

function leavesOf(value: Json, path: Path = []): Path[] {
  if (typeof value !== "object" || value === null) return [path];
  return Object.entries(value).flatMap(([key, child]) =>
    leavesOf(child, [...path, Array.isArray(value) ? Number(key) : key])
  );
}

function at(value: Json, path: Path): Json | undefined {
  return path.reduce<Json | undefined>(
    (inner, key) => (inner as Record<string | number, Json> | null | undefined)?.[key],
    value,
  );
}

/** Where the element of the same name, or an equal one, is in another schema. */
function twinOf(other: Json, path: Path, element: Json | undefined): Path | undefined {
  const nameOf = (value: Json | undefined): unknown =>
    (value as { readonly name?: string } | null | undefined)?.name ?? JSON.stringify(value);
  const parents = path.slice(0, -1);
  let place: Path = [];
  // Elements on the way may be elsewhere: only those of a table's are, and tables have names.
  for (const key of parents) place = [...place, key];
  const list = at(other, place);
  if (!Array.isArray(list)) return undefined;
  const index = list.findIndex((one) => nameOf(one) === nameOf(element));
  return index < 0 ? undefined : [...place, index];
}

function without(value: Json, path: Path): Json {
  const copy = structuredClone(value) as Json;
  (at(copy, path.slice(0, -1)) as Json[]).splice(path.at(-1) as number, 1);
  return copy;
}

function changed(value: Json, path: Path, to: Json | undefined): Json {
  const copy = structuredClone(value) as Json;
  const parent = at(copy, path.slice(0, -1)) as Record<string | number, Json | undefined> | undefined;
  if (parent !== undefined) parent[path.at(-1)!] = structuredClone(to);
  return copy;
}
