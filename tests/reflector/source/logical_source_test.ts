import assert from "node:assert/strict";
import { SourceLostError } from "../../../reflector/source/change_source.ts";
import { LogicalSource } from "../../../reflector/source/logical/logical_source.ts";
import { removePublicationSql } from "../../../reflector/install/publication.ts";
import { awakeTime } from "../../awake_time.ts";
import { until } from "../../pool/wire/replication/live_replication.ts";
import { liveSession, rejection, run } from "../../pool/wire/session/live_session.ts";
import { test } from "../../harness.ts";
import { isolatedServer, needs, proxy } from "../../services/client.ts";
import { makeTables, openLab, readLab, TABLES } from "./logical_source_lab.ts";

for (const version of [18, 15] as const) {
  test(
    `LogicalSource tells keys and lookups of rows, on PostgreSQL ${version}`,
    needs("control"),
    async () => {
      await using server = await isolatedServer({ version });
      await makeTables(server.url);
      await using lab = await openLab(server.url);
      const step = async (text: string, values?: readonly unknown[]): Promise<unknown[]> => {
        await lab.run(text, values);
        await lab.canary();
        return lab.taken();
      };
      assert.deepEqual(
        await step("insert into users values (1, 'a@b', 'x', null), (2, null, 'x', null)"),
        [["public.users", ["1", "2"], { email: ["a@b"], "team+email": ["x,a@b"] }]],
      );
      assert.deepEqual(
        await step("update users set id = 20 where id = 2"),
        [["public.users", ["2", "20"], {}]],
      );
      assert.deepEqual(
        await step("update users set email = 'c,d' where id = 1"),
        [["public.users", ["1"], { email: ["c\\,d"], "team+email": ["x,c\\,d"] }]],
      );
      assert.deepEqual(await step("delete from users where id = 20"), [["public.users", ["20"], {}]]);
      assert.deepEqual(await step("insert into others values (1)"), []);
      assert.deepEqual(
        await step("insert into places values ('São Paulo', 'br\\', 1), ('a,b', 'de', 2)"),
        [["public.places", ["br\\\\,São Paulo", "de,a\\,b"], {}]],
      );
      const long = "n".repeat(300);
      const [[, [id]]] = await step("insert into places values ($1, 'de', 3)", [long]) as [
        [string, [string]],
      ];
      assert.match(id, /^md5:[0-9a-f]{32}$/);
      assert.deepEqual(await step("truncate users"), [["public.users", "TRUNCATE"]]);
      await step("alter table users replica identity full");
      await step("insert into users values (1, 'old', 'x', null)");
      assert.deepEqual(
        await step("update users set email = 'new' where id = 1"),
        [["public.users", ["1"], { email: ["old", "new"], "team+email": ["x,old", "x,new"] }]],
      );
      assert.deepEqual(
        await step("delete from users where id = 1"),
        [["public.users", ["1"], { email: ["new"], "team+email": ["x,new"] }]],
      );
    },
  );

  test(
    `LogicalSource tells large transactions as changes of the table, on PostgreSQL ${version}`,
    { ...needs("control"), timeout: 60_000 },
    async () => {
      await using server = await isolatedServer({ version });
      await makeTables(server.url);
      await using lab = await openLab(server.url);
      await lab.run("insert into users select i from generate_series(1, 1000) i");
      await lab.canary();
      const [[table, ids]] = lab.taken() as [[string, string[]]];
      assert.equal(table, "public.users");
      assert.equal(ids.length, 1_000);
      await lab.run("update users set note = 'x' where id < 1000");
      await lab.run("insert into users select i from generate_series(1001, 2001) i");
      await lab.canary();
      const reasons = lab.taken().filter(([, reason]) => typeof reason === "string");
      assert.deepEqual(reasons, [["public.users", "more than 1000 rows changed in one transaction"]]);
      // Larger than what the server holds back: it comes in pieces, before its end.
      await lab.run("begin");
      await lab.run("insert into places select i, 'xx', 1 from generate_series(1, 120000) i");
      await lab.run("insert into users values (5000)");
      await using other = await liveSession(server.url);
      await run(other.session, "insert into users values (6000)");
      await lab.canary();
      assert.deepEqual(lab.taken(), [["public.users", ["6000"], {}]]);
      await lab.run("commit");
      await lab.canary();
      assert.deepEqual(lab.taken().toSorted(), [
        ["public.places", "more than 1000 rows changed in one transaction"],
        ["public.users", ["5000"], {}],
      ]);
      await lab.run("begin");
      await lab.run("insert into places select i, 'yy', 1 from generate_series(1, 120000) i");
      await lab.run("rollback");
      await lab.canary();
      assert.deepEqual(lab.taken(), []);
    },
  );

  test(
    `LogicalSource tells prepared transactions when they are committed, on PostgreSQL ${version}`,
    needs("control"),
    async () => {
      await using server = await isolatedServer({ version, settings: { max_prepared_transactions: "5" } });
      await makeTables(server.url);
      await using lab = await openLab(server.url);
      for (const text of ["begin", "insert into users values (1)", "prepare transaction 'one'"]) {
        await lab.run(text);
      }
      for (const text of ["begin", "insert into users values (2)", "prepare transaction 'two'"]) {
        await lab
          .run(text);
      }
      await lab.canary();
      assert.deepEqual(lab.taken(), []);
      await lab.run("commit prepared 'one'");
      await lab.run("rollback prepared 'two'");
      await lab.canary();
      assert.deepEqual(lab.taken(), [["public.users", ["1"], {}]]);
    },
  );

  test(
    `LogicalSource hands out nothing that is not visible, and holds nothing else up, on PostgreSQL ${version}`,
    { ...needs("control"), timeout: 60_000 },
    async () => {
      await using server = await isolatedServer({ version });
      await makeTables(server.url);
      await using lab = await openLab(server.url);
      await lab.run("insert into users values (1, 'before')");
      await lab.canary();
      lab.taken();
      // A synchronous standby that never answers: commits are in the log, and not visible.
      await lab.run("alter system set synchronous_standby_names = 'nobody'");
      await lab.run("select pg_reload_conf()::text");
      await until(
        "the setting",
        async () =>
          (await lab.run("select current_setting('synchronous_standby_names') as names"))[0].names ===
            "nobody",
      );
      await using writer = await liveSession(server.url);
      // Should this test fail, the writer must not be waited for.
      await using _freed = { [Symbol.asyncDispose]: () => Promise.resolve(writer.session.destroy()) };
      const stalled = run(writer.session, "update users set email = 'after' where id = 1");
      stalled.catch(() => {});
      await until(
        "the wait for the standby",
        async () => (await lab.run("select from pg_stat_activity where wait_event = 'SyncRep'")).length === 1,
      );
      await lab.canary();
      await lab.run("begin");
      await lab.run("set local synchronous_commit = local");
      await lab.run("insert into users values (2)");
      await lab.run("commit");
      await lab.canary();
      assert.deepEqual(lab.taken(), [["public.users", ["2"], {}]]);
      assert.deepEqual(await lab.run("select email from users where id = 1"), [{ email: "before" }]);
      const confirmed = "select confirmed_flush_lsn::text as lsn from pg_replication_slots";
      // Statuses go out every second: the slot has come as far as it may.
      await new Promise((resolve) => setTimeout(resolve, 2_500));
      const [{ lsn }] = await lab.run(confirmed);
      await lab.canary();
      await new Promise((resolve) => setTimeout(resolve, 2_500));
      assert.deepEqual(await lab.run(confirmed), [{ lsn }], "what is pending is not confirmed");
      await lab.run("alter system set synchronous_standby_names = ''");
      await lab.run("select pg_reload_conf()::text");
      await stalled;
      await until("the change", () => lab.batches.at(-1)!.changes.length > 0);
      assert.deepEqual(lab.taken(), [["public.users", ["1"], { email: ["after"] }]]);
      await until("the slot to go on", async () => (await lab.run(confirmed))[0].lsn !== lsn);
    },
  );
}

