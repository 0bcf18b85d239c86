/**
 * All that a campaign befalls: a primary and a replica, a Redis, two reflectors, three application processes, and proxies
 * in the links that can be cut.
 *
 * The first client goes through the links, with rows kept in its process; the second has no such rows; the third is like
 * the first, but nothing is ever cut. So each fault of the network befalls some and spares others.
 */
import { Cache, type CacheStore, type Executor, Pool, RedisStore, type Sql, sql } from "../../../mod.ts";
import { runAudit } from "../../../reflector/audit/audit.ts";
import type { AuditReport } from "../../../reflector/audit/audit_report.ts";
import { RedisKeySampler } from "../../../reflector/audit/key_sampler.ts";
import type { HistoryEvent } from "../../../reflector/audit/history.ts";
import {
  type IsolatedHelper,
  isolatedRedis,
  type IsolatedServer,
  isolatedServer,
  type RedisSentinel,
  redisSentinel,
} from "../../services/client.ts";
import { createItems } from "./items.ts";
import { type Links, openLinks } from "./links.ts";
import { PoolClient } from "./pool_client.ts";
import { ReflectorProcess, runReflectorCommand } from "./reflector_process.ts";

/** How a world is made. */
export interface WorldOptions {
  readonly source: "notify" | "logical";
  /** Rows that are read. */
  readonly keys?: number;
  /** Rows that are written in bursts, and never read. */
  readonly ballast?: number;
  /** `sentinel`: Redis has a replica and a Sentinel; `failover`: whoever is the primary is found among two servers. */
  readonly kind?: WorldKind;
  /** Makes the store of each client; to prove that a bad one is found. */
  readonly storeOf?: (store: CacheStore) => CacheStore;
}

/** What is special in a world. */
export type WorldKind = "plain" | "sentinel" | "failover";

/** A small queue of notifications is full soon; prepared transactions are off by default. */
const SETTINGS = {
  wal_level: "logical",
  max_notify_queue_pages: "64",
  max_prepared_transactions: "10",
} as const;
/** The lease of the reflectors' election, in milliseconds. */
export const LEASE = 2_000;
/** The life of tombstones and of tickets in the clients' stores, in milliseconds. */
export const TOMBSTONE_LIFE = 2_000;
const TICKET_LIFE = 1_000;
const SILENT = { warn: (): void => {}, info: (): void => {} };

type Parts = Omit<
  World,
  | "record"
  | "isRecorded"
  | "writeFromOutside"
  | "rows"
  | "reads"
  | "leader"
  | "change"
  | "describe"
  | "burst"
  | "audit"
  | typeof Symbol.asyncDispose
>;

/** See the module's head. */
export class World implements AsyncDisposable {
  readonly source: "notify" | "logical";
  readonly keys: number;
  readonly ballast: number;
  readonly primary: IsolatedServer;
  readonly replica: IsolatedServer;
  /** The Redis, or its first master. */
  readonly redis: IsolatedHelper;
  readonly sentinel: RedisSentinel | undefined;
  readonly links: Links;
  readonly reflectors: readonly ReflectorProcess[];
  readonly clients: readonly PoolClient[];
  /** Straight to the primary, without a cache. */
  readonly admin: Pool;
  /** Told what is written past the driver. */
  record: (event: HistoryEvent) => void = () => {};
  /** False while something was written that is not recorded yet, so that nothing can be judged. */
  isRecorded = true;
  readonly #parts: AsyncDisposableStack;

  private constructor(parts: AsyncDisposableStack, world: Parts) {
    this.#parts = parts;
    this.source = world.source;
    this.keys = world.keys;
    this.ballast = world.ballast;
    this.primary = world.primary;
    this.replica = world.replica;
    this.redis = world.redis;
    this.sentinel = world.sentinel;
    this.links = world.links;
    this.reflectors = world.reflectors;
    this.clients = world.clients;
    this.admin = world.admin;
  }

