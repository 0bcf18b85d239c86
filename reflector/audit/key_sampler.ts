/**
 * Finds keys in Redis: what no reader of the cache needs, and so no store offers.
 *
 * @module
 */
import type { Redis } from "ioredis";
import { redisClients, type RedisConnection } from "../../orm/cache/stores/redis/redis_connection.ts";
import { type CachedKey, parseRowKey, rowPattern } from "./cached_key.ts";

/** Keys of a sample. */
export interface SampledKeys {
  /** How many keys of rows there were. */
  readonly found: number;
  readonly keys: readonly CachedKey[];
}

/** Where keys are found. */
export interface KeySampler {
  /**
   * Picks keys of rows, each with the same chance.
   *
   * @param count How many at most.
   */
  sample(
    count: number,
    options: { readonly prefix: string; readonly signal: AbortSignal },
  ): Promise<SampledKeys>;
}

/** Keys asked for at a time. */
const PAGE = 1_000;
/** Keys looked at on one server at most: of more, these are the sample's whole. */
const MOST_KEYS = 1_000_000;

/** Samples the keys of a Redis, or of all masters of a Cluster. */
export class RedisKeySampler implements KeySampler {
  readonly #connection: RedisConnection;

  /** @param connection Where it is, as a cache is told. */
  constructor(connection: RedisConnection) {
    this.#connection = connection;
  }

  async sample(
    count: number,
    { prefix, signal }: { readonly prefix: string; readonly signal: AbortSignal },
  ): Promise<SampledKeys> {
    const kept: CachedKey[] = [];
    let found = 0;
    await using servers = await openMasters(this.#connection);
    const pattern = rowPattern(prefix, servers.isCluster);
    for (const server of servers.clients) {
      let seen = 0;
      let cursor = "0";
      do {
        signal.throwIfAborted();
        const [next, names] = await server.scan(cursor, "MATCH", pattern, "COUNT", PAGE);
        cursor = next;
        for (const name of names) {
          const key = parseRowKey(name, prefix);
          if (key === undefined) continue;
          seen++;
          found++;
          // Reservoir sampling: each of the keys so far is among those kept with the same chance.
          const place = kept.length < count ? kept.length : Math.floor(Math.random() * found);
          if (place < count) kept[place] = key;
        }
      } while (cursor !== "0" && seen < MOST_KEYS);
    }
    return { found, keys: kept };
  }
}

/** Clients of every server that has keys. */
interface Masters extends AsyncDisposable {
  readonly clients: readonly Redis[];
  readonly isCluster: boolean;
}

async function openMasters(connection: RedisConnection): Promise<Masters> {
  const clients: Redis[] = [];
  const open = async (made: Promise<Redis>): Promise<Redis> => {
    const client = await made;
    client.on("error", () => {});
    clients.push(client);
    await client.connect();
    return client;
  };
  const disposable = (masters: readonly Redis[], isCluster: boolean): Masters => ({
    ...{ clients: masters, isCluster },
    [Symbol.asyncDispose]: () => {
      for (const client of clients) client.disconnect();
      return Promise.resolve();
    },
  });
  const known = redisClients(connection);
  if (known.kind !== "redis-cluster") return disposable([await open(known.client())], false);
  const seed = await open(known.clientAt(known.seeds[0]));
  const lines = String(await seed.cluster("NODES")).split("\n");
  const masters = lines.map((line) => line.split(" ")).filter(([, , flags = ""]) => flags.includes("master"));
  const addresses = masters.map(([, address]) => {
    const [, host, port] = /^(.*):(\d+)@/.exec(address)!;
    return known.reach({ host: host === "" ? known.seeds[0].host : host, port: Number(port) });
  });
  return disposable(await Promise.all(addresses.map((address) => open(known.clientAt(address)))), true);
}
