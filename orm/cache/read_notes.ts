/**
 * What `strong` sessions have read, so that a read of the same again does not make the session ask for more than it has
 * seen: else a key that is read often would never come from the cache.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import {
  type ConsistencySession,
  FLOOR_OF_CACHED,
  FLOOR_OF_QUERIES,
} from "../../pool/consistency/consistency_session.ts";
import type { Bounds, Found, Position } from "./found.ts";

/** How many keys are remembered, a session. */
const MAX_KEYS = 1_000;

/** What was read last of a key. */
interface Note {
  readonly value: unknown;
  readonly bytes: Uint8Array | undefined;
}

const NOTES = new WeakMap<ConsistencySession, Map<string, Note>>();

/**
 * Remembers how new something was that a session has read: no later read of it may be older.
 *
 * @param session The session.
 * @param key What was read, as the store calls it.
 * @param found What was found.
 */
export function noteRead(session: ConsistencySession, key: string, found: Found<unknown>): void {
  let notes = NOTES.get(session);
  if (notes === undefined) NOTES.set(session, notes = new Map());
  const known = notes.get(key);
  if (known !== undefined && session.floorOf(key) !== undefined && isSame(known, found)) return;
  session.raiseFloor(key, found.upper, found.timeline);
  session.raiseFloor(FLOOR_OF_CACHED, found.upper, found.timeline);
  notes.delete(key);
  notes.set(key, { value: found.value, bytes: found.bytes?.slice() });
  if (notes.size <= MAX_KEYS) return;
  for (const [oldest] of notes) {
    notes.delete(oldest);
    break;
  }
}

/**
 * The same of what shows any number of rows, and by what is not in it that others are not: a list of keys, the result of
 * a query. No later read of any row may be older than that.
 */
export function noteRowsRead(session: ConsistencySession, key: string, found: Found<unknown>): void {
  noteRead(session, key, found);
  session.raiseFloor(FLOOR_OF_QUERIES, found.upper, found.timeline);
}

/**
 * What a session may not read anything older than, of a key: its last write, what it has read of the key, and what any
 * query has shown it, since that may have been the same row.
 *
 * @param session The session.
 * @param key The key, as the store calls it.
 */
export function boundsOf(session: ConsistencySession, key: string): Bounds {
  return {
    token: session.token,
    floor: higher(session.floorOf(key), session.floorOf(FLOOR_OF_QUERIES)),
  };
}

/**
 * The same of what shows any number of rows: also what the session has read of any row by its key, since it may be in it.
 */
export function boundsOfRows(session: ConsistencySession, key: string): Bounds {
  const { token, floor } = boundsOf(session, key);
  return { token, floor: higher(floor, session.floorOf(FLOOR_OF_CACHED)) };
}

/** The higher of two floors: a session's are all of one timeline. */
function higher(one: Position | undefined, other: Position | undefined): Position | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return one.lsn > other.lsn ? one : other;
}

function isSame(known: Note, found: Found<unknown>): boolean {
  if (known.value === found.value) return true;
  return known.bytes !== undefined && found.bytes !== undefined &&
    Buffer.compare(known.bytes, found.bytes) === 0;
}
