/** Models that read from replicas, on real servers. */
import assert from "node:assert/strict";
import { column, hasMany, model, relations } from "../../../orm/mod.ts";
import { currentSession } from "../../../pool/consistency/current_session.ts";
import { readingOf } from "../../../pool/replicas/read_preference.ts";
import { Pool, sql } from "../../../pool/mod.ts";
import { test } from "../../harness.ts";
import { freshDatabase, needs, server } from "../../services/client.ts";
import { inState } from "./replica_pair.ts";

const Note = model("notes", {
  id: column.integer().primaryKey(),
  userId: column.integer(),
  body: column.text(),
});
const User = model("users", {
  id: column.integer().primaryKey(),
  name: column.text(),
});
const { notes } = relations(User, { notes: hasMany(Note, Note.userId) });

test("Models read where a view of the pool prefers, find several keys at once, and write to the primary", {
  ...needs("primary", "replica"),
}, async () => {
  await using database = await freshDatabase();
  const { host, port } = server("replica");
  await using pool = new Pool({
    url: database.url,
    replicas: [{ host, port }],
    max: 3,
    replicaCheckInterval: 50,
    strongWait: "2s",
    logger: () => {},
  });
  await pool.execute(sql`create table users (id int primary key, name text not null)`);
  await pool.execute(sql`create table notes (id int primary key, user_id int not null, body text not null)`);
  await inState(pool, "healthy");
  for (const preference of ["replica", "mixed", "strong"] as const) {
    const users = User.on(pool.reading(preference));
    const id = { replica: 1, mixed: 2, strong: 3 }[preference];
    await users.insert({ id, name: preference });
    await Note.on(pool).insert({ id, userId: id, body: "first" });
    // A replica may not have it yet; whoever needs to see it prefers "strong".
    if (preference === "strong") {
      const found = await Promise.all([users.findById(id), users.findById(id - 1), users.findById(99)]);
      assert.deepEqual(found.map((row) => row?.name), ["strong", "mixed", undefined]);
      const [row] = await users.find().where(User.id.eq(id)).with(notes).all();
      assert.deepEqual(row.notes.map(({ body }) => body), ["first"]);
    }
    // A query's own preference comes before the view's.
    assert.equal(await users.find().where(User.id.eq(id)).read("strong").exists(), true);
    assert.equal((await users.find().where(User.id.eq(id)).read("primary").one()).name, preference);
  }
});

test("Keys are found together by readers who prefer the same, and by one session where that is strong", () => {
  const pool = new Pool({ url: "postgres://nobody@127.0.0.1:1/none", configFile: false });
  const strong = readingOf(pool.reading("strong"))!;
  const replica = readingOf(pool.reading("replica"))!;
  assert.equal(strong.company(), currentSession(pool));
  assert.equal(pool.consistent(() => strong.company() === currentSession(pool)), true);
  assert.notEqual(pool.consistent(() => strong.company()), strong.company());
  assert.equal(replica.company(), pool.reading("replica"));
  assert.notEqual(replica.company(), readingOf(pool)!.company());
  assert.equal(readingOf({}), undefined);
});
