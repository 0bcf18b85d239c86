/** Electing by PostgreSQL: the contract, and what only an advisory lock has. */
import assert from "node:assert/strict";
import { Pool, sql } from "../../../mod.ts";
import { LeadershipLostError } from "../../../reflector/election/leader_election.ts";
import { PostgresElection, type PostgresElectionOptions } from "../../../reflector/election/postgres.ts";
import { test } from "../../harness.ts";
import { freshDatabase, isolatedServer, needs, proxy, server } from "../../services/client.ts";
import { type Arena, electionContract, LEASE } from "./contract.ts";
import { aborted, campaignsInVain, eventually, NEVER, recording } from "./observing.ts";

electionContract({ kind: "postgres", options: needs("primary"), open });

async function open(): Promise<Arena> {
  const database = await freshDatabase();
  const setting = { kind: "postgres", name: "contract", lease: LEASE, database: database.url } as const;
  return {
    setting,
    async candidate(lease = LEASE) {
      const network = await proxy("primary");
      const election = new PostgresElection({ ...setting, lease, database: network.url(database.url) });
      const dispose = async (): Promise<void> => {
        await election[Symbol.asyncDispose]();
        await network.close();
      };
      return { election, network, [Symbol.asyncDispose]: dispose };
    },
    [Symbol.asyncDispose]: () => database.drop(),
  };
}

test(
  "PostgresElection loses the leadership at once when its connection is ended",
  needs("primary"),
  async () => {
    await using database = await freshDatabase();
    await using pool = new Pool({ url: database.url, max: 1 });
    await using election = new PostgresElection({ name: "ended", lease: 20_000, database: database.url });
    const leadership = await election.campaign(NEVER);
    const started = performance.now();
    const lost = aborted(leadership.lost);
    const name = (await election.leader(NEVER))!;
    assert.equal(
      await pool.value(
        sql`select count(pg_terminate_backend(pid))::int from pg_stat_activity where application_name = ${name}`,
      ),
      1,
    );
    await lost;
    console.log(
      `postgres: an ended connection was noticed after ${Math.round(performance.now() - started)} ms`,
    );
    assert.ok(performance.now() - started < 10_000);
    const { reason } = leadership.lost;
    assert.ok(reason instanceof LeadershipLostError);
    assert.match(reason.message, /^The leadership is lost with its connection: .*terminating connection/);
    await (await election.campaign(NEVER)).resign();
  },
);

test("PostgresElection leads again after the server was killed and started", {
  ...needs("control"),
  timeout: 60_000,
}, async () => {
  await using isolated = await isolatedServer();
  const { logger, messages } = recording();
  await using election = new PostgresElection({
    name: "killed",
    lease: LEASE,
    database: isolated.url,
    logger,
  });
  const leadership = await election.campaign(NEVER);
  const lost = aborted(leadership.lost);
  await isolated.control.kill();
  await lost;
  const again = election.campaign(NEVER);
  await eventually(() => assert.match(messages[0], /^Cannot take part in the election: /));
  assert.equal(messages.length, 1, "once is news");
  await isolated.control.start();
  await (await again).resign();
});

test(
  "PostgresElection follows a promotion, and refuses a standby",
  { ...needs("control"), timeout: 90_000 },
  async () => {
    await using primary = await isolatedServer();
    await using standby = await isolatedServer({ replicaOf: primary.name });
    const { logger, messages } = recording();
    const database = `${primary.url.replace(/:\d+\//, `:${primary.port},127.0.0.1:${standby.port}/`)}`;
    await using election = new PostgresElection({ name: "promoted", lease: LEASE, database, logger });
    const leadership = await election.campaign(NEVER);
    await using lonely = new PostgresElection({
      name: "promoted",
      lease: LEASE,
      database: standby.url,
      logger,
    });
    const waiting = lonely.campaign(NEVER).then((leadership) => leadership.resign());
    await eventually(() => assert.match(messages.join(), /standby|read-only|primary/i));
    const lost = aborted(leadership.lost);
    await primary.control.kill();
    await lost;
    const again = election.campaign(NEVER);
    await standby.control.promote();
    await Promise.all([waiting, again.then((leadership) => leadership.resign())]);
  },
);

test("PostgresElection says what is missing when it may not end a silent leader", {
  ...needs("primary"),
  timeout: 60_000,
}, async () => {
  await using database = await freshDatabase();
  await using network = await proxy("primary");
  await using leader = new PostgresElection({
    name: "rights",
    lease: LEASE,
    database: network.url(database.url),
  });
  const leadership = await leader.campaign(NEVER);
  const { logger, messages } = recording();
  const url = new URL(database.url);
  url.username = "app_user";
  url.password = "secret-app";
  await using follower = new PostgresElection({ name: "rights", lease: 5_000, database: url, logger });
  const waiting = follower.campaign(NEVER);
  await eventually(() =>
    assert.match(messages.join(), /role "lifeguard": this reflector's role may not see .*pg_read_all_stats/)
  );
  assert.equal(messages.filter((message) => message.includes("may not see")).length, 1);
  await network.blackHole();
  await aborted(leadership.lost);
  await network.cut();
  await (await waiting).resign();
});

test(
  "PostgresElection refuses a pooler that hands out connections for a transaction",
  needs("pgbouncer"),
  async () => {
    const { logger, messages } = recording();
    await using election = new PostgresElection({
      name: "pooled",
      database: server("pgbouncer").url,
      logger,
    });
    await campaignsInVain(election, messages, /a pooler hands out another connection for each transaction/);
  },
);

test("PostgresElection refuses options that cannot be used, before anything is sent", () => {
  const make = (options: Partial<PostgresElectionOptions>) => (): unknown =>
    new PostgresElection({ name: "fine", database: "postgres://nowhere.invalid/none", ...options });
  assert.throws(
    make({ lease: 999 }),
    /^ConfigError: Cannot use setting "lease" from options: it must be 1000 to 60000/,
  );
  assert.throws(make({ lease: 1000.5 }), /a whole number/);
  assert.throws(make({ name: "" }), /^ConfigError: Cannot use setting "name"/);
  assert.throws(make({ database: "pglite:" }), /an embedded database has one process/);
  assert.throws(make({ database: "http://nowhere" }), /^ConfigError/);
});
