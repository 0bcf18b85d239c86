/**
 * Migrations as a catalog: run in an empty database and read back.
 *
 * @module
 */
import type { Pool } from "../../pool/pool.ts";
import { sql } from "../../pool/sql/sql.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import type { Catalog } from "../catalog/objects.ts";
import { readCatalog } from "../catalog/read_catalog.ts";
import type { Migration } from "../files/migration.ts";
import type { MigrationStatement } from "../files/migration_statement.ts";
import { cutIntoUnits } from "../running/units.ts";

/** What of a migration is run here; `data()` is not: there are no rows. */
export type RunnableMigration = Pick<Migration, "version" | "name" | "transaction" | "load">;

/**
 * Runs migrations in an empty database, in their order, and reads what it has then.
 *
 * @param pool A scratch database; it is empty but for what every database like it has.
 * @param migrations The migrations, as `discoverMigrations` has them.
 * @param options `signal`: ends it.
 * @throws {ValidationError} When a statement fails, with its migration and line.
 *
 * @example
 * ```ts
 * import { mkdtemp, writeFile } from "node:fs/promises";
 * import { discoverMigrations, migrationsCatalog, withScratch } from "@lifeguard/core/migrate";
 * const dir = await mkdtemp("/tmp/migrations-");
 * await writeFile(`${dir}/20261123094500_users.sql`, "create table users (email text primary key)");
 * const migrations = await discoverMigrations(dir);
 * const catalog = await withScratch({ kind: "pglite" }, (pool) => migrationsCatalog(pool, migrations));
 * console.assert(catalog.objects.has("table:public.users"));
 * ```
 */
export async function migrationsCatalog(
  pool: Pool,
  migrations: readonly RunnableMigration[],
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<Catalog> {
  await runAll(pool, migrations, signal);
  // Only now: an embedded database has one connection.
  return await readCatalog(pool, signal === undefined ? {} : { signal });
}

async function runAll(
  pool: Pool,
  migrations: readonly RunnableMigration[],
  signal: AbortSignal | undefined,
): Promise<void> {
  await using session = await pool.reserve();
  const version = await session.value<number>(sql`select current_setting('server_version_num')::int / 10000`);
  // Nobody needs what a crash would lose.
  await session.execute(sql`set synchronous_commit = off`);
  const run = async (text: string): Promise<void> => void await session.execute(sql.unsafe(text));
  for (const migration of migrations) {
    const { up } = await migration.load(version);
    for (const unit of cutIntoUnits(up, 0, migration.transaction)) {
      if (unit.transaction) await run("begin");
      for (const statement of unit.statements) {
        signal?.throwIfAborted();
        try {
          await run(statement.text);
        } catch (error) {
          throw failed(migration, statement, error);
        }
      }
      if (unit.transaction) await run("commit");
    }
    // As for the next that begins: what a migration sets is not for others.
    await run("reset all");
    await run("set synchronous_commit = off");
  }
  await run("reset all");
}

function failed(
  { version, name }: RunnableMigration,
  { line }: MigrationStatement,
  error: unknown,
): ValidationError {
  const said = error instanceof Error ? error.message : String(error);
  return new ValidationError(
    `migration ${version}_${name}`,
    `its statement at line ${line} fails in an empty database: ${said}; correct it, so that a new database can be made`,
    { cause: error },
  );
}
