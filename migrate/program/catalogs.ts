/**
 * What the models, the migrations and the database have, each as a catalog.
 *
 * @module
 */
import { stat } from "node:fs/promises";
import type { Catalog } from "../catalog/objects.ts";
import { readCatalog } from "../catalog/read_catalog.ts";
import { selectObjects } from "../catalog/select_objects.ts";
import { discoverMigrations, type Migration } from "../files/migration.ts";
import { migrationsCatalog } from "../scratch/migrations_catalog.ts";
import { type ModelsCatalog, modelsCatalog } from "../scratch/models_catalog.ts";
import { type ScratchOptions, withScratch } from "../scratch/scratch.ts";
import type { CommandContext } from "./command.ts";
import { loadModels } from "./load_models.ts";

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
  const migrations = await migrationsOf(settings.dir);
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

/** The migrations of a folder; none where it is not there yet. */
export async function migrationsOf(dir: string): Promise<readonly Migration[]> {
  return await exists(dir) ? await discoverMigrations(dir) : [];
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
