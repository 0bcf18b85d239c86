/** What docs/deploying-the-cache.md and docs/operating-the-reflector.md tell to run, run as they tell it. */
import assert from "node:assert/strict";
import deploying from "../../docs/deploying-the-cache.md" with { type: "text" };
import operating from "../../docs/operating-the-reflector.md" with { type: "text" };
import { Cache, column, createTables, MemoryStore, model, Pool, sql } from "../../mod.ts";
import { RedisStore } from "../../orm/cache/stores/redis/redis_store.ts";
import { runAudit } from "../../reflector/audit/audit.ts";
import { RedisKeySampler } from "../../reflector/audit/key_sampler.ts";
import { PostgresElection } from "../../reflector/election/postgres.ts";
import { publicationSql } from "../../reflector/install/publication.ts";
import { installTriggers, Reflector, type SourceChoice } from "../../reflector/mod.ts";
import { test } from "../harness.ts";
import { eventually } from "../reflector/live_cache.ts";
import { freshDatabase, isolatedRedis, isolatedServer, needs } from "../services/client.ts";
import { redisCommand } from "../services/redis_command.ts";

/** The statements of each of a page's blocks of SQL. */
function sqlOf(page: string): string[][] {
  return [...page.matchAll(/```sql\n([^]*?)```/g)].map(([, block]) =>
    block.replace(/--.*$/gm, "").split(";").map((statement) => statement.trim()).filter((each) => each !== "")
  );
}

async function run(pool: Pool, statements: readonly string[]): Promise<void> {
  for (const statement of statements) await pool.execute(sql.unsafe(statement));
}

const User = model("users", { id: column.integer().primaryKey(), name: column.text() }, { cache: 60 });
const Album = model("albums", { id: column.integer().primaryKey() });
const TABLES = ["users", "albums"];

test(
  "The rights of docs/deploying-the-cache.md suffice, and the SQL of docs/operating-the-reflector.md says what it should",
  { ...needs("control"), timeout: 90_000 },
  async () => {
    await using server = await isolatedServer({ settings: { max_prepared_transactions: "2" } });
    const as = (role: string, password: string, database = "shop"): string => {
      const url = new URL(server.url);
      Object.assign(url, { username: role, password, pathname: `/${database}` });
      return url.href;
    };
    await using superuser = new Pool({ url: server.url, max: 1 });
    await run(superuser, ["create role shop_owner login password 'owned'", "create database shop"]);
    await using admin = new Pool({ url: as(server.user, server.password), max: 1 });
    await run(admin, ["grant create on schema public to shop_owner"]);
    await using app = new Pool({ url: as("shop_owner", "owned"), max: 4 });
    await createTables([User, Album], app);
    await User.insert({ id: 1, name: "Grace" }, app);

    const [[grantCreate, ...grants], ...others] = sqlOf(deploying);
    assert.deepEqual(others, [], "more SQL than this test knows of");
    await run(admin, [grantCreate]);
    await installTriggers(app, { tables: TABLES });
    await run(app, [publicationSql(TABLES.map((table) => ({ schema: "public", table })))]);
    await run(admin, grants);

    const [[watchSlot], [dropSlot], [findTransactions], outbox, [whoLeads]] = sqlOf(operating);
    for (const source of ["auto", "notify"] satisfies SourceChoice[]) {
      const store = new MemoryStore();
      await using cache = new Cache(app, { store, nearRows: 0 });
      await using resources = new AsyncDisposableStack();
      const start = async (): Promise<Reflector> => {
        const database = as("reflector", "another-secret");
        const election = resources.use(new PostgresElection({ name: "shop", database, lease: 1_000 }));
        const reflector = resources.use(new Reflector({ database, store, election, source }));
        await reflector.start();
        return reflector;
      };
      const first = await start();
      assert.ok(await cache.ready());
      assert.equal(first.status().source, source === "auto" ? "logical" : "notify");
      assert.deepEqual(first.status().coverage!.tables, ["public.albums", "public.users"]);
      const second = await start();
      await eventually(() => second.status().leader !== undefined, "the second knows the first");
      const { application_name: leads } = await admin.one<{ application_name: string }>(sql.unsafe(whoLeads));
      assert.equal(leads, second.status().leader);

      // Whichever way a change is told, the row in use is read again with the role's own right.
      const becomes = (name: string): Promise<unknown> =>
        eventually(async () => (await User.findById(1, app))?.name === name, `the cache has ${name}`);
      const hits = cache.stats().hits;
      await eventually(
        async () => (await User.findById(1, app), cache.stats().hits > hits),
        "the row is cached",
      );
      await run(admin, [`update users set name = 'Barbara' where id = 1`]);
      await becomes("Barbara");
      {
        await using session = await app.reserve();
        for (const statement of [...outbox, "commit prepared 'transfer-17'"]) {
          await session.execute(sql.unsafe(statement));
        }
      }
      await becomes("Ada");
      await eventually(() => first.status().counters.refreshes > 0, "rows are read again");
      assert.deepEqual(first.status().faults, []);

      await first.stop();
      await eventually(() => second.status().state === "leading", "the second leads");
      const slots = await admin.query<{ active: boolean; wal_status: string }>(sql.unsafe(watchSlot));
      assert.deepEqual(
        slots.map(({ active, wal_status }) => [active, wal_status]),
        source === "auto" ? [[true, "reserved"]] : [],
      );
      await second.stop();
      if (source === "auto") await run(admin, [dropSlot]);
    }

    await app.transaction(async (tx) => {
      await tx.value(sql`select 1`);
      const found = await admin.query<{ usename: string; state: string }>(sql.unsafe(findTransactions));
      assert.ok(
        found.some(({ usename, state }) => usename === "shop_owner" && state === "idle in transaction"),
      );
    });
  },
);

test(
  "The Redis user of docs/deploying-the-cache.md may do what the cache, the reflector and the audit do",
  { ...needs("primary", "isolatedRedis"), allow: ["env"], timeout: 60_000 },
  async () => {
    await using redis = await isolatedRedis();
    const [, command] = /```text\n(ACL SETUSER .*)\n```/.exec(deploying)!;
    assert.equal(await redisCommand(redis, command.split(" ")), "OK");
    const url = new URL(redis.url);
    Object.assign(url, { username: "lifeguard", password: "another-secret" });

    await using database = await freshDatabase();
    await using app = new Pool({ url: database.url, max: 4 });
    await createTables([User], app);
    await installTriggers(app, { tables: ["users"] });
    await using cache = new Cache(app, { redis: url.href, nearRows: 0 });
    await using store = new RedisStore(url.href);
    await using reflector = new Reflector({ database: database.url, store, source: "notify" });
    await reflector.start();
    assert.ok(await cache.ready());
    await User.insert({ id: 1, name: "Grace" }, app);
    await eventually(async () => (await User.findById(1, app), cache.stats().hits > 0), "the row is cached");
    await app.execute(sql`update users set name = 'Barbara'`);
    await eventually(() => reflector.status().counters.refreshes > 0, "the row is read again");
    const report = await runAudit({
      pool: app,
      store,
      keys: new RedisKeySampler(url.href),
      samples: 10,
      rounds: [1_000],
    });
    assert.deepEqual([report.judged > 0, report.broken], [true, 0]);
    assert.deepEqual(await redisCommand(redis, ["ACL", "LOG"]), [], "nothing was refused");
  },
);
