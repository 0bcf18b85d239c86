/**
 * What a written migration leaves to do: it is run where the comparison began, in a scratch database, and what it makes is
 * compared with what was wanted; then its way back is run, and compared with where it began.
 *
 * @module
 */
import type { Pool } from "../../pool/pool.ts";
import { sql } from "../../pool/sql/sql.ts";
import { messageOf } from "../../program/misuse_error.ts";
import type { Catalog, ObjectKey } from "../catalog/objects.ts";
import { readCatalog } from "../catalog/read_catalog.ts";
import { diffCatalogs, type DiffOptions } from "../diff/diff.ts";
import { discoverMigrations, type Migration } from "../files/migration.ts";
import { migrationsCatalog, type RunnableMigration } from "../scratch/migrations_catalog.ts";
import { withScratch } from "../scratch/scratch.ts";
import { writeStep } from "../steps/write_step.ts";
import { scratchOptions, selected } from "./catalogs.ts";
import type { CommandContext } from "./command.ts";

/** What is left behind a migration that was run. */
export interface Proof {
  /** Statements that would still be needed, and what cannot be done, behind it. */
  readonly left: readonly string[];
  /** The same behind its way back; empty where it has none. */
  readonly leftBehindDown: readonly string[];
  /** Why it could not be run at all. */
  readonly failure?: string;
}

/** Between what the migration was made. */
export interface Proving {
  /** The version of the migration. */
  readonly version: string;
  /** Whether the comparison began with the database, which need not be what migrations make. */
  readonly fromDatabase: boolean;
  readonly from: Catalog;
  readonly to: Catalog;
  /** What migrations made: what is not in it is kept, unless the settings say otherwise. */
  readonly known: ReadonlySet<ObjectKey>;
}

/** Runs a migration that was written, and its way back. */
export async function provenMigration(context: CommandContext, proving: Proving): Promise<Proof> {
  const { terminal, signal } = context;
  terminal.progress("runs the new migration in a scratch database");
  try {
    return await withScratch(scratchOptions(context), (pool) => proofIn(pool, context, proving));
  } catch (error) {
    signal.throwIfAborted();
    return { left: [], leftBehindDown: [], failure: messageOf(error) };
  } finally {
    terminal.progress();
  }
}

async function proofIn(pool: Pool, context: CommandContext, proving: Proving): Promise<Proof> {
  const { settings, signal } = context;
  const { version, fromDatabase, from, to, known } = proving;
  const all = await discoverMigrations(settings.dir);
  const made = all.find((migration) => migration.version === version);
  if (made === undefined) throw new Error(`BUG: migration ${version} was not written`);
  if (fromDatabase) await makeAs(pool, from);
  const before = fromDatabase ? [] : all.filter((migration) => migration !== made);
  const ran = await migrationsCatalog(pool, [...before, made], { signal });
  const after = selected(ran, settings.schemas);
  const appeared = [...after.objects.keys()].filter((key) => !from.objects.has(key));
  const left = difference(after, to, {
    unknown: settings.unknown,
    known: new Set([...known, ...appeared]),
  });
  const back = await downAsUp(made, ran.serverVersion);
  if (back === undefined) return { left, leftBehindDown: [] };
  const returned = selected(await migrationsCatalog(pool, [back], { signal }), settings.schemas);
  return { left, leftBehindDown: difference(returned, from, { unknown: "drop" }) };
}

function difference(from: Catalog, to: Catalog, options: DiffOptions): readonly string[] {
  const { steps, findings } = diffCatalogs(from, to, options);
  return [
    ...steps.flatMap((step) => writeStep(step, from.serverVersion)).map(({ text }) => text),
    ...findings.filter(({ severity }) => severity === "refused").map(({ message }) => message),
  ];
}

/** Gives a scratch database what another database has. */
async function makeAs(pool: Pool, wanted: Catalog): Promise<void> {
  const { steps } = diffCatalogs(await readCatalog(pool), wanted);
  for (const step of steps) {
    for (const { text } of writeStep(step, wanted.serverVersion)) await pool.execute(sql.unsafe(text));
  }
}

async function downAsUp(migration: Migration, serverVersion: number): Promise<RunnableMigration | undefined> {
  const loaded = await migration.load(serverVersion);
  const { down } = loaded;
  if (down === undefined) return undefined;
  const { version, name, transaction } = migration;
  return { version, name, transaction, load: () => Promise.resolve({ ...loaded, up: down }) };
}
