/**
 * Which transactions a snapshot shows. A commit may come out of the stream before it is visible: the committing session
 * may still wait for a synchronous standby (R5).
 *
 * @see {@link https://www.postgresql.org/docs/18/functions-info.html} for the text of a snapshot.
 * @module
 */

/** What is visible at one moment. */
export interface Snapshot {
  /** All below have ended. */
  readonly xmin: bigint;
  /** All from here on are not visible. */
  readonly xmax: bigint;
  /** The lower 32 bits of those in between that are in progress. */
  readonly inProgress: ReadonlySet<number>;
}

const SNAPSHOT = /^(\d+):(\d+):((?:\d+(?:,\d+)*)?)$/;
const CYCLE = 2n ** 32n;

/** Reads `pg_current_snapshot()::text`; undefined when the text is none. */
export function parseSnapshot(text: string): Snapshot | undefined {
  const parts = SNAPSHOT.exec(text);
  if (parts === null) return undefined;
  const inProgress = parts[3] === "" ? [] : parts[3].split(",");
  return {
    xmin: BigInt(parts[1]),
    xmax: BigInt(parts[2]),
    inProgress: new Set(inProgress.map((xid) => Number(BigInt(xid) % CYCLE))),
  };
}

/**
 * Whether a committed transaction is visible.
 *
 * @param xid The lower 32 bits of its number, as the stream gives them: they count in a circle, and a transaction is at
 * most half of it away from the present.
 */
export function isVisible(xid: number, snapshot: Snapshot): boolean {
  return !snapshot.inProgress.has(xid) && BigInt.asIntN(32, BigInt(xid) - snapshot.xmax) < 0n;
}