test("LogicalSource.batches() throws SourceLostError after each kind of loss, and open() begins anew", {
  ...needs("control"),
  timeout: 60_000,
}, async () => {
  await using server = await isolatedServer({
    settings: { max_slot_wal_keep_size: "1MB", wal_keep_size: "0" },
  });
  await makeTables(server.url);
  await using network = await proxy(server.name);
  const reports: string[] = [];
  const source = new LogicalSource({
    connection: network.url(server.url),
    tables: TABLES,
    silence: 1_000,
    logger: { warn: (message) => void reports.push(message) },
  });
  let id = 0;
  /** Opens, loses it, and shows that what was written meanwhile is told or the slot was made anew. */
  const lose = async (what: string, how: () => Promise<unknown>): Promise<void> => {
    await source.open(AbortSignal.timeout(20_000));
    await using lab = await readLab(source, server.url);
    await lab.run("insert into users values ($1)", [++id]);
    await lab.canary();
    assert.ok(lab.taken().some(([, ids]) => ids.includes(String(id))), what);
    const start = awakeTime();
    await how();
    const error = await lab.ended;
    assert.ok(error instanceof SourceLostError, `${what}: ${error}`);
    console.log(`${what}: lost after ${Math.round(awakeTime() - start)} ms: ${error.message}`);
    await assert.rejects(source.canary("x", AbortSignal.timeout(1_000)), SourceLostError);
  };
  const terminate = (query: string) => async (): Promise<void> => {
    await using sql = await liveSession(server.url);
    await run(sql.session, `select pg_terminate_backend(pid)::text from pg_stat_activity where ${query}`);
  };
  await lose("the network is cut", () => network.cut());
  await lose("the stream's process is ended", terminate("backend_type = 'walsender'"));
  await lose(
    "the questions' process is ended",
    terminate("pid <> pg_backend_pid() and query like '%pg_current_snapshot%'"),
  );
  await lose("the network is silent", () => network.blackHole());
  await network.heal();
  await lose("the server restarts", () => server.control.restart());
  await lose("the server crashes", async () => {
    await server.control.kill();
    await server.control.start();
  });
  await lose("the publication is dropped", async () => {
    await using sql = await liveSession(server.url);
    await run(sql.session, removePublicationSql());
    await run(sql.session, "drop table users, places, others");
    await makeTables(server.url);
    await terminate("backend_type = 'walsender'")();
  });
  await lose("the slot is lost", async () => {
    await using sql = await liveSession(server.url);
    await terminate("backend_type = 'walsender'")();
    for (let round = 0; round < 3; round++) {
      await run(
        sql.session,
        "insert into others select random() * 1e9 from generate_series(1, 20000) on conflict do nothing",
      );
      await run(sql.session, "select pg_switch_wal()::text");
      await run(sql.session, "checkpoint");
    }
    assert.deepEqual(await run(sql.session, "select wal_status from pg_replication_slots"), [{
      wal_status: "lost",
    }]);
  });
  await source.open(AbortSignal.timeout(20_000));
  assert.ok(
    reports.some((report) => /made anew: the server has given it up/.test(report)),
    reports.join("\n"),
  );
  await source[Symbol.asyncDispose]();
});

