/**
 * The replicas of a pool: checked by the clock, chosen for reads.
 *
 * Every round asks the primary how far its log is, then each replica, so that a lag is never measured against a later
 * position than the replica could know of.
 *
 * States: `idle` → `watching` (from the pool's first use) → `stopped`.
 *
 * @module
 */
import type { Token } from "../consistency/token.ts";
import { pause, within } from "../pause.ts";
import type { ResolvedPoolOptions } from "../configuration/pool_options.ts";
import type { PoolTier } from "../tier/pool_tiers.ts";
import { QueryExchange } from "../wire/session/query_exchange.ts";
import { PrimaryLog } from "./primary_log.ts";
import { ReplicaMonitor, type ReplicaState, type ReplicaStatus } from "./replica_monitor.ts";
import { checkServer } from "./server_check.ts";

/** Milliseconds the primary may take to say how far it is. */
const TIMEOUT = 2_000;
/** Milliseconds between two questions whether a replica has come far enough: the first, and at most. */
const FIRST_QUESTION = 1;
const LAST_QUESTION = 16;

/** Has what was written reach the replicas: a tick by itself is flushed, and so sent, only with the next commit. */
const FLUSH = "select pg_logical_emit_message(true, 'lifeguard', '')::text as lsn";

/** The replicas of a pool. */
export class Replicas {
  readonly #primary: PoolTier;
  readonly #settings: ResolvedPoolOptions;
  readonly #monitors: readonly ReplicaMonitor[];
  readonly #log = new PrimaryLog();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isStopped = false;
  #isInRound = false;
  #turn = 0;
  #flushing: Promise<unknown> | undefined;

  /** The replicas among a pool's tiers. */
  constructor(tiers: ReadonlyMap<string, PoolTier>, settings: ResolvedPoolOptions) {
    this.#primary = tiers.get("primary")!;
    this.#settings = settings;
    const parts = {
      log: this.#log,
      changed: (monitor: ReplicaMonitor, before: ReplicaState) => this.#report(monitor, before),
    };
    this.#monitors = Array.from(tiers.values())
      .filter((tier) => tier !== this.#primary)
      .map((tier) => new ReplicaMonitor(tier, settings, parts));
  }

  /** Whether there are any. */
  get isEmpty(): boolean {
    return this.#monitors.length === 0;
  }

  /** What is known of each. */
  get status(): readonly ReplicaStatus[] {
    return this.#monitors.map(({ status }) => status);
  }

  /** Begins to watch. */
  start(): void {
    if (this.isEmpty || this.#isStopped || this.#timer !== undefined || this.#isInRound) return;
    void this.#round();
  }

  /** Ends it. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  /** Checks all of them now: the primary may be another one. */
  async check(): Promise<void> {
    await this.#sample();
    await Promise.all(this.#monitors.map((monitor) => monitor.check()));
  }

  async #round(): Promise<void> {
    this.#isInRound = true;
    await this.#sample();
    // One that does not answer keeps nobody else waiting.
    for (const monitor of this.#monitors) void monitor.check();
    this.#isInRound = false;
    if (this.#isStopped) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#round();
    }, this.#settings.replicaCheckInterval);
    // Open connections keep a program running, the clock alone must not.
    (this.#timer as unknown as { unref?(): void }).unref?.();
  }

  async #sample(): Promise<void> {
    const askedAt = performance.now();
    try {
      const { timeline, lsn } = await checkServer(this.#primary, TIMEOUT);
      this.#log.note(timeline, lsn, askedAt);
    } catch {
      // Replicas are compared with where it was last; whoever needs it hears of its absence.
    }
  }

  /** One that may be read from, by turns; none of `others`. */
  choose(others?: ReadonlySet<ReplicaMonitor>): ReplicaMonitor | undefined {
    const { length } = this.#monitors;
    for (let step = 0; step < length; step++) {
      const monitor = this.#monitors[this.#turn++ % length];
      if (monitor.isUsable && others?.has(monitor) !== true) return monitor;
    }
    return undefined;
  }

  /**
   * One that may be read from and has replayed something.
   *
   * @param token What it must have replayed.
   * @param wait Milliseconds to wait for one.
   * @returns Undefined when none has in time.
   */
  async reaching(token: Token, wait: number): Promise<ReplicaMonitor | undefined> {
    const isThere = (): ReplicaMonitor | undefined =>
      this.#choice((monitor) => monitor.timeline === token.timeline && monitor.replayed >= token.lsn);
    const found = isThere();
    if (found !== undefined || wait === 0) return found;
    const end = performance.now() + wait;
    for (
      let question = FIRST_QUESTION;
      performance.now() < end;
      question = Math.min(LAST_QUESTION, 2 * question)
    ) {
      const candidates = this.#monitors.filter(({ isUsable, timeline }) =>
        isUsable && timeline === token.timeline
      );
      if (candidates.length === 0) return undefined;
      if (this.#log.latest < token.lsn) this.#flush();
      const asked = Promise.race(candidates.map((monitor) => monitor.check()));
      await within(asked, end - performance.now());
      const reached = isThere();
      if (reached !== undefined) return reached;
      await pause(question);
    }
    return undefined;
  }

  #choice(accepts: (monitor: ReplicaMonitor) => boolean): ReplicaMonitor | undefined {
    const { length } = this.#monitors;
    for (let step = 0; step < length; step++) {
      const monitor = this.#monitors[this.#turn++ % length];
      if (monitor.isUsable && accepts(monitor)) return monitor;
    }
    return undefined;
  }

  /** Has the primary flush; one flush at a time serves all who wait. */
  #flush(): void {
    this.#flushing ??= (async () => {
      const exchange = new QueryExchange(FLUSH, []);
      exchange.timeout = TIMEOUT;
      this.#primary.tier.run(exchange, undefined);
      await exchange.promise;
      await this.#sample();
    })().catch(() => {}).finally(() => this.#flushing = undefined);
  }

  #report({ poolTier, state, status }: ReplicaMonitor, before: ReplicaState): void {
    const { name } = poolTier.tier;
    const fields = { event: "replica_changed", tier: name, state, before, problem: status.problem } as const;
    const { logger } = this.#settings;
    if (state === "healthy") logger?.info?.(`The replica ${name} may be read from`, fields);
    else if (before === "healthy") {
      logger?.warn?.(
        `The replica ${name} is not read from any more: it is ${state}${
          status.problem === undefined ? "" : ` (${status.problem})`
        }`,
        fields,
      );
    }
  }
}
