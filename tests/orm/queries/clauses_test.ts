/** Clauses: joins, subqueries, common table expressions, windows, sets, groups and locks, as text and as rows. */
import assert from "node:assert/strict";
import {
  column,
  cte,
  cube,
  exists,
  fn,
  from,
  generateSeries,
  groupingSets,
  jsonbElements,
  model,
  notExists,
  nullable,
  output,
  recursive,
  rollup,
  scalar,
  tableFunction,
  unnest,
  valuesOf,
  windowOf,
} from "../../../orm/mod.ts";
import type { Pool } from "../../../pool/pool.ts";
import { type Sql, sql } from "../../../pool/sql/sql.ts";
import { testOnBoth } from "./things.ts";

const Shop = model("shops", {
  id: column.integer().primaryKey(),
  city: column.text(),
  parentId: column.integer().nullable(),
});
const Sale = model("sales", {
  id: column.integer().primaryKey(),
  shopId: column.integer(),
  total: column.integer(),
  tags: column.text().array(),
  lines: column.jsonb<readonly { readonly sku: string }[]>(),
});

async function create(pool: Pool): Promise<void> {
  await pool.execute(sql`create table shops (id int primary key, city text not null, parent_id int)`);
  await pool.execute(sql`create table sales (id int primary key, shop_id int not null, total int not null,
    tags text[] not null, lines jsonb not null)`);
  await pool.execute(sql`insert into shops values (1, 'Lima', null), (2, 'Oslo', 1), (3, 'Rome', 2)`);
  await pool.execute(sql`insert into sales values
    (1, 1, 10, '{a,b}', '[{"sku":"x"}]'), (2, 1, 30, '{b}', '[{"sku":"y"},{"sku":"z"}]'), (3, 2, 20, '{}', '[]')`);
}

interface Runs<Row> {
  toSQL(): Sql;
  all(pool: Pool): Promise<Row[]>;
}

/** Checks the text, then the rows. */
async function golden<Row>(pool: Pool, query: Runs<Row>, text: string, rows: readonly Row[]): Promise<void> {
  assert.equal(query.toSQL().text, text);
  assert.deepEqual(await query.all(pool), rows, text);
}

testOnBoth("Query joins tables of every kind", async (pool) => {
  await create(pool);
  const shown = { city: Shop.city, total: Sale.total };
  const on = Sale.shopId.eq(Shop.id);
  const SELECT = 'select "shops"."city", "sales"."total" from "shops" ';
  const ON = ' "sales" on "sales"."shop_id" = "shops"."id"';
  const order = ' order by "shops"."id", "sales"."id"';
  const matched = [{ city: "Lima", total: 10 }, { city: "Lima", total: 30 }, { city: "Oslo", total: 20 }];
  const ordered = Shop.find().orderBy(Shop.id, Sale.id);
  await golden(pool, ordered.join(Sale, on).select(shown), `${SELECT}join${ON}${order}`, matched);
  const lonely = [...matched, { city: "Rome", total: null }];
  await golden(pool, ordered.leftJoin(Sale, on).select(shown), `${SELECT}left join${ON}${order}`, lonely);
  await golden(pool, ordered.fullJoin(Sale, on).select(shown), `${SELECT}full join${ON}${order}`, lonely);
  await golden(pool, ordered.rightJoin(Sale, on).select(shown), `${SELECT}right join${ON}${order}`, matched);
  const crossed = Shop.find().crossJoin(Sale).select({ pairs: fn.count() });
  await golden(pool, crossed, 'select count(*) as "pairs" from "shops" cross join "sales"', [{ pairs: 9 }]);
  const Parent = Shop.as("parent");
  await golden(
    pool,
    Shop.find().leftJoin(Parent, Parent.id.eq(Shop.parentId)).select({
      city: Shop.city,
      parent: { city: Parent.city },
    })
      .orderBy(Shop.id),
    'select "shops"."city", "parent"."city" as "parent.city" from "shops" ' +
      'left join "shops" as "parent" on "parent"."id" = "shops"."parent_id" order by "shops"."id"',
    [
      { city: "Lima", parent: { city: null } },
      { city: "Oslo", parent: { city: "Lima" } },
      { city: "Rome", parent: { city: "Oslo" } },
    ],
  );
});

