/**
 * The seam between the reflector and what elects its leader. Leadership is efficiency only: what a deposed leader still
 * writes is refused by its term (R12).
 *
 * @module
 */

/** The kinds of elections. */
export const ELECTION_KINDS = ["postgres", "etcd"] as const;

/** A kind of election. */
export type ElectionKind = typeof ELECTION_KINDS[number];

/** A leadership, until it is lost or resigned. */
export interface Leadership {
  /** Aborted when it is lost, within the lease at the latest; the reason says why. */
  readonly lost: AbortSignal;
  /** Gives it up, so that another may lead at once. */
  resign(): Promise<void>;
}

/** Elects one leader among all that take part under one name. */
export interface LeaderElection extends AsyncDisposable {
  /** What it is. */
  readonly kind: ElectionKind;
  /**
   * Waits until this one leads. A leader that is killed, cut off or stopped is succeeded within the lease.
   *
   * @throws The signal's reason; other failures are tried again with a pause and told to the logger.
   */
  campaign(signal: AbortSignal): Promise<Leadership>;
  /** Who leads, as far as is known: host, process, since when. */
  leader(signal: AbortSignal): Promise<string | undefined>;
}

/** A leadership is over though nobody resigned it. */
export class LeadershipLostError extends Error {
  override readonly name = "LeadershipLostError";
}
