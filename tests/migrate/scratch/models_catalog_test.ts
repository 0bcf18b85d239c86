import assert from "node:assert/strict";
import { column } from "../../../orm/definition/column_builders.ts";
import { index } from "../../../orm/definition/index_definition.ts";
import { model } from "../../../orm/model.ts";
import { Pool } from "../../../pool/pool.ts";
import { sql } from "../../../pool/sql/sql.ts";
import { readCatalog } from "../../../migrate/catalog/read_catalog.ts";
import { declare } from "../../../migrate/scratch/declare.ts";
import { modelsCatalog, pendingRenames } from "../../../migrate/scratch/models_catalog.ts";
import { withScratch } from "../../../migrate/scratch/scratch.ts";
import { test } from "../../harness.ts";
import { freshDatabase, needs } from "../../services/client.ts";

for (const name of ["primary", "pg15"] as const) {
  test(
    `modelsCatalog() runs models and declarations in the order they need (${name})`,
    needs(name),
    async () => {
      await using database = await freshDatabase({ server: name });
      await using pool = new Pool(database.url);
      const Order = model("orders", {
        id: column.identity().primaryKey(),
        // A function of a declaration in a default, and a table of a model in a declaration.
        code: column.text().default(sql`next_code()`),
        total: column.integer().renamedFrom("sum"),
      }, { indexes: (t) => [index(t.code).concurrently()] });
      const declarations = [
        declare(sql`create view large_orders as select * from orders where total > ${100}`),
        declare([
          sql`create function next_code() returns text language sql return 'C' || nextval('codes')`,
          sql`create sequence codes`,
        ]),
      ];
      const catalog = await withScratch({ pool }, (scratch) => modelsCatalog(scratch, [Order], declarations));
      const kinds = [...catalog.objects.values()].map((object) => `${object.kind} ${object.name}`);
      for (const expected of ["table orders", "view large_orders", "sequence codes", "function next_code"]) {
        assert.ok(kinds.includes(expected), `${expected} in ${kinds.join(", ")}`);
      }
      assert.deepEqual(catalog.renames, [{ kind: "column", key: "column:public.orders.sum", to: "total" }]);
      assert.deepEqual(pendingRenames(catalog.renames, catalog), []);
      await pool.execute(sql`create table orders (id int, sum int)`);
      assert.deepEqual(pendingRenames(catalog.renames, await readCatalog(pool)), catalog.renames);
    },
  );
}

test("modelsCatalog() names the declaration that cannot run", needs("primary"), async () => {
  await using database = await freshDatabase();
  await using pool = new Pool(database.url);
  await assert.rejects(
    withScratch({ pool }, (scratch) =>
      modelsCatalog(scratch, [], [
        declare(sql`create sequence fine`),
        declare(sql`create view broken as
          select * from nowhere`),
      ])),
    {
      code: "VALIDATION",
      message: /^Cannot use declaration 2 "create view broken as": .*nowhere.*correct it/,
    },
  );
  assert.throws(() => declare([]), { message: /at least one/ });
  assert.throws(() => declare("create table t ()" as never), { message: /sql tag/ });
  assert.throws(() => declare(sql` ; `), { message: /empty/ });
});

test(
  "modelsCatalog() runs and reads a thousand models",
  { ...needs("primary"), timeout: 150_000, once: true },
  async () => {
    await using database = await freshDatabase();
    await using pool = new Pool(database.url);
    const First = model("table_0", { id: column.identity().primaryKey() });
    const models = [
      First,
      ...Array.from({ length: 999 }, (_, number) =>
        model(`table_${number + 1}`, {
          id: column.identity().primaryKey(),
          firstId: column.integer().references(() => First.id),
          name: column.text(),
          email: column.varchar(200).nullable(),
          amount: column.numeric(10, 2).default("0"),
          isOpen: column.boolean().default(true),
          createdAt: column.timestamptz().default(sql`now()`),
          data: column.jsonb().nullable(),
        }, { indexes: (t) => [index(t.name)] })),
    ];
    const start = performance.now();
    const count = await withScratch({ pool }, async (scratch) => {
      const made = performance.now();
      const catalog = await modelsCatalog(scratch, models);
      const read = performance.now();
      console.log(
        `scratch database ${Math.round(made - start)} ms, models run and read ${Math.round(read - made)} ms`,
      );
      return [...catalog.objects.values()].filter((object) => object.kind === "table").length;
    });
    const took = performance.now() - start;
    console.log(`1,000 models in scratch, read and dropped: ${Math.round(took)} ms`);
    assert.equal(count, 1000);
    // Two seconds where nothing else runs.
    assert.ok(took < 100_000, `${took} ms`);
  },
);