testOnBoth("Query joins lateral queries and functions", async (pool) => {
  await create(pool);
  const best = Sale.find().where(Sale.shopId.eq(Shop.id)).orderBy(Sale.total.desc()).limit(1)
    .select({ total: Sale.total }).as("best");
  const LATERAL = 'lateral (select "sales"."total" from "sales" where "sales"."shop_id" = "shops"."id" ' +
    'order by "sales"."total" desc limit $1) as "best" on true';
  await golden(
    pool,
    Shop.find().leftJoinLateral(best).select({ city: Shop.city, best: best.total }).orderBy(Shop.id),
    `select "shops"."city", "best"."total" as "best" from "shops" left join ${LATERAL} order by "shops"."id"`,
    [{ city: "Lima", best: 30 }, { city: "Oslo", best: 20 }, { city: "Rome", best: null }],
  );
  await golden(
    pool,
    Shop.find().joinLateral(best).select({ best: best.total }).orderBy(best.total),
    `select "best"."total" as "best" from "shops" join ${LATERAL} order by "best"."total"`,
    [{ best: 20 }, { best: 30 }],
  );
  const tag = unnest("tag", Sale.tags);
  await golden(
    pool,
    Sale.find().crossJoin(tag).select({ tag: tag.value, sales: fn.count() }).groupBy(tag.value).orderBy(
      tag.value,
    ),
    'select "tag"."value" as "tag", count(*) as "sales" from "sales" ' +
      'cross join unnest("sales"."tags") as "tag"("value") group by "tag"."value" order by "tag"."value"',
    [{ tag: "a", sales: 1 }, { tag: "b", sales: 2 }],
  );
  const line = jsonbElements("line", Sale.lines);
  await golden(
    pool,
    Sale.find().crossJoin(line).select({ sku: line.value.keyText("sku") }).orderBy(Sale.id, output("sku")),
    `select ("line"."value" ->> 'sku') as "sku" from "sales" ` +
      'cross join jsonb_array_elements("sales"."lines") as "line"("value") order by "sales"."id", "sku"',
    [{ sku: "x" }, { sku: "y" }, { sku: "z" }],
  );
});

testOnBoth("Query takes subqueries where values, conditions and tables stand", async (pool) => {
  await create(pool);
  const sales = Sale.find().where(Sale.shopId.eq(Shop.id));
  const CORRELATED = '"sales" where "sales"."shop_id" = "shops"."id"';
  await golden(
    pool,
    Shop.find().select({ city: Shop.city, sales: sales.select({ sales: fn.count() }) }).orderBy(Shop.id),
    `select "shops"."city", (select count(*) as "sales" from ${CORRELATED}) as "sales" from "shops" order by "shops"."id"`,
    [{ city: "Lima", sales: 2 }, { city: "Oslo", sales: 1 }, { city: "Rome", sales: 0 }],
  );
  const cities = Shop.find().select({ city: Shop.city }).orderBy(Shop.id);
  const CITIES = 'select "shops"."city" from "shops" where ';
  const one = sales.select({ id: Sale.id });
  await golden(
    pool,
    cities.where(exists(one)),
    `${CITIES}exists (select "sales"."id" from ${CORRELATED}) order by "shops"."id"`,
    [{ city: "Lima" }, { city: "Oslo" }],
  );
  await golden(
    pool,
    cities.where(notExists(one)),
    `${CITIES}not exists (select "sales"."id" from ${CORRELATED}) order by "shops"."id"`,
    [{ city: "Rome" }],
  );
  await golden(
    pool,
    cities.where(Shop.id.in(Sale.find().where(Sale.total.gt(15)).select({ shopId: Sale.shopId }))),
    `${CITIES}"shops"."id" in (select "sales"."shop_id" as "shopId" from "sales" where "sales"."total" > $1) ` +
      'order by "shops"."id"',
    [{ city: "Lima" }, { city: "Oslo" }],
  );
  const All = Sale.as("all_sales");
  await golden(
    pool,
    Sale.find().where(Sale.total.gt(scalar(All.find().select({ mean: fn.avg(All.total) })))).only("id"),
    'select "sales"."id" from "sales" where "sales"."total" > ' +
      '(select avg(("all_sales"."total")::double precision) as "mean" from "sales" as "all_sales")',
    [{ id: 2 }],
  );
  const totals = Sale.find().select({ shopId: Sale.shopId, total: fn.sum(Sale.total) }).groupBy(Sale.shopId)
    .as("totals");
  await golden(
    pool,
    from(totals).where(totals.total.gt(25)).select({ shop: totals.shopId, total: totals.total }),
    'select "totals"."shopId" as "shop", "totals"."total" from (select "sales"."shop_id" as "shopId", ' +
      'sum("sales"."total") as "total" from "sales" group by "sales"."shop_id") as "totals" where "totals"."total" > $1',
    [{ shop: 1, total: 40 }],
  );
});

