/**
 * What has come out of the source and is not applied yet: everything that comes while a batch is applied is one batch.
 *
 * Invariant: its size is bounded, since a table with too many changed keys becomes one that has changed as a whole (R10).
 *
 * @module
 */
import type { ChangeBatch } from "../source/change_source.ts";

/** Texts that may wait; beyond them tables change as a whole. */
const MOST_TEXTS = 50_000;

/** The rows of a table that have changed. */
export interface PendingRows {
  readonly ids: Set<string>;
  /** By lookup columns, as in the source's changes. */
  readonly lookups: Map<string, Set<string>>;
}

/** Everything that waits. */
export interface PendingBatch {
  readonly rows: ReadonlyMap<string, PendingRows>;
  /** Tables that have changed as a whole, with the reason. */
  readonly tables: ReadonlyMap<string, string>;
  readonly canaries: readonly string[];
  /** Where the first commit ends that was read and is not in it, if there is one. */
  readonly hidden: bigint | undefined;
  /** The last of the source's batches in it. */
  readonly last: ChangeBatch;
  /** How many changes the source told of. */
  readonly count: number;
  /** When the first of them came, in monotonic milliseconds. */
  readonly since: number;
}

/** Collects batches until somebody takes them. */
export class PendingChanges {
  #rows = new Map<string, PendingRows>();
  #tables = new Map<string, string>();
  #canaries: string[] = [];
  #last: ChangeBatch | undefined;
  #count = 0;
  #since = 0;
  #texts = 0;

  /** Whether nothing waits. */
  get isEmpty(): boolean {
    return this.#last === undefined;
  }

  /** Adds a batch. */
  add(batch: ChangeBatch): void {
    if (this.#last === undefined) this.#since = performance.now();
    this.#last = batch;
    this.#count += batch.changes.length;
    this.#canaries.push(...batch.canaries);
    for (const change of batch.changes) {
      if (this.#tables.has(change.table)) continue;
      if (change.kind === "table") {
        this.#collapse(change.table, change.reason);
        continue;
      }
      let rows = this.#rows.get(change.table);
      if (rows === undefined) this.#rows.set(change.table, rows = { ids: new Set(), lookups: new Map() });
      this.#addAll(rows.ids, change.ids);
      for (const [columns, texts] of change.lookups) {
        let values = rows.lookups.get(columns);
        if (values === undefined) rows.lookups.set(columns, values = new Set());
        this.#addAll(values, texts);
      }
      if (this.#texts > MOST_TEXTS) this.#collapse(change.table, "too many of its changes wait");
    }
  }

  /** Takes everything; undefined when nothing waits. */
  take(): PendingBatch | undefined {
    if (this.#last === undefined) return undefined;
    const batch: PendingBatch = {
      rows: this.#rows,
      tables: this.#tables,
      canaries: this.#canaries,
      hidden: this.#last.hidden,
      last: this.#last,
      count: this.#count,
      since: this.#since,
    };
    this.#rows = new Map();
    this.#tables = new Map();
    this.#canaries = [];
    this.#last = undefined;
    this.#count = 0;
    this.#texts = 0;
    return batch;
  }

  #addAll(set: Set<string>, texts: readonly string[]): void {
    const before = set.size;
    for (const text of texts) set.add(text);
    this.#texts += set.size - before;
  }

  #collapse(table: string, reason: string): void {
    const rows = this.#rows.get(table);
    if (rows !== undefined) {
      this.#texts -= rows.ids.size;
      for (const values of rows.lookups.values()) this.#texts -= values.size;
      this.#rows.delete(table);
    }
    this.#tables.set(table, reason);
  }
}
