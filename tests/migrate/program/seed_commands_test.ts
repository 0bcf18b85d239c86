/** `lifeguard seed`, `data` and `dev`, and migrations in TypeScript, as users run them. */
import assert from "node:assert/strict";
import process from "node:process";
import { sql } from "../../../mod.ts";
import { test } from "../../harness.ts";
import { needs } from "../../services/client.ts";
import { LIFEGUARD_KINDS, makeProject, type Project } from "./project.ts";

const [, deno] = LIFEGUARD_KINDS;

async function writeFiles(project: Project): Promise<void> {
  await project.write(
    "migrations/20260101000000_users.ts",
    `export function up(schema, { column }) {
  schema.createTable("users", { id: column.integer().primaryKey(), email: column.text(), folded: column.text().nullable() });
}
export function down(schema) {
  schema.dropTable("users");
}
`,
  );
  await project.write(
    "seeds/010_users.sql",
    "insert into users select n, 'U' || n from generate_series(1, 2500) n on conflict do nothing;\n",
  );
  await project.write(
    "seeds/020_more.ts",
    "export async function seed(db, { sql }) { await db.execute(sql`insert into users values (0, 'ZERO') on conflict do nothing`); }\n",
  );
  await project.write(
    "backfills/1_fold.sql",
    "-- table: users\nupdate users set folded = lower(email) where :batch;\n",
  );
}

for (const kind of LIFEGUARD_KINDS) {
  const options = { ignore: kind.ignore ?? needs("primary").ignore, timeout: 120_000, once: true };

  test(
    `lifeguard seed and data, ${kind.name}, sow and fill once, and tell how far they are`,
    options,
    async () => {
      await using program = await kind.make();
      await using project = await makeProject(program);
      assert.match(
        (await project.lifeguard("seed")).err,
        /Cannot use the folder "seeds": it does not exist; make it/,
      );
      await writeFiles(project);
      const up = await project.lifeguard("migrate", "up");
      assert.equal(up.code, 0, up.err);
      assert.match(
        (await project.lifeguard("seed", "--status")).out,
        /^010_users {2}new\n020_more {3}new\n$/,
      );
      const sown = await project.lifeguard("seed");
      assert.match(sown.out, /^sown {2}010_users {2}\d+ m?s\nsown {2}020_more/, sown.err);
      const again = await project.json("seed");
      assert.deepEqual(
        again.document.seeds.map(({ outcome }: { outcome: string }) => outcome),
        ["unchanged", "unchanged"],
      );
      assert.match((await project.lifeguard("data", "--status")).out, /^1_fold {2}new {2}0 rows\n$/);
      const filled = await project.json("data", "--batch", "500");
      assert.deepEqual([filled.code, filled.document.backfills[0].rows], [0, 2501]);
      assert.equal(
        await project.pool.value(sql`select count(*)::int from users where folded = lower(email)`),
        2501,
      );
      assert.match((await project.lifeguard("data", "--status")).out, /finished {2}2501 rows/);
      // Another set of migrations in the same database has a state of its own.
      const other = ["--state-schema", "lifeguard_migrate_other"];
      assert.match(
        (await project.lifeguard("data", "--status", ...other)).out,
        /^1_fold {2}new {2}0 rows\n$/,
      );
      assert.equal((await project.lifeguard("migrate", "status", ...other)).code, 1);
      const refused = await project.lifeguard("seed", "--state-schema", "public");
      assert.deepEqual(
        [refused.code, /"public" was given; give a name such as/.test(refused.err)],
        [2, true],
        refused.err,
      );
      const wrong = await project.lifeguard("data", "nothing");
      assert.equal(wrong.code, 2);
      assert.match(wrong.err, /there is no such file; there are "1_fold"/);
      assert.match((await project.lifeguard("data", "--batch", "none")).err, /give a whole number above 0/);
      const down = await project.lifeguard("migrate", "down", "--yes");
      assert.equal(down.code, 0, down.err);
      assert.equal(await project.pool.value(sql`select to_regclass('users')::text`), null);
    },
  );
}

const options = { ignore: deno.ignore ?? needs("primary").ignore, timeout: 120_000, once: true };

async function until(look: () => Promise<boolean>, what: () => string): Promise<void> {
  for (let looks = 0; looks < 600; looks++) {
    if (await look()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`It never came to be: ${what()}`);
}

test("lifeguard seed and data tell what was done before one failed", options, async () => {
  await using program = await deno.make();
  await using project = await makeProject(program);
  await project.pool.execute(sql`create table users (id int primary key, email text)`);
  await project.write("seeds/1_one.sql", "insert into users values (1, 'A');\n");
  await project.write("seeds/2_two.sql", "insert into nobody values (1);\n");
  const shown = await project.lifeguard("seed");
  assert.equal(shown.code, 1);
  assert.match(shown.out, /^sown {2}1_one {2}\d+ m?s\n$/);
  assert.match(shown.err, /nobody/);
  await project.write("seeds/2_two.sql", "insert into nowhere values (1);\n");
  const { code, document } = await project.json("seed", "--again");
  assert.equal(code, 1);
  assert.deepEqual(document.seeds.map(({ name, outcome }: Record<string, string>) => [name, outcome]), []);
  assert.match(document.error.message, /duplicate key/);

  await project.write("backfills/1_one.sql", "-- table: users\nupdate users set email = 'b' where :batch;\n");
  await project.write("backfills/2_two.sql", "-- table: users\nupdate users set age = 1 where :batch;\n");
  const filled = await project.json("data");
  assert.equal(filled.code, 1);
  assert.deepEqual(filled.document.backfills.map(({ name, rows }: Record<string, unknown>) => [name, rows]), [
    ["1_one", 1],
  ]);
  assert.match(filled.document.error.message, /"age"/);
});

test("lifeguard dev applies what is saved until it is ended, and says what failed", options, async () => {
  await using program = await deno.make();
  await using project = await makeProject(program);
  await writeFiles(project);
  const { child, ended } = project.start("dev", "--interval", "100ms", "--infer", "inferred.ts", "--json");
  let [out, err] = ["", ""];
  child.stdout!.on("data", (chunk) => void (out += chunk));
  child.stderr!.on("data", (chunk) => void (err += chunk));
  const said = (): string => out + err;
  await until(() => Promise.resolve(out.includes("inferred.ts")), said);
  assert.match(await project.read("inferred.ts"), /model\("users"/);
  await project.write("migrations/20260102000000_bad.sql", "-- up\nalter table nobody add a int;\n");
  await until(() => Promise.resolve(err.includes("20260102000000_bad")), said);
  await project.write("migrations/20260102000000_bad.sql", "-- up\nalter table users add born int;\n");
  await until(
    async () => /born/.test(await project.read("inferred.ts").catch(() => "")),
    said,
  );
  process.kill(child.pid!, "SIGINT");
  const { code } = await ended;
  assert.equal(code, 0);
  const documents = out.trim().split("\n").map((line) => JSON.parse(line));
  assert.ok(documents.every(({ command }) => command === "dev"));
  assert.ok(documents.some(({ ok, error }) => !ok && error.code === "MIGRATION_FAILED"), out);
  assert.equal(documents[0].seeds.length, 2);
});
