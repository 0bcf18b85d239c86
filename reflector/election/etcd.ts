/**
 * Electing a leader by etcd: whoever created the key leads, for as long as the key's lease is renewed.
 *
 * States of a candidate: `idle` → `following` (it looks at the key, and tries to create it where it is not) → `leading`
 * → `idle`.
 *
 * Invariants:
 * - E1 The key goes with a lease. The leader renews it four times within its time, and does not lead any more once that
 *   time has passed since it sent the latest renewal that was answered. etcd counts from when that arrived.
 * - E2 etcd counts in whole seconds and has a smallest lease (2 s, by its election timeout). Ours is rounded down, so
 *   that nobody waits longer than was asked for; where etcd keeps it longer, the leader is over before etcd says so.
 * - E3 Whose key is gone, or another's, has lost, whatever its lease says: an operator may have deleted it.
 * - E4 After etcd has elected a new leader of its own, leases last for their whole time again: succession takes longer
 *   then, and no two lead.
 *
 * @module
 */
import { pause } from "../../pool/pause.ts";
import { Campaigns } from "./campaign.ts";
import { candidateName, checkedElection, type ElectionOptions, leaderName } from "./candidate.ts";
import { EtcdGateway, type EtcdTls } from "./etcd_gateway.ts";
import { HeldLeadership } from "./held_leadership.ts";
import { type LeaderElection, type Leadership, LeadershipLostError } from "./leader_election.ts";

/** What an election by etcd is told. */
export interface EtcdElectionOptions extends ElectionOptions {
  /** The members' URLs, such as `http://etcd-1:2379`; those of one cluster. */
  readonly endpoints: readonly string[];
  /** Who logs in, where etcd asks for it. */
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  /** Certificates for `https://` endpoints. */
  readonly tls?: EtcdTls | undefined;
}

/** How often a candidate looks within a lease: etcd takes half a second to notice that one is over. */
const LOOKS_PER_LEASE = 8;
/** Milliseconds between two looks at most, so that a leader that resigned is followed soon. */
const LONGEST_INTERVAL = 500;
/** The part of a lease in which an endpoint has to answer, so that a leader can ask another two. */
const PATIENCE_PART = 4;

/**
 * A candidate whose key is in etcd.
 *
 * @example
 * ```ts ignore
 * await using election = new EtcdElection({ name: "shop", endpoints: ["http://etcd-1:2379", "http://etcd-2:2379"] });
 * const leadership = await election.campaign(new AbortController().signal);
 * leadership.lost.addEventListener("abort", () => console.log("another may lead now"));
 * ```
 */
export class EtcdElection implements LeaderElection {
  readonly kind = "etcd";
  readonly #lease: number;
  readonly #key: string;
  readonly #candidate = candidateName();
  readonly #gateway: EtcdGateway;
  readonly #campaigns: Campaigns;

  /**
   * Creates a candidate; nothing is asked yet.
   *
   * @throws {ConfigError} When an option cannot be used.
   */
  constructor(options: EtcdElectionOptions) {
    const { name, lease } = checkedElection(options);
    this.#lease = lease;
    this.#key = `lifeguard/reflector/${name}/leader`;
    this.#gateway = new EtcdGateway({ ...options, patience: lease / PATIENCE_PART });
    this.#campaigns = new Campaigns({
      attempt: (signal) => this.#attempt(signal),
      interval: Math.min(LONGEST_INTERVAL, lease / LOOKS_PER_LEASE),
      longestPause: lease / 2,
      logger: options.logger,
    });
  }

  async campaign(signal: AbortSignal): Promise<Leadership> {
    return await this.#campaigns.run(signal);
  }

  async leader(signal: AbortSignal): Promise<string | undefined> {
    return (await this.#gateway.read(this.#key, signal))?.value;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#campaigns.close();
  }

  async #attempt(signal: AbortSignal): Promise<HeldLeadership | undefined> {
    if (await this.#gateway.read(this.#key, signal) !== undefined) return undefined;
    const askedAt = performance.now();
    const { id, duration } = await this.#gateway.grantLease(Math.floor(this.#lease / 1000), signal);
    let isOurs = false;
    try {
      const entry = { value: leaderName(this.#candidate), lease: id };
      isOurs = await this.#gateway.create(this.#key, entry, signal);
    } finally {
      // The answer may be lost, and the key be there.
      if (!isOurs) await this.#revoke(id).catch(() => {});
    }
    return isOurs ? this.#lead(id, { askedAt, duration }) : undefined;
  }

  #lead(id: string, { askedAt, duration }: { askedAt: number; duration: number }): HeldLeadership {
    return new HeldLeadership({
      // What etcd keeps for longer than was asked for does no harm.
      lease: Math.min(this.#lease, duration),
      askedAt,
      renew: (signal) => this.#renew(id, signal),
      letGo: () => this.#revoke(id),
      drop: () => {},
    });
  }

  async #renew(id: string, signal: AbortSignal): Promise<void> {
    if (!await this.#gateway.keepLease(id, signal)) {
      throw new LeadershipLostError("The leadership is lost: etcd has ended its lease");
    }
    if ((await this.#gateway.read(this.#key, signal))?.lease !== id) {
      throw new LeadershipLostError("The leadership is lost: its key in etcd was deleted, or is another's");
    }
  }

  /** Ends a lease, whoever has given up meanwhile: one lease is time enough. */
  async #revoke(id: string): Promise<void> {
    const limit = AbortSignal.timeout(this.#lease);
    for (let attempt = 0; !limit.aborted; attempt++) {
      try {
        return await this.#gateway.revokeLease(id, limit);
      } catch {
        // By then it is over by itself.
        await pause(this.#lease / LOOKS_PER_LEASE, limit).catch(() => {});
      }
    }
  }
}
