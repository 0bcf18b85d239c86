import assert from "node:assert/strict";
import { connectSession } from "../../../../pool/wire/session/connect.ts";
import type {
  ConnectOptions,
  TargetSessionAttributes,
} from "../../../../pool/wire/configuration/connect_options.ts";
import { ConnectionError } from "../../../../pool/wire/errors.ts";
import { resolveConnectOptions } from "../../../../pool/wire/configuration/resolve_connect_options.ts";
import type { Session } from "../../../../pool/wire/session/session.ts";
import { awakeTime } from "../../../awake_time.ts";
import { test } from "../../../harness.ts";
import { needs, proxy, server } from "../../../services/client.ts";
import { backend, knowledge, rowsOf, type Script, serveBackend } from "./fake_backend.ts";
import { type ScriptedServer, scriptedServer } from "../transport/scripted_server.ts";
import { connectTo } from "./server_session.ts";

const never = (): AbortSignal => new AbortController().signal;

/** Options for servers on this machine, without TLS. */
function hosts(...servers: { readonly port: number }[]): ConnectOptions {
  return {
    host: servers.map(() => "127.0.0.1"),
    port: servers.map(({ port }) => port),
    user: "tester",
    password: "secret-canary",
    database: "db",
    sslmode: "disable",
  };
}

function connect(options: ConnectOptions, signal: AbortSignal = never()): Promise<Session> {
  return connectSession(resolveConnectOptions(options), knowledge(), signal);
}

/** The error of connecting, which prints no password. */
async function refusal(options: ConnectOptions, signal?: AbortSignal): Promise<ConnectionError> {
  const error = await connect(options, signal).then((session) => {
    session.destroy();
    assert.fail("it connected");
  }, (problem: unknown) => problem);
  assert.ok(error instanceof ConnectionError, String(error));
  assert.doesNotMatch(`${error.message} ${error.stack} ${JSON.stringify(error)}`, /canary/);
  return error;
}

const fake = (script?: Script): Promise<ScriptedServer> => scriptedServer(serveBackend(script));

/** A server that accepts and says nothing. */
const mute = (): Promise<ScriptedServer> => fake(() => []);

/** A port on which nothing listens. */
async function closedPort(): Promise<{ port: number }> {
  await using gone = await mute();
  return { port: gone.port };
}

const REFUSALS: readonly (readonly [sqlState: string, text: string, isFinal: boolean, advice: RegExp])[] = [
  ["53300", "sorry, too many clients already", false, /max_connections/],
  ["57P03", "the database system is starting up", false, /wait for it/],
  ["28P01", "password authentication failed", true, /check "user" and "password"/],
  ["28000", "no pg_hba.conf entry", true, /pg_hba/],
  ["3D000", "database does not exist", true, /check "database"/],
];

for (const [sqlState, text, isFinal, advice] of REFUSALS) {
  test(`connectSession() rejects with ConnectionError ${sqlState} when the server says so`, async () => {
    await using one = await fake(() => [backend.error(sqlState, text, "FATAL")]);
    const error = await refusal(hosts(one));
    assert.equal(error.sqlState, sqlState);
    assert.equal(error.retryable, !isFinal);
    assert.equal(error.neverSent, true);
    assert.match(error.message, advice);
    assert.match(error.message, new RegExp(text));
    assert.equal(await one.allClosed(), 1);
  });
}

for (
  const [how, script] of [
    ["at once", () => "close"],
    ["after AuthenticationOk", ({ type }, usual) => type === "" ? usual.slice(0, 1) : "close"],
  ] as readonly (readonly [string, Script])[]
) {
  test(`connectSession() rejects when the server closes ${how} without a word`, async () => {
    await using one = await scriptedServer((socket) => {
      serveBackend(script)(socket);
      if (how !== "at once") socket.once("data", () => setTimeout(() => socket.end(), 10));
    });
    const error = await refusal(hosts(one));
    assert.match(error.message, /the server closed it/);
    assert.equal(error.retryable, true);
    assert.equal(await one.allClosed(), 1);
  });
}

