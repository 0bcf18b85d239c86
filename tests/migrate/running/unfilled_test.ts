/** Migrations whose files somebody has yet to fill. */
import assert from "node:assert/strict";
import { Pool, sql } from "../../../mod.ts";
import { Migrator } from "../../../migrate/mod.ts";
import { test } from "../../harness.ts";
import { freshDatabase } from "../../services/client.ts";
import { migrationFolder, needsFolder } from "./migration_folder.ts";

test(
  "Migrator refuses a migration that does nothing yet, and applies it when it is written",
  needsFolder("primary"),
  async () => {
    await using database = await freshDatabase();
    await using pool = new Pool(database.url);
    const empty = "20261123094600_notes";
    const files: readonly Readonly<Record<string, string>>[] = [
      { [`${empty}.sql`]: "-- up\n\n-- down\n\n" },
      { [`${empty}.sql`]: "-- what will be here\n" },
      { [`${empty}.ts`]: "export function up() {}\n" },
    ];
    for (const unfilled of files) {
      await using folder = await migrationFolder({
        "20261123094500_users.sql": "create table if not exists users (id int);",
        ...unfilled,
      });
      const migrator = new Migrator(pool, { dir: folder.dir });
      await assert.rejects(migrator.plan(), /_notes\..*": it does nothing yet; write what it does/);
      await assert.rejects(migrator.up(), { code: "MIGRATION_FILE", message: /or delete it$/ });
      assert.deepEqual((await migrator.status()).map(({ condition }) => condition), ["applied", "pending"]);
      assert.equal((await migrator.validate()).length, 0);
    }
    await using filled = await migrationFolder({
      "20261123094500_users.sql": "create table if not exists users (id int);",
      [`${empty}.sql`]: "-- up\nselect 1;\n",
    });
    assert.equal((await new Migrator(pool, { dir: filled.dir }).up()).migrations.length, 1);
  },
);

test(
  "Migrator takes an empty section for the way down for none: it would be reverted, and everything still there",
  needsFolder("primary"),
  async () => {
    await using database = await freshDatabase();
    await using pool = new Pool(database.url);
    const up = "-- up\ncreate table users (id int);\n-- down\n";
    await using folder = await migrationFolder({ "20261123094500_users.sql": `${up}\n` });
    const migrator = new Migrator(pool, { dir: folder.dir });
    await migrator.up();
    await assert.rejects(migrator.down(), /has no way down; write what undoes it below "-- down"/);
    assert.equal(await pool.value(sql`select to_regclass('users') is not null`), true);
    assert.equal((await migrator.status())[0].condition, "applied");
    await using other = await migrationFolder({
      "20261123094500_users.sql": "-- up\nselect 1;\n-- down\nselect 1;\n",
    });
    await pool.execute(sql`delete from lifeguard_migrate.migrations`);
    const nothing = new Migrator(pool, { dir: other.dir });
    await nothing.up();
    assert.equal((await nothing.down()).migrations.length, 1);
  },
);
