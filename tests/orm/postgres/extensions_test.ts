/** pgvector and PostGIS: distances and functions as expressions, and the indexes that serve them. */
import assert from "node:assert/strict";
import {
  column,
  type Condition,
  cosineDistance,
  createTables,
  createTablesSQL,
  index,
  indexKey,
  l1Distance,
  l2Distance,
  model,
  negativeInnerProduct,
  st,
} from "../../../orm/mod.ts";
import { sql } from "../../../pool/sql/sql.ts";
import { Geometry, SparseVector } from "../../../pool/wire/codec/mod.ts";
import { test } from "../../harness.ts";
import { testWithExtension } from "./with_extension.ts";

const Item = model("items", {
  id: column.identity().primaryKey(),
  embedding: column.vector(3),
  half: column.halfvec(3).nullable(),
  sparse: column.sparsevec(5).nullable(),
}, {
  indexes: (t) => [
    index(indexKey(t.embedding, { opclass: "vector_cosine_ops" })).using("hnsw", {
      m: 16,
      ef_construction: 64,
    }),
    index(indexKey(t.half, { opclass: "halfvec_l2_ops" })).using("ivfflat", { lists: 1 }),
  ],
});

test("Distances of vectors are operators whose values are of the column's type", () => {
  const texts = createTablesSQL([Item]).map((statement) => statement.text);
  assert.deepEqual([texts[0], ...texts.slice(2)], [
    'create extension if not exists "vector"',
    'create index "items_embedding_idx" on "items" using "hnsw" ("embedding" "vector_cosine_ops") with ("m" = 16, "ef_construction" = 64)',
    'create index "items_half_idx" on "items" using "ivfflat" ("half" "halfvec_l2_ops") with ("lists" = 1)',
  ]);
  assert.equal(cosineDistance(Item.embedding, [1, 2, 3]).text, '("items"."embedding" <=> $1::vector)');
  assert.equal(l2Distance(Item.half, [1, 2, 3]).text, '("items"."half" <-> $1::halfvec)');
  assert.equal(
    negativeInnerProduct(Item.embedding, Item.embedding).text,
    '("items"."embedding" <#> "items"."embedding")',
  );
  const sparse = new SparseVector(5, { indices: [0], values: [1] });
  assert.equal(l1Distance(Item.sparse, sparse).text, '("items"."sparse" <+> $1::sparsevec)');
  const query = Item.find().orderBy(cosineDistance(Item.embedding, [1, 2, 3]).asc()).limit(5).toSQL();
  assert.ok(query.text.endsWith('order by ("items"."embedding" <=> $1::vector) asc limit $2'));
  // @ts-expect-error: a number is no vector
  assert.ok(l2Distance(Item.id, [1]));
});

await testWithExtension("Distances of vectors find the nearest, by an index", "vector", async (pool) => {
  await createTables([Item], pool);
  await Item.insertMany(
    [[1, 0, 0], [0, 1, 0], [1, 1, 0]].map((embedding) => ({ embedding, half: embedding })),
    pool,
  );
  const nearest = await Item.find().select({
    id: Item.id,
    cosine: cosineDistance(Item.embedding, [0, 2, 0]),
    l2: l2Distance(Item.half, [0, 2, 0]),
    inner: negativeInnerProduct(Item.embedding, [0, 2, 0]),
    l1: l1Distance(Item.embedding, [0, 2, 0]),
  }).orderBy(cosineDistance(Item.embedding, [0, 2, 0]).asc()).limit(2).all(pool);
  assert.deepEqual(nearest.map(({ id }) => id), [2, 3]);
  assert.deepEqual([nearest[0].cosine, nearest[0].l2, nearest[0].inner, nearest[0].l1], [0, 1, -2, 1]);
  const plan = await pool.transaction(async (tx) => {
    await tx.execute(sql`set local enable_seqscan = off`);
    return JSON.stringify(
      await tx.query(
        sql`explain ${Item.find().orderBy(cosineDistance(Item.embedding, [0, 2, 0]).asc()).limit(2)}`,
      ),
    );
  });
  assert.match(plan, /items_embedding_idx/);
});

