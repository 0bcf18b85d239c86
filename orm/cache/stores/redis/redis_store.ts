/**
 * A cache in Redis: standalone, behind Sentinel, or a Redis Cluster.
 *
 * @module
 */
import { ConfigError } from "../../../../pool/wire/errors.ts";
import { DEFAULT_PREFIX, documentKey, shardOf, SHARDS, taggedKey } from "../../protocol/keys.ts";
import {
  type CacheStore,
  type Fill,
  type FillOutcome,
  type KeyLook,
  type Leader,
  type LookKey,
  NotLeaderError,
  type SeenWatermark,
  StoreUnavailableError,
  type Voided,
  type Voider,
  type Voiding,
  type WatermarkChange,
} from "../cache_store.ts";
import { checkStoreSettings, STORE_DEFAULTS } from "../store_settings.ts";
import { ClusterMap } from "./cluster_map.ts";
import { redisClients, type RedisConnection } from "./redis_connection.ts";
import { RedisLink, type RedisLinkOptions } from "./redis_link.ts";
import { evictionAdvice } from "./server_identity.ts";
import { Shard } from "./shard.ts";

/** Told what an operator should know. */
export interface RedisStoreLogger {
  /** Something is not as it should be. */
  warn(message: string, fields: Readonly<Record<string, unknown>>): void;
}

/** How a {@link RedisStore} is made. */
export interface RedisStoreOptions {
  /** What every key begins with; the reflector needs the same. Default "lifeguard:". */
  readonly prefix?: string;
  /** Milliseconds after which an answer is given up. Default 50. */
  readonly timeout?: number;
  /** Milliseconds a ticket lives: the longest read that can be stored. Default 5,000. */
  readonly ticketLife?: number;
  /** Milliseconds a tombstone lives at least. Default 10,000. */
  readonly tombstoneLife?: number;
  /** Told once for each server that evicts unwisely. Default: the console. */
  readonly logger?: RedisStoreLogger;
}

/** The settings of a {@link RedisStore} that says none. */
export const REDIS_STORE_DEFAULTS: Required<RedisStoreOptions> = {
  prefix: DEFAULT_PREFIX,
  timeout: STORE_DEFAULTS.timeout,
  ticketLife: STORE_DEFAULTS.ticketLife,
  tombstoneLife: STORE_DEFAULTS.tombstoneLife,
  logger: { warn: (message) => console.warn(`Lifeguard: ${message}`) },
};

/**
 * Holds a cache in Redis. It begins to connect when it is made; until it has, and whenever the connection is lost, calls
 * are refused at once.
 */
export class RedisStore implements CacheStore {
  /** What Redis is: "redis", "redis-sentinel" or "redis-cluster". */
  readonly kind: "redis" | "redis-sentinel" | "redis-cluster";
  readonly #settings: Required<RedisStoreOptions>;
  readonly #shards: readonly Shard[];
  readonly #linkOf: (shard: number) => RedisLink;
  readonly #close: () => Promise<void>;

  /**
   * Begins to connect.
   *
   * @param connection Where Redis is.
   * @param options How it is used.
   * @throws {ConfigError} When a setting is unusable.
   */
  constructor(connection: RedisConnection, options: RedisStoreOptions = {}) {
    const settings = { ...REDIS_STORE_DEFAULTS, ...options };
    checkStoreSettings(settings, ["timeout", "ticketLife", "tombstoneLife"]);
    if (settings.prefix === "" || /[{}]/.test(settings.prefix)) {
      throw new ConfigError("prefix", `"${settings.prefix}" is empty or has braces, which name shards`);
    }
    const clients = redisClients(connection);
    this.kind = clients.kind;
    this.#settings = settings;
    const isTagged = clients.kind === "redis-cluster";
    const linkOptions = this.#linkOptions();
    let onFailure: ((error: unknown) => void) | undefined;
    if (clients.kind === "redis-cluster") {
      const map = new ClusterMap({
        ...clients,
        link: (address, onDown) =>
          new RedisLink({
            ...linkOptions,
            ...{ client: () => clients.clientAt(address), onReplica: "stay", onDown },
          }),
      });
      this.#linkOf = (shard) => map.linkOf(shard);
      this.#close = () => map.close();
      onFailure = (error) => {
        if (error instanceof StoreUnavailableError) map.ask();
      };
    } else {
      const link = new RedisLink({ ...linkOptions, client: clients.client, onReplica: "reconnect" });
      this.#linkOf = () => link;
      this.#close = () => link.close();
    }
    this.#shards = Array.from({ length: isTagged ? SHARDS : 1 }, (_, number) =>
      new Shard({
        ...settings,
        ...{ number, isTagged, link: () => this.#linkOf(number) },
        ...(onFailure === undefined ? {} : { onFailure }),
      }));
  }

