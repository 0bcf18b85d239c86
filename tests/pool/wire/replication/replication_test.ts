import assert from "node:assert/strict";
import { ConnectionError, ValidationError } from "../../../../pool/wire/errors.ts";
import { PostgresError } from "../../../../pool/wire/postgres_error.ts";
import { type PgOutputMessage, UNCHANGED } from "../../../../pool/wire/replication/pgoutput/message.ts";
import { awakeTime } from "../../../awake_time.ts";
import { test } from "../../../harness.ts";
import {
  type FreshDatabase,
  freshDatabase,
  isolatedServer,
  needs,
  proxy,
  server,
} from "../../../services/client.ts";
import { liveSession, rejection, run } from "../session/live_session.ts";
import { caughtUp, connectReplication, PUBLICATION, replicate, runAll, until } from "./live_replication.ts";

/** A database of a test, and a slot in it with a name of its own. */
async function database(
  of: "primary" | "pg15",
): Promise<{ readonly fresh: FreshDatabase; readonly slot: string }> {
  const fresh = await freshDatabase({ server: of });
  return { fresh, slot: `wire_${crypto.randomUUID().replaceAll("-", "").slice(0, 16)}` };
}

const rowsOf = (messages: readonly PgOutputMessage[]): PgOutputMessage[] =>
  messages.filter(({ kind }) =>
    kind === "insert" || kind === "update" || kind === "delete" || kind === "truncate"
  );

const changeOf = (message: PgOutputMessage): unknown[] => {
  switch (message.kind) {
    case "insert":
      return ["insert", message.new];
    case "update":
      return ["update", message.old, message.new];
    case "delete":
      return ["delete", message.old];
    case "truncate":
      return ["truncate", message.cascade, message.restartIdentity];
    default:
      return [message.kind];
  }
};

