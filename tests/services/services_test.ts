/** The services do what they say: each operation is seen from outside, over TCP. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { test } from "../harness.ts";
import {
  freshDatabase,
  isolatedServer,
  needs,
  server,
  serverControl,
  type ServerDescription,
  services,
} from "./client.ts";
import { simpleQuery, SimpleSession, type TextRow } from "./simple_query.ts";

/** `trust_user` needs no password over TCP. */
const TRUSTED = { user: "trust_user", timeout: 10_000 };

/** A server's address, which may not be there any more. */
type Address = Pick<ServerDescription, "host" | "port">;

function ask(at: Address, text: string, database = "postgres"): Promise<TextRow[]> {
  return simpleQuery({ host: at.host, port: at.port }, text, { ...TRUSTED, database });
}

test("services() describes what runs, and what does not with its reason", needs("control"), async () => {
  const description = (await services())!;
  for (const name of ["primary", "replica", "pg15", "redis", "pgbouncer"]) {
    assert.ok(description.servers[name] !== undefined || description.missing[name] !== undefined, name);
  }
});

test("needs() ignores a test exactly where a service is missing, and says why", async () => {
  const { ignore } = needs("primary");
  const runs = (await services())?.servers.primary !== undefined;
  assert.equal(ignore === undefined, runs);
  if (!runs) assert.match(ignore!, /\w+ \w+/);
});

for (const name of ["primary", "pg15"] as const) {
  test(`server("${name}") answers with the version it is described with`, needs(name), async () => {
    const [[version]] = await ask(server(name), "SHOW server_version");
    assert.equal(version?.split(" ")[0], server(name).version);
  });

  test(`server("${name}") asks each role for what its method says`, needs(name), async () => {
    // https://www.postgresql.org/docs/18/protocol-message-formats.html, Authentication…
    const expected = { trust_user: "R0", cleartext_user: "R3", md5_user: "R5", scram_user: "R10" };
    for (const [user, answer] of Object.entries(expected)) {
      assert.equal(await firstAnswer(server(name), user), answer, user);
    }
    for (const user of ["cert_user", "ssl_user"]) {
      assert.equal(await firstAnswer(server(name), user), "E", user);
    }
    assert.equal(await firstAnswer(server(name), "plain_user"), "R10");
  });
}

test('server("replica") follows the primary', needs("primary", "replica"), async () => {
  const [[standby]] = await ask(server("replica"), "SELECT pg_is_in_recovery()");
  assert.equal(standby, "t");
  await using database = await freshDatabase();
  await ask(server("primary"), "CREATE TABLE seen AS SELECT 42 AS answer", database.name);
  await eventually(async () => {
    assert.deepEqual(await ask(server("replica"), "SELECT answer FROM seen", database.name), [["42"]]);
  });
});

test('server("redis") answers and comes back after a stop', needs("redis"), async () => {
  assert.equal(await exchange(server("redis"), "PING\r\n"), "+PONG\r\n");
  const control = serverControl("redis");
  try {
    await control.stop();
    await assert.rejects(exchange(server("redis"), "PING\r\n"), { code: "ECONNREFUSED" });
  } finally {
    await control.start();
  }
  assert.equal(await exchange(server("redis"), "PING\r\n"), "+PONG\r\n");
});

test('server("pgbouncer") asks for SCRAM', needs("pgbouncer"), async () => {
  assert.equal(await firstAnswer(server("pgbouncer"), "scram_user", "lifeguard"), "R10");
});

test(
  "freshDatabase() is empty, is a copy of its template, and is gone after drop()",
  needs("primary"),
  async () => {
    const first = await freshDatabase();
    await ask(server("primary"), "CREATE TABLE kept AS SELECT 1 AS one", first.name);
    const copy = await freshDatabase({ template: first.name });
    assert.deepEqual(await ask(server("primary"), "SELECT one FROM kept", copy.name), [["1"]]);
    await first.drop();
    await copy.drop();
    await assert.rejects(ask(server("primary"), "SELECT 1", copy.name), /does not exist/);
    await assert.rejects(freshDatabase({ template: "nowhere" }), /"nowhere" does not exist/);
  },
);

test("isolatedServer() stops, starts, restarts, and is gone after remove()", needs("control"), async () => {
  const isolated = await isolatedServer();
  const { control } = isolated;
  for (const end of ["stop", "stopImmediate", "kill"] as const) {
    const session = await SimpleSession.open(isolated, TRUSTED);
    await control[end]();
    await assert.rejects(session.query("SELECT 1"), Error);
    session[Symbol.dispose]();
    assert.equal((await control.describe()).state, "stopped");
    await assert.rejects(ask(isolated, "SELECT 1"), { code: "ECONNREFUSED" });
    await control.start();
    assert.deepEqual(await ask(isolated, "SELECT 1"), [["1"]]);
  }
  const started = "SELECT pg_postmaster_start_time()";
  const before = await ask(isolated, started);
  await control.restart();
  assert.notDeepEqual(await ask(isolated, started), before);
  assert.match(await control.log(), /ready to accept connections/);
  await isolated.remove();
  await assert.rejects(ask(isolated, "SELECT 1"), { code: "ECONNREFUSED" });
  await assert.rejects(control.start(), new RegExp(`Cannot find the server "${isolated.name}"`));
});