  /** Makes it, and waits until a reflector leads. */
  static async open(
    { source, keys = 200, ballast = 5_000, kind = "plain", storeOf = (store) => store }: WorldOptions,
  ): Promise<World> {
    await using parts = new AsyncDisposableStack();
    const primary = parts.use(await isolatedServer({ settings: SETTINGS }));
    {
      await using maker = new Pool({ url: primary.url, max: 1, queryTimeout: 60_000 });
      await createItems(maker, keys + ballast);
    }
    const replica = parts.use(await isolatedServer({ replicaOf: primary.name }));
    const either = (url: string): string => kind === "failover" ? withBoth(url, replica) : url;
    const admin = parts.use(
      new Pool({ url: either(primary.url), max: 8, queryTimeout: 60_000, logger: SILENT }),
    );
    const sentinel = kind === "sentinel" ? parts.use(await redisSentinel()) : undefined;
    const redis = sentinel?.master ?? parts.use(await isolatedRedis());
    const links = await openLinks({ primary: primary.port, replica: replica.port, redis: redis.port });
    for (const link of Object.values(links)) parts.use(link);
    await followThrough(links["replica to primary"], { primary, replica });
    await runReflectorCommand("install", "public.items", "--source", source, "--database-url", primary.url);
    const reflectors = (["first", "second"] as const).map((name) =>
      parts.use(
        new ReflectorProcess({
          name,
          flags: {
            "database-url": either(links[`${name} reflector to primary`].url(primary.url)),
            ...(sentinel === undefined
              ? { "redis-url": links[`${name} reflector to redis`].url(redis.url) }
              : sentinelFlags(sentinel)),
            source,
            lease: `${LEASE}ms`,
          },
        }),
      )
    );
    const clients = [0, 1, 2].map((index) => {
      const isFaulty = index === 0;
      const pool = new Pool({
        url: either(isFaulty ? links["application to primary"].url(primary.url) : primary.url),
        replicas: [isFaulty ? links["application to replica"].url(replica.url) : replica.url],
        ...{
          max: 8,
          acquireTimeout: 5_000,
          queryTimeout: 5_000,
          maxLagTime: 1_000,
          replicaCheckInterval: 250,
        },
        logger: SILENT,
      });
      const connection = sentinel === undefined
        ? isFaulty ? links["application to redis"].url(redis.url) : redis.url
        : { sentinels: addresses(sentinel), name: sentinel.masterName };
      const store = new RedisStore(connection, {
        ...{ ticketLife: TICKET_LIFE, tombstoneLife: TOMBSTONE_LIFE, logger: SILENT },
      });
      const cache = new Cache(pool, {
        store: storeOf(store),
        nearRows: index === 1 ? 0 : 10_000,
        logger: SILENT,
      });
      return parts.use(new PoolClient(`c${index}`, { pool, cache }));
    });
    return new World(parts.move(), {
      ...{ source, keys, ballast, primary, replica, redis, sentinel, links, reflectors, clients, admin },
    });
  }

  /** The rows as the primary has them: ids and numbers. */
  async rows(): Promise<ReadonlyMap<number, number>> {
    const rows = await this.admin.query<{ id: number; n: number }>(
      sql`select id, n from items where id <= ${this.keys}`,
    );
    return new Map(rows.map(({ id, n }) => [id, n]));
  }

  /** How many reads the caches were asked for, and how many the database answered. */
  reads(): { readonly all: number; readonly fromDatabase: number } {
    let all = 0;
    let fromDatabase = 0;
    for (const client of this.clients) {
      const { nearHits, hits, misses, bypassed } = client.cacheStats();
      all += nearHits + hits + misses + bypassed;
      fromDatabase += misses + bypassed;
    }
    return { all, fromDatabase };
  }

  /** The reflector that leads; waits until there is one. */
  async leader(timeout = 30_000): Promise<ReflectorProcess> {
    const end = performance.now() + timeout;
    while (performance.now() < end) {
      for (const reflector of this.reflectors) if (await reflector.leads()) return reflector;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`No reflector leads: ${this.reflectors.flatMap(({ log }) => log.slice(-10)).join("\n")}`);
  }