test(
  "LogicalSource.applied() lets the slot forget, and what was not applied comes again",
  needs("control"),
  async () => {
    await using server = await isolatedServer();
    await makeTables(server.url);
    {
      let isApplying = true;
      await using lab = await openLab(server.url, { apply: () => isApplying });
      await lab.run("insert into users values (1)");
      await lab.canary();
      isApplying = false;
      await lab.run("insert into users values (2)");
      await lab.canary();
      assert.deepEqual(lab.taken(), [["public.users", ["1"], {}], ["public.users", ["2"], {}]]);
    }
    {
      await using lab = await openLab(server.url);
      await lab.canary();
      assert.deepEqual(lab.taken(), [["public.users", ["2"], {}]]);
    }
    await using lab = await openLab(server.url);
    await lab.canary();
    assert.deepEqual(lab.taken(), []);
  },
);

test("LogicalSource takes the slot from a predecessor that still reads it", {
  ...needs("control"),
  timeout: 60_000,
}, async () => {
  await using server = await isolatedServer();
  await makeTables(server.url);
  await using first = await openLab(server.url);
  const reports: string[] = [];
  await using second = await openLab(server.url, {
    logger: { warn: (message) => void reports.push(message) },
  });
  assert.ok(await first.ended instanceof SourceLostError);
  assert.match(reports.join(), /is taken from process \d+/);
  await second.run("insert into users values (1)");
  await second.canary();
  assert.deepEqual(second.taken(), [["public.users", ["1"], {}]]);
});

test(
  "LogicalSource.follow() tells what a new table changed before as a change of the table",
  needs("control"),
  async () => {
    await using server = await isolatedServer();
    await makeTables(server.url);
    await using lab = await openLab(server.url, { tables: [] });
    await lab.run("insert into users values (1)");
    await lab.canary();
    assert.deepEqual(lab.taken(), []);
    lab.source.follow(TABLES);
    await lab.run("insert into users values (2)");
    await lab.canary();
    assert.deepEqual(lab.taken(), [["public.users", ["2"], {}]]);
    await lab.run("alter table users drop column email");
    await lab.run("update users set note = 'x'");
    await lab.canary();
    assert.deepEqual(lab.taken(), [["public.users", "its columns have changed"]]);
  },
);

test("LogicalSource.backlog() tells what the slot keeps, with alarms", needs("control"), async () => {
  await using server = await isolatedServer({
    settings: { max_slot_wal_keep_size: "40MB", wal_keep_size: "0" },
  });
  await makeTables(server.url);
  await using lab = await openLab(server.url, {
    apply: ({ changes }) => changes.length === 0 && false,
  });
  const backlog = () => lab.source.backlog(AbortSignal.timeout(5_000));
  const { walBytes, alarms } = await backlog();
  assert.deepEqual(alarms, []);
  assert.ok(walBytes! < 20_000_000);
  await lab.run("insert into users values (1)");
  for (let round = 0; round < 2; round++) {
    await lab.run("select pg_switch_wal()::text");
    await lab.run("insert into others values ($1)", [round]);
  }
  const later = await backlog();
  console.log(later);
  assert.match(later.alarms.join(), /keeps \d+ bytes of WAL, of "max_slot_wal_keep_size" 41943040/);
});

test("LogicalSource.open() refuses what it cannot follow", needs("control"), async () => {
  await using server = await isolatedServer();
  await using source = new LogicalSource({ connection: server.url });
  const open = () => rejection(source.open(AbortSignal.timeout(10_000)), 10_000) as Promise<Error>;
  assert.match((await open()).message, /there is no publication "lifeguard"/);
  await makeTables(server.url);
  await using sql = await liveSession(server.url);
  await run(
    sql.session,
    "select pg_create_logical_replication_slot('lifeguard_reflector', 'test_decoding')::text",
  )
    .catch(() => run(sql.session, "select pg_create_physical_replication_slot('lifeguard_reflector')::text"));
  assert.match((await open()).message, /it is of plugin/);
  await assert.rejects(source.canary("x", AbortSignal.timeout(1_000)), SourceLostError);
});
