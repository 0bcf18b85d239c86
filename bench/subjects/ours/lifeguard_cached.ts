/**
 * Lifeguard's models behind a cache in Redis: rows from Redis alone, from this process first, or from PostgreSQL because
 * no reflector proves anything.
 */
import { Cache, column, model, Pool } from "../../../mod.ts";
import { BENCH_PREFIX } from "../../scenarios/cached_find.ts";
import { ITEMS } from "../../scenarios/scenario.ts";
import type { Item, OpenOptions, Subject } from "../subject.ts";

const BenchItem = model("bench_items", {
  id: column.integer().primaryKey(),
  name: column.text(),
  price: column.numeric(10, 2),
}, { cache: 600 });

/** Opens a pool with a cache, and reads every row, so that all are there. */
export async function open(
  { url, connections, redisUrl, variant }: OpenOptions,
): Promise<Subject<Item | undefined>> {
  const pool = new Pool({ url, max: connections, dates: "Date" });
  const isDistrusted = variant === "distrusted";
  const cache = new Cache(pool, {
    redis: redisUrl!,
    prefix: isDistrusted ? "bench:nobody:" : BENCH_PREFIX,
    ...(variant === "redis" ? { nearRows: 0 } : {}),
  });
  const isReady = await cache.ready({ timeout: isDistrusted ? 500 : 10_000 });
  if (isReady === isDistrusted) throw new Error(`Cannot measure "${variant}": trusted is ${isReady}`);
  const items = BenchItem.on(pool);
  const ids = Array.from({ length: ITEMS }, (_, index) => index + 1);
  for (let at = 0; at < ITEMS; at += 64) {
    await Promise.all(ids.slice(at, at + 64).map((id) => items.findById(id)));
  }
  const before = cache.stats();
  return {
    select: (id) => items.findById(id),
    item: (item) => item,
    async close() {
      const after = cache.stats();
      await cache.close();
      await pool.close();
      const found = Object.fromEntries(
        (["hits", "nearHits", "misses", "bypassed"] as const).map((
          name,
        ) => [name, after[name] - before[name]]),
      );
      const cached = found.hits + found.nearHits;
      if (isDistrusted ? cached === 0 : (found.misses + found.bypassed) * 50 < cached) return;
      throw new Error(`Cannot trust "${variant}": rows came from elsewhere: ${JSON.stringify(found)}`);
    },
  };
}