  /**
   * Changes many rows at once, in one transaction that no other writer is in, and records what came of it.
   *
   * @param work The statements. They may count the states of rows by `next_state(id)` where triggers do not fire.
   */
  async change(work: (transaction: Executor) => Promise<unknown>): Promise<void> {
    const sent = performance.now();
    const changed = await this.admin.transaction(async (tx) => {
      await tx.execute(sql`lock table items in share row exclusive mode`);
      const before = new Map((await tx.query(this.#states())).map(({ id, state }) => [id, state]));
      await work(tx);
      return (await tx.query(this.#states())).filter(({ id, state }) => before.get(id) !== state);
    });
    const ended = performance.now();
    for (const { id, state, absent } of changed) {
      this.record({
        ...{ kind: "write", session: "administrator", key: String(id), state, absent },
        ...{ sent, ended, outcome: "acknowledged" },
      });
    }
  }

  /**
   * Has the server itself write rows for a while, whatever this process does meanwhile, and records what came of it.
   *
   * @param seconds For how long.
   * @param meanwhile What this process does; it may well stand still.
   */
  async writeFromOutside(seconds: number, meanwhile: () => Promise<void>): Promise<void> {
    this.isRecorded = false;
    const asked = performance.now();
    const epoch = await this.admin.value<number>(
      sql`select extract(epoch from clock_timestamp())::float8 * 1000`,
    );
    const answered = performance.now();
    const writing = this.admin.execute(sql`call write_from_outside(${this.keys}::int, ${seconds}::float8)`);
    await Promise.all([writing, meanwhile()]);
    const rows = await this.admin.query<{ id: number; state: number | null; at: number }>(sql`
      select id, state, extract(epoch from at)::float8 * 1000 as at from outside_writes order by number`);
    await this.admin.execute(sql`truncate outside_writes`);
    const last = performance.now();
    rows.forEach(({ id, state, at }, index) => {
      if (state === null) return;
      // It had been committed when the next one began; by our clock, the latest that it may have been.
      const next = rows[index + 1]?.at;
      const ended = next === undefined ? last : next - epoch + answered;
      this.record({
        ...{ kind: "write", session: "server", key: String(id), state, absent: false },
        ...{ sent: at - epoch + asked - 1_000, ended, outcome: "acknowledged" },
      });
    });
    this.isRecorded = true;
  }

  #states(): Sql<{ id: number; state: number; absent: boolean }> {
    return sql`
      select l.id, l.state, i.id is null as absent from ledgers l left join items i on i.id = l.id
      where l.id <= ${this.keys}`;
  }

  /** Audits the cache as it is at this moment, as `lifeguard-reflector audit` does. */
  async audit(): Promise<AuditReport> {
    await using store = new RedisStore(this.redis.url, { logger: SILENT });
    await store.connected();
    return await runAudit({
      ...{ pool: this.admin, store, keys: new RedisKeySampler(this.redis.url), rounds: [1_000, 3_000] },
    });
  }

  /** What everybody thinks at this moment, to find out why something does not recover. */
  async describe(): Promise<string> {
    const states = await Promise.all(this.reflectors.map(async (reflector) => {
      const status = await reflector.status();
      return [
        `${reflector.name} reflector: ${status?.state ?? "does not answer"}`,
        ...reflector.log.slice(-12),
      ];
    }));
    const caches = this.clients.map((client) => `${client.name}: ${JSON.stringify(client.cacheStats())}`);
    return [...states.flat(), ...caches].map((line) => `    ${line}`).join("\n");
  }

  /** Writes rows that nobody reads, each in a transaction of its own. */
  async burst(writes: number): Promise<void> {
    const one = (index: number): Promise<number> =>
      this.admin.execute(
        sql`update items set note = 'burst' where id = ${this.keys + 1 + index % this.ballast}`,
      );
    for (let index = 0; index < writes; index += 8) {
      await Promise.all(Array.from({ length: 8 }, (_, at) => one(index + at)));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts[Symbol.asyncDispose]();
  }
}

/** A URL that names another server beside its own, whichever of them is the primary. */
function withBoth(url: string, { host, port }: { readonly host: string; readonly port: number }): string {
  return `${url.replace(/(@[^/]+)/, `$1,${host}:${port}`)}${
    url.includes("?") ? "&" : "?"
  }target_session_attrs=read-write`;
}

function addresses(sentinel: RedisSentinel): { host: string; port: number }[] {
  return sentinel.sentinels.map(({ host, port }) => ({ host, port }));
}

function sentinelFlags(sentinel: RedisSentinel): Readonly<Record<string, string>> {
  const urls = addresses(sentinel).map(({ host, port }) => `redis://${host}:${port}`);
  return { "redis-mode": "sentinel", "redis-url": urls.join(","), "redis-master": sentinel.masterName };
}

/** Has a replica reach its primary through a link. */
async function followThrough(
  link: { readonly host: string; readonly port: number },
  { primary, replica }: Readonly<Record<"primary" | "replica", IsolatedServer>>,
): Promise<void> {
  await using pool = new Pool({ url: replica.url, max: 1 });
  const { user, password } = primary;
  const text =
    `host=${link.host} port=${link.port} user=${user} password=${password} application_name=${replica.name}`;
  await pool.execute(sql.unsafe(`alter system set primary_conninfo = '${text}'`));
  await pool.execute(sql`select pg_reload_conf()`);
}
