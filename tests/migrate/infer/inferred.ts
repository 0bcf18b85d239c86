/** What the tests of inferring share: databases to infer from, and models as a program would load them. */
import { mkdir, rm, writeFile } from "node:fs/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Catalog, CatalogObject } from "../../../migrate/catalog/objects.ts";
import { diffCatalogs } from "../../../migrate/diff/diff.ts";
import { inferModels, type InferOptions, type InferredFile } from "../../../migrate/infer/infer.ts";
import { Declaration } from "../../../migrate/scratch/declare.ts";
import { modelsCatalog } from "../../../migrate/scratch/models_catalog.ts";
import { withScratch } from "../../../migrate/scratch/scratch.ts";
import { writeStep } from "../../../migrate/steps/write_step.ts";
import { type Joinable, SOURCE } from "../../../orm/building/source.ts";
import { Pool } from "../../../pool/pool.ts";
import { sql } from "../../../pool/sql/sql.ts";
import { freshDatabase, needs } from "../../services/client.ts";

/** The servers that models are inferred from: the version, the name to ask for, and the need of a test. */
export const SERVERS = [
  { version: 18, server: "primary", need: needs("primary") },
  { version: 15, server: "pg15", need: needs("pg15") },
] as const;

/** A server of {@link SERVERS}. */
export type InferServer = typeof SERVERS[number];

/** As the goldens are laid out: by this project's formatter, importing this project's files. */
export const GOLDEN: InferOptions = {
  width: 110,
  modules: { core: "../../../../mod.ts", migrate: "../../../../migrate/scratch/declare.ts" },
};

/** Runs a function with a database in which statements have been run. */
export async function withSchema<Result>(
  { server }: Pick<InferServer, "server">,
  statements: readonly string[],
  fn: (pool: Pool) => Promise<Result>,
): Promise<Result> {
  await using database = await freshDatabase(server === "primary" ? {} : { server });
  await using pool = new Pool(database.url);
  for (const statement of statements) await pool.execute(sql.unsafe(statement));
  return await fn(pool);
}

/** A module of models, as it is when it has been imported. */
export type ModelModule = Readonly<Record<string, unknown>>;

/** The models and declarations a module exports. */
export function partsOf(module: ModelModule): {
  readonly models: readonly Joinable[];
  readonly declarations: readonly Declaration[];
} {
  const values = Object.values(module);
  return {
    models: values.filter((value): value is Joinable =>
      typeof value === "object" && value !== null && SOURCE in value
    ),
    declarations: values.filter((value) => value instanceof Declaration),
  };
}

/** What would have to be done so that a database made by a module's models is the one with the catalog. */
export async function differences(
  pool: Pool,
  module: ModelModule,
  wanted: Catalog,
): Promise<readonly string[]> {
  const { models, declarations } = partsOf(module);
  const made = await withScratch(
    { pool, kind: "database" },
    (scratch) => modelsCatalog(scratch, models, declarations),
  );
  const { steps, unknown, findings } = diffCatalogs(made, wanted, { unknown: "drop" });
  return [
    ...steps.filter((step) => step.kind !== "create" || !isUntold(step.object))
      .flatMap((step) => writeStep(step, wanted.serverVersion).map(({ text }) => text)),
    ...unknown.map(({ kind, name }) => `unknown ${kind} ${name}`),
    ...findings.filter(({ key }) => !isUntold(wanted.objects.get(key)))
      .map((finding) => JSON.stringify(finding)),
  ];
}

/** Whether PostgreSQL does not tell something as SQL: the notes say that it is left out. */
function isUntold(object: CatalogObject | undefined): boolean {
  return object?.kind === "opaque" && object.definition === undefined;
}

/** Files in a folder of their own beside this one, where a compiler and a program find the library; removed after. */
export async function withFiles<Result>(
  files: readonly InferredFile[],
  fn: (folder: string, first: () => Promise<ModelModule>) => Promise<Result>,
): Promise<Result> {
  const folder = new URL(`./inferred_${crypto.randomUUID().slice(0, 8)}/`, import.meta.url);
  await mkdir(folder);
  try {
    for (const { path, source } of files) await writeFile(new URL(path, folder), source);
    const first = pathToFileURL(fileURLToPath(new URL(files[0].path, folder))).href;
    return await fn(fileURLToPath(folder), async () => await import(first) as ModelModule);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Infers as the goldens are. */
export function inferGolden(catalog: Catalog, options: InferOptions = {}): ReturnType<typeof inferModels> {
  return inferModels(catalog, { ...GOLDEN, ...options });
}
