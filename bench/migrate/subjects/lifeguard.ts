/** Ours, as an application calls it. */
import { column, createTables, index, type Joinable, model, Pool, sql } from "../../../mod.ts";
import {
  type Catalog,
  type Diff,
  diffCatalogs,
  inferModels,
  type MigrationReport,
  Migrator,
  modelsCatalog,
  readCatalog,
  withScratch,
} from "../../../migrate/mod.ts";
import { expectCount, type Measurement, type Task } from "../measurement.ts";
import { MISSING, missingSql, tableName } from "../schema.ts";
import { runTask } from "./run_task.ts";

/** Any model with such a key. */
const Key = model("keys", { id: column.identity().primaryKey() });

await runTask(({ url, otherUrl, tables, folder }: Measurement): Record<string, Task> => {
  const pool = new Pool({ url, max: 2 });
  const other = new Pool({ url: otherUrl, max: 2 });
  const migrator = new Migrator(pool, { dir: folder });
  const models = (): Joinable[] => modelsOf(tables);
  const tablesIn = (catalog: unknown): number =>
    [...(catalog as Catalog).objects.values()].filter(({ kind }) => kind === "table").length;
  const allTables = (catalog: unknown): void => expectCount("tables read", tablesIn(catalog), tables);
  const differences = (diff: unknown): void => expectCount("steps", (diff as Diff).steps.length, MISSING);
  const applied = (expected: number) => (report: unknown): void =>
    expectCount("migrations applied", (report as MigrationReport).migrations.length, expected);
  return {
    read: { run: () => readCatalog(pool), check: allTables },
    infer: {
      run: async () => inferModels(await readCatalog(pool)).source,
      check: (source) => expectCount("models", String(source).match(/= model\(/g)?.length, tables),
    },
    diff: {
      run: async () => {
        const [from, to] = await Promise.all([readCatalog(other), readCatalog(pool)]);
        return diffCatalogs(from, to);
      },
      check: differences,
    },
    models: {
      run: () => withScratch({ pool, kind: "database" }, (scratch) => modelsCatalog(scratch, models())),
      check: allTables,
    },
    "models-diff": {
      prepare: async () => {
        await createTables(models(), pool);
        for (const text of missingSql()) await pool.execute(sql.unsafe(text));
      },
      run: async () => {
        const from = await readCatalog(pool);
        const to = await withScratch(
          { pool, kind: "database" },
          (scratch) => modelsCatalog(scratch, models()),
        );
        return diffCatalogs(from, to);
      },
      check: differences,
    },
    apply: { run: () => migrator.up(), check: applied(1) },
    tiny: { run: () => migrator.up(), check: applied(Number(folder.split("-").at(-1))) },
    nothing: { prepare: () => migrator.up(), run: () => migrator.up(), check: applied(0) },
  };
});

/** The same tables as `schema.ts` makes, as models; the first refers to itself. */
function modelsOf(count: number): Joinable[] {
  const keys: (typeof Key)["id"][] = [];
  return Array.from({ length: count }, (_, at) => {
    const made = model(tableName(at + 1), {
      id: column.identity().primaryKey(),
      name: column.text(),
      email: column.varchar(200).nullable().unique(),
      total: column.numeric(10, 2).default("0"),
      active: column.boolean().default(true),
      made: column.timestamptz().default(sql`now()`),
      parentId: column.bigint({ mode: "number" }).nullable().references(() => keys[Math.max(0, at - 1)]),
      note: column.jsonb().nullable(),
    }, { indexes: (t) => [index(t.name, t.made)] });
    keys.push(made.id as unknown as (typeof Key)["id"]);
    return made;
  });
}
