/**
 * Audits a cache that is in use: samples entries as a client would be given them, and compares them with the primary.
 *
 * At a moment the primary is asked for the rows of all sampled keys. After 1, 10 and 60 seconds the same keys are looked
 * at in the cache, with the same trust as a client has. An entry whose row was read before the primary's row was, and
 * which differs from it, was older by more than that time: a client would have been given it.
 *
 * Invariants: what is called older is older for certain; what may be either is counted as undecided. Only looks and reads
 * are made: a ticket that a look leaves beside a missing entry is gone in seconds.
 *
 * @module
 */
import type { ShapeDocument } from "../../orm/cache/payload_shape.ts";
import { shapeDocumentName } from "../../orm/cache/payload_shape.ts";
import { KnownDatabase } from "../../orm/cache/known_database.ts";
import { DEFAULT_PREFIX } from "../../orm/cache/protocol/keys.ts";
import {
  type CacheStore,
  type Entry,
  type KeyLook,
  StoreUnavailableError,
} from "../../orm/cache/stores/cache_store.ts";
import { Trust, TRUST_WINDOW } from "../../orm/cache/trust.ts";
import { formatLsn } from "../../pool/consistency/lsn.ts";
import type { Pool } from "../../pool/pool.ts";
import { COVERAGE_DOCUMENT, type CoverageDocument } from "../coverage/coverage.ts";
import type { CoveredTable } from "../coverage/covered_table.ts";
import { type AuditReport, type AuditRound, type OlderEntry, shareAtMost } from "./audit_report.ts";
import type { CachedKey } from "./cached_key.ts";
import type { KeySampler } from "./key_sampler.ts";
import { type PrimaryRow, readPrimaryRow } from "./primary_row.ts";

/** How an audit is made. */
export interface AuditOptions {
  /** On the primary; a handful of connections is plenty. */
  readonly pool: Pool;
  /** The cache. */
  readonly store: CacheStore;
  /** Finds keys in it. */
  readonly keys: KeySampler;
  /** What all keys begin with. Default `lifeguard:`. */
  readonly prefix?: string;
  /** How many entries are sampled at most. Default 1,000. */
  readonly samples?: number;
  /** After how many milliseconds entries are looked at. Default 1,000, 10,000 and 60,000. */
  readonly rounds?: readonly number[];
  /** Ends it. */
  readonly signal?: AbortSignal;
  /** Told how it goes on, a sentence each. */
  readonly progress?: (line: string) => void;
}

/** See the module's head. */
const ROUNDS: readonly number[] = [1_000, 10_000, 60_000];
const SAMPLES = 1_000;
/** Keys in one look, and rows asked for at a time. */
const LOOKS = 200;
const READS = 32;
/** Milliseconds between two questions for the watermarks. */
const POLL_INTERVAL = 100;
/** Milliseconds to wait for the first canaries. */
const PATIENCE = 3_000;
/** How often the store is asked for what an audit cannot do without. */
const ATTEMPTS = 6;
/** How many older entries are named. */
const NAMED = 20;

/** A sampled key and what the primary had. */
interface Sample {
  readonly key: CachedKey;
  readonly shape: string;
  readonly primary: PrimaryRow;
}

/**
 * Audits a cache.
 *
 * @param options What, and where.
 * @returns What was found; its `broken` is 0 when nothing was older than promised.
 */
export async function runAudit(options: AuditOptions): Promise<AuditReport> {
  const audit = new Audit(options);
  try {
    return await audit.run();
  } finally {
    audit.stop();
  }
}

class Audit {
  readonly #options: AuditOptions;
  readonly #signal: AbortSignal;
  readonly #database: KnownDatabase;
  readonly #trust: Trust;
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #shapes = new Map<string, Promise<ShapeDocument | undefined>>();
  readonly #skipped: Record<string, number> = {};
  readonly #older: OlderEntry[] = [];

