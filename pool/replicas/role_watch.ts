/**
 * Noticing that a server takes no writes any more: it was demoted, or another was promoted and this one went read-only.
 * Its connections are evicted, so that new ones are made, which with several hosts and `target_session_attrs=read-write`
 * find the new primary.
 *
 * It looks when a write was refused as read-only (25006), and twice a second where only a server that takes writes is
 * wanted.
 *
 * Invariants: an address is evicted once until it has taken writes again, so that a pool that is pointed at a standby
 * does not reconnect for ever; connections in use are closed when their user is done, and take nothing new.
 *
 * @module
 */
import { EscortExchange, type EscortStatement } from "../consistency/escort_exchange.ts";
import { within } from "../pause.ts";
import type { PoolTier } from "../tier/pool_tiers.ts";
import type { Slot } from "../tier/slot.ts";
import { PostgresError, SQLSTATE } from "../wire/postgres_error.ts";

const INTERVAL = 500;
/** Milliseconds a server may take to say what it is. */
const TIMEOUT = 1_000;

const ROLE: EscortStatement = {
  text: "select pg_is_in_recovery() or current_setting('transaction_read_only')::bool as refuses",
  columns: { refuses: "bool" },
};

/** Watches the servers of the primary's tier. */
export class RoleWatch {
  readonly #primary: PoolTier;
  readonly #changed: () => void;
  readonly #wantsWrites: boolean;
  readonly #evicted = new Set<string>();
  #timer: ReturnType<typeof setInterval> | undefined;
  #looking: Promise<void> | undefined;

  /** Idle at first; `changed` is told when connections were evicted. */
  constructor(primary: PoolTier, changed: () => void) {
    this.#primary = primary;
    this.#changed = changed;
    const { target } = primary;
    this.#wantsWrites = target.kind === "server" &&
      (target.connect.targetSessionAttrs === "read-write" || target.connect.targetSessionAttrs === "primary");
  }

  /** Begins to watch, where that is wanted. */
  start(): void {
    if (!this.#wantsWrites || this.#timer !== undefined) return;
    this.#timer = setInterval(() => void this.#look(), INTERVAL);
    (this.#timer as unknown as { unref?(): void }).unref?.();
  }

  /** Ends it. */
  stop(): void {
    clearInterval(this.#timer);
  }

  /** A call has failed: looks when it was refused as a write. */
  failed(error: unknown): void {
    if (error instanceof PostgresError && error.sqlState === SQLSTATE.readOnlyTransaction) void this.#look();
  }

  #look(): Promise<void> {
    return this.#looking ??= this.#ask().finally(() => this.#looking = undefined);
  }

  async #ask(): Promise<void> {
    const { tier } = this.#primary;
    const asked = new Map<string, Slot>();
    for (const slot of tier.slots) {
      if (slot.state !== "open" || slot.use !== "shared" || slot.isRetiring) continue;
      const { address } = slot.session!;
      if (!asked.has(address)) asked.set(address, slot);
    }
    await Promise.all(Array.from(asked, ([address, slot]) => this.#askOne(address, slot)));
  }

  async #askOne(address: string, slot: Slot): Promise<void> {
    const { tier, knowledge } = this.#primary;
    const exchange = new EscortExchange<{ readonly refuses: boolean }>(ROLE, knowledge.registry);
    slot.session!.submit(exchange);
    let refuses: boolean | undefined;
    await within(exchange.row().then((row) => refuses = row.refuses), TIMEOUT);
    if (refuses === undefined) return;
    if (!refuses) return void this.#evicted.delete(address);
    if (!this.#wantsWrites && this.#evicted.has(address)) return;
    this.#evicted.add(address);
    for (const other of tier.slots) {
      if (other.state === "open" && !other.isRetiring && other.session!.address === address) {
        tier.retire(other, "role");
      }
    }
    this.#changed();
  }
}
