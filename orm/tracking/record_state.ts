/**
 * What a record knows of its row: an immutable value, and the steps from one to the next.
 *
 * A record is **new** (there is no row of it), **stored** (there is) or **deleted** (there was). A property of it is
 *
 * - `pending`: a value, null or expression was set that is not the row's;
 * - else `taken`, when its value was taken out of the record: nobody writes it;
 * - else as in `original`, the row as it was last read or written; not set where that does not have it.
 *
 * Invariants:
 * - `original` is undefined exactly while the record is new;
 * - no pending value is the same as the original's: what is set back is not pending any more;
 * - `baseline` holds copies of the original's values that can be changed in place, so that changing one and setting it
 *   is seen;
 * - a property is never both pending and taken.
 *
 * @module
 */
import { fragmentOf } from "../building/composition.ts";
import type { GivenValues } from "../executing/input.ts";
import { RecordReference } from "./record_reference.ts";
import { copyOf, isMutable, sameValue } from "./same_value.ts";

/** How a property of a record stands. */
export type ValueState = "not-set" | "unchanged" | "set" | "null" | "expression";

/** What a record knows. */
export interface RecordState {
  /** Whether there is a row. */
  readonly life: "new" | "stored" | "deleted";
  /** The row as it was last read or written. */
  readonly original: GivenValues | undefined;
  /** Copies of its values that can be changed in place. */
  readonly baseline: ReadonlyMap<string, unknown>;
  /** What was set. */
  readonly pending: ReadonlyMap<string, unknown>;
  /** What was taken. */
  readonly taken: ReadonlySet<string>;
}

const NOTHING: ReadonlyMap<string, unknown> = new Map();
const NONE: ReadonlySet<string> = new Set();

/** The state of a record nothing was set of. */
export const NEW: RecordState = {
  life: "new",
  original: undefined,
  baseline: NOTHING,
  pending: NOTHING,
  taken: NONE,
};

/** The state of a record whose row is known, without changes. */
export function storedState(row: GivenValues): RecordState {
  let baseline: Map<string, unknown> | undefined;
  for (const property of Object.keys(row)) {
    const value = row[property];
    if (isMutable(value)) (baseline ??= new Map()).set(property, copyOf(value));
  }
  return { life: "stored", original: row, baseline: baseline ?? NOTHING, pending: NOTHING, taken: NONE };
}

/** The state after values were set. */
export function withValues(state: RecordState, values: Iterable<readonly [string, unknown]>): RecordState {
  const pending = new Map(state.pending);
  const taken = new Set(state.taken);
  for (const [property, value] of values) {
    taken.delete(property);
    if (isOriginal(state, property, value)) pending.delete(property);
    else pending.set(property, value);
  }
  return { ...state, pending, taken };
}

/** The state after a property, or every one, became what the row has. */
export function withoutChange(state: RecordState, property?: string): RecordState {
  if (property === undefined) return { ...state, pending: NOTHING, taken: NONE };
  const pending = new Map(state.pending);
  const taken = new Set(state.taken);
  pending.delete(property);
  taken.delete(property);
  return { ...state, pending, taken };
}

/** The state after a property's value was taken out. */
export function withTaken(state: RecordState, property: string): RecordState {
  const pending = new Map(state.pending);
  pending.delete(property);
  return { ...state, pending, taken: new Set(state.taken).add(property) };
}

/**
 * The state after what was written is undone: as before, with what was set and taken since.
 *
 * @param before The state before the write.
 * @param now The state now.
 */
export function undone(before: RecordState, now: RecordState): RecordState {
  let state = withValues(before, now.pending);
  for (const property of now.taken) state = withTaken(state, property);
  return state;
}

/** How a property stands. */
export function stateOf({ pending, taken, original }: RecordState, property: string): ValueState {
  if (pending.has(property)) {
    const value = pending.get(property);
    if (value === null) return "null";
    return fragmentOf(value) === undefined ? "set" : "expression";
  }
  return taken.has(property) || original?.[property] === undefined ? "not-set" : "unchanged";
}

/** A property's value, or what stands for it; `undefined` when it is not set. */
export function valueOf({ pending, taken, original }: RecordState, property: string): unknown {
  if (pending.has(property)) return pending.get(property);
  return taken.has(property) ? undefined : original?.[property];
}

/** A property's value where it is known here and now. */
export function knownValueOf(state: RecordState, property: string): unknown {
  const value = valueOf(state, property);
  if (value instanceof RecordReference) return value.value;
  return fragmentOf(value) === undefined ? value : undefined;
}

function isOriginal({ original, baseline }: RecordState, property: string, value: unknown): boolean {
  if (original === undefined || original[property] === undefined) return false;
  const known = value instanceof RecordReference ? value.value : value;
  return sameValue(baseline.has(property) ? baseline.get(property) : original[property], known);
}
