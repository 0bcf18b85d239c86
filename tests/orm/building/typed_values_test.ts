/** Values whose type PostgreSQL would not find by itself, and casts of whatever there is to cast. */
import assert from "node:assert/strict";
import { column, model, param } from "../../../orm/mod.ts";
import { Pool } from "../../../pool/pool.ts";
import { sql } from "../../../pool/sql/sql.ts";
import { Range } from "../../../pool/wire/codec/mod.ts";
import { test } from "../../harness.ts";
import { freshDatabase, needs } from "../../services/client.ts";

const Stay = model("stays", {
  id: column.integer().primaryKey(),
  nights: column.daterange(),
  rooms: column.int4range(),
  arrived: column.timestamp(),
  left: column.timestamp().nullable(),
});

test(
  "Expression.contains(), minus() and cast() say the types PostgreSQL would guess wrongly",
  needs("primary"),
  async () => {
    await using database = await freshDatabase();
    await using pool = new Pool(database.url);
    await pool.execute(sql`create table stays (id integer primary key, nights daterange not null,
      rooms int4range not null, arrived timestamp not null, "left" timestamp)`);
    await pool.execute(sql`insert into stays values
      (1, '[2026-01-01,2026-01-03)', '[1,3)', '2026-01-01 15:00:00', '2026-01-03 09:00:00')`);
    const day = Temporal.PlainDate.from("2026-01-02");
    const query = Stay.find().select({
      contained: Stay.nights.contains(day),
      arrival: Stay.nights.contains(Stay.arrived.cast("date")),
      range: Stay.nights.contains(new Range(day, day.add({ days: 5 }))),
      room: Stay.rooms.contains(3),
      stayed: Stay.left.minus(Stay.arrived),
      earlier: Stay.arrived.minus(Temporal.Duration.from({ hours: 1 })),
      later: Stay.arrived.plus(Temporal.Duration.from({ hours: 1 })),
      text: Stay.id.eq(1).cast("text"),
    });
    assert.equal(
      query.toSQL().text,
      `select "stays"."nights" @> cast($1 as date) as "contained", ` +
        `"stays"."nights" @> cast("stays"."arrived" as date) as "arrival", "stays"."nights" @> $2 as "range", ` +
        `"stays"."rooms" @> cast($3 as integer) as "room", ("stays"."left" - "stays"."arrived") as "stayed", ` +
        `("stays"."arrived" - cast($4 as interval)) as "earlier", ` +
        `("stays"."arrived" + cast($5 as interval)) as "later", cast("stays"."id" = $6 as text) as "text" from "stays"`,
    );
    const { stayed, earlier, later, ...others } = await query.one(pool);
    const length: Temporal.Duration | null = stayed;
    assert.equal(length?.total("hours"), 42);
    assert.equal(String(earlier), "2026-01-01T14:00:00");
    assert.equal(String(later), "2026-01-01T16:00:00");
    assert.deepEqual(others, { contained: true, arrival: true, range: false, room: false, text: "true" });
  },
);

test("param() takes the type of what it is compared with, null or not", () => {
  const { id, left } = Stay;
  const query = Stay.find().where(id.between(param("from"), param("to"))).where(left.gt(param("since")));
  // @ts-expect-error: a parameter of another type does not fit
  query.where(id.eq(param<string>("name")));
  const values = { from: 1, to: 2, since: Temporal.PlainDateTime.from("2026-01-01") };
  assert.deepEqual(query.prepare().toSQL(values).values, Object.values(values));
});
