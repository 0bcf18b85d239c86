/** The faults of docs/reliability.md that befall the cache and the reflector, each made, held and healed by one function. */
import { Pool, sql } from "../../../mod.ts";
import { redisCommand } from "../../services/redis_command.ts";
import type { CacheFault } from "./campaign.ts";
import { UNCOUNTED } from "./items.ts";
import { LINKS } from "./links.ts";
import { TABLE_CHANGES } from "./table_changes.ts";
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

/** Bytes a reflector may take, whatever happens at once. */
const MOST_MEMORY = 512 * 2 ** 20;

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
  (["silent", "late", "refused"] as const).map((how): CacheFault => ({
    number: 32,
    name: `${link} ${how}`,
    async run(world, { hold }) {
      const cut = world.links[link];
      // What is sent meanwhile is lost when it is silent, and arrives afterwards when it is late.
      if (how !== "refused") await cut.blackHole();
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

const lateAnswers: CacheFault = {
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

const changes: readonly CacheFault[] = Object.entries(TABLE_CHANGES).map(([name, make]) => ({
  number: 38,
  name,
  async run(world, { hold, random }) {
    await make(world, random);
    await sleep(hold / 2);
    await make(world, random);
    await sleep(hold / 2);
  },
}));

const fullQueue: CacheFault = {
  number: 37,
  name: "NOTIFY queue filling, and a session that writes to the outbox",
  async run(world, { hold }) {
    // Who listens and rests in a transaction keeps the queue from being emptied.
    const listener = await world.admin.reserve();
    await listener.execute(sql`listen anything`);
    await listener.execute(sql`begin`);
    await listener.query(sql`select 1`);
    const end = performance.now() + hold;
    for (let index = 0; performance.now() < end; index++) {
      // A failed write throws: no transaction may fail because of the cache.
      await world.burst(64);
      await world.change(async (tx) => {
        await tx.execute(sql`set local lifeguard.outbox = on`);
        await tx.execute(sql`update items set note = 'by the outbox' where id % 10 = ${index % 10}`);
      });
    }
    await listener.execute(sql`rollback`);
    await listener.execute(sql`unlisten *`);
    await listener.release();
  },
};

const manyRows: CacheFault = {
  number: 39,
  name: "all rows and many others in one transaction",
  async run(world, { hold }) {
    await world.change(async (tx) => {
      const last = UNCOUNTED + 100_000 + 40 * hold;
      await tx.execute(sql`
        insert into items select id, 0, 'one of many' from generate_series(${UNCOUNTED}::int, ${last}::int) id`);
      await tx.execute(sql`update items set note = 'changed'`);
      await tx.execute(sql`delete from items where id >= ${UNCOUNTED}::int`);
    });
    await sleep(hold);
    for (const reflector of world.reflectors) {
      const { peak } = await reflector.memory();
      if (peak > MOST_MEMORY) throw new Error(`The ${reflector.name} reflector took ${peak} bytes`);
    }
  },
};

const lostSlot: CacheFault = {
  number: 40,
  name: "slot dropped while it is followed",
  async run(world, { hold }) {
    await world.admin.execute(
      sql`select pg_terminate_backend(active_pid) from pg_replication_slots where active`,
    );
    await world.admin.execute(sql`
      select pg_drop_replication_slot(slot_name) from pg_replication_slots where not active`).catch(() => {});
    await sleep(hold);
  },
};

const redisFailover: CacheFault = {
  number: 35,
  name: "Redis failover that loses what was acknowledged last",
  kind: "sentinel",
  async run(world, { hold }) {
    const { sentinel } = world;
    const old = await sentinel!.currentMaster();
    const other = [sentinel!.master, ...sentinel!.replicas].find(({ name }) => name !== old.name)!;
    // What the master is told from now on, the replica never hears.
    await other.control.pause();
    await sleep(400);
    await old.control.kill();
    await other.control.resume();
    const end = performance.now() + 15_000;
    while ((await sentinel!.currentMaster()).name === old.name && performance.now() < end) await sleep(100);
    await sleep(hold);
    await old.control.start();
    await sentinel!.settle();
  },
};

const promotion: CacheFault = {
  number: 40,
  name: "failover without the slot, and lost writes",
  kind: "failover",
  async run(world, { hold }) {
    const from = performance.now();
    // What is committed now is acknowledged, and lost.
    await using replica = new Pool({ url: world.replica.url, max: 1 });
    await replica.execute(sql`alter system set primary_conninfo = ''`);
    await replica.execute(sql`select pg_reload_conf()`);
    await sleep(500);
    await world.primary.control.kill();
    await world.replica.control.promote();
    const end = performance.now() + 20_000;
    let isWritten = false;
    while (!isWritten && performance.now() < end) {
      isWritten = await world.change(async (tx) => {
        // Numbers of lost states are not given again.
        await tx.execute(sql`update ledgers set state = state + 1000000`);
        await tx.execute(sql`update items set note = 'after the failover' where id <= ${world.keys}`);
      }).then(() => true, () => false);
      if (!isWritten) await sleep(200);
    }
    world.record({ kind: "loss", from, until: performance.now() + 1_500 });
    await sleep(hold);
  },
};

const stoppedApplication: CacheFault = {
  number: 28,
  name: "application stopped for three lives of a tombstone",
  async run(world) {
    await world.writeFromOutside(4 * TOMBSTONE_LIFE / 1_000, async () => {
      await sleep(TOMBSTONE_LIFE / 4);
      // This thread stands still, with reads and fills under way; the server goes on.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3 * TOMBSTONE_LIFE);
    });
  },
};

/** All of them, in the order of their numbers. */
export const CACHE_FAULTS: readonly CacheFault[] = [
  fillRace,
  lateAnswers,
  stoppedApplication,
  laggingReplica,
  killedLeader,
  stoppedLeader,
  ...cutLinks,
  halfOpenStream,
  ...redisFaults,
  ...evictions,
  fullQueue,
  ...changes,
  manyRows,
  lostSlot,
  redisFailover,
  promotion,
];