const Cafe = model("cafes", {
  id: column.identity().primaryKey(),
  name: column.text(),
  place: column.geography({ type: "Point", srid: 4326 }),
  area: column.geometry({ srid: 4326 }).nullable(),
}, { indexes: (t) => [index(t.place).using("gist"), index(t.area).using("gist")] });

await testWithExtension(
  "st finds what is near or within, measures, and converts, by an index",
  "postgis",
  async (pool) => {
    await createTables([Cafe], pool);
    const point = (x: number, y: number): Promise<Geometry> =>
      pool.value<Geometry>(sql`select ${st.point(x, y)}`);
    const [here, near, far] = [await point(13.4, 52.5), await point(13.401, 52.5), await point(11.5, 48.1)];
    assert.ok(here instanceof Geometry && here.srid === 4326);
    const square = await pool.value<Geometry>(
      sql`select ${st.envelope({ left: 13, bottom: 52, right: 14, top: 53 })}`,
    );
    await Cafe.insertMany([
      { name: "near", place: near, area: square },
      { name: "far", place: far },
    ], pool);
    const found = await Cafe.find()
      .select({ name: Cafe.name, metres: st.distance(Cafe.place, here), json: st.asGeoJson(Cafe.place) })
      .where(st.dWithin(Cafe.place, here, 500))
      .orderBy(st.nearness(Cafe.place, here).asc())
      .all(pool);
    assert.equal(found.length, 1);
    assert.ok(Math.abs(found[0].metres - 67.9) < 0.5, String(found[0].metres));
    assert.deepEqual(found[0].json, { type: "Point", coordinates: [13.401, 52.5] });
    const [nearest] = await Cafe.find().orderBy(st.nearness(Cafe.place, st.point(11, 48)).asc()).limit(1).all(
      pool,
    );
    assert.equal(nearest.name, "far");
    const names = async (
      condition: Condition,
    ): Promise<readonly string[]> => (await Cafe.find().where(condition).all(pool)).map(({ name }) => name);
    assert.deepEqual(await names(st.contains(Cafe.area, here)), ["near"]);
    assert.deepEqual(await names(st.contains(Cafe.area, far)), []);
    assert.deepEqual(await names(st.within(here, Cafe.area)), ["near"]);
    assert.deepEqual(await names(st.intersects(Cafe.area, st.fromText("POINT(13.5 52.5)"))), ["near"]);
    assert.deepEqual(
      await names(st.covers(Cafe.area, st.fromGeoJson({ type: "Point", coordinates: [15, 52] }))),
      [],
    );
    assert.deepEqual(await names(st.dWithin(Cafe.place, st.point(11.5, 48.1), 1)), ["far"]);
    const [measured] = await Cafe.find().select({
      area: st.area(Cafe.area),
      text: st.asText(Cafe.place),
      x: st.x(st.centroid(Cafe.area)),
      y: st.y(st.centroid(Cafe.area)),
      wide: st.area(st.buffer(Cafe.place, 10)),
      length: st.length(st.fromText("LINESTRING(0 0, 3 4)")),
      mercator: st.x(st.transform(st.centroid(Cafe.area), 3857)),
    }).where({ name: "near" }).all(pool);
    assert.deepEqual([measured.area, measured.text, measured.x, measured.y, measured.length], [
      1,
      "POINT(13.401 52.5)",
      13.5,
      52.5,
      5,
    ]);
    assert.ok((measured.wide ?? 0) > 300 && (measured.wide ?? 0) < 320);
    assert.ok(Math.abs((measured.mercator ?? 0) - 1_502_813) < 1);
    const plan = await pool.transaction(async (tx) => {
      await tx.execute(sql`set local enable_seqscan = off`);
      return JSON.stringify(
        await tx.query(sql`explain ${Cafe.find().where(st.dWithin(Cafe.place, here, 500))}`),
      );
    });
    assert.match(plan, /cafes_place_idx/);
  },
);
