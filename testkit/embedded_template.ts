/**
 * Embedded databases that begin as copies of one that was prepared once in this process. Starting PostgreSQL anew makes
 * a whole data directory; a copy reads one from memory, which takes a fifth of the time.
 *
 * Invariants: what is prepared under one key is prepared once, however many ask at the same time, and again only after
 * a failure; at most {@link MAX_SNAPSHOTS} are kept, the oldest is dropped.
 *
 * @module
 */
import { Pool } from "../pool/pool.ts";
import { namedMemories, type NamedMemory } from "../pool/wire/transport/pglite_engine.ts";
import type { Preparation } from "./preparation.ts";

/** How many snapshots are kept; each is of about 40 MB. */
const MAX_SNAPSHOTS = 4;

/** An empty database. */
const NOTHING: Preparation = { key: "", run: () => Promise.resolve() };

const snapshots = new Map<string, Promise<Blob>>();
let count = 0;

/** An embedded database with a name. */
export interface EmbeddedDatabase {
  /** What a pool on it is made of. */
  readonly url: string;
  /** Forgets its name; a pool that has started keeps its data until it is closed. */
  readonly forget: () => void;
}

/**
 * Gives an embedded database a name, prepared as asked.
 *
 * @param preparation What it holds.
 * @returns The database; it starts with the first use of a pool on its URL.
 */
export async function embeddedDatabase(preparation: Preparation): Promise<EmbeddedDatabase> {
  // What nothing recognises is run in each; the start at least is a copy.
  return named(await snapshotOf(preparation.key === undefined ? NOTHING : preparation));
}

function named(snapshot: Blob | undefined): EmbeddedDatabase & { readonly memory: NamedMemory } {
  const name = `testkit-${++count}`;
  const memory: NamedMemory = snapshot === undefined ? {} : { snapshot };
  namedMemories.set(name, memory);
  return { url: `pglite:${name}`, memory, forget: () => void namedMemories.delete(name) };
}

function snapshotOf({ key, run }: Preparation): Promise<Blob> {
  return kept(key!, async () => {
    const empty = snapshots.get("");
    if (empty !== undefined || key === "") return await prepare(run, await empty);
    // The first of all: what it starts from is kept as well.
    const { promise, resolve, reject } = Promise.withResolvers<Blob>();
    void kept("", () => promise);
    return await prepare(run, undefined, resolve).catch((error) => {
      reject(error);
      throw error;
    });
  });
}

/** What is kept under a key, made where it is not. */
function kept(key: string, make: () => Promise<Blob>): Promise<Blob> {
  let snapshot = snapshots.get(key);
  if (snapshot !== undefined) return snapshot;
  snapshot = make();
  snapshots.set(key, snapshot);
  snapshot.catch(() => snapshots.delete(key));
  const oldest = [...snapshots.keys()].find((other) => other !== "" && other !== key);
  if (snapshots.size > MAX_SNAPSHOTS && oldest !== undefined) snapshots.delete(oldest);
  return snapshot;
}

/** Starts a database, runs a function on it, and copies what is there then. */
async function prepare(
  run: (pool: Pool) => Promise<void>,
  from: Blob | undefined,
  started?: (empty: Blob) => void,
): Promise<Blob> {
  const { url, memory, forget } = named(from);
  try {
    await using pool = new Pool(url);
    await pool.connect();
    if (started !== undefined) started(await memory.takeSnapshot!());
    await run(pool);
    return await memory.takeSnapshot!();
  } finally {
    forget();
  }
}
