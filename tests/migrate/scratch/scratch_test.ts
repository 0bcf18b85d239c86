import assert from "node:assert/strict";
import { Pool } from "../../../pool/pool.ts";
import { sql } from "../../../pool/sql/sql.ts";
import { dropLeftovers, SCRATCH_PREFIX, withScratch } from "../../../migrate/scratch/scratch.ts";
import { test } from "../../harness.ts";
import { freshDatabase, isolatedServer, needs } from "../../services/client.ts";

/** The scratch databases of a server. */
async function scratches(pool: Pool): Promise<string[]> {
  return (await pool.query(sql<{ datname: string }>`
    select datname::text from pg_database where starts_with(datname, ${SCRATCH_PREFIX})`)).map((row) =>
    row.datname
  );
}

for (const name of ["primary", "pg15"] as const) {
  test(
    `withScratch() gives a database like the source, dropped after it (${name})`,
    needs(name),
    async () => {
      await using database = await freshDatabase({ server: name });
      await using pool = new Pool(database.url);
      await pool.execute(sql`create extension if not exists citext`);
      const facts = sql<{ name: string; encoding: number; datcollate: string }>`
      select datname::text as name, encoding, datcollate from pg_database where datname = current_database()`;
      const source = await pool.one(facts);
      const scratch = await withScratch({ pool }, async (scratch, where) => {
        const found = await scratch.one(facts);
        assert.equal(where, `database "${found.name}"`);
        assert.ok(found.name.startsWith(SCRATCH_PREFIX));
        assert.equal(await scratch.value(sql`select 'A'::citext = 'a'::citext`), true);
        return found;
      });
      assert.notEqual(scratch.name, source.name);
      assert.equal(scratch.encoding, source.encoding);
      assert.equal(scratch.datcollate, source.datcollate);
      assert.ok(!(await scratches(pool)).includes(scratch.name));
    },
  );

  test(
    `withScratch() drops its database when its function throws, and when it is aborted (${name})`,
    needs(name),
    async () => {
      await using database = await freshDatabase({ server: name });
      await using pool = new Pool(database.url);
      let made = "";
      const current = sql<{ name: string }>`select current_database()::text as name`;
      await assert.rejects(
        withScratch({ url: database.url }, async (scratch) => {
          made = (await scratch.one(current)).name;
          throw new Error("mine");
        }),
        /^Error: mine$/,
      );
      assert.ok(made !== "" && !(await scratches(pool)).includes(made));

      const abort = new AbortController();
      const reason = new Error("enough");
      await assert.rejects(
        withScratch({ pool, signal: abort.signal }, async (scratch) => {
          made = (await scratch.one(current)).name;
          setTimeout(() => abort.abort(reason), 50);
          await scratch.execute(sql`select pg_sleep(20)`);
        }),
        (error) => error === reason,
      );
      assert.ok(!(await scratches(pool)).includes(made));
      await assert.rejects(
        withScratch({ pool, signal: abort.signal }, () => Promise.resolve()),
        (e) => e === reason,
      );
    },
  );
}

test("dropLeftovers() drops what has no session and is not new", needs("control"), async () => {
  // On a server of its own: other runs would drop what this one leaves for a moment.
  await using isolated = await isolatedServer();
  await using pool = new Pool(isolated.url);
  const now = await pool.value<number>(sql`select extract(epoch from now())::int`);
  const nameAt = (seconds: number): string =>
    `${SCRATCH_PREFIX}${seconds.toString(36)}_${crypto.randomUUID().slice(0, 8)}`;
  const [dead, used, fresh] = [nameAt(now - 1000), nameAt(now - 1000), nameAt(now - 5)];
  for (const name of [dead, used, fresh]) {
    await pool.execute(sql`create database ${sql.identifier(name)} template template0`);
  }
  try {
    const url = new URL(isolated.url);
    url.pathname = `/${used}`;
    await using user = new Pool({ url, max: 1 });
    await user.connect();
    await dropLeftovers(pool);
    const left = await scratches(pool);
    assert.ok(!left.includes(dead), "the dead one is dropped");
    assert.ok(left.includes(used), "the used one is kept");
    assert.ok(left.includes(fresh), "the new one is kept");
  } finally {
    for (const name of [used, fresh]) {
      await pool.execute(sql`drop database if exists ${sql.identifier(name)} with (force)`);
    }
  }
});

test("withScratch() without CREATEDB uses PGlite, or says what to change", {
  ...needs("primary"),
  sanitize: false,
  timeout: 60_000,
}, async () => {
  await using database = await freshDatabase();
  await using owner = new Pool(database.url);
  const role = `poor_${crypto.randomUUID().slice(0, 8)}`;
  await owner.execute(sql`create role ${sql.identifier(role)} login password 'poor'`);
  try {
    const url = new URL(database.url);
    url.username = role;
    url.password = "poor";
    const place = await withScratch({ url }, async (scratch, where) => {
      await scratch.execute(sql`create table t (id int)`);
      return where;
    });
    assert.match(place, /^PGlite/);
    await assert.rejects(withScratch({ url, kind: "database" }, () => Promise.resolve()), {
      code: "VALIDATION",
      message: /^Cannot use a scratch database: the role may not create databases here.*--scratch-url/,
    });
    await owner.execute(sql`create extension citext`);
    await assert.rejects(withScratch({ url }, () => Promise.resolve()), { message: /--scratch-url/ });
    const elsewhere = await withScratch(
      { url, scratchUrl: database.url },
      (scratch) => scratch.value(sql`select 'A'::citext = 'a'::citext`),
    );
    assert.equal(elsewhere, true);
  } finally {
    await owner.execute(sql`drop role ${sql.identifier(role)}`);
  }
});

test("withScratch() of a PGlite is another PGlite", { sanitize: false, timeout: 60_000 }, async () => {
  await using pool = new Pool("pglite:");
  await pool.execute(sql`create table mine (id int)`);
  const isThere = await withScratch(
    { pool },
    (scratch) => scratch.value(sql`select to_regclass('mine') is not null`),
  );
  assert.equal(isThere, false);
  await assert.rejects(withScratch({}, () => Promise.resolve()), { message: /give a pool or a url/ });
});
