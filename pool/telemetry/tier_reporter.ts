/**
 * What becomes of a tier's connections, told to the log and to who observes the tier. All of it is rare, so it is told
 * whether anybody listens or not.
 *
 * @module
 */
import { Outages } from "./outages.ts";
import type { PoolEvent, PoolLogger } from "./pool_log.ts";
import type { TierObserver } from "./tier_observer.ts";

/** How a tier reports. */
export interface TierReporterOptions {
  /** The tier's name. */
  readonly tier: string;
  /** Receives the events. */
  readonly logger: PoolLogger | undefined;
  /** Who observes the tier now. */
  readonly observer: () => TierObserver | undefined;
}

/** Why a connection is closed on purpose. */
export type Retirement = "lifetime" | "idle" | "role";

/** What is told of connections closed on purpose. */
const RETIREMENTS = {
  lifetime: { event: "rotated", words: "is old and is replaced" },
  idle: { event: "shrunk", words: "was idle and is closed" },
  role: { event: "evicted", words: "is with a server that takes no writes any more and is replaced" },
} as const satisfies Record<Retirement, { readonly event: PoolEvent; readonly words: string }>;

/** Reports of one tier. */
export class TierReporter {
  readonly #options: TierReporterOptions;
  readonly #outages = new Outages();
  /** The failure to connect that was told of last. */
  #warned: string | undefined;
  /** Waits that timed out and were not told of yet. */
  #timeouts = 0;

  /** Nothing has happened yet. */
  constructor(options: TierReporterOptions) {
    this.#options = options;
  }

  /** A connection was made. */
  connected(address: string): void {
    const { tier, logger, observer } = this.#options;
    this.#warned = undefined;
    const outage = this.#outages.end();
    if (outage === undefined) {
      return logger?.info?.(`Connected to ${address} (${tier})`, { event: "connected", tier, address });
    }
    observer()?.healed(outage);
    const lostFor = performance.now() - outage.lostAt;
    logger?.info?.(`A connection to ${address} (${tier}) was healed after ${Math.round(lostFor)} ms`, {
      event: "healed",
      tier,
      address,
      lostFor,
      failures: outage.failures,
    });
  }

  /** A connection was lost. */
  lost(address: string, error: Error): void {
    const { tier, logger } = this.#options;
    this.#outages.begin(error);
    logger?.info?.(`A connection (${tier}) was lost: ${error.message}`, {
      event: "connection_lost",
      tier,
      address,
      error,
    });
  }

  /** So many connections are being made. */
  connecting(count: number): void {
    this.#outages.limit(count);
  }

  /** An attempt to connect failed: told once, and again when the reason changes or it has worked meanwhile. */
  connectFailed(error: Error, isFinal: boolean): void {
    const { tier, logger, observer } = this.#options;
    this.#outages.failed();
    if (isFinal) { for (const outage of this.#outages.endAll()) observer()?.healed(outage, { error }); }
    if (this.#warned === error.message) return;
    this.#warned = error.message;
    logger?.warn?.(`${error.message} (${tier}${isFinal ? "" : "; trying again"})`, {
      event: "connect_failed",
      tier,
      error,
      isFinal,
    });
  }

  /** Calls have waited for a connection in vain. */
  timedOut(count: number): void {
    this.#timeouts += count;
    this.#options.observer()?.acquireTimedOut(count);
  }

  /** A connection is closed when nothing runs on it any more. */
  retired(address: string, why: Retirement): void {
    const { tier, logger, observer } = this.#options;
    if (why === "lifetime") observer()?.rotated();
    const { event, words } = RETIREMENTS[why];
    logger?.info?.(`A connection to ${address} (${tier}) ${words}`, { event, tier, address });
  }

  /** Tells together what would be too much one by one; called by the clock and at the end. */
  flush(): void {
    if (this.#timeouts === 0) return;
    const { tier, logger } = this.#options;
    const count = this.#timeouts;
    this.#timeouts = 0;
    logger?.warn?.(
      `${count === 1 ? "A call" : `${count} calls`} got no connection within "acquireTimeout" (${tier})`,
      { event: "acquire_timeout", tier, count },
    );
  }
}
