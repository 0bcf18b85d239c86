/**
 * Who a Redis server is, read from `INFO`.
 *
 * A restart gives a server another `run_id`. A replica that was promoted has another replication id, and so has a former
 * primary that followed another in between, with that other's data and its own old `run_id`: the identity is of both.
 *
 * @module
 */

/** What `INFO` says of a server. */
export interface ServerInfo {
  /** Forty characters; `undefined` where the server does not tell its `run_id`. */
  readonly identity: string | undefined;
  readonly isReplica: boolean;
  /** Whether it still reads its data from its file. */
  readonly isLoading: boolean;
  /** Bytes; 0: unlimited. */
  readonly maxMemory: number;
  readonly evictionPolicy: string;
}

/** Reads the answer to `INFO`, of the sections server, replication, memory and persistence. */
export function readServerInfo(text: string): ServerInfo {
  const field = (name: string): string | undefined => new RegExp(`^${name}:(.*?)\\r?$`, "m").exec(text)?.[1];
  const runId = field("run_id");
  const replicationId = field("master_replid") ?? "";
  return {
    identity: runId ? half(runId) + half(replicationId) : undefined,
    isReplica: field("role") === "slave",
    isLoading: field("loading") === "1",
    maxMemory: Number(field("maxmemory") ?? 0),
    evictionPolicy: field("maxmemory_policy") ?? "",
  };
}

/** What an operator should know of how a server evicts; `undefined`: nothing. */
export function evictionAdvice({ maxMemory, evictionPolicy }: ServerInfo): string | undefined {
  if (maxMemory === 0) return undefined;
  switch (evictionPolicy) {
    case "volatile-ttl":
      return 'evicts short lives first, and so tickets and tombstones before entries; set "maxmemory-policy" to "allkeys-lru"';
    case "allkeys-random":
      return 'may evict the watermark, after which the cache is not used until the reflector has written it anew; set "maxmemory-policy" to "allkeys-lru"';
    case "noeviction":
      return 'stores nothing more when its memory is full, so that the cache is not used; set "maxmemory-policy" to "allkeys-lru"';
    default:
      return undefined;
  }
}

function half(id: string): string {
  return id.slice(0, 20).padEnd(20, "0");
}