test(
  "ServerControl.pause() keeps sockets open and mute, resume() lets them answer",
  needs("control"),
  async () => {
    await using isolated = await isolatedServer();
    using session = await SimpleSession.open(isolated, TRUSTED);
    await isolated.control.pause();
    let hasAnswered = false;
    const answer = session.query("SELECT 7").then((rows) => {
      hasAnswered = true;
      return rows;
    });
    const late = ask(isolated, "SELECT 8");
    await pause(150);
    assert.equal(hasAnswered, false);
    await isolated.control.resume();
    assert.deepEqual(await answer, [["7"]]);
    assert.deepEqual(await late, [["8"]]);
  },
);

test("ServerControl.reset() gives back the beginning", needs("control"), async () => {
  await using isolated = await isolatedServer();
  const database = await freshDatabase({ server: isolated.name });
  await isolated.control.reset();
  await assert.rejects(ask(isolated, "SELECT 1", database.name), /does not exist/);
  assert.deepEqual(await ask(isolated, "SELECT 1"), [["1"]]);
});

test(
  "ServerControl.lag() delays and holds a standby, promote() makes it a primary",
  needs("control"),
  async () => {
    await using primary = await isolatedServer();
    await using standby = await isolatedServer({ replicaOf: primary.name });
    await ask(primary, "CREATE TABLE written (at int)", "lifeguard");
    const count = "SELECT count(*) FROM written";
    await eventually(async () => assert.deepEqual(await ask(standby, count, "lifeguard"), [["0"]]));

    await standby.control.lag({ milliseconds: 400 });
    const started = performance.now();
    await ask(primary, "INSERT INTO written VALUES (1)", "lifeguard");
    await eventually(async () => assert.deepEqual(await ask(standby, count, "lifeguard"), [["1"]]));
    assert.ok(performance.now() - started >= 380, "the standby was not late");

    await standby.control.lag({ milliseconds: 0, paused: true });
    await ask(primary, "INSERT INTO written VALUES (2)", "lifeguard");
    await pause(150);
    assert.deepEqual(await ask(standby, count, "lifeguard"), [["1"]]);
    await standby.control.lag({ paused: false });
    await eventually(async () => assert.deepEqual(await ask(standby, count, "lifeguard"), [["2"]]));

    await assert.rejects(primary.control.promote(), /it is a primary; name a standby/);
    await assert.rejects(primary.control.lag({ milliseconds: 1 }), /it is a primary; name a standby/);
    await standby.control.promote();
    await ask(standby, "INSERT INTO written VALUES (3)", "lifeguard");
    assert.deepEqual(await ask(standby, count, "lifeguard"), [["3"]]);
  },
);

test("isolatedServer() takes settings, and refuses what it does not know", needs("control"), async () => {
  await using isolated = await isolatedServer({ settings: { max_connections: "13" } });
  assert.deepEqual(await ask(isolated, "SHOW max_connections"), [["13"]]);
  await assert.rejects(
    isolatedServer({ settings: { nonsense: "1" } }),
    /unrecognized configuration parameter/,
  );
  await assert.rejects(isolatedServer({ version: 9 as 18 }), /"version" must be 18 or 15/);
  await assert.rejects(isolatedServer({ replicaOf: "nobody" }), /no PostgreSQL server of that name/);
});

test("isolatedServer() shows the certificate that was asked for", needs("control"), async () => {
  const { ca } = (await services())!.certificates;
  const cases = {
    none: /^accepted$/,
    expired: /expire|verify|certificate/i,
    wrongHost: /altnames|not valid for name|hostname|NotValidForName/i,
    unknownCa: /self.signed|issuer|unknown|verify/i,
    noTls: /^refused$/,
  } as const;
  for (const [certificate, expected] of Object.entries(cases)) {
    await using isolated = await isolatedServer({ certificate: certificate as keyof typeof cases });
    assert.match(await tlsOutcome(isolated, ca), expected, certificate);
  }
});

/** The type of the first message after a startup, with the code of an authentication request. */
async function firstAnswer(at: Address, user: string, database = "postgres"): Promise<string> {
  const body = Buffer.from(`\0\x03\0\0user\0${user}\0database\0${database}\0\0`);
  const header = Buffer.alloc(4);
  header.writeInt32BE(body.length + 4);
  const answer = Buffer.from(await exchange(at, Buffer.concat([header, body])), "latin1");
  const type = String.fromCharCode(answer[0]);
  return type === "R" ? `R${answer.readInt32BE(5)}` : type;
}

/** Sends bytes and returns the first that come back. */
function exchange(at: Address, bytes: string | Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect(at.port, at.host, () => socket.write(bytes));
    socket.on("error", reject);
    socket.on("close", () => resolve(""));
    socket.on("data", (chunk: Buffer) => {
      resolve(chunk.toString("latin1"));
      socket.destroy();
    });
  });
}

/** What a client that checks the certificate for `localhost` makes of a server. */
async function tlsOutcome(at: Address, ca: string): Promise<string> {
  return await new Promise((resolve) => {
    const socket = connect(at.port, at.host, () => socket.write(Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])));
    socket.on("error", (error) => resolve(error.message));
    socket.once("data", (chunk: Buffer) => {
      if (chunk.toString("latin1") !== "S") {
        socket.destroy();
        return resolve("refused");
      }
      const secure = connectTls({ socket, ca, servername: "localhost" }, () => {
        resolve("accepted");
        secure.destroy();
      });
      secure.on("error", (error) => {
        resolve(error.message);
        socket.destroy();
      });
    });
  });
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Repeats a check until it holds, for at most ten seconds. */
async function eventually(check: () => Promise<void>): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (true) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await pause(20);
    }
  }
}
