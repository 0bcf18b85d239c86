/**
 * Loads and starts the in-process PostgreSQL (PGlite, https://pglite.dev). Nothing of it is loaded before it is
 * asked for, so whoever talks to real servers only never pays for it.
 *
 * @module
 */
import { mkdir } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { ConfigError, ConnectionError } from "../errors.ts";

/** What the transport needs of an in-process PostgreSQL. */
export interface PgliteEngine {
  /**
   * Runs complete frontend messages. `onRawData` is called with pieces of the answer, which are views of the
   * engine's memory: valid during the call only.
   */
  execProtocolRawStream(
    message: Uint8Array,
    options: { syncToFs?: boolean; onRawData: (data: Uint8Array) => void },
  ): Promise<void>;
  /** Shuts the database down and frees its memory. */
  close(): Promise<void>;
}

/** The parts of the engine as a module graph gives them, where file reads are not permitted. */
interface EngineParts {
  readonly pgliteWasmModule: WebAssembly.Module;
  readonly initdbWasmModule: WebAssembly.Module;
  readonly fsBundle: Blob;
}

/** A database in memory that has a name, so that others can begin as copies of it. */
export interface NamedMemory {
  /** What it begins with; left out, an empty database. */
  readonly snapshot?: Blob;
  /** Copies its data as it is now; there once it has started. */
  takeSnapshot?: () => Promise<Blob>;
}

/** Databases in memory by what stands in the place of their path; the testkit makes them. */
export const namedMemories: Map<string, NamedMemory> = new Map();

/**
 * What a database in memory begins with that is to be empty: a copy of one. Left out, initdb makes each; that takes
 * a second, which a suite of many processes need not wait for again and again.
 */
export const emptyMemory: { snapshot?: (() => Promise<Blob>) | undefined } = {};

/** Durable data directories in use by this process: two engines on one directory would destroy it. */
const openPaths = new Set<string>();

let loadedParts: Promise<EngineParts | undefined> | undefined;

/**
 * Starts an in-process PostgreSQL.
 *
 * @param path The data directory, created when it does not exist; `undefined` keeps everything in memory.
 * @returns The engine; closing it releases the directory.
 * @throws ConfigError when a permission is missing or the directory is already open in this process.
 */
export async function startPgliteEngine(path: string | undefined): Promise<PgliteEngine> {
  const memory = path === undefined ? undefined : namedMemories.get(path);
  const directory = path === undefined || memory !== undefined ? undefined : absolute(path);
  if (directory !== undefined && openPaths.has(directory)) {
    throw new ConfigError(
      "path",
      `"${path}" is already open in this process; close that pool first, or use another directory`,
      "URL",
    );
  }
  if (directory !== undefined) openPaths.add(directory);
  try {
    const isEmpty = directory === undefined && memory?.snapshot === undefined;
    const engine = await create(directory, isEmpty ? await emptyMemory.snapshot?.() : memory?.snapshot);
    if (memory !== undefined) memory.takeSnapshot = () => engine.dumpDataDir("none");
    return {
      execProtocolRawStream: (message, options) => engine.execProtocolRawStream(message, options),
      async close() {
        try {
          await engine.close();
        } finally {
          if (directory !== undefined) openPaths.delete(directory);
        }
      },
    };
  } catch (error) {
    if (directory !== undefined) openPaths.delete(directory);
    throw explain(error, path);
  }
}

async function create(
  directory: string | undefined,
  snapshot: Blob | undefined,
): Promise<PgliteEngine & { dumpDataDir(compression: "none"): Promise<Blob> }> {
  loadedParts ??= loadParts();
  const parts = await loadedParts;
  if (parts === undefined) checkReadPermission();
  if (directory !== undefined) await mkdir(directory, { recursive: true });
  const { PGlite } = await import("@electric-sql/pglite");
  return await PGlite.create({
    ...parts,
    ...(directory === undefined ? {} : { dataDir: directory }),
    ...(snapshot === undefined ? {} : { loadDataDir: snapshot }),
  });
}

/**
 * Deno takes the engine's files as modules, which needs no permission to read files, where the project has set
 * `"unstable": ["raw-imports"]`, as this one has. Everywhere else the engine reads its own files.
 */
async function loadParts(): Promise<EngineParts | undefined> {
  if (deno() === undefined) return undefined;
  try {
    const [engine, initdb, files] = await Promise.all(
      ["pglite.wasm", "initdb.wasm", "pglite.data"].map(importBytes),
    );
    const [pgliteWasmModule, initdbWasmModule] = await Promise.all([
      WebAssembly.compile(engine),
      WebAssembly.compile(initdb),
    ]);
    return { pgliteWasmModule, initdbWasmModule, fsBundle: new Blob([files]) };
  } catch {
    return undefined;
  }
}

// The specifier is put together so that no static check of the module graph trips over what is not stable yet.
async function importBytes(file: string): Promise<Uint8Array<ArrayBuffer>> {
  const specifier = `@electric-sql/pglite/${file}`;
  const module: { default: Uint8Array<ArrayBuffer> } = await import(specifier, { with: { type: "bytes" } });
  return module.default;
}

interface DenoPermissions {
  readonly permissions: {
    querySync(descriptor: { name: "read"; path?: string }): { readonly state: string };
  };
}

// The one runtime whose reads may be refused or prompt; asking first keeps a prompt from the user's terminal.
function deno(): DenoPermissions | undefined {
  return (globalThis as { Deno?: DenoPermissions }).Deno;
}

function checkReadPermission(): void {
  const runtime = deno();
  if (runtime === undefined) return;
  let path: string | undefined;
  try {
    path = dirname(fileURLToPath(import.meta.resolve("@electric-sql/pglite/pglite.data")));
  } catch {
    // Where the files are cannot be told here, so the permission for all files decides.
  }
  const { state } = runtime.permissions.querySync(
    path === undefined ? { name: "read" } : { name: "read", path },
  );
  if (state !== "granted") throw readPermissionMissing(path);
}

function readPermissionMissing(path?: string, cause?: unknown): ConfigError {
  return new ConfigError(
    "url",
    `the embedded PostgreSQL has no permission to read its own files; run with "--allow-read${
      path === undefined ? "" : `=${path}`
    }"`,
    "URL",
    { cause },
  );
}

function absolute(path: string): string {
  try {
    return resolve(path);
  } catch (error) {
    throw explain(error, path);
  }
}

function explain(error: unknown, path: string | undefined): Error {
  if (error instanceof ConfigError) return error;
  const name = error instanceof Error ? error.name : "";
  if (name === "NotCapable" || name === "PermissionDenied") {
    if (path === undefined) return readPermissionMissing(undefined, error);
    return new ConfigError(
      "path",
      `there is no permission to use "${path}"; run with "--allow-read --allow-write", or use "pglite:" to keep the data in memory`,
      "URL",
      { cause: error },
    );
  }
  const where = path === undefined ? "in memory" : `in "${path}"`;
  const reason = error instanceof Error ? error.message : String(error);
  return new ConnectionError(
    `Cannot start the embedded PostgreSQL ${where}: ${reason}; check that the package "@electric-sql/pglite" is ` +
      "installed" + (path === undefined ? "" : " and that the directory holds its data or is empty"),
    { cause: error, retryable: false, neverSent: true },
  );
}