for (const  of of["primary", "pg15"] as const) {
  test(`ReplicationStream brings every kind of change as it was made, ${of}`, needs(of), async () => {
    const { fresh, slot } = await database(of);
    await using _fresh = fresh;
    await using sql = await liveSession(fresh.url);
    await runAll(
      sql.session,
      "create type mood as enum ('sad', 'ok')",
      "create table a (id int primary key, t text, m mood)",
      "create table b (id int, t text)",
      "alter table b replica identity full",
      `create publication ${PUBLICATION} for table a, b`,
    );
    await using connection = await connectReplication(fresh.url);
    assert.equal((await connection.identifySystem()).database, fresh.name);
    assert.match(await connection.createSlot(slot, { temporary: true }), /^[0-9A-F]+\/[0-9A-F]+$/);
    const live = await replicate(connection, slot);
    await runAll(
      sql.session,
      "insert into a values (1, 'é', 'ok'), (2, null, null)",
      "update a set t = 'x' where id = 1",
      "update a set id = 3 where id = 2",
      "delete from a where id = 1",
      "insert into b values (1, 'one')",
      "update b set t = 'two'",
      "delete from b",
      "truncate a, b restart identity",
      "select pg_logical_emit_message(false, 'aside', 'now')::text",
    );
    await caughtUp(sql.session, live);
    assert.deepEqual(rowsOf(live.messages).map(changeOf), [
      ["insert", ["1", "é", "ok"]],
      ["insert", ["2", null, null]],
      ["update", undefined, ["1", "x", "ok"]],
      ["update", { of: "K", tuple: ["2", null, null] }, ["3", null, null]],
      ["delete", { of: "K", tuple: ["1", null, null] }],
      ["insert", ["1", "one"]],
      ["update", { of: "O", tuple: ["1", "one"] }, ["1", "two"]],
      ["delete", { of: "O", tuple: ["1", "two"] }],
      ["truncate", false, true],
    ]);
    const of_ = (kind: PgOutputMessage["kind"]): PgOutputMessage[] =>
      live.messages.filter((message) => message.kind === kind);
    assert.deepEqual(
      of_("relation").slice(0, 1).map((message) =>
        message.kind === "relation" && [message.schema, message.name]
      ),
      [["public", "a"]],
    );
    assert.ok(of_("type").some((message) => message.kind === "type" && message.name === "mood"));
    const aside = of_("message").find((message) => message.kind === "message" && message.prefix === "aside");
    assert.ok(aside?.kind === "message" && !aside.transactional);
    const commits = of_("commit").map((message) => message.kind === "commit" ? message.endLsn : 0n);
    assert.deepEqual(commits, commits.toSorted((one, other) => one < other ? -1 : 1));
    assert.equal(of_("begin").length, commits.length);
    await live.stream.stop();
    await live.stream.ended;
    assert.deepEqual(await connection.query("select 1 as one"), [{ one: "1" }]);
  });

  test(
    `ReplicationStream brings a large transaction in pieces before it ends, ${of}`,
    needs(of),
    async () => {
      const { fresh, slot } = await database(of);
      await using _fresh = fresh;
      await using sql = await liveSession(fresh.url);
      await runAll(
        sql.session,
        "create table a (id int primary key, t text)",
        `create publication ${PUBLICATION} for table a`,
      );
      await using connection = await connectReplication(fresh.url);
      await connection.query("set logical_decoding_work_mem = '64kB'");
      await connection.createSlot(slot, { temporary: true });
      const live = await replicate(connection, slot, { plugin: { streaming: "on" } });
      const insert = "insert into a select i, repeat('x', 50) from generate_series(";
      await runAll(
        sql.session,
        "begin",
        `${insert}1, 3000) i`,
        "savepoint s",
        `${insert}3001, 6000) i`,
        "rollback to s",
        `${insert}6001, 9000) i`,
      );
      await until("a piece", () => live.messages.some(({ kind }) => kind === "stream stop"));
      assert.ok(!live.messages.some(({ kind }) => kind === "commit" || kind === "stream commit"));
      await runAll(sql.session, "commit", "begin", `${insert}10001, 13000) i`, "rollback");
      await caughtUp(sql.session, live);
      const kinds = live.messages.map(({ kind }) => kind);
      assert.equal(kinds.filter((kind) => kind === "stream commit").length, 1);
      const aborts = live.messages.filter((message) => message.kind === "stream abort");
      assert.ok(aborts.some((message) => message.kind === "stream abort" && message.xid !== message.subxid));
      const commit = live.messages.find((message) => message.kind === "stream commit");
      const gone = new Set(aborts.map((message) => message.kind === "stream abort" ? message.subxid : 0));
      const kept = live.messages.filter((message) => message.kind === "insert" && !gone.has(message.xid!));
      assert.equal(kept.length, 6_000);
      assert.ok(commit?.kind === "stream commit" && commit.endLsn > 0n);
    },
  );

  test(
    `ReplicationStream says which values were left as they were and not sent, ${of}`,
    needs(of),
    async () => {
      const { fresh, slot } = await database(of);
      await using _fresh = fresh;
      await using sql = await liveSession(fresh.url);
      await runAll(
        sql.session,
        "create table a (id int primary key, big text, n int)",
        "alter table a alter big set storage external",
        `create publication ${PUBLICATION} for table a`,
      );
      await using connection = await connectReplication(fresh.url);
      await connection.createSlot(slot, { temporary: true });
      const live = await replicate(connection, slot);
      const big = "0123456789".repeat(1_000);
      await run(sql.session, "insert into a values (1, $1, 1)", [big]);
      await run(sql.session, "update a set n = 2");
      await caughtUp(sql.session, live);
      assert.deepEqual(rowsOf(live.messages).map(changeOf), [
        ["insert", ["1", big, "1"]],
        ["update", undefined, ["1", UNCHANGED, "2"]],
      ]);
    },
  );
}

