/** What is read after writes of the same process, by models with and without a cache: the same. */
import assert from "node:assert/strict";
import { column, model, Session, sql } from "../../../mod.ts";
import { test } from "../../harness.ts";
import { randomIntegers, rounds, SEED } from "../../random.ts";
import { type CachedDatabase, cachedDatabase, untilCached } from "./cached_database.ts";

const DDL =
  `create table users (id int primary key, email text unique, team_id bigint, version int not null default 1,
    deleted_at timestamptz);
  insert into users (id, email, team_id) select i, 'u' || i, i % 3 from generate_series(1, 9) i`;
const TABLES = [{ name: "users", lookups: [["email"], ["team_id"]] }];

const columns = {
  id: column.integer().primaryKey(),
  email: column.text().nullable().unique(),
  teamId: column.bigint().nullable(),
};
const User = model("users", columns, { cache: { ttl: 600 } });

async function open(nearRows: number): Promise<CachedDatabase> {
  return await cachedDatabase({ ddl: DDL, tables: TABLES, cache: { nearRows } });
}

test("A row is not found by a key that it had, and found by the one it was given", async () => {
  await using db = await open(1_000);
  const { pool, cache } = db;
  let id = 1;
  const writes: ((to: number) => Promise<unknown>)[] = [
    (to) => User.updateById(id, { id: to }, pool),
    async (to) => {
      const record = User.edit((await User.findById(id, pool.reading("primary")))!);
      await record.set("id", to).save(pool);
    },
    async (to) => {
      await using session = new Session(pool);
      const record = await session.find(User, id);
      record!.set("id", to);
      await session.flush();
    },
    (to) =>
      pool.transaction(async (transaction) => {
        await User.updateById(id, { id: to }, transaction);
      }),
  ];
  for (const write of writes) {
    const to = id + 100;
    assert.equal((await untilCached(cache, () => User.findById(id, pool)))?.id, id);
    assert.equal(await untilCached(cache, () => User.findById(to, pool)), undefined);
    await write(to);
    assert.equal((await User.findById(to, pool))?.id, to, `by the new key, ${write}`);
    assert.equal(await User.findById(id, pool), undefined, `by the old key, ${write}`);
    id = to;
  }
});

const Plain = model("users", columns);

/** Everything that can be read of a few rows by keys, of a model. */
async function everything(Model: typeof User, pool: CachedDatabase["pool"]): Promise<unknown> {
  const ids = Array.from({ length: 14 }, (_, index) => index + 1);
  const byId = await Promise.all(ids.map((id) => Model.findById(id, pool)));
  const byQuery = await Promise.all(ids.map((id) => Model.find().where({ id }).maybeOne(pool)));
  const byEmail = await Promise.all(
    ids.map((id) => Model.find().where(Model.email.eq(`u${id}`)).maybeOne(pool)),
  );
  const byTeam = await Promise.all(
    [0n, 1n, 2n, 3n].map(async (teamId) =>
      (await Model.find().where(Model.teamId.eq(teamId)).all(pool)).toSorted((one, other) =>
        one.id - other.id
      )
    ),
  );
  return { byId, byQuery, byEmail, byTeam };
}

async function writesAndReads(nearRows: number): Promise<void> {
  await using db = await open(nearRows);
  const { pool } = db;
  const below = randomIntegers(SEED);
  const id = () => 1 + below(14);
  const email = () => below(4) === 0 ? null : `u${id()}`;
  const teamId = () => below(4) === 0 ? null : BigInt(below(4));
  const row = () => ({ id: id(), email: email(), teamId: teamId() });
  type On = Parameters<typeof User.insert>[1];
  const byKey: ((on: NonNullable<On>) => Promise<unknown>)[] = [
    (on) => User.insert(row(), on),
    (on) => User.insertMany([row(), row()], on),
    (on) => User.updateById(id(), { email: email() }, on),
    (on) => User.updateById(id(), { teamId: teamId() }, on),
    (on) => User.updateById(id(), { id: id() }, on),
    (on) => User.updateMany([{ id: id(), teamId: teamId() }], on),
    (on) => User.deleteById(id(), on),
    (on) => User.deleteMany([id(), id()], on),
    (on) => User.upsert(row(), { conflict: ["id"] }, on),
    (on) => User.upsertMany([row(), row()], { conflict: ["id"] }, on),
    async (on) => {
      const known = await User.findById(id(), on);
      if (known !== undefined) await User.edit(known).set("email", email()).save(on);
    },
    async (on) => {
      const known = await User.findById(id(), on);
      if (known !== undefined) await User.edit(known).delete(on);
    },
  ];
  const others: (() => Promise<unknown>)[] = [
    () => User.update({ teamId: teamId() }).where(User.id.lt(id())).run(pool),
    () => User.delete().where(User.id.eq(id())).run(pool),
    () => pool.execute(sql`update users set id = ${id()}::int where id = ${id()}::int`),
    () => pool.execute(sql`truncate users`),
    () =>
      pool.execute(sql`insert into users select i, 'u' || i, i % 3 from generate_series(1, 9) i
      on conflict do nothing`),
  ];
  let refused = 0;
  const tried = (work: Promise<unknown>) => work.catch(() => refused++);
  const total = nearRows === 0 ? rounds(60, 300) : rounds(150, 1_000);
  for (let round = 0; round < total; round++) {
    // What this process has kept others end only in time.
    const kind = below(nearRows === 0 ? 10 : 8);
    const write = byKey[below(byKey.length)];
    if (kind < 6) await tried(write(pool));
    else if (kind < 8) {
      await tried(pool.transaction(async (transaction) => {
        await transaction.transaction((inner) => write(inner)).catch(() => {});
        await write(transaction);
        if (below(2) === 0) throw new Error("Roll back");
      }));
    } else {
      await tried(others[below(others.length)]());
      await db.applied();
    }
    assert.deepEqual(
      await everything(User, pool),
      await everything(Plain as unknown as typeof User, pool),
      `round ${round} of seed ${SEED}: ${kind < 8 ? write : "another write"}`,
    );
  }
  const { hits, nearHits, misses, bypassed } = db.cache.stats();
  console.log(
    `Seed ${SEED}: ${total} writes, ${refused} refused; reads: ${hits} hits, ${nearHits} near, ${misses} misses, ${bypassed} bypassed`,
  );
  assert.ok(hits + nearHits > misses, "much of it came from the cache");
}

test("After any write by keys all reads are those without a cache, from rows of this process too", async () => {
  await writesAndReads(1_000);
});

test("After any write that was applied all reads are those without a cache", async () => {
  await writesAndReads(0);
});