test("connectSession() takes the first of several hosts that answers", async () => {
  await using closing = await fake(() => "close");
  await using full = await fake(() => [backend.error("53300", "too many", "FATAL")]);
  await using good = await fake();
  await using spare = await fake();
  const session = await connect(hosts(await closedPort(), closing, full, good, spare));
  assert.equal(session.address, `127.0.0.1:${good.port}`);
  assert.equal(spare.accepted, 0);
  assert.deepEqual(await rowsOf(session, "select 1"), [{ n: 1 }]);
  await session.close();
  for (const one of [closing, full, good]) assert.equal(await one.allClosed(), 1);
});

test("connectSession() tells of every host when none will do", async () => {
  await using full = await fake(() => [backend.error("53300", "too many clients", "FATAL")]);
  await using wrong = await fake(() => [backend.error("3D000", "no such database", "FATAL")]);
  const error = await refusal(hosts(full, wrong));
  assert.match(error.message, /any of 2 hosts: .*too many clients.*no such database/);
  assert.equal(error.retryable, true, "the first may do later");
  assert.equal((error.cause as ConnectionError).sqlState, "3D000");
});

test("connectSession() gives each host its own connect timeout", async () => {
  await using first = await mute();
  await using second = await mute();
  await using good = await fake();
  const start = performance.now();
  const awake = awakeTime();
  const session = await connect({ ...hosts(first, second, good), connectTimeout: 500 });
  const took = performance.now() - start;
  assert.ok(took >= 990 && awakeTime() - awake < 2_500, `it took ${took} ms`);
  assert.equal(session.address, `127.0.0.1:${good.port}`);
  await session.close();
  assert.equal(await first.allClosed(), 1);
  assert.equal(await second.allClosed(), 1);
});

test("connectSession() rejects by the connect timeout, with the time in its message, and leaks nothing", async () => {
  await using deaf = await mute();
  const start = awakeTime();
  const errors = await Promise.all(
    Array.from({ length: 50 }, () => refusal({ ...hosts(deaf), connectTimeout: 200 })),
  );
  assert.ok(awakeTime() - start < 1_500);
  for (const error of errors) {
    assert.match(error.message, /no session within 200 ms.*"connectTimeout"/);
    assert.equal(error.neverSent, true);
  }
  assert.equal(await deaf.allClosed(), 50);
});

test("connectSession() covers the question for targetSessionAttrs by the connect timeout", async () => {
  await using silent = await fake(({ type }, usual) => type === "" ? usual : []);
  const start = awakeTime();
  const error = await refusal({ ...hosts(silent), targetSessionAttrs: "primary", connectTimeout: 200 });
  assert.ok(awakeTime() - start < 1_000);
  assert.match(error.message, /200 ms/);
  assert.equal(await silent.allClosed(), 1);
});

test("connectSession() covers a password that never comes by the connect timeout", async () => {
  await using good = await fake();
  const password = (): Promise<string> => new Promise(() => {});
  const error = await refusal({ ...hosts(good), password, connectTimeout: 100 });
  assert.match(error.message, /100 ms/);
  assert.equal(good.accepted, 0);
});

test("connectSession() ends at any stage when its signal aborts, with the signal's reason", async () => {
  await using good = await fake();
  await using deaf = await mute();
  const reason = new Error("enough");
  const aborted = AbortSignal.abort(reason);
  await assert.rejects(connect(hosts(good), aborted), reason);
  assert.equal(good.accepted, 0);
  for (const wait of [0, 1, 30]) {
    const controller = new AbortController();
    setTimeout(() => controller.abort(reason), wait);
    await assert.rejects(connect(hosts(deaf, good), controller.signal), reason);
  }
  assert.equal(good.accepted, 0, "another host was tried");
  await deaf.allClosed();
});

test("connectSession() refuses NUL in a startup parameter and closes what it opened", async () => {
  await using good = await fake();
  await assert.rejects(
    (async () => {
      const options = resolveConnectOptions({ ...hosts(good), applicationName: "fine" });
      await connectSession({ ...options, applicationName: "a\0b" }, knowledge(), never());
    })(),
    /startup parameter "application_name".*NUL/,
  );
  assert.ok(await good.allClosed() <= 1);
});

// --- real servers ----------------------------------------------------------------------------------------------------

const BOTH = needs("primary", "replica");

