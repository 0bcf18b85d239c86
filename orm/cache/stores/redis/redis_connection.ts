/**
 * What a user may give to say where Redis is, and clients made of it. A client of the user's own is never used itself: it
 * is duplicated, with options under which nothing is queued, sent again or prefixed.
 *
 * @module
 */
import type { Cluster, Redis, RedisOptions } from "ioredis";
import { ConfigError } from "../../../../pool/wire/errors.ts";
import { SAFE_CLIENT_OPTIONS } from "./redis_link.ts";

/** Where a node of a cluster is. */
export interface RedisAddress {
  /** Its name or address. */
  readonly host: string;
  /** Its port. */
  readonly port: number;
}

/** Options of ioredis by which a server is found and logged in to. Whoever needs others makes a client of their own. */
export interface RedisClientOptions {
  /** Its name or address. Default `localhost`. */
  readonly host?: string;
  /** Its port. Default 6379. */
  readonly port?: number;
  /** The path of its Unix socket. */
  readonly path?: string;
  /** The IP version: 4 or 6. */
  readonly family?: number;
  /** Who logs in. */
  readonly username?: string;
  /** The password. */
  readonly password?: string;
  /** The number of the database. Default 0. */
  readonly db?: number;
  /** Options of `tls.connect()`. */
  readonly tls?: object;
  /** Where sentinels are, with Sentinel. */
  readonly sentinels?: readonly Partial<RedisAddress>[];
  /** What the sentinels call the master. */
  readonly name?: string;
  /** Who logs in to the sentinels. */
  readonly sentinelUsername?: string;
  /** The password for the sentinels. */
  readonly sentinelPassword?: string;
  /** What the connection is called in the server's list of clients. */
  readonly connectionName?: string;
}

/** A client or a cluster of ioredis, made with `new Redis()` or `new Cluster()`. */
export interface RedisClient {
  /** What it was made with. */
  readonly options: object;
  /** Makes another of the same options. */
  duplicate(...options: never[]): object;
}

/** Where a Redis Cluster is. */
export interface RedisClusterOptions {
  /** Some of its nodes, from which the others are learned: URLs, or hosts and ports. */
  readonly nodes: readonly (string | RedisAddress)[];
  /** What holds for every node: `username`, `password`, `tls`, … */
  readonly options?: RedisClientOptions;
  /** Addresses that nodes tell, `"host:port"`, and those by which they are reached from here. */
  readonly natMap?: Readonly<Record<string, RedisAddress>>;
}

/**
 * Where Redis is: a URL (`redis://`, or `rediss://` with TLS), options of ioredis (with `sentinels` and `name` for
 * Sentinel), the nodes of a cluster, or a client or cluster of ioredis, of which the options are taken.
 */
export type RedisConnection = string | RedisClientOptions | RedisClusterOptions | RedisClient;

/** Clients to be made. */
export type RedisClients =
  | { readonly kind: "redis" | "redis-sentinel"; readonly client: () => Promise<Redis> }
  | {
    readonly kind: "redis-cluster";
    readonly seeds: readonly RedisAddress[];
    readonly clientAt: (address: RedisAddress) => Promise<Redis>;
    /** Where a node is reached that tells that address. */
    readonly reach: (told: RedisAddress) => RedisAddress;
  };

/**
 * Checks a connection; nothing is connected yet.
 *
 * @throws {ConfigError} When it is unusable, or has options that would break the cache.
 */
export function redisClients(connection: RedisConnection): RedisClients {
  if (typeof connection === "string") {
    const options = optionsOf(connection);
    return { kind: "redis", client: () => newClient(options) };
  }
  if (typeof connection !== "object" || connection === null) {
    throw new ConfigError("redis", "it is neither a URL, nor options, nor a client of ioredis");
  }
  if (isCluster(connection)) return clusterClients(fromCluster(connection));
  if ("nodes" in connection && Array.isArray(connection.nodes)) {
    return clusterClients(connection as RedisClusterOptions);
  }
  if (isClient(connection)) {
    checkOptions(connection.options);
    const client = (): Promise<Redis> => Promise.resolve(connection.duplicate(SAFE_CLIENT_OPTIONS));
    return { kind: kindOf(connection.options), client };
  }
  const options = connection as RedisOptions;
  checkOptions(options);
  return { kind: kindOf(options), client: () => newClient(options) };
}

