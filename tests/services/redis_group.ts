/** A Redis, one with replicas watched by Sentinels, and a Redis Cluster, each of one test. */
import type { RedisGroupOptions } from "./description.ts";
import {
  type GroupBehaviour,
  type GroupSetting,
  HelperGroup,
  type Member,
  startMembers,
} from "./helper_group.ts";
import type { HelperServerOptions } from "./helper_server.ts";
import { redisCommand, type RedisReply } from "./redis_command.ts";
import { freePort, until } from "./wait.ts";

/** The name under which Sentinels know the master. */
export const SENTINEL_MASTER = "lifeguard";

/** How many hash slots a Redis Cluster has: https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/ */
const CLUSTER_SLOTS = 16_384;

/** The distance from a node's port to that of its cluster bus. */
const BUS_OFFSET = 10_000;

/** Milliseconds after which a node has forgotten that it was asked to fail over, should its election have failed. */
const FAILOVER_LIFE = 6_000;

type ServerOptions = Omit<HelperServerOptions, "name" | "program" | "account" | "folder">;

/** Makes one Redis. */
export async function standaloneRedis(setting: GroupSetting): Promise<HelperGroup> {
  const options = redisServer(setting, freePort());
  const members = await startMembers(setting, [{ role: "server", label: "", options }]);
  return new HelperGroup(setting, { members, behaviour: { settle: replicated } });
}

/** Makes a master with replicas, and Sentinels that watch them. */
export async function sentinelRedis(setting: GroupSetting): Promise<HelperGroup> {
  const { replicas = 1, sentinels = 1 } = setting.options as RedisGroupOptions;
  const masterPort = freePort();
  const following = { replicaof: `127.0.0.1 ${masterPort}` };
  const servers = await startMembers(setting, [
    { role: "master", label: "master", options: redisServer(setting, masterPort) },
    ...numbered(replicas, "replica").map((label) => ({
      role: "replica" as const,
      label,
      options: redisServer(setting, freePort(), following),
    })),
  ]);
  try {
    // Asked by a Sentinel before its replicas are there, a master is asked again only ten seconds later.
    await replicated(servers);
    const watching = await startMembers(
      setting,
      numbered(sentinels, "sentinel").map((label) => ({
        role: "sentinel" as const,
        label,
        options: sentinelServer(setting, masterPort),
      })),
    );
    const group = new HelperGroup(setting, { members: [...servers, ...watching], behaviour: SENTINEL });
    await group.settle();
    return group;
  } catch (error) {
    await Promise.allSettled(servers.map(({ server }) => server.remove()));
    throw error;
  }
}

/** Makes a Redis Cluster of three masters, each with so many replicas. */
export async function clusterRedis(setting: GroupSetting): Promise<HelperGroup> {
  const { replicas = 0 } = setting.options as RedisGroupOptions;
  const node = (): ServerOptions =>
    redisServer(setting, freeNodePort(), {
      "cluster-enabled": "yes",
      "cluster-config-file": "nodes.conf",
      "cluster-node-timeout": "2000",
    });
  const members = await startMembers(setting, [
    ...numbered(3, "master").map((label) => ({ role: "master" as const, label, options: node() })),
    ...numbered(3 * replicas, "replica").map((label) => ({
      role: "replica" as const,
      label,
      options: node(),
    })),
  ]);
  const group = new HelperGroup(setting, { members, behaviour: CLUSTER });
  try {
    await joinCluster(members);
    await group.settle();
    return group;
  } catch (error) {
    await group.remove();
    throw error;
  }
}

const SENTINEL: GroupBehaviour = {
  async settle(members) {
    const name = await SENTINEL.master!(members);
    const servers = members.filter((member) => isRunning(member) && member.role !== "sentinel");
    for (const each of servers.filter(({ server }) => server.name !== name)) {
      // A master of before is told to follow only eight seconds after it was seen.
      await until(
        `The following of ${name}`,
        async () => await roleOf(each) === "slave" || undefined,
        60_000,
      );
    }
    await replicated(members);
    const running = members.filter(isRunning);
    const sentinels = running.filter(({ role }) => role === "sentinel");
    const others = running.length - sentinels.length - 1;
    for (const each of sentinels) {
      await until(`The sentinel's knowledge of ${running.length} servers`, async () => {
        const state = fields(await ask(each, "SENTINEL", "MASTER", SENTINEL_MASTER));
        const isWell = state.get("flags") === "master" && Number(state.get("num-slaves")) >= others &&
          Number(state.get("num-other-sentinels")) >= sentinels.length - 1;
        return isWell || undefined;
      });
    }
  },
  async failover(members, to) {
    const before = await SENTINEL.master!(members);
    if (to !== undefined) {
      throw new Error("Sentinels choose the new master themselves; leave out the replica's name");
    }
    await until("The sentinels' consent to a failover", async () => {
      await ask(runningOf(members, "sentinel"), "SENTINEL", "FAILOVER", SENTINEL_MASTER);
      return true;
    });
    await until("The failover", async () => await SENTINEL.master!(members) !== before || undefined);
  },
  async master(members) {
    const reply = await ask(
      runningOf(members, "sentinel"),
      "SENTINEL",
      "GET-MASTER-ADDR-BY-NAME",
      SENTINEL_MASTER,
    );
    const port = Number((reply as RedisReply[])[1]);
    const member = members.find(({ server }) => server.port === port);
    if (member === undefined) throw new Error(`The sentinels name the port ${port}, which is no member's`);
    return member.server.name;
  },
};

