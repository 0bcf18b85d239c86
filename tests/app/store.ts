/**
 * The music store: a public sample database that lies beside the project and is never part of it, in databases of
 * the tests' own, with what a real shop has and the sample lacks.
 *
 * The file is looked for once, when this module is loaded: at `LIFEGUARD_TEST_MUSIC_STORE`, else in `shared/data`
 * beside the project. Each kind of database is loaded once per run; on the server every opened store is then a
 * copy of a template, embedded all share one, which costs seconds to start.
 */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { Pool } from "../../pool/pool.ts";
import { sql } from "../../pool/sql/sql.ts";
import { type FreshDatabase, freshDatabase, needs } from "../services/client.ts";
import { testVariable } from "../variables.ts";
import { ADDITIONS } from "./additions.ts";
import { statementsOf } from "./sql_file.ts";

/** Where a store can be opened. */
export const STORE_KINDS = ["embedded", "server"] as const;

/** Where a store is opened. */
export type StoreKind = typeof STORE_KINDS[number];

/** A store that is open. */
export interface Store extends AsyncDisposable {
  /** A pool on its database. */
  readonly pool: Pool;
}

interface DenoPermissions {
  permissions: { query(descriptor: { name: "read"; path: string }): Promise<{ state: string }> };
}

const file: { text: string } | { reason: string } = await findFile();
let template: Promise<FreshDatabase> | undefined;

/** The options of a test that needs the store: `{}`, or the reason to ignore it. */
export function needsStore(kind: StoreKind): { ignore?: string } {
  if ("reason" in file) return { ignore: file.reason };
  return kind === "server" ? needs("primary") : {};
}

/**
 * Opens a store whose data is that of the beginning.
 *
 * @param kind Where; ask {@link needsStore} first.
 */
export async function openStore(kind: StoreKind): Promise<Store> {
  if (kind === "embedded") {
    const pool = new Pool("pglite:");
    await load(pool);
    return { pool, [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose]() };
  }
  template ??= loadTemplate();
  const database = await freshDatabase({ template: (await template).name });
  const pool = new Pool(database.url);
  return {
    pool,
    async [Symbol.asyncDispose]() {
      await pool[Symbol.asyncDispose]();
      await database.drop();
    },
  };
}

/** Drops what the copies were made of; call it when no more stores are opened. */
export async function dropTemplate(): Promise<void> {
  const loaded = template;
  template = undefined;
  await (await loaded)?.drop();
}

async function loadTemplate(): Promise<FreshDatabase> {
  const database = await freshDatabase();
  await using pool = new Pool(database.url);
  await load(pool);
  return database;
}

async function load(pool: Pool): Promise<void> {
  if ("reason" in file) throw new Error(`Cannot load the music store: ${file.reason}`);
  const statements = [...statementsOf(file.text), ...ADDITIONS, "analyze"];
  await pool.batch(statements.map((statement) => sql.unsafe(statement)));
}

async function findFile(): Promise<{ text: string } | { reason: string }> {
  const named = await testVariable("LIFEGUARD_TEST_MUSIC_STORE");
  const path = named ?? fileURLToPath(new URL("../../../shared/data/chinook.sql", import.meta.url));
  const deno = (globalThis as { Deno?: DenoPermissions }).Deno;
  if (deno !== undefined && (await deno.permissions.query({ name: "read", path })).state !== "granted") {
    return { reason: "the music store's file may not be read; run with --allow-read" };
  }
  try {
    return { text: await readFile(path, "utf8") };
  } catch {
    return {
      reason: `the music store's file is not ${
        named === undefined ? "in shared/data beside the project" : "where LIFEGUARD_TEST_MUSIC_STORE says"
      }`,
    };
  }
}
