/**
 * The connections of a tier that were lost and are being replaced.
 *
 * Invariant: there are never more than connections being made, so that one made because calls wait for it is not taken
 * for a replacement.
 *
 * @module
 */

/** A connection that was lost and is being replaced. */
export interface Outage {
  /** Monotonic milliseconds at which it was lost. */
  readonly lostAt: number;
  /** Why. */
  readonly cause: Error;
  /** Attempts that have failed since. */
  readonly failures: number;
}

/** The outages of a tier, the oldest first. */
export class Outages {
  #open: { readonly lostAt: number; readonly cause: Error; failures: number }[] = [];

  /** A connection was lost. */
  begin(cause: Error): void {
    this.#open.push({ lostAt: performance.now(), cause, failures: 0 });
  }

  /** So many connections are being made. */
  limit(connecting: number): void {
    if (this.#open.length > connecting) this.#open.length = connecting;
  }

  /** An attempt to connect has failed. */
  failed(): void {
    for (const outage of this.#open) outage.failures++;
  }

  /** A connection was made, which ends the oldest. */
  end(): Outage | undefined {
    return this.#open.shift();
  }

  /** No connection will be made until one is asked for anew. */
  endAll(): readonly Outage[] {
    return this.#open.splice(0);
  }
}