test(
  "ReplicationStream goes on from what was confirmed after a cut, and loses nothing",
  needs("primary"),
  async () => {
    const { fresh, slot } = await database("primary");
    await using _fresh = fresh;
    await using sql = await liveSession(fresh.url);
    await runAll(
      sql.session,
      "create table a (id int primary key)",
      `create publication ${PUBLICATION} for table a`,
    );
    await using network = await proxy("primary");
    await using first = await connectReplication(fresh.url);
    await first.createSlot(slot);
    const isFree = async (): Promise<boolean> => {
      const rows = await first.query(
        `select active::text from pg_replication_slots where slot_name = '${slot}'`,
      );
      return rows[0].active === "false";
    };
    const total = 400;
    const rounds = 5;
    const seen = new Set<string>();
    let repeated = 0;
    try {
      for (let round = 1; round <= rounds; round++) {
        await until("the slot to be free", isFree);
        await using connection = await connectReplication(network.url(fresh.url));
        let held: string[] = [];
        let position = 0n;
        const live = await replicate(connection, slot, {
          statusInterval: 10,
          seen(message) {
            if (message.kind === "begin") held = [];
            else if (message.kind === "insert") held.push(String(message.new[0]));
            else if (message.kind === "commit") {
              for (const id of held) {
                if (seen.has(id)) repeated++;
                seen.add(id);
              }
              position = message.endLsn;
            }
          },
        });
        const confirming = setInterval(() => live.stream.confirm(position), 5);
        const [from, to] = [(round - 1) * total / rounds, round * total / rounds];
        const writing = (async () => {
          for (let id = from + 1; id <= to; id++) await run(sql.session, "insert into a values ($1)", [id]);
        })();
        // The last round reads all there is; the others are cut in the midst of it.
        await until("some rows", () => seen.size >= (round === rounds ? total : from + 20));
        await network.cut();
        const error = await rejection(live.stream.ended, 5_000);
        clearInterval(confirming);
        assert.ok(error instanceof ConnectionError, String(error));
        await writing;
      }
      console.log(`${repeated} of ${total} rows came twice`);
      assert.deepEqual(
        [...seen].map(Number).toSorted((a, b) => a - b),
        Array.from({ length: total }, (_, id) => id + 1),
      );
    } finally {
      await until("the slot to be free", isFree);
      await first.dropSlot(slot);
    }
  },
);

test(
  "ReplicationStream ends when the network is silent, in a bound",
  { ...needs("primary", "link") },
  async () => {
    const { droppingLink } = await import("../../../services/client.ts");
    const { fresh, slot } = await database("primary");
    await using _fresh = fresh;
    await using link = await droppingLink("primary");
    const url = new URL(link.url(fresh.url));
    await using sql = await liveSession(fresh.url);
    await run(sql.session, `create publication ${PUBLICATION}`);
    const connection = await connectReplication(url.href);
    await connection.createSlot(slot, { temporary: true });
    const live = await replicate(connection, slot, { silence: 1_000, statusInterval: 200 });
    // An idle server answers our statuses, so silence alone is no end.
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    await caughtUp(sql.session, live);
    const start = awakeTime();
    await link.drop();
    const error = await rejection(live.stream.ended, 10_000);
    console.log(`found after ${Math.round(awakeTime() - start)} ms`);
    assert.ok(error instanceof ConnectionError, String(error));
    assert.match(error.message, /said nothing for 1000 ms/);
    await link.heal();
    await connection.close();
  },
);

test(
  "ReplicationStream.pause() slows the server down, and resume() misses nothing",
  needs("primary"),
  async () => {
    const { fresh, slot } = await database("primary");
    await using _fresh = fresh;
    await using sql = await liveSession(fresh.url);
    await runAll(
      sql.session,
      "create table a (id int primary key, t text)",
      `create publication ${PUBLICATION} for table a`,
    );
    await using connection = await connectReplication(fresh.url);
    await connection.createSlot(slot, { temporary: true });
    const live = await replicate(connection, slot, { silence: 500, statusInterval: 100 });
    live.stream.pause();
    const rows = 40_000;
    await run(sql.session, `insert into a select i, repeat('x', 500) from generate_series(1, ${rows}) i`);
    // Longer than a silence: while nothing is read none counts.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const held = live.messages.length;
    assert.ok(held < rows / 2, `${held} messages were read while paused`);
    live.stream.resume();
    await caughtUp(sql.session, live);
    assert.equal(rowsOf(live.messages).length, rows);
  },
);

