import assert from "node:assert/strict";
import { Pool } from "../../../pool/pool.ts";
import { sql } from "../../../pool/sql/sql.ts";
import { publicationSql, removePublicationSql } from "../../../reflector/install/publication.ts";
import { chooseSource } from "../../../reflector/source/auto.ts";
import { test } from "../../harness.ts";
import { freshDatabase, isolatedServer, needs, server } from "../../services/client.ts";

test(
  "chooseSource() takes logical where the server allows it, and says why not elsewhere",
  needs("control"),
  async () => {
    await using own = await isolatedServer({ settings: { max_replication_slots: "1" } });
    const told: string[] = [];
    const logger = { info: (message: string) => void told.push(message) };
    const options = { publication: "lifeguard", slot: "mine", logger };
    await using pool = new Pool(own.url);
    const choose = async (by: Pool = pool): Promise<readonly [string, string]> => {
      const { kind, reason } = await chooseSource(by, options);
      assert.equal(told.at(-1), `Changes come from "${kind}": ${reason}`);
      return [kind, reason];
    };
    assert.deepEqual(await choose(), ["notify", 'there is no publication "lifeguard"']);
    await pool.query(sql`create table a (id int primary key)`);
    await pool.query(sql.unsafe(publicationSql([{ schema: "public", table: "a" }])));
    assert.deepEqual(await choose(), [
      "logical",
      'the server allows logical replication of publication "lifeguard"',
    ]);
    await pool.query(sql`select pg_create_physical_replication_slot('other')::text`);
    assert.deepEqual(await choose(), ["notify", 'all of "max_replication_slots" are in use']);
    const url = new URL(own.url);
    url.username = "app_user";
    url.password = "secret-app";
    await using plain = new Pool(url.href);
    assert.deepEqual(await choose(plain), ["notify", "the role may not replicate"]);
    await pool.query(sql`alter role app_user replication`);
    assert.equal((await choose(plain))[1], 'all of "max_replication_slots" are in use');
    await pool.query(sql`alter system set wal_level = replica`);
    await pool.query(sql`select pg_drop_replication_slot('other')::text`);
    await own.control.restart();
    assert.deepEqual(await choose(), ["notify", 'the server\'s "wal_level" is "replica", not "logical"']);
  },
);

test("chooseSource() takes notify on a standby", needs("replica"), async () => {
  await using pool = new Pool(server("replica").url);
  const { kind, reason } = await chooseSource(pool, { publication: "lifeguard", slot: "mine" });
  assert.deepEqual([kind, reason], ["notify", "the server is a standby"]);
});

for (const  of of["primary", "pg15"] as const) {
  test(`publicationSql() publishes exactly these tables, again and again, ${of}`, needs(of), async () => {
    await using database = await freshDatabase({ server: of });
    await using pool = new Pool(database.url);
    const run = (text: string) => pool.query(sql.unsafe(text));
    const published = async (): Promise<unknown[]> =>
      (await pool.query<{ name: string }>(
        sql`select schemaname || '.' || tablename as name from pg_publication_tables where pubname = 'lifeguard' order by 1`,
      )).map(({ name }) => name);
    await run(`create schema "odd ""one\\"`);
    await run(`create table "odd ""one\\"."it's" (id int primary key)`);
    await run("create table a (id int primary key)");
    await run("create table parts (id int primary key) partition by range (id)");
    await run("create table parts_1 partition of parts for values from (0) to (10)");
    const odd = { schema: 'odd "one\\', table: "it's" };
    const a = { schema: "public", table: "a" };
    await run(publicationSql([odd, a]));
    assert.deepEqual(await published(), [`odd "one\\.it's`, "public.a"]);
    await run(publicationSql([odd, { schema: "public", table: "parts" }]));
    assert.deepEqual(await published(), [`odd "one\\.it's`, "public.parts"]);
    await run(publicationSql([]));
    assert.deepEqual(await published(), []);
    await run(publicationSql([a]));
    await run(publicationSql([a]));
    assert.deepEqual(await published(), ["public.a"]);
    await run(removePublicationSql());
    await run(removePublicationSql());
    await run(publicationSql([]));
    assert.deepEqual(await published(), []);
  });

  test(`publicationSql() refuses tables whose updates would fail, ${of}`, needs(of), async () => {
    await using database = await freshDatabase({ server: of });
    await using pool = new Pool(database.url);
    const run = (text: string) => pool.query(sql.unsafe(text));
    await run("create table keyless (id int)");
    await run("create table nothing (id int primary key)");
    await run("alter table nothing replica identity nothing");
    await run("create table whole (id int)");
    await run("alter table whole replica identity full");
    const table = (name: string) => ({ schema: "public", table: name });
    await assert.rejects(
      run(publicationSql([table("keyless"), table("nothing"), table("whole")])),
      /Cannot publish keyless, nothing: without a replica identity their updates would fail/,
    );
    await run("insert into keyless values (1)");
    await run("update keyless set id = 2");
    await run(publicationSql([table("whole")]));
    await run("insert into whole values (1)");
    await run("update whole set id = 2");
  });
}