  /**
   * Waits until every server it needs is connected.
   *
   * @param timeout Milliseconds.
   * @throws {StoreUnavailableError} When they are not within that time.
   */
  async connected(timeout: number = 5_000): Promise<void> {
    const until = performance.now() + timeout;
    for (;;) {
      const reason = this.#missing();
      if (reason === undefined) return;
      if (performance.now() >= until) {
        throw new StoreUnavailableError(`Cannot use Redis: not connected within ${timeout} ms: ${reason}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  /** See {@link CacheStore}. */
  look(keys: readonly LookKey[]): Promise<readonly KeyLook[]> {
    return this.#byShard(keys, (shard, keys) => shard.look(keys));
  }

  /** See {@link CacheStore}. */
  watermarks(): Promise<readonly (SeenWatermark | undefined)[]> {
    return Promise.all(this.#shards.map((shard) => shard.watermark()));
  }

  /** See {@link CacheStore}. */
  fill(fills: readonly Fill[], by: Voider = "writer"): Promise<readonly FillOutcome[]> {
    return this.#byShard(fills, (shard, fills) => shard.fill(fills, by));
  }

  /** See {@link CacheStore}. */
  async void({ keys, floor, by }: Voiding): Promise<readonly Voided[]> {
    if (keys.length > 0) return await this.#byShard(keys, (shard, keys) => shard.void(keys, { floor, by }));
    if (by !== "writer") await Promise.all(this.#shards.map((shard) => shard.void([], { floor, by })));
    return [];
  }

  /** See {@link CacheStore}. */
  async advance(change: WatermarkChange): Promise<Leader> {
    if (!change.takeOver) {
      await Promise.all(this.#shards.map((shard) => shard.advance(change)));
      return change.by;
    }
    // Shards may be in different terms, should one have been lost: all go to one that none has been in.
    let term = 1;
    for (let attempt = 0; attempt < 3; attempt++) {
      const terms = await Promise.all(this.#shards.map((shard) => shard.takeOver(change, term)));
      term = Math.max(...terms);
      if (terms.every((one) => one === term)) return { term, epoch: change.epoch };
      term++;
    }
    throw new NotLeaderError(
      "Cannot lead: another takes over at the same time; take over again, if still elected",
    );
  }

  /** See {@link CacheStore}. */
  async document(name: string, text?: string): Promise<string | undefined> {
    const { prefix } = this.#settings;
    const plain = documentKey(name, prefix);
    const key = this.kind === "redis-cluster" ? taggedKey(plain, { shard: 0, prefix }) : plain;
    const link = this.#linkOf(0);
    if (text !== undefined) {
      await link.command("SET", [key, text]);
      return text;
    }
    const found = await link.command("GET", [key]);
    return found === null ? undefined : String(found);
  }

  /** Closes it: what is asked afterwards is refused. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#close();
  }

  async #byShard<Item extends { readonly key: string }, Result>(
    items: readonly Item[],
    act: (shard: Shard, items: readonly Item[]) => Promise<readonly Result[]>,
  ): Promise<readonly Result[]> {
    if (items.length === 0) return [];
    if (this.#shards.length === 1) return await act(this.#shards[0], items);
    const places = new Map<number, number[]>();
    items.forEach(({ key }, index) => {
      const shard = shardOf(key);
      const there = places.get(shard);
      if (there === undefined) places.set(shard, [index]);
      else there.push(index);
    });
    const results = new Array<Result>(items.length);
    await Promise.all([...places].map(async ([shard, indexes]) => {
      const part = await act(this.#shards[shard], indexes.map((index) => items[index]));
      part.forEach((result, at) => results[indexes[at]] = result);
    }));
    return results;
  }

  #linkOptions(): Pick<RedisLinkOptions, "timeout" | "onServer"> {
    const { timeout, logger } = this.#settings;
    const warned = new Set<string>();
    return {
      timeout,
      onServer: (info) => {
        const advice = evictionAdvice(info);
        if (advice === undefined || warned.has(advice)) return;
        warned.add(advice);
        logger.warn(`Redis with maxmemory-policy "${info.evictionPolicy}" ${advice}`, {
          policy: info.evictionPolicy,
          maxMemory: info.maxMemory,
        });
      },
    };
  }

  #missing(): string | undefined {
    for (const shard of this.#shards.keys()) {
      try {
        const link = this.#linkOf(shard);
        if (link.identity === undefined) return link.reason;
      } catch (error) {
        return error instanceof Error ? error.message : String(error);
      }
    }
    return undefined;
  }
}
