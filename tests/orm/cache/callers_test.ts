/** What callers of a cached model see of each other, and of their own options: nothing else than without a cache. */
import assert from "node:assert/strict";
import { column, hasMany, LazyLoadError, model, QueryTimeoutError, relations, sql } from "../../../mod.ts";
import { test } from "../../harness.ts";
import { freshDatabase, needs } from "../../services/client.ts";
import { cachedDatabase, untilCached } from "./cached_database.ts";

const cache = { ttl: 600 };

test("What a reader does with a row is seen by no other", async () => {
  const Doc = model("docs", {
    id: column.integer().primaryKey(),
    group: column.integer(),
    data: column.jsonb<{ a: number }>(),
    list: column.integer().array(),
    bytes: column.bytea(),
    at: column.timestamptz(),
  }, { cache });
  await using db = await cachedDatabase({
    ddl:
      `create table docs (id int primary key, "group" int not null, data jsonb not null, list int[] not null,
        bytes bytea not null, at timestamptz not null);
      insert into docs values (1, 5, '{"a": 1}', '{1,2}', '\\x01', '2026-01-01')`,
    tables: [{ name: "docs", lookups: [["group"]] }],
  });
  const { pool } = db;
  const reads = [
    () => Doc.findById(1, pool),
    () => Doc.findById(1, pool.reading("strong")),
    () => Doc.find().where(Doc.id.eq(1)).one(pool),
    async () => (await Doc.find().where(Doc.group.eq(5)).all(pool))[0],
  ];
  const fresh = await Doc.findById(1, pool.reading("primary"));
  // The reflector writes on the same pool, so a strong read finds nothing new enough here.
  for (const [index, read] of reads.entries()) if (index !== 1) await untilCached(db.cache, read);
  for (let round = 0; round < 2; round++) {
    for (const read of reads) {
      const [one, other] = await Promise.all([read(), read()]);
      assert.deepEqual(one, fresh);
      assert.deepEqual(other, fresh);
      assert.ok(Object.isFrozen(one));
      one!.data.a = 2;
      (one!.list as number[]).push(3);
      one!.bytes[0] = 9;
      if (one!.at as unknown instanceof Date) (one!.at as unknown as Date).setFullYear(1999);
      assert.deepEqual(other, fresh);
    }
  }
});

test("That a row is strict is so for who asked for it", async () => {
  const Team = model("teams", { id: column.integer().primaryKey() }, { cache });
  const Member = model("members", { id: column.integer().primaryKey(), teamId: column.integer() }, { cache });
  const team = relations(Team, { members: hasMany(Member, Member.teamId) });
  await using db = await cachedDatabase({
    ddl: `create table teams (id int primary key); insert into teams values (1);
      create table members (id int primary key, team_id int not null); insert into members values (1, 1)`,
    tables: ["teams", { name: "members", lookups: [["team_id"]] }],
  });
  const { pool } = db;
  const strict = await untilCached(db.cache, () => Team.find().where(Team.id.eq(1)).strict().one(pool));
  await assert.rejects(async () => await team.members.of(strict, pool), LazyLoadError);
  const other = await untilCached(db.cache, () => Team.find().where(Team.id.eq(1)).one(pool));
  assert.deepEqual(await untilCached(db.cache, () => team.members.of(other, pool)), [{ id: 1, teamId: 1 }]);
});

test(
  "Signals and timeouts end a read from the cache as they end one from the database",
  needs("primary"),
  async () => {
    await using database = await freshDatabase();
    const User = model("users", { id: column.integer().primaryKey(), teamId: column.integer() }, { cache });
    await using db = await cachedDatabase({
      pool: { url: database.url, max: 8 },
      ddl: `create table users (id int primary key, team_id int not null); insert into users values (1, 1)`,
      tables: [{ name: "users", lookups: [["team_id"]] }],
      cache: { nearRows: 0 },
    });
    const { pool } = db;
    const queries = [
      User.find().where(User.id.eq(1)),
      User.find().where(User.teamId.eq(1)),
      User.find().orderBy(User.id).cached(60),
    ];
    const aborted = AbortSignal.abort(new Error("Enough"));
    for (const query of queries) {
      await untilCached(db.cache, () => query.all(pool));
      for (const on of [pool.reading("mixed"), pool.reading("strong"), pool.reading("primary")]) {
        await assert.rejects(async () => await query.signal(aborted).all(on), /Enough/);
        await assert.rejects(async () => await query.timeout(-1).all(on), { code: "VALIDATION" });
      }
      const controller = new AbortController();
      assert.equal((await query.signal(controller.signal).timeout(10_000).all(pool)).length, 1);
    }
    const others = [
      User.find().where(User.id.eq(2)),
      User.find().where(User.teamId.eq(2)),
      User.find().where(User.id.gt(1)).cached(60),
    ];
    // These are not in the cache yet, and the database does not answer.
    await pool.transaction(async (transaction) => {
      await transaction.execute(sql`lock table users in access exclusive mode`);
      for (const query of others) {
        await assert.rejects(async () => await query.timeout(100).all(pool), QueryTimeoutError);
        const controller = new AbortController();
        setTimeout(() => controller.abort(new Error("Enough")), 100);
        await assert.rejects(async () => await query.signal(controller.signal).all(pool), /Enough/);
      }
    });
    for (const query of others) assert.equal((await query.timeout(10_000).all(pool)).length, 0);
  },
);

test("More rows than a model promises are refused by maybeOne() and one() as without a cache", async () => {
  const Name = model("names", { id: column.integer().primaryKey(), name: column.text().unique() }, { cache });
  await using db = await cachedDatabase({
    ddl:
      `create table names (id int primary key, name text not null); insert into names values (1, 'a'), (2, 'a')`,
    tables: [{ name: "names", lookups: [["name"]] }],
  });
  const query = Name.find().where(Name.name.eq("a"));
  assert.equal((await untilCached(db.cache, () => query.all(db.pool))).length, 2);
  for (const on of [db.pool, db.pool.reading("primary")]) {
    await assert.rejects(async () => await query.maybeOne(on), { code: "TOO_MANY_ROWS" });
    await assert.rejects(async () => await query.one(on), { code: "TOO_MANY_ROWS" });
  }
});
