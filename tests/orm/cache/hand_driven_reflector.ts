/**
 * A reflector that does what it is told, step by step, for tests of what clients make of it. The real one has tests of
 * its own.
 */
import { type Pool, sql } from "../../../mod.ts";
import { LABELLED } from "../../../pool/consistency/labelled.ts";
import type { CacheStore, Leader } from "../../../orm/cache/stores/cache_store.ts";

/** See the head of the file. */
export class HandDrivenReflector {
  readonly #store: CacheStore;
  readonly #pool: Pool;
  #leader: Leader | undefined;
  #seq = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(store: CacheStore, pool: Pool) {
    this.#store = store;
    this.#pool = pool;
  }

  /** Where the database is. */
  async now(): Promise<{ readonly timeline: string; readonly lsn: bigint; readonly database: string }> {
    const { rows: [row], upper, timeline } = await this.#pool[LABELLED]<{ database: string }>(
      sql`select current_database()::text as database`,
    );
    return { timeline, lsn: upper, database: row.database };
  }

  /** Becomes the leader, with tables that are covered. */
  async lead(
    tables: readonly {
      readonly name: string;
      readonly key: readonly string[];
      readonly lookups?: readonly string[][];
    }[],
  ): Promise<void> {
    const coverage = `v${Math.random().toString(36).slice(2, 8)}`;
    await this.#store.document("coverage", JSON.stringify({ tables }));
    this.#seq = 0;
    this.#leader = await this.#store.advance({
      takeOver: true,
      epoch: crypto.randomUUID().replaceAll("-", "").slice(0, 16),
      coverage,
      ...await this.now(),
    });
  }

  /** Sends a canary that comes out at once. */
  async canary(): Promise<void> {
    // A commit flushes the log, which versions are read from.
    await this.#pool.execute(sql`select pg_logical_emit_message(true, 'lifeguard', 'canary')`);
    const { lsn } = await this.now();
    await this.#store.advance({ by: this.#leader!, seq: ++this.#seq, delay: 1, lsn });
  }

  /** Sends canaries regularly. */
  start(interval = 50): void {
    this.#timer = setInterval(() => void this.canary().catch(() => {}), interval);
  }

  /** Sends no more. */
  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Applies changes. */
  async apply(keys: readonly { readonly key: string; readonly table: string }[]): Promise<void> {
    const { lsn } = await this.now();
    await this.#store.void({ keys, floor: lsn, by: this.#leader! });
    await this.#store.advance({ by: this.#leader!, lsn });
  }

  [Symbol.dispose](): void {
    this.stop();
  }
}
