/** Results of queries that are kept: whose they are, and what ends them. */
import assert from "node:assert/strict";
import { belongsTo, column, Interval, model, Range, relations, sql } from "../../../mod.ts";
import { valueText } from "../../../orm/cache/value_text.ts";
import { test } from "../../harness.ts";
import { cachedDatabase, untilCached } from "./cached_database.ts";

const Team = model("teams", { id: column.integer().primaryKey(), name: column.text() });
const User = model("users", {
  id: column.integer().primaryKey(),
  teamId: column.integer().references(() => Team.id),
  score: column.double(),
});
const DDL = `create table teams (id int primary key, name text not null);
  create table users (id int primary key, team_id int not null references teams, score float8 not null);
  insert into teams values (1, 'a'), (2, 'b');
  insert into users select i, i % 2 + 1, i from generate_series(1, 10) i`;

test("Values that differ have texts that differ, and what is not known of has none", () => {
  class Point {
    readonly x = 1;
    readonly y = 2;
  }
  const different = [
    undefined,
    null,
    "null",
    0,
    -0,
    NaN,
    Infinity,
    -Infinity,
    5,
    5n,
    "5",
    true,
    "true",
    [5],
    ["5"],
    [[5]],
    [],
    {},
    [5, 5],
    "5,5",
    { bigint: "5" },
    { date: 0 },
    new Date(0),
    new Date(1),
    new Uint8Array([5]),
    { a: 1, b: 2 },
    { a: 1 },
    new Range(1, 2),
    new Range(1, 3),
    new Range(1, 2, { bounds: "[]" }),
    Range.empty(),
    new Range(null, null),
    new Interval({ days: 1 }),
    new Interval({ months: 1 }),
    [undefined],
    [null],
    { a: undefined },
    { a: null },
  ];
  const texts = different.map((value) => valueText(value));
  assert.equal(new Set(texts).size, different.length, texts.join("\n"));
  assert.ok(!texts.includes(undefined));
  const circle: unknown[] = [];
  circle.push(circle);
  for (const unknown of [new Point(), [new Point()], new Map(), new URL("a:b"), () => 1, Symbol(), circle]) {
    assert.equal(valueText(unknown), undefined);
  }
});

test("A result is that of its own values, and of the tables it was said to read", async () => {
  await using db = await cachedDatabase({ ddl: DDL, tables: ["teams", "users"] });
  const { pool, cache } = db;
  const below = (score: number) => User.find().where(User.score.lt(score)).cached(60).all(pool);
  assert.equal((await untilCached(cache, () => below(Infinity))).length, 10);
  assert.equal((await untilCached(cache, () => below(-Infinity))).length, 0);
  // To name the query's own model again does no harm.
  const own = () => User.find().orderBy(User.id).cached({ ttl: 60, reads: [User, User] }).all(pool);
  assert.equal((await untilCached(cache, own)).length, 10);

  // Somebody forgets a table; who names it must not be given their result.
  const named = (reads: (typeof Team)[]) =>
    User.find().join(Team, Team.id.eq(User.teamId)).where(Team.name.eq("a")).cached({ ttl: 60, reads }).all(
      pool,
    );
  assert.equal((await untilCached(cache, () => named([]))).length, 5);
  await pool.execute(sql`update teams set name = 'c' where id = 1`);
  await db.applied();
  assert.equal((await named([Team])).length, 0);
});

test("What a query reads is looked at when it runs, whatever was added to it since it asked to be kept", async () => {
  await using db = await cachedDatabase({ ddl: DDL, tables: ["teams", "users"] });
  const { pool, cache } = db;
  const kept = User.find().cached(60);
  const related = relations(User, { team: belongsTo(Team, User.teamId) });
  const late = [
    kept.join(Team, Team.id.eq(User.teamId)).where(Team.name.eq("a")),
    kept.where(User.teamId.in(Team.find().where(Team.name.eq("a")).select({ id: Team.id }))),
    kept.with(related.team.by("join")),
  ];
  for (const query of late) {
    await assert.rejects(async () => await query.all(pool), {
      code: "VALIDATION",
      message: /cached\(\) of model "users": it reads more than its own table; name the models of all others/,
    });
  }
  await assert.rejects(async () => await kept.where(sql<boolean>`exists (table teams)`).all(pool), {
    code: "VALIDATION",
  });
  const joined = () =>
    User.find().cached({ ttl: 60, reads: [Team] }).join(Team, Team.id.eq(User.teamId))
      .where(Team.name.eq("a")).all(pool);
  assert.equal((await untilCached(cache, joined)).length, 5);
  await pool.execute(sql`update teams set name = 'c' where id = 1`);
  await db.applied();
  assert.equal((await joined()).length, 0);
});

test("A kept result is the caller's own: what one does with it is seen by nobody else", async () => {
  const Doc = model("docs", { id: column.integer().primaryKey(), data: column.jsonb<{ a: number }>() });
  await using db = await cachedDatabase({
    ddl:
      `create table docs (id int primary key, data jsonb not null); insert into docs values (1, '{"a": 1}')`,
    tables: ["docs"],
  });
  const read = () => Doc.find().cached(60).all(db.pool);
  for (let i = 0; i < 3; i++) {
    const rows = await untilCached(db.cache, read);
    assert.deepEqual(rows, [{ id: 1, data: { a: 1 } }]);
    rows[0].data.a = 2;
    rows.pop();
    const [one, other] = await Promise.all([read(), read()]);
    assert.notEqual(one, other);
    assert.notEqual(one[0].data, other[0].data);
  }
});

test("cached() refuses what means nothing", () => {
  const wrong: readonly [unknown, RegExp][] = [
    [0, /its ttl is 0; give seconds from 1 to 86400/],
    [NaN, /its ttl is NaN/],
    ["5", /a string was given; give seconds, or \{ ttl, reads \}/],
    [undefined, /undefined was given/],
    [{}, /its ttl is undefined/],
    [{ ttl: 5, reads: Team }, /its reads is .*; give an array of models/],
    [{ ttl: 5, reads: [5] }, /an integer was given; give a model/],
    [{ ttl: 5, read: [Team] }, /it has no option "read"; use ttl, reads/],
  ];
  for (const [options, message] of wrong) {
    assert.throws(() => User.find().cached(options as number), { code: "VALIDATION", message });
  }
});
