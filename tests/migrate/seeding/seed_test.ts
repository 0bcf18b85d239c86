/** Seeds and files of backfills on a real server. */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Pool, sql } from "../../../mod.ts";
import { backfill } from "../../../migrate/seeding/backfill.ts";
import { backfillFiles } from "../../../migrate/seeding/backfill_file.ts";
import { seed, seedStatus } from "../../../migrate/seeding/seed.ts";
import { SeedFailedError } from "../../../migrate/seeding/seeding_errors.ts";
import { test, type TestOptions } from "../../harness.ts";
import { freshDatabase, needs } from "../../services/client.ts";

const options: TestOptions = { ...needs("primary"), allow: ["read", "write", "env", "sys"] };

interface Lab extends AsyncDisposable {
  readonly pool: Pool;
  readonly dir: string;
  write(name: string, text: string): Promise<void>;
}

async function lab(): Promise<Lab> {
  const database = await freshDatabase();
  const pool = new Pool(database.url);
  await pool.execute(sql`create table countries (code text primary key, name text, sown int default 1)`);
  const dir = await mkdtemp(join(tmpdir(), "lifeguard-seeds-"));
  return {
    pool,
    dir,
    write: (name, text) => writeFile(join(dir, name), text),
    async [Symbol.asyncDispose]() {
      await pool.close();
      await database.drop();
      await rm(dir, { recursive: true });
    },
  };
}

const outcomes = async (pool: Pool, dir: string): Promise<string[]> =>
  (await seed(pool, { dir })).map(({ name, outcome }) => `${name} ${outcome}`);

test(
  "seed() sows files in order, once for each content, and each time what says every",
  options,
  async () => {
    await using it = await lab();
    await it.write("010_names.sql", "update countries set name = 'Norway' where code = 'NO';");
    await it.write(
      "9_codes.sql",
      "-- the codes\ninsert into countries (code) values ('NO'), ('SE') on conflict do nothing;\nselect ';';",
    );
    await it.write(
      "020_count.ts",
      "export const every = true;\nexport async function seed(db, { sql }) { await db.execute(sql`update countries set sown = sown + 1`); }",
    );
    await it.write("README.md", "notes");
    assert.deepEqual((await seedStatus(it.pool, { dir: it.dir })).map(({ state }) => state), [
      "new",
      "new",
      "new",
    ]);
    assert.deepEqual(await outcomes(it.pool, it.dir), ["9_codes sown", "010_names sown", "020_count sown"]);
    assert.deepEqual(await outcomes(it.pool, it.dir), [
      "9_codes unchanged",
      "010_names unchanged",
      "020_count sown",
    ]);
    await it.write(
      "010_names.sql",
      "-- a comment is no change\nupdate countries set name='Norway' where code='NO'",
    );
    assert.deepEqual((await seedStatus(it.pool, { dir: it.dir })).map(({ state }) => state), [
      "sown",
      "sown",
      "every",
    ]);
    await it.write("010_names.sql", "update countries set name = 'Norge' where code = 'NO';");
    assert.deepEqual((await outcomes(it.pool, it.dir))[1], "010_names sown");
    assert.deepEqual(
      await it.pool.query(sql`select * from countries order by code`),
      [{ code: "NO", name: "Norge", sown: 4 }, { code: "SE", name: null, sown: 4 }],
    );
  },
);

test(
  "seed() leaves nothing of a seed that fails, and sows the others only once when ten do it",
  options,
  async () => {
    await using it = await lab();
    await it.write("1_codes.sql", "insert into countries (code) values ('NO')");
    const all = await Promise.all(Array.from({ length: 10 }, () => seed(it.pool, { dir: it.dir })));
    assert.equal(all.flat().filter(({ outcome }) => outcome === "sown").length, 1);
    await it.write(
      "2_more.sql",
      "insert into countries (code) values ('SE'); insert into countries (code) values ('NO')",
    );
    await assert.rejects(seed(it.pool, { dir: it.dir }), /duplicate key/);
    assert.equal(await it.pool.value(sql`select count(*)::int from countries`), 1);
    assert.deepEqual((await seedStatus(it.pool, { dir: it.dir })).map(({ state }) => state), ["sown", "new"]);
    assert.deepEqual((await seed(it.pool, { dir: it.dir, only: ["codes"], again: false })).length, 1);
  },
);

test("seed() refuses files it cannot order or run before it sows any", options, async () => {
  await using it = await lab();
  await assert.rejects(seed(it.pool, { dir: join(it.dir, "no") }), /it does not exist; make it/);
  await it.write("1_codes.sql", "insert into countries (code) values ('NO')");
  await it.write("codes.sql", "select 1");
  await assert.rejects(seed(it.pool, { dir: it.dir }), /the file "codes.sql": its name has no number/);
  await rm(join(it.dir, "codes.sql"));
  await it.write("01_again.sql", "select 1");
  await assert.rejects(seed(it.pool, { dir: it.dir }), /have one number/);
  await rm(join(it.dir, "01_again.sql"));
  await it.write("2_none.ts", "export const seeds = 1;");
  await assert.rejects(seed(it.pool, { dir: it.dir }), /seed "2_none": it exports no function; write export/);
  await rm(join(it.dir, "2_none.ts"));
  await assert.rejects(
    seed(it.pool, { dir: it.dir, only: ["x"] }),
    /there is no such file; there are "1_codes"/,
  );
  assert.equal(await it.pool.value(sql`select count(*)::int from countries`), 0);
});

