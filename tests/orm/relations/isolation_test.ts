/** What one caller or one clause asks for does not change what another gets. */
import assert from "node:assert/strict";
import { NotFoundError } from "../../../pool/pool_errors.ts";
import { sql } from "../../../pool/sql/sql.ts";
import { test } from "../../harness.ts";
import { FakeExecutor } from "../fake_executor.ts";
import { Album, album, Genre, genre, testOnBoth } from "./store.ts";

testOnBoth("of() tells only the caller whose row refers to none of it", async (pool) => {
  await pool.execute(sql`insert into albums values (9, 'Lost', 99, null)`);
  const rows = await Album.find().where(Album.id.in([1, 9])).orderBy(Album.id).all(pool);
  const outcomes = await Promise.allSettled(rows.map((row) => album.artist.of(row, pool)));
  assert.deepEqual(outcomes.map(({ status }) => status), ["fulfilled", "rejected"]);
  assert.ok(outcomes[0].status === "fulfilled" && outcomes[0].value.name === "Ada");
  assert.ok(outcomes[1].status === "rejected" && outcomes[1].reason instanceof NotFoundError);
});

test("relations whose keys would make other rows distinct are refused before anything is sent", async () => {
  const fake = new FakeExecutor();
  const names = Genre.find().only("name");
  const refused = { name: "ValidationError", message: /its rows are distinct, .* add "genres\.id" to them/ };
  await assert.rejects(names.distinct().with(genre.children).all(fake.executor), refused);
  await assert.rejects(names.with(genre.children).distinct().all(fake.executor), refused);
  await assert.rejects(names.with(genre.children).distinct().count(fake.executor), refused);
  await assert.rejects(names.with(genre.children).distinct().first(fake.executor), refused);
  await assert.rejects(
    names.union(names).with(genre.children).all(fake.executor),
    /its rows are combined with others, .* select these columns/,
  );
  await assert.rejects(
    Genre.find().distinct().with(genre.children.by("lateral")).all(fake.executor),
    /add "children" to them; .* load the relations by "query"/,
  );
  assert.equal(fake.statements.length, 0);
});

testOnBoth("relations of distinct and combined rows are loaded by the keys they select", async (pool) => {
  const rows = await Genre.find().distinct().orderBy(Genre.id).with(genre.children).all(pool);
  assert.deepEqual(rows.map(({ children }) => children.length), [2, 1, 0, 0]);
  const first = await Genre.find().distinctOn(Genre.parentId).orderBy(Genre.parentId, Genre.id).only("name")
    .with(genre.children).all(pool);
  assert.deepEqual(first.map(({ name, children }) => [name, children.length]), [
    ["baroque", 1],
    ["fugue", 0],
    ["music", 2],
  ]);
  const both = await Genre.find().where({ id: 1 }).union(Genre.find().where({ id: 2 })).with(genre.children)
    .all(pool);
  assert.deepEqual(both.map(({ children }) => children.length).sort(), [1, 2]);
});
