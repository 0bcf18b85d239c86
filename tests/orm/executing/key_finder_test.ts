/** Reads by primary key that travel together, on a real server. */
import assert from "node:assert/strict";
import { column, model } from "../../../orm/mod.ts";
import { sql } from "../../../pool/sql/sql.ts";
import { PostgresError } from "../../../pool/wire/postgres_error.ts";
import { test } from "../../harness.ts";
import { freshDatabase, needs } from "../../services/client.ts";
import { RecordingPool } from "../recording_pool.ts";

const User = model("users", { id: column.integer().primaryKey(), email: column.text() });
const Token = model("tokens", { id: column.uuid().primaryKey(), userId: column.integer() });
const Membership = model("memberships", {
  userId: column.integer().primaryKey(),
  group: column.text().primaryKey(),
  role: column.text(),
});
const Note = model("notes", {
  id: column.bigint().primaryKey(),
  body: column.text(),
  deletedAt: column.timestamptz().nullable(),
}, { softDelete: true, defaultScope: (note) => note.body.ne("hidden") });

const SELECT = 'select "users"."id", "users"."email" from "users" where "users"."id" = ';

/** Registers a test with the tables and a few rows. */
function testOnServer(name: string, body: (pool: RecordingPool) => Promise<void>): void {
  test(name, needs("primary"), async () => {
    await using database = await freshDatabase();
    await using pool = new RecordingPool({ url: database.url, max: 4 });
    await pool.execute(sql`create table users (id int primary key, email text not null)`);
    await pool.execute(sql`insert into users select i, 'u' || i from generate_series(1, 2000) i`);
    await pool.execute(sql`create table tokens (id uuid primary key, user_id int not null)`);
    await pool.execute(sql`create table memberships (user_id int, "group" text, role text not null)`);
    await pool.execute(sql`insert into memberships values (1, 'a', 'x'), (1, 'b', 'y')`);
    await pool.execute(
      sql`create table notes (id bigint primary key, body text not null, deleted_at timestamptz)`,
    );
    await pool.execute(
      sql`insert into notes values (1, 'seen', null), (2, 'gone', now()), (3, 'hidden', null)`,
    );
    pool.take();
    await body(pool);
  });
}

testOnServer(
  "Model.findById() of one tick travel as one statement, each with its own answer",
  async (pool) => {
    const found = await Promise.all([1, 2, 1, 9999, 3].map((id) => User.findById(id, pool)));
    assert.deepEqual(found.map((row) => row?.email), ["u1", "u2", "u1", undefined, "u3"]);
    assert.equal(found[0], found[2], "callers of one key share its row");
    assert.deepEqual(pool.take(), [`${SELECT}any($1)`]);
    assert.equal((await User.findById(7, pool))?.email, "u7");
    assert.deepEqual(pool.take(), [`${SELECT}$1`], "one alone is an ordinary select");
    const second = User.findById(1, pool).then(() =>
      Promise.all([User.findById(2, pool), User.findById(3, pool)])
    );
    assert.equal((await second).length, 2);
    assert.deepEqual(pool.take(), [`${SELECT}$1`, `${SELECT}any($1)`], "a later tick is another statement");
  },
);

testOnServer("Model.findById() sends very many keys in several statements", async (pool) => {
  const found = await Promise.all(Array.from({ length: 1500 }, (_, i) => User.findById(i + 1, pool)));
  assert.deepEqual(found.map((row) => row?.id), Array.from({ length: 1500 }, (_, i) => i + 1));
  assert.equal(pool.take().length, 2);
});

testOnServer("Model.findById() in a transaction keeps the order of the caller's statements", async (pool) => {
  await pool.transaction(async (tx) => {
    const before = User.findById(1, tx);
    const change = tx.execute(sql`update users set email = 'changed' where id = 1`);
    const after = User.findById(1, tx);
    await change;
    assert.deepEqual([(await before)?.email, (await after)?.email], ["u1", "changed"]);
  });
});

testOnServer("Model.findById() finds a UUID however it is written, and composite keys", async (pool) => {
  const id = "2c5ea4c0-4067-11e9-8bad-9b1deb4d3b7d";
  await Token.insert({ id, userId: 1 }, pool);
  const upper = id.toUpperCase();
  const found = await Promise.all([id, upper, `{${id}}`].map((key) => Token.findById(key, pool)));
  assert.deepEqual(found.map((row) => row?.userId), [1, 1, 1]);
  const members = await Promise.all(
    ["a", "b", "c"].map((group) => Membership.findById({ userId: 1, group }, pool)),
  );
  assert.deepEqual(members.map((row) => row?.role), ["x", "y", undefined]);
});

testOnServer(
  "Model.findById() leaves out soft-deleted rows and those out of the default scope",
  async (pool) => {
    const found = await Promise.all([1n, 2n, 3n].map((id) => Note.findById(id, pool)));
    assert.deepEqual(found.map((row) => row?.body), ["seen", undefined, undefined]);
    assert.match(pool.take()[0], /= any\(\$1\) and "notes"."deleted_at" is null and "notes"."body" <> \$2$/);
    assert.equal(await Note.findById(3n, pool), undefined);
  },
);

testOnServer("Model.findById() tells each caller of an error of its own", async (pool) => {
  await pool.execute(sql`drop table users`);
  const outcomes = await Promise.allSettled([1, 2, 3].map((id) => User.findById(id, pool)));
  const reasons = outcomes.map((outcome) => outcome.status === "rejected" ? outcome.reason : undefined);
  for (const reason of reasons) assert.ok(reason instanceof PostgresError && reason.sqlState === "42P01");
  assert.equal(new Set(reasons).size, 3);
});

testOnServer(
  "find() leaves out soft-deleted rows unless it is told otherwise, wherever it is told",
  async (pool) => {
    const ids = async (query: ReturnType<typeof Note.find>): Promise<bigint[]> =>
      (await query.orderBy(Note.id).all(pool)).map((row) => row.id);
    assert.deepEqual(await ids(Note.find()), [1n]);
    assert.deepEqual(await ids(Note.find().where(Note.id.gt(0n)).withTrashed()), [1n, 2n]);
    assert.deepEqual(await ids(Note.find().withTrashed().limit(5).unscoped()), [1n, 2n, 3n]);
    assert.deepEqual(await ids(Note.find().limit(9).onlyTrashed()), [2n]);
    assert.equal(await Note.find().count(pool), 1);
    assert.equal(await Note.find().onlyTrashed().count(pool), 1);
    assert.deepEqual(
      await Note.find().only("body").all(pool),
      [{ body: "seen" }],
      "a partial select keeps the filter",
    );
    const Other = Note.as("other");
    const joined = await User.find().leftJoin(Other, Other.id.eq(User.id.cast("bigint"))).where(
      User.id.in([1, 2]),
    )
      .orderBy(User.id).select({ id: User.id, body: Other.body }).all(pool);
    assert.deepEqual(joined, [{ id: 1, body: "seen" }, { id: 2, body: null }]);
  },
);
