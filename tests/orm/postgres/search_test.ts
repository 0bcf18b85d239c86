/** Full text search: documents that are generated, conditions, ranks and headlines, and the index that serves them. */
import assert from "node:assert/strict";
import {
  column,
  type Condition,
  createTables,
  fn,
  headline,
  index,
  model,
  phrase,
  search,
  searchDocument,
  websearch,
} from "../../../orm/mod.ts";
import type { Pool } from "../../../pool/pool.ts";
import { sql } from "../../../pool/sql/sql.ts";
import { ValidationError } from "../../../pool/wire/errors.ts";
import { test } from "../../harness.ts";
import { testOnAll } from "./on_all.ts";

const Post = model("posts", {
  id: column.identity().primaryKey(),
  title: column.text().name("The title"),
  body: column.varchar(200).nullable(),
  document: column.tsvector().generated(searchDocument("english", { "The title": "A", body: "B" })),
}, { indexes: (t) => [index(t.document).using("gin", { fastupdate: false })] });

async function prepare(pool: Pool): Promise<void> {
  await createTables([Post], pool);
  await Post.insertMany([
    { title: "Swimming pools", body: "Water, water" },
    { title: "Rivers", body: 'A pool is not a river, but "pools" of connections are <b>pools</b>.' },
    { title: "Nothing", body: null },
  ], pool);
}

testOnAll("search() finds documents by their words, ranks them, and headline() shows why", async (pool) => {
  await prepare(pool);
  const titles = async (query: ReturnType<typeof websearch<string>>): Promise<readonly string[]> =>
    (await Post.find().where(search(Post.document).matches(query))
      .orderBy(search(Post.document).rank(query).desc(), Post.id).all(pool)).map(({ title }) => title);
  assert.deepEqual(await titles(websearch("pool", "english")), ["Swimming pools", "Rivers"]);
  assert.deepEqual(await titles(websearch("pools -swim", "english")), ["Rivers"]);
  assert.deepEqual(await titles(websearch("river or swimming", "english")), ["Rivers", "Swimming pools"]);
  assert.deepEqual(await titles(phrase("pools of connections", "english")), ["Rivers"]);
  assert.deepEqual(await titles(phrase("connections pools swimming", "english")), []);
  for (const odd of ["", "'", "& | !", "((", "a:*", '"'.repeat(7), "\\"]) {
    assert.ok(Array.isArray(await titles(websearch(odd, "english"))));
  }
  const query = websearch("pools", "english");
  const ranks = search(Post.document);
  const rows = await Post.find().select({
    id: Post.id,
    plain: ranks.rank(query),
    close: ranks.rank(query, { byCloseness: true, normalization: 32 }),
    flat: ranks.rank(query, { weights: { A: 0, B: 1, C: 0, D: 0 } }),
    shown: headline(Post.body, query, {
      configuration: "english",
      start: '<em class="x">',
      stop: "</em>",
      maxWords: 5,
      minWords: 2,
      maxFragments: 2,
      delimiter: " it's… ",
    }),
  }).where(ranks.matches(query)).orderBy(Post.id).all(pool);
  assert.equal(rows.length, 2);
  assert.ok(rows[0].plain > rows[1].plain && rows[0].flat < rows[1].flat);
  assert.ok(rows.every(({ close }) => close > 0 && close < 1));
  assert.match(rows[1].shown ?? "", /<em class="x">pools?<\/em>/);
  const plan = await pool.transaction(async (tx) => {
    await tx.execute(sql`set local enable_seqscan = off`);
    return JSON.stringify(await tx.query(sql`explain ${Post.find().where(ranks.matches(query))}`));
  });
  assert.match(plan, /posts_document_idx/);
});

test("search() and searchDocument() write constants, so that a statement's text is the same each time", () => {
  const query = websearch("x", "english");
  const rank = search(Post.document).rank(query, {
    weights: { A: 1, B: 0.5, C: 0.25, D: 0 },
    normalization: 1,
  });
  assert.equal(
    rank.text,
    `ts_rank('{0,0.25,0.5,1}'::float4[], "posts"."document", websearch_to_tsquery('english', $1), 1)`,
  );
  assert.equal(
    search(Post.document).rank(query).strings,
    search(Post.document).rank(websearch("y", "english")).strings,
  );
  assert.equal(
    headline(Post.body, query, { start: `"'\\`, highlightAll: true }).text,
    `ts_headline("posts"."body", websearch_to_tsquery('english', $1), E'StartSel="""''\\\\", HighlightAll="true"')`,
  );
  assert.equal(
    search(fn.toTsvector(Post.title, "simple")).matches(query).text,
    `to_tsvector('simple', "posts"."The title") @@ websearch_to_tsquery('english', $1)`,
  );
  const refuses = (run: () => unknown, message: RegExp): void =>
    assert.throws(run, (error) => error instanceof ValidationError && message.test(error.message));
  refuses(() => searchDocument("english", {}), /made of no columns/);
  // @ts-expect-error: no weight
  refuses(() => searchDocument("english", { a: "E" }), /use A, B, C or D/);
  refuses(() => search(Post.document).rank(query, { normalization: 64 }), /whole number to 63/);
  refuses(() => search(Post.document).rank(query, { weights: { A: 2, B: 0, C: 0, D: 0 } }), /from 0 to 1/);
  // @ts-expect-error: an option that is none
  refuses(() => headline(Post.body, query, { maxWord: 3 }), /option "maxWord" of headline/);
  // @ts-expect-error: a number is no document
  assert.ok(search(Post.id));
});

testOnAll(
  "JSONB: keys, paths, containment and changes of what a column holds, by a GIN index where it can",
  async (pool) => {
    const Doc = model("docs", {
      id: column.identity().primaryKey(),
      data: column.jsonb<{ kind: string; tags: string[]; size?: { width: number } }>(),
    }, { indexes: (t) => [index(t.data).using("gin")] });
    await createTables([Doc], pool);
    await Doc.insertMany([
      { data: { kind: "a", tags: ["x", "y"], size: { width: 3 } } },
      { data: { kind: "b", tags: [] } },
    ], pool);
    const ids = async (
      condition: Condition,
    ): Promise<readonly number[]> =>
      (await Doc.find().where(condition).orderBy(Doc.id).all(pool)).map(({ id }) => id);
    assert.deepEqual(await ids(Doc.data.contains(sql`'{"tags": ["y"]}'::jsonb`)), [1]);
    assert.deepEqual(await ids(Doc.data.keyText("kind").eq("b")), [2]);
    assert.deepEqual(await ids(Doc.data.hasKey("size")), [1]);
    assert.deepEqual(await ids(Doc.data.hasAnyKey(["size", "kind"])), [1, 2]);
    assert.deepEqual(await ids(Doc.data.pathExists("$.size.width ? (@ > 2)")), [1]);
    assert.deepEqual(await ids(Doc.data.key("tags").hasKey("x")), [1]);
    const rows = await Doc.find().select({
      width: Doc.data.path("size", "width"),
      rest: Doc.data.withoutKey("tags"),
    })
      .orderBy(Doc.id).all(pool);
    assert.deepEqual(rows, [{ width: 3, rest: { kind: "a", size: { width: 3 } } }, {
      width: null,
      rest: { kind: "b" },
    }]);
  },
);