async function newClient(options: RedisOptions): Promise<Redis> {
  const Client = await loadClient();
  return new Client({ ...options, ...SAFE_CLIENT_OPTIONS });
}

async function loadClient(): Promise<typeof Redis> {
  try {
    return (await import("ioredis")).Redis;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`ioredis cannot be loaded: ${reason}; on Deno it needs --allow-env`, { cause: error });
  }
}

function clusterClients({ nodes, options: given = {}, natMap = {} }: RedisClusterOptions): RedisClients {
  const options = given as RedisOptions;
  if (nodes.length === 0) {
    throw new ConfigError("redis.nodes", "it is empty; give at least one node's address");
  }
  checkOptions(options);
  if (options.db) {
    throw new ConfigError("redis.options.db", `a cluster has only database 0, not "${options.db}"`);
  }
  const seeds = nodes.map((node) => typeof node === "string" ? optionsOf(node) : node);
  const [first] = seeds;
  const common: RedisOptions = { ...(typeof nodes[0] === "string" ? first : {}), ...options };
  return {
    kind: "redis-cluster",
    seeds: seeds.map(({ host = "127.0.0.1", port = 6379 }) => ({ host, port })),
    clientAt: ({ host, port }) => newClient({ ...common, host, port }),
    reach: (told) => natMap[`${told.host}:${told.port}`] ?? told,
  };
}

/** The options a URL says. */
function optionsOf(text: string): RedisOptions {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^rediss?:$/.test(url.protocol)) {
    throw new ConfigError("redis", 'it is no URL of the form "redis://host:port" or "rediss://host:port"');
  }
  if (url.search !== "") {
    throw new ConfigError(
      "redis",
      "a URL's parameters are not read; give options of ioredis instead of the URL",
    );
  }
  const database = url.pathname.slice(1);
  if (!/^\d*$/.test(database)) throw new ConfigError("redis", `"${database}" is no number of a database`);
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: Number(url.port || 6379),
    ...(database === "" ? {} : { db: Number(database) }),
    ...(url.username === "" ? {} : { username: decodeURIComponent(url.username) }),
    ...(url.password === "" ? {} : { password: decodeURIComponent(url.password) }),
    ...(url.protocol === "rediss:" ? { tls: {} } : {}),
  };
}

function checkOptions(options: RedisOptions): void {
  if (options.keyPrefix) {
    throw new ConfigError(
      "redis.keyPrefix",
      `the reflector would not find keys behind "${options.keyPrefix}"; give the cache's own "prefix"`,
    );
  }
  if (options.readOnly) {
    throw new ConfigError("redis.readOnly", "the cache writes tickets; connect to the primary");
  }
  if (options.monitor) throw new ConfigError("redis.monitor", "a monitoring connection runs no scripts");
  if (options.role === "slave") {
    throw new ConfigError(
      "redis.role",
      'a replica of Redis may lack what was voided; leave it out, or give "master"',
    );
  }
}

function kindOf(options: RedisOptions): "redis" | "redis-sentinel" {
  return options.sentinels && options.sentinels.length > 0 ? "redis-sentinel" : "redis";
}

function isCluster(connection: object): connection is Cluster {
  return (connection as Partial<Cluster>).isCluster === true;
}

function isClient(connection: object): connection is Redis {
  return typeof (connection as Partial<Redis>).duplicate === "function";
}

function fromCluster(cluster: Cluster): RedisClusterOptions {
  const { redisOptions = {}, natMap } = cluster.options;
  if (typeof natMap === "function") {
    throw new ConfigError(
      "redis.natMap",
      "a function is not taken; give { nodes, options, natMap } with a table",
    );
  }
  if (cluster.options.keyPrefix) checkOptions({ keyPrefix: cluster.options.keyPrefix });
  // What the cluster was made with; nodes("all") is empty until it has connected.
  const started =
    (cluster as unknown as { startupNodes?: readonly (string | number | Partial<RedisAddress>)[] })
      .startupNodes ?? [];
  const nodes = started.map((node) => {
    if (typeof node === "number") return { host: "127.0.0.1", port: node };
    if (typeof node === "string") return node.includes("://") ? node : `redis://${node}`;
    return { host: node.host ?? "127.0.0.1", port: node.port ?? 6379 };
  });
  return { nodes, options: redisOptions as RedisClientOptions, ...(natMap ? { natMap } : {}) };
}
