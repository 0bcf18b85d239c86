import assert from "node:assert/strict";
import { migrationStatements } from "../../../migrate/files/migration_statement.ts";
import { splitStatements } from "../../../migrate/files/statement.ts";
import { migrationsCatalog, type RunnableMigration } from "../../../migrate/scratch/migrations_catalog.ts";
import { withScratch } from "../../../migrate/scratch/scratch.ts";
import { Pool } from "../../../pool/pool.ts";
import { test } from "../../harness.ts";
import { freshDatabase, needs } from "../../services/client.ts";

function migration(version: string, text: string): RunnableMigration {
  const up = migrationStatements(splitStatements(text), text);
  return {
    version,
    name: "test",
    transaction: true,
    load: () => Promise.resolve({ up, down: undefined, steps: undefined, losses: [], data: undefined, text }),
  };
}

for (const name of ["primary", "pg15"] as const) {
  test(
    `migrationsCatalog() runs migrations in order and reads what they made (${name})`,
    needs(name),
    async () => {
      await using database = await freshDatabase({ server: name });
      await using pool = new Pool(database.url);
      const catalog = await withScratch({ pool }, (scratch) =>
        migrationsCatalog(scratch, [
          migration(
            "1",
            "create schema shop; set search_path = shop; create table users (id int, name text)",
          ),
          migration(
            "2",
            `
          create table notes (id int);
          create index concurrently users_name on shop.users (name);
          alter table shop.users rename name to full_name`,
          ),
        ]));
      const users = catalog.objects.get("table:shop.users");
      assert.ok(users?.kind === "table");
      assert.deepEqual(users.columns.map((column) => column.name), ["id", "full_name"]);
      assert.ok(catalog.objects.has("index:shop.users_name"));
      assert.ok(catalog.objects.has("table:public.notes"), "what a migration sets is not for the next");
    },
  );
}

test("migrationsCatalog() names the migration and the line that fails", needs("primary"), async () => {
  await using database = await freshDatabase();
  await using pool = new Pool(database.url);
  await assert.rejects(
    withScratch(
      { pool },
      (scratch) => migrationsCatalog(scratch, [migration("7", "create table a (id int);\n\ndrop table b")]),
    ),
    {
      code: "VALIDATION",
      message: /^Cannot use migration 7_test: its statement at line 3 fails.*"b" does not exist/,
    },
  );
});

test("migrationsCatalog() reads an embedded database, which has one connection", {
  sanitize: false,
  timeout: 60_000,
}, async () => {
  await using pool = new Pool({ url: "pglite:", acquireTimeout: 5_000 });
  const catalog = await migrationsCatalog(pool, [migration("1", "create table users (id int)")]);
  assert.ok(catalog.objects.has("table:public.users"));
});