/** Connects to real servers by name, in this order; says to which kind. */
async function kindOf(
  names: readonly ("primary" | "replica")[],
  targetSessionAttrs: TargetSessionAttributes,
  more: ConnectOptions = {},
): Promise<"primary" | "replica"> {
  const { user, password, database } = server("primary");
  const session = await connect({
    ...hosts(...names.map((name) => server(name))),
    user,
    password,
    database,
    targetSessionAttrs,
    ...more,
  });
  const [{ standby }] = await rowsOf(session, "select pg_is_in_recovery() as standby");
  await session.close();
  return standby === true ? "replica" : "primary";
}

const CHOICES: readonly (readonly [attribute: TargetSessionAttributes, chosen: "primary" | "replica"])[] = [
  ["read-write", "primary"],
  ["primary", "primary"],
  ["read-only", "replica"],
  ["standby", "replica"],
  ["prefer-standby", "replica"],
];

for (const [attribute, chosen] of CHOICES) {
  test(
    `connectSession() finds a server that is "${attribute}" in any order, and leaves no other session`,
    BOTH,
    async () => {
      const applicationName = `choice_${crypto.randomUUID().slice(0, 8)}`;
      const order = ["primary", "replica"] as const;
      assert.equal(await kindOf(order, attribute, { applicationName }), chosen);
      assert.equal(await kindOf([...order].reverse(), attribute, { applicationName }), chosen);
      for (const name of order) {
        await using observer = await connectTo(server(name).url, { sslmode: "disable" });
        const count = "select count(*)::int as n from pg_stat_activity where application_name = $1";
        let left = -1;
        for (let tries = 0; tries < 50 && left !== 0; tries++) {
          left = Number((await rowsOf(observer.session, count, [applicationName]))[0].n);
          if (left !== 0) await new Promise((resolve) => setTimeout(resolve, 10));
        }
        assert.equal(left, 0, `sessions are left on the ${name}`);
      }
    },
  );
}

test(
  "connectSession() takes what there is under any and prefer-standby, and nothing else otherwise",
  BOTH,
  async () => {
    assert.equal(await kindOf(["replica", "primary"], "any"), "replica");
    assert.equal(await kindOf(["primary"], "any"), "primary");
    assert.equal(await kindOf(["primary"], "prefer-standby"), "primary");
    await assert.rejects(
      kindOf(["primary", "primary"], "standby"),
      /it is not "standby" \(setting "targetSessionAttrs"\)/,
    );
    await assert.rejects(kindOf(["replica"], "read-write"), /it is not "read-write"/);
    const readOnly = { options: "-cdefault_transaction_read_only=on" };
    assert.equal(await kindOf(["primary"], "read-only", readOnly), "primary");
    await assert.rejects(kindOf(["primary"], "read-write", readOnly), /it is not "read-write"/);
  },
);

test("connectSession() passes settings on and reports the server's", needs("primary"), async () => {
  await using connected = await connectTo(server("primary").url, {
    sslmode: "disable",
    applicationName: "a name, with ünï",
    options: "-c geqo=off",
    runtimeParameters: { TimeZone: "Asia/Tokyo" },
  });
  const { session } = connected;
  const [row] = await rowsOf(
    session,
    `select current_setting('geqo') as geqo, current_setting('TimeZone') as zone,
      current_setting('client_encoding') as encoding, pg_backend_pid() as pid`,
  );
  assert.deepEqual(row, { geqo: "off", zone: "Asia/Tokyo", encoding: "UTF8", pid: session.processId });
  assert.equal(session.parameters.get("TimeZone"), "Asia/Tokyo");
  assert.match(session.parameters.get("server_version")!, /^\d+/);
});

test(
  "connectSession() and Session settle in time when the network swallows everything",
  needs("primary", "control"),
  async () => {
    await using between = await proxy("primary");
    const url = between.url(server("primary").url);
    const options = { sslmode: "disable", connectTimeout: 2_000 } as const;
    await using connected = await connectTo(url, options);
    const { session } = connected;
    await rowsOf(session, "select 1 as n");
    await between.blackHole();
    let start = awakeTime();
    await assert.rejects(connectTo(url, { ...options, connectTimeout: 200 }), /no session within 200 ms/);
    assert.ok(awakeTime() - start < 1_000);
    start = awakeTime();
    const query = rowsOf(session, "select 1 as n", [], { timeout: 150 });
    await assert.rejects(query, { name: "QueryTimeoutError", outcomeUnknown: true });
    const took = awakeTime() - start;
    assert.ok(took < 250 + 1_000, `it took ${took.toFixed()} ms`);
    await between.heal();
    // What was cancelled in between is answered now, and the session is as good as before.
    assert.deepEqual(await rowsOf(session, "select 1 as n", [], { timeout: 4_000 }), [{ n: 1 }]);
  },
);