test("backfillFiles() reads SQL and TypeScript, and what they lack is said", options, async () => {
  await using it = await lab();
  await it.pool.execute(sql`insert into countries (code) select 'c' || n from generate_series(1, 250) n`);
  await it.write(
    "1_names.sql",
    "-- table: countries\n-- batch: 100\nupdate countries set name = upper(code)::text where :batch and name is null;",
  );
  await it.write(
    "2_twice.ts",
    'export const table = "countries";\nexport const batch = 60;\nexport const run = (db, { where, sql }) => db.execute(sql`update countries set sown = sown * 2 where ${where}`);',
  );
  const files = await backfillFiles(it.dir);
  assert.deepEqual(files.map(({ name, table, batch }) => [name, table, batch]), [
    ["1_names", "countries", 100],
    ["2_twice", "countries", 60],
  ]);
  for (const file of files) assert.equal((await backfill(it.pool, file)).rows, 250);
  assert.equal(
    await it.pool.value(sql`select count(*)::int from countries where name = upper(code) and sown = 2`),
    250,
  );
  await it.write("3_bad.sql", "update countries set name = ''");
  await assert.rejects(backfillFiles(it.dir), /names no table; write a line -- table/);
  await it.write("3_bad.sql", "-- table: countries\nupdate countries set name = ''");
  await assert.rejects(backfillFiles(it.dir), /not one statement with :batch in it once/);
});

test("seed() says which statement of which file failed, and keeps what was before", options, async () => {
  await using it = await lab();
  await it.write("1_codes.sql", "insert into countries (code) values ('NO')");
  await it.write("2_more.sql", "-- more\ninsert into countries (code) values ('SE');\nselect 1 / 0;");
  await assert.rejects(seed(it.pool, { dir: it.dir }), (error) => {
    assert.ok(error instanceof SeedFailedError);
    assert.match(
      error.message,
      /^Cannot sow seed "2_more": statement 2 of 2 at .*2_more\.sql:3:1 failed: division by zero/,
    );
    return true;
  });
  assert.deepEqual(await it.pool.query(sql`select code from countries`), [{ code: "NO" }]);
  await rm(join(it.dir, "2_more.sql"));
  await it.write("3_fn.ts", "export function seed() { throw new Error('no paper'); }");
  await assert.rejects(
    seed(it.pool, { dir: it.dir }),
    /seed "3_fn": its function in .*3_fn\.ts failed: no paper/,
  );
});

test("seed() refuses what its transaction cannot have, and files that are no text", options, async () => {
  await using it = await lab();
  const refused = async (text: string, words: RegExp): Promise<void> => {
    await it.write("1_bad.sql", text);
    await assert.rejects(seed(it.pool, { dir: it.dir }), words);
  };
  await refused(
    "select 1;\n commit",
    /1_bad\.sql:2:2": "commit" begins or ends a transaction, and the file is/,
  );
  await refused(
    "vacuum",
    /1_bad\.sql:1:1": "vacuum" cannot be in a transaction, and the file is one; put it into a/,
  );
  await refused("select 'x", /1_bad\.sql:1:8": the string constant has no end; close its quote/);
  await refused("\\copy x from y", /1_bad\.sql:1:1": "\\copy" is a command of psql/);
  await refused("select 'a\0'", /1_bad\.sql:1": it holds a NUL/);
  await mkdir(join(it.dir, "2_folder.sql"));
  await rm(join(it.dir, "1_bad.sql"));
  assert.deepEqual(await seed(it.pool, { dir: it.dir }), [], "a folder is none");
});

test("seed() ends with its signal though a seed never does, and leaves nothing behind", options, async () => {
  await using it = await lab();
  await it.write(
    "1_never.ts",
    "export async function seed(db, { sql }) { await db.execute(sql`insert into countries (code) values ('NO')`); await new Promise(() => {}); }",
  );
  const ending = new AbortController();
  const ended = seed(it.pool, { dir: it.dir, signal: ending.signal });
  setTimeout(() => ending.abort(new Error("Ctrl-C")), 200);
  await assert.rejects(ended, /Ctrl-C/);
  assert.equal(await it.pool.value(sql`select count(*)::int from countries`), 0);
  assert.equal(
    await it.pool.value(sql`select count(*)::int from pg_locks where locktype = 'advisory'
      and database = (select oid from pg_database where datname = current_database())`),
    0,
  );
});

test("seed() and backfill() keep what they know in the schema that is named", options, async () => {
  await using it = await lab();
  await it.write("1_codes.sql", "insert into countries (code) values ('NO') on conflict do nothing;");
  const fill = (stateSchema?: string): Promise<{ rows: number }> =>
    backfill(it.pool, {
      name: "names",
      table: "countries",
      run: (tx, { where }) => tx.execute(sql`update countries set sown = sown + 1 where ${where}`),
      ...(stateSchema === undefined ? {} : { stateSchema }),
    });
  for (const stateSchema of [undefined, "lifeguard_migrate_other"]) {
    const where = { dir: it.dir, ...(stateSchema === undefined ? {} : { stateSchema }) };
    assert.deepEqual((await seedStatus(it.pool, where)).map(({ state }) => state), ["new"]);
    assert.equal((await seed(it.pool, where))[0].outcome, "sown");
    assert.equal((await seed(it.pool, where))[0].outcome, "unchanged");
    await fill(stateSchema);
    await fill(stateSchema);
  }
  assert.equal(await it.pool.value(sql`select sown from countries`), 3, "each set fills once");
  const refusal = /"public" was given; give a name such as "lifeguard_migrate_tenant_7"/;
  await assert.rejects(seed(it.pool, { dir: it.dir, stateSchema: "public" }), refusal);
  await assert.rejects(fill("public"), refusal);
});
