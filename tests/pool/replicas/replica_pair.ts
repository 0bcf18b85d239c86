/** A primary and its standbys of one test, and pools on them. */
import { Pool, type PoolOptions, type ReplicaState, type Sql, sql } from "../../../pool/mod.ts";
import { type IsolatedServer, isolatedServer } from "../../services/client.ts";
import { until } from "../live_pool.ts";

/** A primary with its standbys. */
export interface ReplicaPair extends AsyncDisposable {
  readonly primary: IsolatedServer;
  readonly replicas: readonly IsolatedServer[];
  /** A pool on all of them. */
  pool(options?: PoolOptions): Pool;
}

/** Makes a primary and so many standbys. */
export async function replicaPair(count = 1): Promise<ReplicaPair> {
  const primary = await isolatedServer();
  const replicas: IsolatedServer[] = [];
  for (let index = 0; index < count; index++) {
    replicas.push(await isolatedServer({ replicaOf: primary.name }));
  }
  return {
    primary,
    replicas,
    pool: (options) =>
      new Pool({
        url: primary.url,
        replicas: replicas.map(({ url }) => url),
        max: 3,
        replicaCheckInterval: 50,
        logger: () => {},
        ...options,
      }),
    async [Symbol.asyncDispose]() {
      await Promise.all(replicas.map((replica) => replica.remove()));
      await primary.remove();
    },
  };
}

/** Waits until the first replica of a pool is in a state. */
export async function inState(pool: Pool, ...states: readonly ReplicaState[]): Promise<void> {
  await until(() => states.includes(pool.replicas()[0].state), 20_000);
}

/** The port of the server that answers a statement. */
export const PORT: Sql<{ port: number }> = sql<{ port: number }>`select inet_server_port() as port`;
