/**
 * Migrations: what they are, and finding them in a folder.
 *
 * ## Invariants
 *
 * - A folder's migrations have different versions and are in their order. A file that looks like one but cannot be put in
 *   order is never passed over: {@link MigrationNameError} shows its name.
 * - Finding migrations runs the `up` and `down` of those written in TypeScript, which only note steps; nothing is sent.
 *
 * @module
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Pool } from "../../pool/pool.ts";
import type { Step } from "../steps/step.ts";
import { checksumOf, sha256 } from "./checksum.ts";
import { MigrationFileError, MigrationNameError } from "./file_errors.ts";
import { readText } from "./file_text.ts";
import type { MigrationStatement } from "./migration_statement.ts";
import { parseSqlFile } from "./sql_file.ts";
import { type DataTools, loadTsFile } from "./ts_file.ts";

/** A migration of a folder. */
export interface Migration {
  /** Fourteen digits, the time in UTC it was made at: `20261123094500`. */
  readonly version: string;
  /** The rest of its file's name: `add_users`. */
  readonly name: string;
  /** The path of its file. */
  readonly path: string;
  /** What it is written in. */
  readonly kind: "ts" | "sql";
  /** SHA-256 of what it runs; comments and blanks do not count. */
  readonly checksum: string;
  /** SHA-256 of the file as it is. */
  readonly source: string;
  /** False where each statement is to have a transaction of its own. */
  readonly transaction: boolean;
  /** Its statements, for a server of this major version. Default 18. */
  load(serverVersion?: number): Promise<LoadedMigration>;
}

/** What a migration does. */
export interface LoadedMigration {
  /** The statements that apply it. */
  readonly up: readonly MigrationStatement[];
  /** `undefined` where it cannot be reverted. */
  readonly down: readonly MigrationStatement[] | undefined;
  /** The steps of `up`, where it is written in TypeScript. */
  readonly steps: readonly Step[] | undefined;
  /** What `down` does not bring back, where it was derived from `up`. */
  readonly losses: readonly string[];
  /** What is run after `up`, outside of its transaction. */
  readonly data: ((db: Pool, tools: DataTools) => Promise<void>) | undefined;
  /** The text that the places of its statements are in. */
  readonly text: string;
}

const FILE_NAME = /^(\d{14})_([A-Za-z0-9][A-Za-z0-9_-]*)\.(ts|sql)$/;

/**
 * Finds the migrations of a folder.
 *
 * @param dir The folder. Files that end neither in `.ts` nor in `.sql`, and those that begin with a dot or an underscore,
 * are none.
 * @param options A signal that ends it, also where an `up` never comes to its end.
 * @returns Them, the oldest first.
 * @throws {MigrationNameError} When a file's name is not `20261123094500_add_users.sql`, or two have one version.
 * @throws {MigrationFileError} When a file cannot be read as a migration.
 *
 * @example
 * ```ts
 * import { mkdtemp, writeFile } from "node:fs/promises";
 * import { discoverMigrations } from "@lifeguard/core/migrate";
 * const dir = await mkdtemp("/tmp/migrations-");
 * await writeFile(`${dir}/20261123094500_users.sql`, "create table users (email text primary key)");
 * const [migration] = await discoverMigrations(dir);
 * console.assert(migration.version === "20261123094500" && migration.name === "users");
 * console.assert((await migration.load(18)).up.length === 1);
 * ```
 */
export async function discoverMigrations(
  dir: string | URL,
  options: { readonly signal?: AbortSignal } = {},
): Promise<readonly Migration[]> {
  const folder = typeof dir === "string" && !dir.startsWith("file:") ? dir : fileURLToPath(dir);
  const all = (await readFolder(folder)).toSorted();
  const names = all.filter((name) => /\.(?:ts|sql)$/.test(name) && !/^[._]/.test(name));
  assertNames(names);
  const migrations: Migration[] = [];
  for (const name of names) {
    options.signal?.throwIfAborted();
    migrations.push(await readMigration(join(folder, name), name, options.signal));
  }
  return migrations;
}

/** What a folder that cannot be read is, by the code that the system gives. */
const UNREADABLE: Readonly<Record<string, string>> = {
  ENOENT: "there is no such folder; make it, or name another",
  ENOTDIR: "it is no folder; name the folder that the migrations are in",
  EACCES: "this process may not read the folder; let its user read it",
  EPERM: "this process may not read the folder; let its user read it",
};

async function readFolder(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    const { code = "" } = error as { readonly code?: string };
    const problem = UNREADABLE[code];
    if (problem === undefined) throw error;
    throw new MigrationFileError(folder, problem, { cause: error });
  }
}

function assertNames(names: readonly string[]): void {
  const bad = names.filter((name) => !isVersion(FILE_NAME.exec(name)?.[1]));
  if (bad.length > 0) {
    throw new MigrationNameError(
      bad,
      `${bad.length === 1 ? "is" : "are"} not named by a time in UTC and a name; ` +
        "write them as in 20261123094500_add_users.sql, or move what is no migration elsewhere",
    );
  }
  const seen = new Map<string, string>();
  for (const name of names) {
    const version = name.slice(0, 14);
    const other = seen.get(version);
    if (other !== undefined) {
      throw new MigrationNameError([other, name], `have one version, ${version}; give one of them another`);
    }
    seen.set(version, name);
  }
}

/** Whether fourteen digits are a time. */
function isVersion(digits: string | undefined): boolean {
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(digits ?? "")?.slice(1);
  if (parts === undefined) return false;
  const [year, month, day, hour, minute, second] = parts;
  const text = `${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`;
  const time = new Date(text);
  return !Number.isNaN(time.getTime()) && time.toISOString() === text;
}

async function readMigration(
  path: string,
  fileName: string,
  signal: AbortSignal | undefined,
): Promise<Migration> {
  const [, version, name, extension] = FILE_NAME.exec(fileName)!;
  const text = await readText(path);
  if (typeof text !== "string") throw new MigrationFileError(path, text.problem, text);
  const base = { version, name, path, source: sha256(text) };
  if (extension === "sql") {
    const file = parseSqlFile(path, text);
    const loaded: LoadedMigration = { ...file, steps: undefined, losses: [], data: undefined, text };
    return {
      ...base,
      kind: "sql",
      checksum: checksumOf(file),
      transaction: file.transaction,
      load: () => Promise.resolve(loaded),
    };
  }
  const file = await loadTsFile(path, { source: base.source, signal });
  return {
    ...base,
    kind: "ts",
    checksum: checksumOf(await file.write(undefined)),
    transaction: file.transaction,
    load: (serverVersion) => file.write(serverVersion),
  };
}