testOnBoth("Query takes common table expressions, recursive ones and writes too", async (pool) => {
  await create(pool);
  const large = cte("large", Sale.find().where(Sale.total.gte(20)).only("id", "shopId"));
  await golden(
    pool,
    Shop.find().join(large, large.shopId.eq(Shop.id)).select({ city: Shop.city, sale: large.id }).orderBy(
      large.id,
    ),
    'with "large" as (select "sales"."id", "sales"."shop_id" as "shopId" from "sales" where "sales"."total" >= $1) ' +
      'select "shops"."city", "large"."id" as "sale" from "shops" join "large" on "large"."shopId" = "shops"."id" ' +
      'order by "large"."id"',
    [{ city: "Lima", sale: 2 }, { city: "Oslo", sale: 3 }],
  );
  const tree = recursive(
    "tree",
    Shop.find().where(Shop.parentId.isNull()).select({ id: Shop.id, city: Shop.city }),
    (self) => Shop.find().join(self, Shop.parentId.eq(self.id)).select({ id: Shop.id, city: Shop.city }),
  );
  await golden(
    pool,
    from(tree).orderBy(tree.id.desc()).select({ city: tree.city }),
    'with recursive "tree" as (select "shops"."id", "shops"."city" from "shops" where "shops"."parent_id" is null ' +
      'union all select "shops"."id", "shops"."city" from "shops" join "tree" on "shops"."parent_id" = "tree"."id") ' +
      'select "tree"."city" from "tree" order by "tree"."id" desc',
    [{ city: "Rome" }, { city: "Oslo" }, { city: "Lima" }],
  );
  const gone = cte("gone", Sale.delete().where(Sale.total.lt(20)).returningColumns());
  const archived = from(gone).select({ id: gone.id, total: gone.total });
  assert.match(
    archived.toSQL().text,
    /^with "gone" as \(delete from "sales" where "sales"."total" < \$1 returning /,
  );
  assert.deepEqual(await archived.all(pool), [{ id: 1, total: 10 }]);
  assert.equal(await Sale.find().count(pool), 2);
  assert.equal(await from(tree).count(pool), 3);
  assert.equal(await from(large).limit(1).count(pool), 1);
});

testOnBoth("Query has named windows, distinct rows, sets, and rows of functions and values", async (pool) => {
  await create(pool);
  await golden(
    pool,
    Sale.find().select({
      id: Sale.id,
      rank: fn.rank().over("w"),
      sum: fn.sum(Sale.total).over({ base: "w" }),
    })
      .window("w", windowOf({ partitionBy: Sale.shopId, orderBy: Sale.total.desc() })).orderBy(Sale.id),
    'select "sales"."id", rank() over "w" as "rank", sum("sales"."total") over ("w") as "sum" from "sales" ' +
      'window "w" as (partition by "sales"."shop_id" order by "sales"."total" desc) order by "sales"."id"',
    [{ id: 1, rank: 2, sum: 40 }, { id: 2, rank: 1, sum: 30 }, { id: 3, rank: 1, sum: 20 }],
  );
  await golden(
    pool,
    Sale.find().distinctOn(Sale.shopId).orderBy(Sale.shopId, Sale.total.desc()).only("id"),
    'select distinct on ("sales"."shop_id") "sales"."id" from "sales" order by "sales"."shop_id", "sales"."total" desc',
    [{ id: 2 }, { id: 3 }],
  );
  const ids = Shop.find().select({ id: Shop.id });
  const SALES = '(select "sales"."id" from "sales" where "sales"."id" > $1)';
  const others = Sale.find().where(Sale.id.gt(1)).select({ id: Sale.id });
  for (
    const [query, word, rows] of [
      [ids.union(others), "union", [1, 2, 3]],
      [ids.unionAll(others), "union all", [1, 2, 2, 3, 3]],
      [ids.intersect(others), "intersect", [2, 3]],
      [ids.except(others), "except", [1]],
    ] as const
  ) {
    await golden(
      pool,
      query.orderBy(output("id")),
      `select "shops"."id" from "shops" ${word} ${SALES} order by "id"`,
      rows.map((id) => ({ id })),
    );
    assert.equal(await query.count(pool), rows.length);
  }
  const numbers = generateSeries("n", { from: 1n, to: 5n, step: 2n });
  await golden(
    pool,
    from(numbers),
    'select "n"."value" from generate_series($1::bigint, $2::bigint, $3::bigint) as "n"("value")',
    [{ value: 1n }, { value: 3n }, { value: 5n }],
  );
  const given = valuesOf("given", { id: "integer", label: "text" }, [{ id: 2, label: "two" }, {
    id: 9,
    label: null,
  }]);
  await golden(
    pool,
    from(given).leftJoin(Shop, Shop.id.eq(given.id)).select({ label: given.label, city: Shop.city }).orderBy(
      given.id,
    ),
    'select "given"."label", "shops"."city" from unnest($1::integer[], $2::text[]) as "given"("id", "label") ' +
      'left join "shops" on "shops"."id" = "given"."id" order by "given"."id"',
    [{ label: "two", city: "Oslo" }, { label: null, city: null }],
  );
  await pool.execute(sql`create function pairs(n int) returns table (a int, b numeric) language sql
    as 'select i, i / 2.0 from generate_series(1, n) i'`);
  const pairs = tableFunction("pairs", { columns: { a: "integer", b: "numeric" }, args: [2] });
  await golden(
    pool,
    from(pairs).orderBy(pairs.a).select({ b: fn.round(pairs.b, 1) }),
    'select round("pairs"."b", $1) as "b" from "pairs"($2) as "pairs"("a", "b") order by "pairs"."a"',
    [{ b: "0.5" }, { b: "1.0" }],
  );
});

testOnBoth("Query groups by sets, and locks rows", async (pool) => {
  await create(pool);
  const totals = Sale.find().select({
    shop: nullable(Sale.shopId),
    total: fn.sum(Sale.total),
    all: fn.grouping(Sale.shopId),
  }).orderBy(output("all"), output("shop"));
  const SELECT = 'select "sales"."shop_id" as "shop", sum("sales"."total") as "total", ' +
    'grouping("sales"."shop_id") as "all" from "sales" group by ';
  const ORDER = ' order by "all", "shop"';
  const rows = [{ shop: 1, total: 40, all: 0 }, { shop: 2, total: 20, all: 0 }, {
    shop: null,
    total: 60,
    all: 1,
  }];
  const { shopId } = Sale;
  await golden(pool, totals.groupBy(rollup(shopId)), `${SELECT}rollup ("sales"."shop_id")${ORDER}`, rows);
  await golden(pool, totals.groupBy(cube(shopId)), `${SELECT}cube ("sales"."shop_id")${ORDER}`, rows);
  const sets = totals.groupBy(groupingSets([shopId], []));
  await golden(pool, sets, `${SELECT}grouping sets (("sales"."shop_id"), ())${ORDER}`, rows);
  assert.equal(await sets.having(fn.sum(Sale.total).gt(30)).count(pool), 2);
  const month = fn.mod(Sale.id, 2);
  await golden(
    pool,
    Sale.find().select({ odd: month, sales: fn.count() }).groupBy(output("odd")).orderBy(output("odd")),
    'select mod("sales"."id", $1) as "odd", count(*) as "sales" from "sales" group by "odd" order by "odd"',
    [{ odd: 0, sales: 1 }, { odd: 1, sales: 2 }],
  );
  const first = Sale.find().where(Sale.id.eq(1)).only("id");
  await pool.transaction(async (tx) => {
    for (
      const [query, words] of [
        [first.forUpdate(), "for update"],
        [first.forNoKeyUpdate({ noWait: true }), "for no key update nowait"],
        [first.forShare({ of: Sale }), 'for share of "sales"'],
        [first.forKeyShare({ skipLocked: true }), "for key share skip locked"],
      ] as const
    ) {
      assert.equal(query.toSQL().text, `select "sales"."id" from "sales" where "sales"."id" = $1 ${words}`);
      assert.deepEqual(await query.all(tx), [{ id: 1 }]);
    }
  });
});
