/** The `data` function of a migration, with the backfill it is given. */
import assert from "node:assert/strict";
import { Pool, sql } from "../../../mod.ts";
import { Migrator } from "../../../migrate/mod.ts";
import { test } from "../../harness.ts";
import { freshDatabase } from "../../services/client.ts";
import { migrationFolder, needsFolder } from "./migration_folder.ts";

const FILLING = `
export function up(schema) {
  schema.sql("create table users (id int primary key, runs int not null default 0)");
  schema.sql("insert into users select generate_series(1, 250)");
  schema.sql("create table paper (sheets int)");
}
export async function data(db, { sql, backfill }) {
  const filled = await backfill(db, {
    name: "runs",
    table: "users",
    batch: 100,
    run: async (tx, { where }) => {
      await tx.execute(sql\`update users set runs = runs + 1 where \${where}\`);
      if (await tx.value(sql\`select count(*)::int from users where runs > 0\`) < 250) return;
      if (await tx.value(sql\`select count(*)::int from paper\`) === 0) throw new Error("no more paper");
    },
  });
  if (!filled.finished) throw new Error("it is not finished");
}
`;

test(
  "Migrator gives a data function a backfill that goes on behind its last whole batch",
  needsFolder("primary"),
  async () => {
    await using database = await freshDatabase();
    await using folder = await migrationFolder({ "20261123094500_fill.ts": FILLING });
    await using pool = new Pool(database.url);
    const migrator = new Migrator(pool, { dir: folder.dir });
    await assert.rejects(migrator.up(), /no more paper/);
    assert.equal(await pool.value(sql`select count(*)::int from users where runs = 1`), 200);
    await pool.execute(sql`insert into paper values (1)`);
    await migrator.up();
    assert.equal(await pool.value(sql`select count(*)::int from users where runs = 1`), 250);
    assert.equal((await migrator.status())[0].condition, "applied");
  },
);

test(
  "Migrator ends the backfill of a data function with the run, and the next run finishes it",
  needsFolder("primary"),
  async () => {
    await using database = await freshDatabase();
    await using folder = await migrationFolder({
      // Its second batch waits for ever, while there is no paper.
      "20261123094500_fill.ts": FILLING.replace("< 250", "< 200").replace(
        /throw new Error\("no more paper"\)/,
        "await tx.execute(sql`select pg_sleep(600)`)",
      ),
    });
    await using pool = new Pool(database.url);
    const filled = (): Promise<number> =>
      pool.value<number>(sql`select count(*)::int from users where runs = 1`).catch(() => 0);
    const abort = new AbortController();
    const { signal } = abort;
    const ended = assert.rejects(new Migrator(pool, { dir: folder.dir, signal }).up(), /Ctrl-C/);
    while (await filled() < 100) await new Promise((resolve) => setTimeout(resolve, 20));
    abort.abort(new Error("Ctrl-C"));
    await ended;
    assert.equal(await filled(), 100);
    await pool.execute(sql`insert into paper values (1)`);
    await new Migrator(pool, { dir: folder.dir }).up();
    assert.equal(await filled(), 250);
  },
);
