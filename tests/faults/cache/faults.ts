/** The faults of docs/reliability.md that befall the cache and the reflector, each made, held and healed by one function. */
import { sql } from "../../../mod.ts";
import { redisCommand } from "../../services/redis_command.ts";
import type { CacheFault } from "./campaign.ts";
import { LINKS } from "./links.ts";
import { LEASE, TOMBSTONE_LIFE, type World } from "./world.ts";

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Sends Redis one command, past all links. */
async function redis(world: World, ...words: readonly string[]): Promise<void> {
  await redisCommand(world.redis, words);
}

/** Changes settings of the primary, for as long as something takes. */
async function withSettings(
  world: World,
  settings: Readonly<Record<string, string>>,
  work: () => Promise<void>,
): Promise<void> {
  const change = async (statement: (name: string, value: string) => string): Promise<void> => {
    for (const [name, value] of Object.entries(settings)) {
      await world.admin.execute(sql.unsafe(statement(name, value)));
    }
    await world.admin.execute(sql`select pg_reload_conf()`);
  };
  await change((name, value) => `alter system set ${name} = '${value}'`);
  try {
    await work();
  } finally {
    await change((name) => `alter system reset ${name}`);
  }
}

/** The link of the reflector that leads. */
async function leaderLink(
  world: World,
  to: "primary" | "redis",
): Promise<World["links"][keyof World["links"]]> {
  const { name } = await world.leader();
  return world.links[`${name as "first" | "second"} reflector to ${to}`];
}

/** Faults of Redis itself: 34. */
const REDIS_FAULTS: Readonly<Record<string, (world: World, hold: number) => Promise<void>>> = {
  "restarted empty": async ({ redis }) => {
    await redis.control.restart();
  },
  flushed: async (world) => {
    await redis(world, "FLUSHALL");
  },
  "stopped for a while": async ({ redis }, hold) => {
    await redis.control.pause();
    await sleep(hold);
    await redis.control.resume();
  },
  "killed, and back later": async ({ redis }, hold) => {
    await redis.control.kill();
    await sleep(hold / 2);
    await redis.control.start();
  },
  "restored from an old file": async (world, hold) => {
    await redis(world, "SAVE");
    await sleep(hold / 2);
    await world.redis.control.kill();
    await world.redis.control.start();
  },
  "out of memory": async (world, hold) => {
    await redis(world, "CONFIG", "SET", "maxmemory-policy", "noeviction");
    await redis(world, "CONFIG", "SET", "maxmemory", "1mb");
    await sleep(hold);
    await redis(world, "CONFIG", "SET", "maxmemory", "0");
  },
};

/** The policies of eviction: 36. */
const POLICIES = [
  "allkeys-lru",
  "allkeys-lfu",
  "allkeys-random",
  "volatile-lru",
  "volatile-lfu",
  "volatile-random",
  "volatile-ttl",
];

/** What is done to rows, past the model and its triggers' numbers: see {@link World.change}. */
const fillRace: CacheFault = {
  number: 27,
  name: "fills race writes while a synchronous standby stalls",
  async run(world, { hold, random }) {
    await withSettings(world, { synchronous_standby_names: "*" }, async () => {
      const end = performance.now() + hold;
      while (performance.now() < end) {
        await world.replica.control.pause();
        await sleep(50 + random(400));
        await world.replica.control.resume();
        await sleep(100 + random(300));
      }
    });
  },
};

const killedLeader: CacheFault = {
  number: 30,
  name: "leader killed under writes",
  async run(world, { hold }) {
    const leader = await world.leader();
    const burst = world.burst(hold);
    await sleep(hold / 4);
    await leader.kill();
    await world.leader();
    await burst;
    leader.restart();
  },
};

const stoppedLeader: CacheFault = {
  number: 31,
  name: "leader stopped for three leases, and resumed",
  async run(world) {
    const leader = await world.leader();
    leader.signal("SIGSTOP");
    const start = performance.now();
    await world.burst(2_000);
    await sleep(Math.max(0, 3 * LEASE - (performance.now() - start)));
    leader.signal("SIGCONT");
  },
};

const halfOpenStream: CacheFault = {
  number: 33,
  name: "change stream half open, Redis healthy",
  async run(world, { hold }) {
    const link = await leaderLink(world, "primary");
    await link.blackHole();
    await sleep(hold);
    await link.cut();
    await link.heal();
  },
};

const redisFaults: readonly CacheFault[] = Object.entries(REDIS_FAULTS).map(([name, make]) => ({
  number: 34,
  name: `Redis ${name}`,
  run: (world, { hold }) => make(world, hold),
}));

const cutLinks: readonly CacheFault[] = LINKS.flatMap((link) =>
  (["silent", "refused"] as const).map((how): CacheFault => ({
    number: 32,
    name: `${link} ${how}`,
    async run(world, { hold }) {
      const cut = world.links[link];
      if (how === "silent") await cut.blackHole();
      else await cut.set({ refuse: true, cut: true });
      await sleep(hold);
      if (how === "silent") await cut.cut();
      await cut.heal();
    },
  }))
);

const laggingReplica: CacheFault = {
  number: 29,
  name: "replica behind",
  async run(world, { hold }) {
    await world.replica.control.lag({ paused: true });
    await sleep(hold);
    await world.replica.control.lag({ paused: false });
  },
};

const evictions: readonly CacheFault[] = POLICIES.map((policy) => ({
  number: 36,
  name: `memory limit, ${policy}`,
  async run(world, { hold }) {
    await redis(world, "CONFIG", "SET", "maxmemory-policy", policy);
    await redis(world, "CONFIG", "SET", "maxmemory", "2mb");
    const end = performance.now() + hold;
    for (let number = 0; performance.now() < end; number++) {
      // Some live for a while, as what is evicted by the policies that look at that.
      await redis(world, "SET", `other:${number}`, "x".repeat(2_000), "EX", "30").catch(() => {});
    }
    await redis(world, "CONFIG", "SET", "maxmemory", "0");
    await redis(world, "CONFIG", "SET", "maxmemory-policy", "noeviction");
  },
}));

const pausedWriters: CacheFault = {
  number: 28,
  name: "reads that take longer than a tombstone lives",
  async run(world, { hold }) {
    // The database answers the first client late: what it then fills is old.
    const link = world.links["application to primary"];
    const end = performance.now() + hold;
    while (performance.now() < end) {
      await link.blackHole();
      await sleep(1.5 * TOMBSTONE_LIFE);
      await link.heal();
      await sleep(300);
    }
  },
};

/** All of them, in the order of their numbers. */
export const CACHE_FAULTS: readonly CacheFault[] = [
  fillRace,
  pausedWriters,
  laggingReplica,
  killedLeader,
  stoppedLeader,
  ...cutLinks,
  halfOpenStream,
  ...redisFaults,
  ...evictions,
];
