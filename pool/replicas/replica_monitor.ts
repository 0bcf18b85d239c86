/**
 * Whether one replica may be read from.
 *
 * ## States
 *
 * `unchecked` → any other, with every check:
 *
 * - `healthy`: it may be read from.
 * - `lagging`: it is further behind than `maxLag` or `maxLagTime`.
 * - `detached`: it is behind and receives no log.
 * - `foreign`: it is on another timeline than the primary, or another database's.
 * - `promoted`: it is no standby any more.
 * - `unreachable`: the last check had no answer. It is checked less and less often, down to every {@link LONGEST_PAUSE}.
 *
 * Invariants: only a `healthy` replica is read from, so none before its first check, and none whose last check is older
 * than {@link STALE} intervals; `replayed` is of `timeline`, and never more than the replica has replayed.
 *
 * @module
 */
import { formatLsn, maxLsn } from "../consistency/lsn.ts";
import type { PoolTier } from "../tier/pool_tiers.ts";
import type { Lag, PrimaryLog } from "./primary_log.ts";
import { checkServer, type ServerCheck } from "./server_check.ts";

/** The states of a replica. */
export const REPLICA_STATES = [
  "unchecked",
  "healthy",
  "lagging",
  "detached",
  "foreign",
  "promoted",
  "unreachable",
] as const;
/** Whether a replica may be read from, and if not, why. */
export type ReplicaState = typeof REPLICA_STATES[number];

/** Milliseconds between two checks of a replica that does not answer, at most. */
const LONGEST_PAUSE = 5_000;
/** Milliseconds a check may take. */
const TIMEOUT = 2_000;
/** Intervals after which a check says nothing any more. */
const STALE = 5;

/** What is known of a replica. */
export interface ReplicaStatus {
  /** Its tier: `replica-1`, … in the order of the `replicas` option. */
  readonly name: string;
  /** Whether it may be read from, and if not, why. */
  readonly state: ReplicaState;
  /** Bytes of log it was behind; undefined before that is known. */
  readonly lagBytes: number | undefined;
  /** Seconds it was behind; undefined before that is known. */
  readonly lagSeconds: number | undefined;
  /** How far it had replayed, as PostgreSQL writes it. */
  readonly replayed: string | undefined;
  /** Milliseconds since its last check; undefined before the first. */
  readonly checkedAgo: number | undefined;
  /** Why the last check failed, if it did. */
  readonly problem: string | undefined;
}

function secondsOf(lag: Lag | undefined): number | undefined {
  return lag === undefined || lag.milliseconds === Infinity ? undefined : lag.milliseconds / 1_000;
}

/** How far behind a replica may be, and how it is checked. */
export interface MonitorSettings {
  readonly maxLag: number;
  readonly maxLagTime: number;
  readonly replicaCheckInterval: number;
}

/** Looks after one replica. */
export class ReplicaMonitor {
  /** Where it is read from. */
  readonly poolTier: PoolTier;
  readonly #settings: MonitorSettings;
  readonly #log: PrimaryLog;
  readonly #changed: (monitor: ReplicaMonitor, before: ReplicaState) => void;
  #state: ReplicaState = "unchecked";
  #timeline = "";
  #replayed = 0n;
  #lag: Lag | undefined;
  #checkedAt = -Infinity;
  #checking: Promise<void> | undefined;
  #failures = 0;
  #notBefore = 0;
  #problem: string | undefined;

  /** Unchecked at first; `changed` is told of every change of state. */
  constructor(
    poolTier: PoolTier,
    settings: MonitorSettings,
    { log, changed }: {
      readonly log: PrimaryLog;
      readonly changed: (monitor: ReplicaMonitor, before: ReplicaState) => void;
    },
  ) {
    this.poolTier = poolTier;
    poolTier.tier.replica = () => this.status;
    this.#settings = settings;
    this.#log = log;
    this.#changed = changed;
  }

  /** Whether it may be read from. */
  get isUsable(): boolean {
    return this.#state === "healthy" &&
      performance.now() - this.#checkedAt < STALE * Math.max(1_000, this.#settings.replicaCheckInterval);
  }

  /** The timeline it follows. */
  get timeline(): string {
    return this.#timeline;
  }

  /** How far it has replayed, at least. */
  get replayed(): bigint {
    return this.#replayed;
  }

  /** Its state. */
  get state(): ReplicaState {
    return this.#state;
  }

  /** What is known of it. */
  get status(): ReplicaStatus {
    const isKnown = this.#checkedAt > -Infinity;
    return {
      name: this.poolTier.tier.name,
      state: this.#state,
      lagBytes: this.#lag?.bytes,
      lagSeconds: secondsOf(this.#lag),
      replayed: isKnown ? formatLsn(this.#replayed) : undefined,
      checkedAgo: isKnown ? performance.now() - this.#checkedAt : undefined,
      problem: this.#problem,
    };
  }

  /** Checks it, unless it is being checked, or did not answer a moment ago. */
  check(): Promise<void> {
    if (this.#checking === undefined && performance.now() < this.#notBefore) return Promise.resolve();
    return this.#checking ??= this.#check().finally(() => this.#checking = undefined);
  }

  /** A read of it has shown how far it had replayed. */
  learned(timeline: string, replayed: bigint): void {
    if (timeline === this.#timeline) this.#replayed = maxLsn(this.#replayed, replayed);
  }

  /** It failed a read: it is not read from before it has been checked again. */
  failed(): void {
    this.#become("unreachable");
    void this.check();
  }

  async #check(): Promise<void> {
    try {
      const found = await checkServer(this.poolTier, TIMEOUT);
      this.#failures = 0;
      this.#problem = undefined;
      this.#checkedAt = performance.now();
      this.#take(found);
    } catch (error) {
      this.#problem = error instanceof Error ? error.message : String(error);
      this.#notBefore = performance.now() +
        Math.min(LONGEST_PAUSE, this.#settings.replicaCheckInterval * 2 ** this.#failures++);
      this.#become("unreachable");
    }
  }

  #take(found: ServerCheck): void {
    this.#replayed = found.timeline === this.#timeline ? maxLsn(this.#replayed, found.lsn) : found.lsn;
    this.#timeline = found.timeline;
    this.#lag = this.#log.lagOf(found.lsn);
    this.#become(this.#judge(found));
  }

  #judge({ isStandby, timeline, receives }: ServerCheck): ReplicaState {
    const { maxLag, maxLagTime } = this.#settings;
    if (!isStandby) return "promoted";
    if (this.#lag === undefined) return "unchecked";
    if (timeline !== this.#log.timeline) return "foreign";
    if (this.#lag.bytes === 0) return "healthy";
    if (!receives) return "detached";
    return this.#lag.bytes > maxLag || this.#lag.milliseconds > maxLagTime ? "lagging" : "healthy";
  }

  #become(state: ReplicaState): void {
    const before = this.#state;
    if (state === before) return;
    this.#state = state;
    this.#changed(this, before);
  }
}
