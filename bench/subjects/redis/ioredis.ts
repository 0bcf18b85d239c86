/** ioredis alone: a GET of a row as JSON, which is not parsed; each by itself, or those of a tick in one pipeline. */
import { Redis } from "ioredis";
import { ITEMS } from "../../scenarios/scenario.ts";
import type { OpenOptions, Subject } from "../subject.ts";

const PREFIX = "bench:raw:";

/** Connects, and stores the rows. */
export async function open({ redisUrl, variant }: OpenOptions): Promise<Subject<string | null>> {
  const redis = new Redis(redisUrl!, { enableAutoPipelining: variant === "pipelining" });
  const rows = Array.from({ length: ITEMS }, (_, index) => {
    const id = index + 1;
    return [PREFIX + id, JSON.stringify({ id, name: `item ${id}`, price: (id / 100).toFixed(2) })];
  });
  await redis.mset(new Map(rows as [string, string][]));
  return {
    select: (id) => redis.get(PREFIX + id),
    item: (text) => text === null ? undefined : JSON.parse(text),
    close: async () => void await redis.quit(),
  };
}
