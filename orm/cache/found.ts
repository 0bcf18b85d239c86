/**
 * What a read found, with what is needed to judge who may have it: the same for rows from the near cache, from the
 * store and from the database.
 *
 * @module
 */
import { TRUST_WINDOW } from "./trust.ts";

/** Where something was found. */
export const FOUND_IN = ["near", "store", "database"] as const;

/** Where something was found. */
export type FoundIn = typeof FOUND_IN[number];

/** A value, and what is known of its age. */
export interface Found<Value> {
  readonly value: Value;
  /** What it was read from, where that is at hand. */
  readonly bytes?: Uint8Array | undefined;
  /** Where its LSNs belong to. */
  readonly timeline: string;
  /** Every commit whose token is not beyond this is in it. */
  readonly asOf: bigint;
  /** Every change that anybody had seen and whose LSN is not beyond this is in it, as the reflector has applied it. */
  readonly applied: bigint;
  /** No commit beyond this is in it. */
  readonly upper: bigint;
  /** Everything committed before this moment is in it, in monotonic milliseconds. */
  readonly currentAt: number;
  /** Where it was found. */
  readonly in: FoundIn;
}

/** A position of the log. */
export interface Position {
  readonly timeline: string;
  readonly lsn: bigint;
}

/** What a session may not read anything older than. */
export interface Bounds {
  /** The token of its last write. */
  readonly token: Position | undefined;
  /** What it has read of the key. */
  readonly floor: Position | undefined;
}

/** Who reads. */
export interface Reader {
  /** When the read began, in monotonic milliseconds. */
  readonly startedAt: number;
  /** In `strong` mode. */
  readonly bounds?: Bounds;
}

/**
 * Whether a reader may have what was found. A token is a tick behind a commit that could be seen, so a version that
 * reached it has the commit. What was *read* has no tick: its commit record may lie before a version that was read
 * before it could be seen; only when the reflector has applied it is it certain that nothing older is there.
 */
export function accepts<Value>(found: Found<Value>, { startedAt, bounds }: Reader): boolean {
  if (found.currentAt < startedAt - TRUST_WINDOW) return false;
  if (bounds === undefined) return true;
  const { token, floor } = bounds;
  // Whether what was written on another timeline has survived only the pool can find out.
  if (token !== undefined && found.timeline !== token.timeline) return false;
  if (floor !== undefined && found.timeline !== floor.timeline) return false;
  if (found.currentAt >= startedAt) return true;
  return (token === undefined || found.asOf >= token.lsn) &&
    (floor === undefined || found.applied >= floor.lsn);
}
