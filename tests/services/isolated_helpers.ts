/** Redis and etcd of one test's own. */
import type {
  GroupDescription,
  HelperGroupOptions,
  IsolatedEtcdOptions,
  IsolatedRedisOptions,
  MemberDescription,
  RedisClusterOptions,
  RedisSentinelOptions,
} from "./description.ts";
import { request } from "./found_services.ts";
import { controlAt, type ServerControl } from "./server_control.ts";

/** A helper server of one test: Redis, a Sentinel, or etcd. */
export interface IsolatedHelper extends MemberDescription {
  /** What may be done to it; `promote` and `lag` are PostgreSQL's. */
  readonly control: ServerControl;
}

/** Helper servers of one test that belong together, removed at the end of its scope. */
export interface IsolatedGroup extends AsyncDisposable {
  /** Resolves when all of them that run work together again. */
  settle(): Promise<void>;
  remove(): Promise<void>;
}

/** A Redis of one test. */
export interface IsolatedRedis extends IsolatedHelper, IsolatedGroup {}

/** A Redis with replicas, watched by Sentinels, of one test. */
export interface RedisSentinel extends IsolatedGroup {
  /** The name under which the Sentinels know the master. */
  readonly masterName: string;
  /** The master of the beginning; see `currentMaster()`. */
  readonly master: IsolatedHelper;
  readonly replicas: readonly IsolatedHelper[];
  readonly sentinels: readonly IsolatedHelper[];
  /** The server that the Sentinels call the master now. */
  currentMaster(): Promise<IsolatedHelper>;
  /**
   * Has the Sentinels make a replica the master; resolves when they say so. The old master takes writes, which are lost,
   * until it is told to follow about ten seconds later: `settle()` waits for that.
   */
  failover(): Promise<void>;
}

/** A Redis Cluster of one test. */
export interface RedisCluster extends IsolatedGroup {
  /** The masters of the beginning, with a third of the slots each. */
  readonly masters: readonly IsolatedHelper[];
  /** The replicas of the beginning: the first of the first master, and so on around. */
  readonly replicas: readonly IsolatedHelper[];
  /** Makes a replica, by default any, the master of its slots; resolves when it is. */
  failover(replica?: IsolatedHelper): Promise<void>;
}

/** An etcd of one test. */
export interface IsolatedEtcd extends IsolatedGroup {
  readonly members: readonly IsolatedHelper[];
  /** The members' URLs. */
  readonly urls: readonly string[];
  /** The URL of the first, or only, member. */
  readonly url: string;
  /** What may be done to the first, or only, member. */
  readonly control: ServerControl;
}

/** Makes a Redis that a test may break, in a tenth of a second; ask `needs("isolatedRedis")`. */
export async function isolatedRedis(options: IsolatedRedisOptions = {}): Promise<IsolatedRedis> {
  const { members: [server], disposable } = await helperGroup({ kind: "redis", ...options });
  return { ...server, ...disposable };
}

/** Makes a Redis with a replica and a Sentinel, or more of each, in about a second; ask `needs("isolatedRedis")`. */
export async function redisSentinel(options: RedisSentinelOptions = {}): Promise<RedisSentinel> {
  const { name, members, disposable } = await helperGroup({ kind: "redisSentinel", ...options });
  return {
    ...disposable,
    masterName: "lifeguard",
    master: members.find(({ role }) => role === "master")!,
    replicas: members.filter(({ role }) => role === "replica"),
    sentinels: members.filter(({ role }) => role === "sentinel"),
    async currentMaster() {
      const { master } = await request("GET", `/helpers/${name}/master`) as { master: string };
      return members.find((member) => member.name === master)!;
    },
    async failover() {
      await request("POST", `/helpers/${name}/failover`);
    },
  };
}

/** Makes a Redis Cluster of three masters, in a few seconds; ask `needs("isolatedRedis")`. */
export async function redisCluster(options: RedisClusterOptions = {}): Promise<RedisCluster> {
  const { name, members, disposable } = await helperGroup({ kind: "redisCluster", ...options });
  return {
    ...disposable,
    masters: members.filter(({ role }) => role === "master"),
    replicas: members.filter(({ role }) => role === "replica"),
    async failover(replica) {
      await request("POST", `/helpers/${name}/failover`, { to: replica?.name });
    },
  };
}

/** Makes an etcd of one server, or of three; ask `needs("etcd")`. */
export async function isolatedEtcd(options: IsolatedEtcdOptions = {}): Promise<IsolatedEtcd> {
  const { members, disposable } = await helperGroup({ kind: "etcd", ...options });
  const [{ url, control }] = members;
  return { ...disposable, members, urls: members.map((member) => member.url), url, control };
}

async function helperGroup(
  options: HelperGroupOptions,
): Promise<{ name: string; members: IsolatedHelper[]; disposable: IsolatedGroup }> {
  const { name, members } = await request("POST", "/helpers", options) as GroupDescription;
  const remove = async (): Promise<void> => {
    await request("DELETE", `/helpers/${name}`);
  };
  const settle = async (): Promise<void> => {
    await request("POST", `/helpers/${name}/settle`);
  };
  return {
    name,
    members: members.map((member) => ({
      ...member,
      control: controlAt(`/servers/${member.name}`, member.name),
    })),
    disposable: { settle, remove, [Symbol.asyncDispose]: remove },
  };
}
