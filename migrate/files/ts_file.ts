/**
 * Migrations written in TypeScript: modules with `up`, and as a rule `down`, that build steps.
 *
 * @module
 */
import { pathToFileURL } from "node:url";
import { untilAborted } from "../../pool/with_signal.ts";
import type { Pool } from "../../pool/pool.ts";
import type { sql } from "../../pool/sql/sql.ts";
import type { backfill } from "../seeding/backfill.ts";
import type { Step } from "../steps/step.ts";
import { LifeguardError } from "../../pool/wire/errors.ts";
import { sha256 } from "./checksum.ts";
import { MigrationFileError, SqlSyntaxError } from "./file_errors.ts";
import { readText } from "./file_text.ts";
import type { LoadedMigration } from "./migration.ts";
import { STEP_TOOLS } from "./step_tools.ts";
import { writeSteps } from "./written_steps.ts";

/** What a `data` function is given beside the pool, so that its file need import types only. */
export interface DataTools {
  /**
   * Changes many rows, a batch at a time: what is done stays done when `data` fails or is ended, and the next run goes on
   * behind it. It is ended with the run.
   */
  readonly backfill: typeof backfill;
  /** Makes SQL. */
  readonly sql: typeof sql;
  /** Ends what runs; pass it on. */
  readonly signal: AbortSignal | undefined;
}

/** A file that was loaded. */
export interface TsFile {
  readonly transaction: boolean;
  /** Its statements, for a server of this major version. */
  write(serverVersion: number | undefined): Promise<LoadedMigration & { readonly transaction: boolean }>;
}

type Build = (schema: unknown, tools: unknown) => void | Promise<void>;

/** What a file may export. */
interface MigrationModule {
  readonly up: Build;
  readonly down: Build | undefined;
  readonly data: ((db: Pool, tools: DataTools) => Promise<void>) | undefined;
  readonly transaction: boolean;
}

/** The version whose SQL the checksum is made of, so that it is the same whatever server it is run on. */
const CHECKSUM_VERSION = 18;
const EXPORTS: readonly string[] = ["up", "down", "data", "transaction"];

/** Milliseconds that an `up` or `down` may take: it only notes steps. */
const BUILD_TIMEOUT = 30_000;

/** The sources of files that this process has loaded: a module is loaded once, so a changed file needs another name. */
const loaded = new Map<string, string>();

/**
 * Loads a file.
 *
 * @param path Its path.
 * @param options The SHA-256 of what is in it; a signal that ends a file that does not come to its end.
 */
export async function loadTsFile(
  path: string,
  options: { readonly source: string; readonly signal: AbortSignal | undefined },
): Promise<TsFile> {
  const { source, signal } = options;
  const module = await inTime(path, importModule(path, source), { what: "it is", does: "loaded", signal });
  const now = await readText(path);
  if (typeof now !== "string" || sha256(now) !== source) {
    throw new MigrationFileError(path, "it was changed while it was loaded; run it again");
  }
  const collect = async (build: Build, name: string): Promise<readonly Step[]> => {
    try {
      const steps = STEP_TOOLS.collect(build);
      return await inTime(path, steps, { what: `its ${name}() has`, does: "ended", signal });
    } catch (error) {
      if (signal?.aborted || error instanceof MigrationFileError) throw error;
      const message = error instanceof Error ? error.message : String(error);
      throw new MigrationFileError(path, `its ${name}() throws "${message}"; correct it`, { cause: error });
    }
  };
  const up = await collect(module.up, "up");
  const written = module.down === undefined ? undefined : await collect(module.down, "down");
  const reversed = written === undefined ? STEP_TOOLS.reverse(up) : undefined;
  const down = written ?? reversed!.steps;
  const canRevert = reversed === undefined || reversed.impossible.length === 0;
  return {
    transaction: module.transaction,
    write(serverVersion = CHECKSUM_VERSION) {
      try {
        const ups = writeSteps(up, serverVersion, STEP_TOOLS);
        const downs = canRevert ? writeSteps(down, serverVersion, STEP_TOOLS) : undefined;
        return Promise.resolve({
          up: ups.statements,
          down: downs?.statements,
          steps: up,
          losses: reversed?.losses ?? [],
          data: module.data,
          text: ups.text,
          transaction: module.transaction,
        });
      } catch (error) {
        return Promise.reject(error instanceof SqlSyntaxError ? inSteps(path, error) : error);
      }
    },
  };
}

/** Waits for what a file does, which may never end; the timer keeps the program alive, which waits for nothing else. */
async function inTime<T>(
  path: string,
  work: Promise<T>,
  { what, does, signal }: {
    readonly what: string;
    readonly does: string;
    readonly signal: AbortSignal | undefined;
  },
): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const problem = `${what} not ${does} within ${BUILD_TIMEOUT / 1000} s`;
      reject(
        new MigrationFileError(path, `${problem}; a file only notes steps, move what waits into data()`),
      );
    }, BUILD_TIMEOUT);
  });
  try {
    return await untilAborted(Promise.race([work, late]), signal);
  } finally {
    clearTimeout(timer);
  }
}

/** The line of an error is one of the SQL that the steps write; no line of the file. */
function inSteps(path: string, error: SqlSyntaxError): MigrationFileError {
  return new MigrationFileError(path, `in the SQL of its steps ${error.problem}`, { cause: error });
}

async function importModule(path: string, source: string): Promise<MigrationModule> {
  const { href } = pathToFileURL(path);
  const before = loaded.get(href);
  if (before === undefined) loaded.set(href, source);
  let module: Record<string, unknown>;
  try {
    module = await import(before === undefined || before === source ? href : `${href}?${source}`);
  } catch (error) {
    if (error instanceof LifeguardError) throw error;
    const message = error instanceof Error ? error.message : String(error);
    throw new MigrationFileError(path, `it cannot be loaded: ${message}`, { cause: error });
  }
  return checkModule(path, module);
}

function checkModule(path: string, module: Record<string, unknown>): MigrationModule {
  const { up, down, data, transaction = true } = module;
  if (typeof up !== "function") {
    throw new MigrationFileError(path, 'it exports no function "up"; write export function up(schema) { … }');
  }
  for (const [name, value] of Object.entries({ down, data })) {
    if (value === undefined || typeof value === "function") continue;
    throw new MigrationFileError(path, `its "${name}" is of type ${typeof value}; export a function`);
  }
  if (typeof transaction !== "boolean") {
    throw new MigrationFileError(
      path,
      `its "transaction" is of type ${typeof transaction}; export true or false`,
    );
  }
  const unknown = Object.keys(module).find((name) => !EXPORTS.includes(name));
  if (unknown !== undefined) {
    throw new MigrationFileError(path, `it exports "${unknown}"; a migration exports ${EXPORTS.join(", ")}`);
  }
  return {
    up: up as Build,
    down: down as Build | undefined,
    data: data as MigrationModule["data"],
    transaction,
  };
}
