/** How queries run: tags, times, signals; models of views, aliases and parts of models. */
import assert from "node:assert/strict";
import { column, model } from "../../../orm/mod.ts";
import { sql } from "../../../pool/sql/sql.ts";
import { QueryTimeoutError } from "../../../pool/wire/errors.ts";
import { ValidationError } from "../../../pool/wire/errors.ts";
import { testOnBoth, testOnServer } from "../../testkit/databases.ts";

const Member = model("members", {
  id: column.identity().primaryKey(),
  name: column.text(),
  team: column.text(),
  bossId: column.integer().nullable(),
  leftAt: column.timestamptz().nullable(),
}, { schema: "club", softDelete: "leftAt", comment: "people" });
const Sleep = model("members", { id: column.integer(), nap: column.integer() }, { schema: "club" });
const Teams = model("teams", { team: column.text(), size: column.integer() }, {
  schema: "club",
  view: "materialized view",
});
const CLUB = { models: [Member] };

testOnBoth("Query.tag() writes tags in front of the statement, whatever is in them", CLUB, async (pool) => {
  await Member.insert({ name: "Ada", team: "a" }, pool);
  const query = Member.find().only("name").tag({ route: "/users/:id*/; drop", action: "it's" });
  assert.equal(
    query.toSQL().text,
    `/*action='it%27s',route='%2Fusers%2F%3Aid%2A%2F%3B%20drop'*/ select "members"."name" ` +
      'from "club"."members" where "members"."left_at" is null',
  );
  assert.deepEqual(await query.all(pool), [{ name: "Ada" }]);
  assert.equal(await query.count(pool), 1);
  assert.throws(() => Member.find().tag({}), /given no tags/);
  assert.throws(() => Member.find().tag({ route: 1 as never }), ValidationError);
});

testOnServer(
  "Query.timeout() and signal() give the statement up, and the pool serves on",
  CLUB,
  async (pool) => {
    await Member.insert({ name: "Ada", team: "a" }, pool);
    const slow = Sleep.find().select({ nap: sql<string>`pg_sleep(30)::text` });
    await assert.rejects(slow.timeout(100).all(pool), QueryTimeoutError);
    const abort = new AbortController();
    const waiting = slow.signal(abort.signal).one(pool);
    setTimeout(() => abort.abort(new Error("enough")), 50);
    await assert.rejects(waiting, /enough/);
    assert.equal(await Member.find().timeout(10_000).signal(new AbortController().signal).count(pool), 1);
    assert.throws(() => slow.timeout(undefined as never), /undefined was given/);
  },
);

testOnBoth("Query.only() and omit() keep every filter, order, limit and schema", CLUB, async (pool) => {
  const members = Member.on(pool);
  await members.insertMany(["Ada", "Bob", "Cy", "Di"].map((name) => ({ name, team: "a" })));
  await members.delete().where({ name: "Bob" }).run();
  const query = members.find().where(Member.name.gt("Ad")).orderBy(Member.name.desc()).limit(2);
  const part = query.only("id", "name");
  assert.equal(
    part.toSQL().text,
    'select "members"."id", "members"."name" from "club"."members" where "members"."left_at" is null ' +
      'and "members"."name" > $1 order by "members"."name" desc limit $2',
  );
  const rows: readonly { readonly id: number; readonly name: string }[] = await part.all();
  assert.deepEqual(rows.map(({ name }) => name), ["Di", "Cy"]);
  assert.deepEqual(Object.keys((await query.omit("team", "bossId", "leftAt").all())[0]), ["id", "name"]);
  assert.equal(await part.offset(1).count(), 2, "a limit counts");
  assert.throws(() => members.find().only("nam" as never), /did you mean "name"\?/);
  assert.throws(() => members.find().only(), /names no property/);
});

testOnBoth("a model of a view is read like any other, and refuses writes", {
  ...CLUB,
  migrate: [
    sql`create materialized view "club"."teams" as select team, count(*)::int as size from "club"."members" group by 1`,
  ],
}, async (pool) => {
  await Member.insertMany([{ name: "Ada", team: "a" }, { name: "Bob", team: "a" }], pool);
  assert.equal(await Teams.find().count(pool), 0);
  await pool.execute(sql`refresh materialized view ${Teams}`);
  assert.deepEqual(await Teams.find().where(Teams.size.gt(1)).all(pool), [{ team: "a", size: 2 }]);
  await assert.rejects(Teams.insert({ team: "b", size: 1 }, pool), /it is of a materialized view/);
  assert.throws(() => Teams.update({ size: 1 }), /it is of a materialized view/);
});

testOnBoth("Model.as() joins a table with itself, schema and all", CLUB, async (pool) => {
  const boss = await Member.insert({ name: "Ada", team: "a" }, pool);
  await Member.insert({ name: "Bob", team: "a", bossId: boss.id }, pool);
  const Boss = Member.as("boss");
  const query = Member.find().join(Boss, Member.bossId.eq(Boss.id)).select({
    who: Member.name,
    boss: Boss.name,
  });
  assert.equal(
    query.toSQL().text,
    'select "members"."name" as "who", "boss"."name" as "boss" from "club"."members" ' +
      'join "club"."members" as "boss" on ("members"."boss_id" = "boss"."id") and "boss"."left_at" is null ' +
      'where "members"."left_at" is null',
  );
  assert.deepEqual(await query.all(pool), [{ who: "Bob", boss: "Ada" }]);
  assert.equal((await Boss.find().where(Boss.name.eq("Ada")).one(pool)).id, boss.id);
});