test(
  "ReplicationStream.start() rejects when there is no slot, and the connection remains usable",
  needs("primary"),
  async () => {
    const { fresh, slot } = await database("primary");
    await using _fresh = fresh;
    await using connection = await connectReplication(fresh.url);
    const error = await rejection(replicate(connection, slot));
    assert.ok(error instanceof PostgresError, String(error));
    assert.equal(error.sqlState, "42704");
    assert.deepEqual(await connection.query("select 2 as two"), [{ two: "2" }]);
    assert.throws(() => {
      throw error;
    }, /does not exist/);
    assert.equal((await rejection(connection.createSlot("No Slot")) as Error).constructor, ValidationError);
    assert.equal((await rejection(connection.query("nonsense")) as PostgresError).sqlState, "42601");
  },
);

test(
  "ReplicationStream ends when its slot is lost or the server ends or restarts",
  needs("control"),
  async () => {
    await using own = await isolatedServer({
      settings: { max_slot_wal_keep_size: "1MB", min_wal_size: "32MB", wal_keep_size: "0" },
    });
    await using sql = await liveSession(own.url);
    await runAll(
      sql.session,
      "create table a (id int primary key, t text)",
      `create publication ${PUBLICATION} for table a`,
    );
    {
      await using connection = await connectReplication(own.url);
      await connection.createSlot("kept");
      const live = await replicate(connection, "kept");
      await own.control.restart();
      const error = await rejection(live.stream.ended, 10_000);
      assert.ok(error instanceof ConnectionError, String(error));
    }
    await using again = await liveSession(own.url);
    {
      await using connection = await connectReplication(own.url);
      const live = await replicate(connection, "kept");
      await run(again.session, "insert into a values (1, 'after')");
      await caughtUp(again.session, live);
      assert.equal(rowsOf(live.messages).length, 1);
      await own.control.stopImmediate();
      assert.ok(await rejection(live.stream.ended, 10_000) instanceof ConnectionError);
    }
    await own.control.start();
    await using third = await liveSession(own.url);
    for (let round = 0; round < 4; round++) {
      await runAll(
        third.session,
        "select pg_switch_wal()::text",
        "insert into a select -i, repeat('x', 500) from generate_series(1, 2000) i on conflict do nothing",
        "checkpoint",
      );
    }
    await using connection = await connectReplication(own.url);
    assert.deepEqual(await connection.query("select wal_status from pg_replication_slots"), [{
      wal_status: "lost",
    }]);
    const error = await rejection(replicate(connection, "kept"));
    assert.ok(error instanceof PostgresError, String(error));
    console.log(error.message);
  },
);

test("ReplicationConnection refuses a role that may not replicate", needs("primary"), async () => {
  const url = new URL(server("primary").url);
  url.username = "app_user";
  url.password = "secret-app";
  const error = await rejection(connectReplication(url.href), 10_000);
  assert.ok(error instanceof ConnectionError, String(error));
  assert.equal(error.sqlState, "42501");
});

test("ReplicationConnection works over TLS as over plain sockets", needs("primary"), async () => {
  const { fresh, slot } = await database("primary");
  await using _fresh = fresh;
  await using sql = await liveSession(fresh.url);
  await runAll(
    sql.session,
    "create table a (id int primary key)",
    `create publication ${PUBLICATION} for table a`,
  );
  const url = new URL(fresh.url);
  url.searchParams.set("sslmode", "require");
  await using connection = await connectReplication(url.href);
  assert.deepEqual(
    await connection.query(`select ssl::text from pg_stat_ssl where pid = ${connection.processId}`),
    [{ ssl: "true" }],
  );
  await connection.createSlot(slot, { temporary: true });
  const live = await replicate(connection, slot);
  await run(sql.session, "insert into a select generate_series(1, 5000)");
  await caughtUp(sql.session, live);
  assert.equal(rowsOf(live.messages).length, 5_000);
});
