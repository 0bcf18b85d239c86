/** Strong sessions over two pools that share a cache: each sees what it has written and read, wherever it goes on. */
import assert from "node:assert/strict";
import { Cache, column, MemoryStore, model, Pool, sql } from "../../../mod.ts";
import { installTriggers, Reflector } from "../../../reflector/mod.ts";
import { test } from "../../harness.ts";
import { randomIntegers, rounds, SEED } from "../../random.ts";
import { freshDatabase, needs } from "../../services/client.ts";

const KEYS = 5;
const Item = model("items", {
  id: column.integer().primaryKey(),
  team: column.integer(),
  n: column.integer(),
}, {
  cache: 600,
});

test(
  "Strong sessions read nothing older than they wrote or read, on either of two pools, among writers",
  needs("primary"),
  async () => {
    await using database = await freshDatabase();
    await using reflected = new Pool({ url: database.url, max: 4 });
    await reflected.execute(sql`create table items (id int primary key, team int not null, n int not null)`);
    await reflected.execute(
      sql`insert into items select i, i % 2, 0 from generate_series(1, ${KEYS}::int) i`,
    );
    await installTriggers(reflected, { tables: [{ name: "items", lookups: [["team"]] }] });
    const store = new MemoryStore();
    await using reflector = new Reflector({ database: reflected, store, source: "notify" });
    await reflector.start();
    await using one = new Pool({ url: database.url, max: 6 });
    await using other = new Pool({ url: database.url, max: 6 });
    const pools = [one, other] as const;
    const logger = { warn: () => {} };
    await using first = new Cache(one, { store, logger });
    await using second = new Cache(other, { store, logger, nearRows: 0 });
    for (const cache of [first, second]) assert.equal(await cache.ready({ timeout: 20_000 }), true);

    const below = randomIntegers(SEED);
    const write = async (pool: Pool, id: number): Promise<number> => {
      switch (below(3)) {
        case 0: {
          const [{ n }] = await Item.update({ n: sql<number>`n + 1` }).where(Item.id.eq(id)).returning(pool);
          return n;
        }
        case 1:
          return await pool.value(sql<number>`update items set n = n + 1 where id = ${id}::int returning n`);
        default:
          return await pool.transaction(async (transaction) => {
            const [{ n }] = await Item.update({ n: sql<number>`n + 1` }).where(Item.id.eq(id)).returning(
              transaction,
            );
            return n;
          });
      }
    };
    let reads = 0;
    const session = async (): Promise<void> => {
      let token: string | undefined;
      const written = new Map<number, number>();
      for (let hop = 0; hop < 3; hop++) {
        const pool = pools[below(2)];
        const strong = pool.reading("strong");
        await pool.consistent(async () => {
          const seen = new Map(written);
          const from = new Map<number, string>();
          const check = (row: { readonly id: number; readonly n: number } | undefined, how: string) => {
            const least = seen.get(row!.id) ?? 0;
            assert.ok(
              row!.n >= least,
              `${how} of ${row!.id}: ${row!.n} after ${least} by ${
                from.get(row!.id) ?? "a write"
              }, seed ${SEED}`,
            );
            seen.set(row!.id, row!.n);
            from.set(row!.id, how);
            reads++;
          };
          for (let step = 0; step < 4; step++) {
            const id = 1 + below(KEYS);
            switch (below(6)) {
              case 0: {
                const n = await write(pool, id);
                written.set(id, n);
                seen.set(id, n);
                from.delete(id);
                break;
              }
              case 1:
                check(await Item.find().where(Item.id.eq(id)).one(strong), "a query by key");
                break;
              case 2:
                for (const row of await Item.find().where(Item.team.eq(id % 2)).all(strong)) {
                  check(row, "a lookup");
                }
                break;
              case 3:
                for (const row of await Item.find().orderBy(Item.id).cached(30).all(strong)) {
                  check(row, "a kept result");
                }
                break;
              default:
                check(await Item.findById(id, strong), "findById()");
            }
          }
          token = pool.token();
        }, token === undefined ? {} : { token });
      }
    };
    const total = rounds(300, 2_000);
    let left = total;
    const run = async () => {
      while (left-- > 0) await session();
    };
    await Promise.all(Array.from({ length: 8 }, run));
    const stats = [first.stats(), second.stats()];
    console.log(
      `Seed ${SEED}: ${total} sessions, ${reads} reads; ` +
        stats.map(({ hits, nearHits, misses }) => `${hits} hits, ${nearHits} near, ${misses} misses`).join(
          "; ",
        ),
    );
    assert.ok(reads > total);
  },
);
