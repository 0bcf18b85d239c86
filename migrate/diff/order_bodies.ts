/**
 * Functions whose body is text: PostgreSQL knows of no dependency of theirs, but looks whether what a body names is there
 * when it is created. So they come after what their text names, and go before it, as far as that is no circle.
 *
 * @module
 */
import type { CatalogObject, FunctionObject, ObjectKey } from "../catalog/objects.ts";
import type { Step } from "../steps/step.ts";
import { STAGES } from "./column_steps.ts";
import { alter, create, drop, type Emission, stage, TAKING } from "./emission.ts";

/**
 * Orders functions with text for a body.
 *
 * @returns Whether some are, forth or back, created before what their text may need.
 */
export function orderBodies(emission: Emission): boolean {
  const { plan, graph, gone, made } = emission;
  let isLoose = false;
  const after = (id: string, ...others: readonly string[]): void => {
    for (const other of others) if (!graph.softlyAfter(id, other)) isLoose = true;
  };
  const there = namesOf([
    ...made,
    ...entries(plan.altered, plan.to.objects),
    ...entries(plan.tables, plan.to.objects),
  ]);
  const created: [string, ObjectKey, CatalogObject | undefined][] = [
    ...[...made].map(([key, object]) => [create(key), key, object] as [string, ObjectKey, CatalogObject]),
    ...[...plan.altered.keys()].map((key) =>
      [alter(key), key, plan.to.objects.get(key)] as [string, ObjectKey, CatalogObject | undefined]
    ),
  ];
  for (const [id, key, object] of created) {
    if (!hasTextBody(object)) continue;
    for (const other of namedIn(object, key, there)) {
      after(id, create(other), alter(other), ...TAKING.map((name) => stage(other, name)));
      // The way back makes the old body before the old columns.
      if (id === alter(key) && plan.tables.has(other)) isLoose = true;
    }
  }
  const before = namesOf([...gone, ...entries(plan.tables, plan.from.objects)]);
  for (const [key, object] of gone) {
    if (!hasTextBody(object)) continue;
    for (const other of namedIn(object, key, before)) {
      after(drop(other), drop(key));
      for (const name of STAGES) after(stage(other, name), drop(key));
    }
  }
  return isLoose;
}

/** Lets functions be created before what their text names, there and on the way back, within a transaction. */
export function withUncheckedBodies(steps: readonly Step[]): readonly Step[] {
  const text = "set local check_function_bodies = off;";
  const step: Step = { kind: "sql", text, down: text };
  return [step, ...steps, step];
}

function entries(
  keys: ReadonlyMap<ObjectKey, unknown>,
  objects: ReadonlyMap<ObjectKey, CatalogObject>,
): [ObjectKey, CatalogObject][] {
  return [...keys.keys()].flatMap((key): [ObjectKey, CatalogObject][] => {
    const object = objects.get(key);
    return object === undefined ? [] : [[key, object]];
  });
}

function hasTextBody(object: CatalogObject | undefined): object is FunctionObject {
  return object?.kind === "function" && (object.language === "sql" || object.language === "plpgsql") &&
    /\bas\s+\$/i.test(object.definition);
}

/** Objects that a body can name, by their names. */
function namesOf(objects: Iterable<[ObjectKey, CatalogObject]>): ReadonlyMap<string, ReadonlySet<ObjectKey>> {
  const names = new Map<string, Set<ObjectKey>>();
  for (const [key, object] of objects) {
    if (!NAMED.has(object.kind) && !(object.kind === "opaque" && object.what === "aggregate")) continue;
    const name = object.kind === "opaque" ? object.name.replace(/\(.*$/s, "") : object.name;
    const keys = names.get(name);
    if (keys === undefined) names.set(name, new Set([key]));
    else keys.add(key);
  }
  return names;
}

const NAMED: ReadonlySet<CatalogObject["kind"]> = new Set(
  [
    "composite",
    "domain",
    "enum",
    "function",
    "materialized view",
    "range",
    "sequence",
    "table",
    "view",
  ] as const,
);

function namedIn(
  object: FunctionObject,
  key: ObjectKey,
  names: ReadonlyMap<string, ReadonlySet<ObjectKey>>,
): ReadonlySet<ObjectKey> {
  const found = new Set<ObjectKey>();
  // Without the quotes of the body, which would be taken for a part of its first and last names.
  const text = object.definition.replaceAll(/\$\w*\$/g, " ");
  const words = new Set(text.match(/[\p{L}_][\p{L}\p{N}_$]*|"(?:[^"]|"")*"/gu) ?? []);
  for (const word of words) {
    const name = word.startsWith('"') ? word.slice(1, -1).replaceAll('""', '"') : word.toLowerCase();
    for (const other of names.get(name) ?? []) {
      // Only SQL's own language looks for functions.
      const isFunction = other.startsWith("function:") || other.startsWith("opaque:");
      if (other !== key && (object.language === "sql" || !isFunction)) found.add(other);
    }
  }
  return found;
}
