/**
 * Which database the pool's primary is, as far as is known: a watermark of any other is not believed.
 *
 * After a promotion the old primary may live on, and a reflector with it. So the timeline is learned again from every
 * read for the cache, and asked for while there is none.
 *
 * @module
 */
import { LABELLED } from "../../pool/consistency/labelled.ts";
import type { Pool } from "../../pool/pool.ts";
import { sql } from "../../pool/sql/sql.ts";
import type { SeenWatermark } from "./stores/cache_store.ts";

/** Milliseconds for which what was learned holds. */
const HOLDS = 1_000;
/** Milliseconds the question may take. */
const TIMEOUT = 1_000;

/** The database of a pool. */
export class KnownDatabase {
  readonly #pool: Pool;
  #name: string | undefined;
  #timeline: string | undefined;
  #learnedAt = -Infinity;
  #asking: Promise<void> | undefined;

  /** Of a pool; nothing is known yet. */
  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** The primary was seen on a timeline. */
  saw(timeline: string): void {
    this.#timeline = timeline;
    this.#learnedAt = performance.now();
  }

  /** Whether a watermark is of this database. */
  owns({ database, timeline }: SeenWatermark): boolean {
    return database === this.#name && timeline === this.#timeline;
  }

  /** Drops what is too old, and asks anew; called by the clock. Never rejects. */
  refresh(): void {
    const age = performance.now() - this.#learnedAt;
    if (age >= 2 * HOLDS) this.#timeline = undefined;
    if (this.#name !== undefined && age < HOLDS) return;
    this.#asking ??= this.#ask().finally(() => this.#asking = undefined);
  }

  async #ask(): Promise<void> {
    try {
      const { rows: [row], timeline } = await this.#pool[LABELLED]<{ name: string }>(
        sql`select current_database()::text as name`,
        { timeout: TIMEOUT },
      );
      this.#name = row.name;
      this.saw(timeline);
    } catch {
      // The clock asks again, and drops what is too old.
    }
  }
}