const CLUSTER: GroupBehaviour = {
  async settle(members) {
    await replicated(members);
    const running = members.filter(isRunning);
    const roles = await Promise.all(running.map(roleOf));
    const replicas = running.filter((_, index) => roles[index] === "slave");
    for (const each of running) {
      // Only who is known as a replica by the masters is voted for.
      await until("The cluster's state ok", async () => {
        const info = String(await ask(each, "CLUSTER", "INFO"));
        const nodes = String(await ask(each, "CLUSTER", "NODES")).split("\n");
        const knows = ({ server }: Member): boolean =>
          nodes.some((node) => node.includes(`:${server.port}@`) && node.includes("slave"));
        return (info.includes("cluster_state:ok") && info.includes(`cluster_slots_ok:${CLUSTER_SLOTS}`) &&
          replicas.every(knows)) || undefined;
      });
    }
  },
  async failover(members, to) {
    const replica = to ?? await firstReplica(members);
    const masterPort = (await ask(replica, "ROLE") as RedisReply[])[2];
    const master = members.find(({ server }) => server.port === masterPort);
    let asked = -Infinity;
    await until("The failover", async () => {
      if (await roleOf(replica) === "master") return true;
      if (performance.now() - asked < FAILOVER_LIFE) return undefined;
      asked = performance.now();
      await ask(replica, "CLUSTER", "FAILOVER");
      return undefined;
    });
    if (master !== undefined && isRunning(master)) {
      await until("The old master's consent", async () => await roleOf(master) === "slave" || undefined);
    }
    await CLUSTER.settle(members);
  },
};

async function joinCluster(members: readonly Member[]): Promise<void> {
  const masters = members.filter(({ role }) => role === "master");
  const share = Math.ceil(CLUSTER_SLOTS / masters.length);
  for (const [index, master] of masters.entries()) {
    const slots = numbers(index * share, Math.min((index + 1) * share, CLUSTER_SLOTS));
    await ask(master, "CLUSTER", "ADDSLOTS", ...slots);
    await ask(master, "CLUSTER", "SET-CONFIG-EPOCH", index + 1);
  }
  const [first, ...others] = members;
  for (const { server } of others) await ask(first, "CLUSTER", "MEET", "127.0.0.1", server.port);
  for (const each of members) {
    await until("The nodes' acquaintance", async () => {
      const info = String(await ask(each, "CLUSTER", "INFO"));
      return info.includes(`cluster_known_nodes:${members.length}\r`) || undefined;
    });
  }
  const replicas = members.filter(({ role }) => role === "replica");
  for (const [index, replica] of replicas.entries()) {
    const id = await ask(masters[index % masters.length], "CLUSTER", "MYID");
    await until("The replica's consent", async () => {
      await ask(replica, "CLUSTER", "REPLICATE", String(id));
      return true;
    });
  }
}

/**
 * Waits till every replica that runs receives what its master writes. A replica calls itself connected a second before
 * its master sends it anything, so that its offset has to move; the master's pings move it.
 */
async function replicated(members: readonly Member[]): Promise<void> {
  const servers = members.filter((member) => isRunning(member) && member.role !== "sentinel");
  await Promise.all(servers.map(async (each) => {
    let before: number | undefined;
    await until(`The replication to ${each.server.name}`, async () => {
      const [role, , , state, offset] = await ask(each, "ROLE") as RedisReply[];
      if (role === "master") return true;
      if (state !== "connected") before = undefined;
      else before ??= Number(offset);
      return (before !== undefined && Number(offset) > before) || undefined;
    });
  }));
}

async function firstReplica(members: readonly Member[]): Promise<Member> {
  for (const member of members.filter(isRunning)) if (await roleOf(member) === "slave") return member;
  throw new Error("Cannot fail over: no replica runs; make the cluster with replicas");
}

