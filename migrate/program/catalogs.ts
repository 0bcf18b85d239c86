/**
 * What the models, the migrations and the database have, each as a catalog.
 *
 * @module
 */
import { stat } from "node:fs/promises";
import type { Catalog } from "../catalog/objects.ts";
import { readCatalog } from "../catalog/read_catalog.ts";
import { selectObjects } from "../catalog/select_objects.ts";
import { discoverMigrations } from "../files/migration.ts";
import { migrationsCatalog } from "../scratch/migrations_catalog.ts";
import { type ModelsCatalog, modelsCatalog } from "../scratch/models_catalog.ts";
import { type ScratchOptions, withScratch } from "../scratch/scratch.ts";
import { type CommandContext, RefusedError } from "./command.ts";
import { loadModels } from "./load_models.ts";
import { flagName } from "./migrate_settings.ts";

/** What the models say, run in a scratch database. */
export async function catalogOfModels(context: CommandContext): Promise<ModelsCatalog> {
  const { settings, terminal } = context;
  const { models, declarations } = await loadModels(settings.models);
  terminal.progress("runs the models in a scratch database");
  const catalog = await withScratch(
    scratchOptions(context),
    (pool) => modelsCatalog(pool, models, declarations),
  );
  return { ...selected(catalog, settings.schemas), renames: catalog.renames };
}

/** What the migrations make, run in a scratch database. */
export async function catalogOfMigrations(context: CommandContext): Promise<Catalog> {
  const { settings, signal, terminal } = context;
  const migrations = await hasFolder(context, "dir") ? await discoverMigrations(settings.dir) : [];
  terminal.progress("runs the migrations in a scratch database");
  const catalog = await withScratch(
    scratchOptions(context),
    (pool) => migrationsCatalog(pool, migrations, { signal }),
  );
  return selected(catalog, settings.schemas);
}

/** What the database has. */
export async function catalogOfDatabase(context: CommandContext): Promise<Catalog> {
  const { settings, signal, terminal } = context;
  terminal.progress("reads the database");
  const catalog = await readCatalog(context.database(), { signal });
  return selected(catalog, settings.schemas);
}

/** Says it where texts of two versions of PostgreSQL are compared, which write the same view in two ways. */
export function warnOfVersions({ log }: CommandContext, scratch: Catalog, database: Catalog): void {
  if (scratch.serverVersion === database.serverVersion) return;
  log(
    `The database is PostgreSQL ${database.serverVersion}, the scratch database ${scratch.serverVersion}: views, ` +
      "functions and expressions may seem to differ; name a server of the same version with --scratch-url",
  );
}

/** Whether there are models to compare: a module that somebody named is there, or an error. */
export async function hasModels({ settings }: CommandContext): Promise<boolean> {
  return settings.sources.has("models") || await exists(settings.models);
}

/** Whether there are files of a kind: a folder that somebody named is there, or an error. */
export async function hasFolder(
  { settings }: CommandContext,
  key: "dir" | "seeds" | "backfills",
): Promise<boolean> {
  if (await exists(settings[key])) return true;
  const source = settings.sources.get(key);
  if (source === undefined) return false;
  throw new RefusedError(
    `Cannot find the folder "${
      settings[key]
    }", which ${source} names: there is none; make it, or name another with ` +
      `--${flagName({ key })}`,
  );
}

/** Whether there is such a file or folder. */
export async function exists(path: string): Promise<boolean> {
  return await stat(path).then(() => true, () => false);
}

/** Where scratch databases are made. */
export function scratchOptions(context: CommandContext): ScratchOptions {
  const { settings, signal } = context;
  return {
    pool: context.database(),
    signal,
    ...(settings.scratch === "pglite" ? { kind: "pglite" } : {}),
    ...(settings.scratchUrl === undefined ? {} : { scratchUrl: settings.scratchUrl }),
  };
}

/** What is in some schemas, and extensions. */
export function selected(catalog: Catalog, schemas: readonly string[] | undefined): Catalog {
  return schemas === undefined ? catalog : selectObjects(catalog, { schemas });
}