test("Session is closed, and says so, when its network is cut", needs("primary", "control"), async () => {
  await using between = await proxy("primary");
  for (const fault of ["cut", "reset"] as const) {
    await using connected = await connectTo(between.url(server("primary").url), { sslmode: "disable" });
    const { session } = connected;
    const query = assert.rejects(rowsOf(session, "select pg_sleep(10)"), ConnectionError);
    await new Promise((resolve) => setTimeout(resolve, 20));
    await between[fault]();
    await query;
    await session.closed;
    assert.equal(session.state, "closed");
  }
});

async function hasNoSuchTable(session: Session): Promise<boolean> {
  const [{ found }] = await rowsOf(
    session,
    "select (pg_stat_file('/proc/net/tcp', true)).size is not null as found",
  );
  return found !== true;
}

test(
  "connectSession() has the system probe a connection that is idle for keepAlive",
  needs("primary"),
  async () => {
    await using observer = await connectTo(server("primary").url, { sslmode: "disable" });
    /** The timer of our end of a connection, and when it fires, as the kernel tells; the server can read it for us. */
    const timerOf = async (session: Session): Promise<{ kind: string; seconds: number }> => {
      const [{ port, peer }] = await rowsOf(
        session,
        "select inet_client_port() as port, inet_server_port() as peer",
      );
      await new Promise((resolve) => setTimeout(resolve, 400)); // Until nothing is to be acknowledged any more.
      const [{ table }] = await rowsOf(observer.session, "select pg_read_file('/proc/net/tcp') as table");
      const hex = (number: unknown): string => Number(number).toString(16).toUpperCase().padStart(4, "0");
      // Established: one that has ended may have left the same port in the table.
      const line = new RegExp(`^ *\\d+: \\w+:${hex(port)} \\w+:${hex(peer)} 01 \\S+ (\\d\\d):(\\w+)`, "m")
        .exec(String(table));
      assert.ok(line !== null, "the connection is not in the table");
      return { kind: line[1], seconds: Number.parseInt(line[2], 16) / 100 };
    };
    if (await hasNoSuchTable(observer.session)) return void console.log("not on Linux: nothing can be seen");
    for (const sslmode of ["disable", "require"] as const) {
      for (const keepAlive of [0, 20_000]) {
        await using connected = await connectTo(server("primary").url, { sslmode, keepAlive });
        const { kind, seconds } = await timerOf(connected.session);
        if (keepAlive === 0) assert.equal(kind, "00", `${sslmode}: there is a timer`);
        else {
          assert.equal(kind, "02", `${sslmode}: there is no keepalive timer`);
          assert.ok(seconds > 15 && seconds <= 20, `${sslmode}: it fires in ${seconds} s`);
        }
      }
    }
  },
);

test(
  "Session is destroyed when the server stays silent after a cancel",
  needs("primary", "control"),
  async () => {
    await using between = await proxy("primary");
    await using connected = await connectTo(between.url(server("primary").url), { sslmode: "disable" });
    const { session } = connected;
    await rowsOf(session, "select 1 as n");
    await between.blackHole();
    const start = performance.now();
    const awake = awakeTime();
    const behind = assert.rejects(async () => {
      await assert.rejects(rowsOf(session, "select 1 as n", [], { timeout: 150 }), {
        name: "QueryTimeoutError",
        outcomeUnknown: true,
      });
      const answered = awakeTime() - awake;
      assert.ok(answered < 1_000, `it was answered after ${answered.toFixed()} ms`);
      // Without a deadline of its own, this one can only be ended by the connection's end.
      await rowsOf(session, "select 2 as n");
    }, ConnectionError);
    await behind;
    await session.closed;
    const took = performance.now() - start;
    console.log(`A server that is silent after a cancel is given up after ${took.toFixed()} ms`);
    assert.equal(session.state, "closed");
    assert.ok(took > 1_000 && awakeTime() - awake < 6_500, `it took ${took.toFixed()} ms`);
  },
);