async function roleOf(member: Member): Promise<RedisReply> {
  return (await ask(member, "ROLE") as RedisReply[])[0];
}

function runningOf(members: readonly Member[], role: Member["role"]): Member {
  const member = members.find((each) => each.role === role && isRunning(each));
  if (member === undefined) throw new Error(`No ${role} runs`);
  return member;
}

function isRunning({ server }: Member): boolean {
  return server.state === "running";
}

async function ask({ server }: Member, ...words: (string | number)[]): Promise<RedisReply> {
  return await redisCommand({ host: "127.0.0.1", ...server.entrance }, words);
}

function fields(reply: RedisReply): Map<RedisReply, RedisReply> {
  const flat = reply as RedisReply[];
  return new Map(flat.flatMap((name, index) => index % 2 === 0 ? [[name, flat[index + 1]] as const] : []));
}

function redisServer(
  setting: GroupSetting,
  port: number,
  more: Readonly<Record<string, string>> = {},
): ServerOptions {
  const { settings = {} } = setting.options as RedisGroupOptions;
  const password = settings.requirepass ?? "";
  const all: Record<string, string> = {
    bind: "127.0.0.1",
    save: '""',
    appendonly: "no",
    "repl-diskless-sync-delay": "0",
    "repl-ping-replica-period": "1",
    ...(password === "" ? {} : { masterauth: password }),
    ...listening(setting, port),
    ...more,
    ...settings,
  };
  return {
    ...entrance(setting, port, password),
    arguments: ["redis.conf"],
    files: { ...certificateFiles(setting), "redis.conf": configuration(all) },
  };
}

function sentinelServer(setting: GroupSetting, masterPort: number): ServerOptions {
  const { settings = {}, sentinels = 1, downAfter = 500 } = setting.options as RedisGroupOptions;
  const port = freePort();
  const lines = [
    `sentinel monitor ${SENTINEL_MASTER} 127.0.0.1 ${masterPort} ${Math.floor(sentinels / 2) + 1}`,
    `sentinel down-after-milliseconds ${SENTINEL_MASTER} ${downAfter}`,
    `sentinel failover-timeout ${SENTINEL_MASTER} 3000`,
    ...(settings.requirepass === undefined
      ? []
      : [`sentinel auth-pass ${SENTINEL_MASTER} ${settings.requirepass}`]),
  ];
  const own = configuration({ bind: "127.0.0.1", ...listening(setting, port) });
  return {
    ...entrance(setting, port, ""),
    arguments: ["sentinel.conf", "--sentinel"],
    files: { ...certificateFiles(setting), "sentinel.conf": `${own}${lines.join("\n")}\n` },
  };
}

function listening({ tls }: GroupSetting, port: number): Record<string, string> {
  if (tls === undefined) return { port: `${port}` };
  return {
    port: "0",
    "tls-port": `${port}`,
    "tls-cert-file": "server.crt",
    "tls-key-file": "server.key",
    "tls-ca-cert-file": "ca.crt",
    "tls-auth-clients": "no",
    "tls-replication": "yes",
    "tls-cluster": "yes",
  };
}

function entrance(
  { tls }: GroupSetting,
  port: number,
  password: string,
): Pick<ServerOptions, "port" | "password" | "ca" | "url"> {
  const user = password === "" ? "" : `:${encodeURIComponent(password)}@`;
  const [scheme, host] = tls === undefined ? ["redis", "127.0.0.1"] : ["rediss", "localhost"];
  return { port, password, ca: tls?.ca, url: `${scheme}://${user}${host}:${port}` };
}

function certificateFiles({ tls }: GroupSetting): Record<string, string> {
  if (tls === undefined) return {};
  return { "server.crt": tls.identity.certificate, "server.key": tls.identity.key, "ca.crt": tls.ca };
}

function configuration(settings: Readonly<Record<string, string>>): string {
  return Object.entries(settings).map(([name, value]) => `${name} ${value === "" ? '""' : value}\n`).join("");
}

/** A port whose cluster bus is free too, and below the range from which the system takes ports for clients. */
function freeNodePort(): number {
  for (let attempt = 0; attempt < 2000; attempt++) {
    const port = freePort();
    if (port + BUS_OFFSET < 32_768 && isFree(port + BUS_OFFSET)) return port;
  }
  throw new Error("Cannot find a free port for a cluster's node; end what holds them");
}

function isFree(port: number): boolean {
  try {
    Deno.listen({ hostname: "127.0.0.1", port }).close();
    return true;
  } catch {
    return false;
  }
}

function numbered(count: number, label: string): string[] {
  return Array.from({ length: count }, (_, index) => `${label}_${index + 1}`);
}

function numbers(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}
