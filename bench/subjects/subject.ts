/**
 * What the benchmarks ask of a client: one small interface, implemented once for each in a file beside this.
 *
 * An adapter calls its client as the client's own documentation says is fastest, and answers what the client
 * answers, so that the adapter itself costs nothing; `item()` finds the row in it.
 */

/** A row of `bench_items`. */
export interface Item {
  readonly id: number;
  readonly name: string;
  readonly price: string;
}

/** A row of `bench_mixed`; where a client makes something else of a date or an array, the scenario knows. */
export interface MixedRow {
  readonly id: number;
  readonly title: string;
  readonly amount: string;
  readonly createdAt: { getTime(): number } | { readonly epochMilliseconds: number };
  readonly details: { readonly n: number; readonly label: string };
  readonly tags: ArrayLike<string>;
  readonly scores: ArrayLike<number>;
  readonly active: boolean;
}

/** A row of `bench_artists` with its albums and their tracks. */
export interface NestedArtist {
  readonly id: number;
  readonly name: string;
  readonly country: string;
  readonly albums: readonly NestedAlbum[];
}

/** A row of `bench_albums` with its tracks. */
export interface NestedAlbum {
  readonly id: number;
  readonly artistId: number;
  readonly title: string;
  readonly tracks: readonly Track[];
}

/** A row of `bench_tracks`. Where a client reads JSON, a price is a number and a moment is text. */
export interface Track {
  readonly id: number;
  readonly albumId: number;
  readonly title: string;
  readonly position: number;
  readonly composer: string | null;
  readonly milliseconds: number;
  readonly bytes: number;
  readonly price: string | number;
  readonly explicit: boolean;
  readonly addedAt: Date | string;
}

/** A row to insert into `bench_bulk`, whose `id` counts by itself. */
export interface BulkRow {
  readonly name: string;
  readonly note: string | null;
  readonly amount: string;
  readonly at: Date;
  readonly active: boolean;
}

/** A client with its connections. What it cannot do is left out. */
export interface Subject<Answer = unknown> {
  /** Selects a row by its primary key. */
  select(id: number): PromiseLike<Answer>;
  /** The row in an answer of `select()` or `selectOrSleep()`. */
  item(answer: Answer): Item | undefined;
  /** Runs `select pg_sleep(0.05)`. */
  sleep?(): PromiseLike<unknown>;
  /** Selects a row, or sleeps for 50 ms first, by the same text. */
  selectOrSleep?(id: number, isSlow: boolean): PromiseLike<Answer>;
  /** Selects every row of `bench_mixed`. */
  mixedRows?(): PromiseLike<readonly MixedRow[]>;
  /** Selects the first ten rows of `bench_items` of an id from `from` on and below `to`, and a price above 0. */
  page?(from: number, to: number): PromiseLike<readonly Item[]>;
  /** Loads the first 100 artists with their albums and tracks. */
  nested?(): PromiseLike<readonly NestedArtist[]>;
  /** Inserts rows into `bench_bulk`, all or none. */
  insertMany?(rows: readonly BulkRow[]): PromiseLike<unknown>;
  /** Empties `bench_bulk`. */
  clearBulk?(): PromiseLike<unknown>;
  /** Inserts a row and resolves with its id. */
  insert?(item: number, note: string): PromiseLike<number>;
  /** Copies chunks of text format into `bench_copy`. */
  copyIn?(chunks: readonly Uint8Array[]): Promise<void>;
  /** Copies `bench_copied` out and resolves with how many bytes came. */
  copyOut?(): Promise<number>;
  close(): Promise<void>;
}

/** How a client is opened. */
export interface OpenOptions {
  readonly url: string;
  readonly connections: number;
  /** Where Redis is, for scenarios with a cache. */
  readonly redisUrl?: string;
  /** Which of several ways of using the client; see the table of subjects. */
  readonly variant: string;
}

/** What an adapter's file exports as `open`. */
export type Open = (options: OpenOptions) => Subject | Promise<Subject>;

/** The statements that every adapter sends, where its client takes text. */
export const SQL = {
  select: "select id, name, price from bench_items where id = $1",
  sleep: "select pg_sleep(0.05)",
  selectOrSleep:
    "select id, name, price, case when $2::boolean then pg_sleep(0.05)::text end as slept from bench_items where id = $1",
  mixedRows:
    `select id, title, amount, created_at as "createdAt", details, tags, scores, active from bench_mixed`,
  insert: "insert into bench_events (item, note) values ($1, $2) returning id",
  copyIn: "copy bench_copy from stdin",
  copyOut: "copy bench_copied to stdout",
} as const;