  constructor(options: AuditOptions) {
    this.#options = options;
    this.#signal = options.signal ?? new AbortController().signal;
    this.#database = new KnownDatabase(options.pool);
    this.#trust = new Trust((watermark) => this.#database.owns(watermark));
    this.#timer = setInterval(() => void this.#poll(), POLL_INTERVAL);
    void this.#poll();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async run(): Promise<AuditReport> {
    const { samples: count = SAMPLES, rounds = ROUNDS, prefix = DEFAULT_PREFIX, keys } = this.#options;
    await this.#trusting();
    const { found, keys: sampled } = await keys.sample(count, { prefix, signal: this.#signal });
    const samples = await this.#readPrimary(sampled);
    const begun = performance.now();
    this.#options.progress?.(`${samples.length} rows of the primary read, of ${found} cached`);
    const done: AuditRound[] = [];
    for (const after of rounds) {
      await sleep(begun + after - performance.now(), this.#signal);
      done.push(await this.#round(samples, after));
    }
    const promised = done.filter(({ after }) => after >= TRUST_WINDOW);
    const broken = promised.reduce((sum, { older }) => sum + older, 0);
    const judged = promised.reduce((sum, { judged }) => sum + judged, 0);
    return {
      ...{ promised: TRUST_WINDOW, found, sampled: sampled.length, skipped: this.#skipped, rounds: done },
      ...{ older: this.#older, broken, judged, atMost: shareAtMost(broken, judged) },
    };
  }

  /** Asks the primary for the rows of keys that hold entries. */
  async #readPrimary(keys: readonly CachedKey[]): Promise<Sample[]> {
    const tables = await this.#tables();
    const samples: Sample[] = [];
    const read = async (key: CachedKey, entry: Entry | undefined): Promise<void> => {
      const table = tables.get(key.table);
      if (entry === undefined) return this.#skip("nothing was there any more");
      if (table === undefined) return this.#skip("no reflector hears of its table's changes");
      if (key.values?.length !== table.key.length) return this.#skip("its key is kept as a hash");
      const shape = entry.payload === undefined ? undefined : await this.#shape(entry.shape);
      if (entry.payload !== undefined && shape === undefined) return this.#skip("its form is not described");
      const primary = await readPrimaryRow(this.#options.pool, key, { table, shape, signal: this.#signal });
      if (primary === undefined) return this.#skip("the server describes its columns in another way now");
      samples.push({ key, shape: entry.shape, primary });
    };
    for (const some of chunks(keys, READS)) {
      const looks = await this.#patiently(() => this.#options.store.look(some));
      await Promise.all(some.map((key, index) => read(key, looks[index].entry)));
    }
    return samples;
  }

  async #tables(): Promise<ReadonlyMap<string, CoveredTable>> {
    const text = await this.#patiently(() => this.#options.store.document(COVERAGE_DOCUMENT));
    if (text === undefined) return new Map();
    return new Map((JSON.parse(text) as CoverageDocument).tables.map((table) => [table.name, table]));
  }

  #shape(id: string): Promise<ShapeDocument | undefined> {
    let shape = this.#shapes.get(id);
    if (shape === undefined) {
      shape = this.#patiently(() => this.#options.store.document(shapeDocumentName(id))).then((text) =>
        text === undefined ? undefined : JSON.parse(text) as ShapeDocument
      );
      this.#shapes.set(id, shape);
    }
    return shape;
  }

  /** Waits until a client that began when this did would believe the cache, or for so long that it never will. */
  async #trusting(): Promise<void> {
    const end = performance.now() + PATIENCE;
    while (!this.#trust.holds(performance.now()) && performance.now() < end) {
      await sleep(POLL_INTERVAL, this.#signal);
    }
  }

  /** Looks as a client does, who reads PostgreSQL when the store does not answer: then there is nothing. */
  async #lookAsClient(samples: readonly Sample[]): Promise<readonly KeyLook[]> {
    try {
      return await this.#options.store.look(samples.map(({ key }) => key));
    } catch (error) {
      if (error instanceof StoreUnavailableError) return [];
      throw error;
    }
  }

  /** Asks the store again when it did not answer in a client's time. */
  async #patiently<T>(ask: () => Promise<T>): Promise<T> {
    for (let attempt = 1;; attempt++) {
      try {
        return await ask();
      } catch (error) {
        if (!(error instanceof StoreUnavailableError) || attempt === ATTEMPTS) throw error;
        await sleep(attempt * POLL_INTERVAL, this.#signal);
      }
    }
  }

  #skip(reason: string): void {
    this.#skipped[reason] = (this.#skipped[reason] ?? 0) + 1;
  }

  async #round(samples: readonly Sample[], after: number): Promise<AuditRound> {
    const counts = { judged: 0, current: 0, older: 0, undecided: 0, bypassed: 0 };
    for (const some of chunks(samples, LOOKS)) {
      const sentAt = performance.now();
      const looks = await this.#lookAsClient(some);
      some.forEach((sample, index) => {
        const { entry, watermark } = looks[index] ?? {};
        const currentAt = watermark === undefined ? -Infinity : this.#trust.saw(watermark, sentAt);
        if (entry === undefined || currentAt < sentAt - TRUST_WINDOW) {
          counts.bypassed++;
          return;
        }
        counts.judged++;
        const age = ageOf(entry, sample);
        counts[age]++;
        if (age === "older") this.#tell(sample, entry, after);
      });
    }
    this.#options.progress?.(`after ${after / 1_000} s: ${counts.judged} judged, ${counts.older} older`);
    return { after, ...counts };
  }

  #tell({ key, primary }: Sample, entry: Entry, after: number): void {
    if (this.#older.length === NAMED) return;
    this.#older.push({
      ...{ key: key.key, after },
      ...{ version: formatLsn(entry.version), primaryVersion: formatLsn(primary.version) },
    });
  }

  async #poll(): Promise<void> {
    this.#database.refresh();
    const sentAt = performance.now();
    try {
      const watermarks = await this.#options.store.watermarks();
      watermarks.forEach((watermark, index) => this.#trust.saw(watermark, sentAt, index));
    } catch {
      // Nothing is trusted then, as by a client.
    }
  }
}

/** How old an entry is beside a row that the primary had at a moment. */
function ageOf(entry: Entry, { shape, primary }: Sample): "current" | "older" | "undecided" {
  if (entry.version >= primary.upper) return "current";
  if (isSame(entry.payload, primary.payload) && (entry.payload === undefined || entry.shape === shape)) {
    return "current";
  }
  if (entry.payload !== undefined && entry.shape !== shape) return "undecided";
  return entry.upper <= primary.version ? "older" : "undecided";
}

function isSame(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}

function chunks<T>(all: readonly T[], size: number): T[][] {
  return Array.from(
    { length: Math.ceil(all.length / size) },
    (_, index) => all.slice(index * size, (index + 1) * size),
  );
}

function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (): void => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", end);
      resolve();
    }, Math.max(0, milliseconds));
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
  });
}
