/** Every way to log in, and every `sslmode`, against real servers. */

import assert from "node:assert/strict";
import { inspect } from "node:util";
import { CodecRegistry } from "../../../../pool/wire/codec/registry.ts";
import { connectSession } from "../../../../pool/wire/session/connect.ts";
import type { ConnectOptions } from "../../../../pool/wire/configuration/connect_options.ts";
import { DatabaseKnowledge } from "../../../../pool/wire/session/database_knowledge.ts";
import { ConnectionError, QueryTimeoutError } from "../../../../pool/wire/errors.ts";
import { QueryExchange } from "../../../../pool/wire/session/query_exchange.ts";
import { resolveConnectOptions } from "../../../../pool/wire/configuration/resolve_connect_options.ts";
import type { Session } from "../../../../pool/wire/session/session.ts";
import { awakeTime } from "../../../awake_time.ts";
import { test } from "../../../harness.ts";
import { isolatedServer, needs, server, services } from "../../../services/client.ts";
import type { ServerDescription, SharedService } from "../../../services/client.ts";

const never = (): AbortSignal => new AbortController().signal;

async function passwordOf(user: string): Promise<string> {
  return (await services())!.users.find((entry) => entry.user === user)!.password;
}

async function authority(): Promise<string> {
  return (await services())!.certificates.ca;
}

function connect(at: Pick<ServerDescription, "host" | "port">, options: ConnectOptions): Promise<Session> {
  const resolved = resolveConnectOptions({ host: at.host, port: at.port, database: "postgres", ...options });
  const shared = new DatabaseKnowledge(new CodecRegistry(), {
    prepare: "never", // A pooler stands before one of the servers.
    statementCacheSize: 10,
    planCacheSize: 10,
  });
  return connectSession(resolved, shared, never());
}

async function run(
  session: Session,
  text: string,
  timeout = 0,
): Promise<Readonly<Record<string, unknown>>[]> {
  const query = new QueryExchange(text, []);
  query.timeout = timeout;
  session.submit(query);
  return (await query.promise).rows;
}

/** Logs in, and says who the server thinks we are and whether it sees TLS. */
async function login(at: ServerDescription, options: ConnectOptions): Promise<string> {
  const session = await connect(at, options);
  const [row] = await run(
    session,
    "select session_user::text as role, ssl from pg_stat_ssl where pid = pg_backend_pid()",
  );
  session.destroy();
  await session.closed;
  return `${row.role} ${row.ssl ? "over TLS" : "in clear"}`;
}

async function refusal(at: Pick<ServerDescription, "host" | "port">, options: ConnectOptions) {
  const outcome = await connect(at, options).catch((error: unknown) => error);
  assert.ok(outcome instanceof ConnectionError, `expected a ConnectionError and got ${inspect(outcome)}`);
  return outcome;
}

/** Deno counts a Unix socket as a file. */
async function needsUnixSockets(): Promise<{ ignore?: string }> {
  const { ignore } = needs("primary");
  if (ignore !== undefined) return { ignore };
  if (server("primary").socketDirectory === undefined) return { ignore: "the primary has no Unix socket" };
  const { Deno: deno } = globalThis as {
    Deno?: { permissions: { query(what: { name: string }): Promise<{ state: string }> } };
  };
  for (const name of deno === undefined ? [] : ["read", "write"]) {
    const { state } = await deno!.permissions.query({ name });
    if (state !== "granted") {
      return { ignore: "no permission for Unix sockets; run with --allow-read --allow-write" };
    }
  }
  return {};
}

for (const name of ["primary", "pg15"] as const satisfies readonly SharedService[]) {
  for (const user of ["scram_user", "md5_user", "cleartext_user", "trust_user", "ssl_user"]) {
    test(`connectSession() logs ${user} in to ${name} over verified TLS`, needs(name), async () => {
      const options = { user, password: await passwordOf(user), sslRootCert: await authority() };
      const host = { ...server(name), host: "localhost" };
      assert.equal(await login(host, { ...options, sslmode: "verify-full" }), `${user} over TLS`);
      assert.equal(await login(server(name), { ...options, sslmode: "verify-full" }), `${user} over TLS`);
    });
  }

  for (const user of ["scram_user", "md5_user", "trust_user", "plain_user"]) {
    test(`connectSession() logs ${user} in to ${name} without TLS`, needs(name), async () => {
      const options = { user, password: await passwordOf(user), sslmode: "disable" } as const;
      assert.equal(await login(server(name), options), `${user} in clear`);
    });
  }

  test(`connectSession() binds SCRAM to the TLS session of ${name}`, needs(name), async () => {
    const options = {
      user: "scram_user",
      password: await passwordOf("scram_user"),
      sslmode: "require",
    } as const;
    assert.equal(await login(server(name), { ...options, channelBinding: "require" }), "scram_user over TLS");
    assert.equal(await login(server(name), { ...options, channelBinding: "disable" }), "scram_user over TLS");
  });

  test(`connectSession() logs cert_user in to ${name} by certificate`, needs(name), async () => {
    const { certificates } = (await services())!;
    const options = { user: "cert_user", sslmode: "verify-full", sslRootCert: certificates.ca } as const;
    const identity = { sslCert: certificates.clientCertificate, sslKey: certificates.clientKey };
    assert.equal(await login(server(name), { ...options, ...identity }), "cert_user over TLS");
    const anonymous = await refusal(server(name), options);
    assert.equal(anonymous.sqlState, "28000");
    assert.equal(anonymous.retryable, false);
    const impostor = await refusal(server(name), { ...options, ...identity, user: "scram_user" });
    assert.match(impostor.message, /no password is set/);
  });

  test(`connectSession() finds the way that ${name} allows under prefer and allow`, needs(name), async () => {
    for (const sslmode of ["prefer", "allow"] as const) {
      for (const [user, how] of [["ssl_user", "over TLS"], ["plain_user", "in clear"]]) {
        const options = { user, password: await passwordOf(user), sslmode };
        assert.equal(await login(server(name), options), `${user} ${how}`);
      }
    }
    const plain = { user: "ssl_user", password: await passwordOf("ssl_user"), sslmode: "disable" } as const;
    assert.equal((await refusal(server(name), plain)).sqlState, "28000");
    const secure = {
      user: "plain_user",
      password: await passwordOf("plain_user"),
      sslmode: "require",
    } as const;
    assert.equal((await refusal(server(name), secure)).sqlState, "28000");
  });

  test(
    `connectSession() says that the password for ${name} is wrong, and shows it nowhere`,
    needs(name),
    async () => {
      for (const user of ["scram_user", "md5_user", "cleartext_user"]) {
        const error = await refusal(server(name), { user, password: "canary-81Zk", sslmode: "require" });
        assert.equal(error.sqlState, "28P01");
        assert.equal(error.retryable, false);
        assert.ok(!inspect(error, { depth: 10, showHidden: true }).includes("canary-81Zk"));
      }
    },
  );
}

test(
  "connectSession() starts TLS at once with PostgreSQL 18 and says that 15 cannot",
  needs("primary", "pg15"),
  async () => {
    const options: ConnectOptions = {
      user: "scram_user",
      password: await passwordOf("scram_user"),
      sslmode: "verify-full",
      sslRootCert: await authority(),
      sslnegotiation: "direct",
      channelBinding: "require",
    };
    assert.equal(await login(server("primary"), options), "scram_user over TLS");
    assert.match((await refusal(server("pg15"), options)).message, /TLS handshake failed/);
  },
);

test("connectSession() sends no password in clear unless that is allowed", needs("primary"), async () => {
  const options: ConnectOptions = {
    user: "cleartext_user",
    password: await passwordOf("cleartext_user"),
    sslmode: "disable",
  };
  assert.match((await refusal(server("primary"), options)).message, /in clear over a connection without TLS/);
  assert.equal(
    await login(server("primary"), { ...options, allowCleartextPassword: true }),
    "cleartext_user in clear",
  );
});

test("connectSession() holds a real server to requireAuth and channelBinding", needs("primary"), async () => {
  const md5 = { user: "md5_user", password: await passwordOf("md5_user"), sslmode: "require" } as const;
  assert.match(
    (await refusal(server("primary"), { ...md5, requireAuth: "scram-sha-256" })).message,
    /requireAuth/,
  );
  assert.match(
    (await refusal(server("primary"), { ...md5, channelBinding: "require" })).message,
    /channel binding/,
  );
  const trust = { user: "trust_user", sslmode: "require" } as const;
  assert.match((await refusal(server("primary"), { ...trust, requireAuth: "!none" })).message, /requireAuth/);
  assert.match(
    (await refusal(server("primary"), { ...trust, channelBinding: "require" })).message,
    /binding/,
  );
});

test("connectSession() prepares passwords as the server does", needs("primary"), async () => {
  const admin = await connect(server("primary"), {
    user: server("primary").user,
    password: server("primary").password,
    sslmode: "require",
  });
  try {
    for (
      const [index, [stored, given]] of [
        ["pa\u00adss", "pass"],
        ["\u2168\u00a0x", "IX x"],
        ["e\u0301t\u00e9", "\u00e9te\u0301"],
        ["\u{1f984}e\u0301", "\u{1f984}e\u0301"],
        ["\u06271", "\u06271"],
        ["a'b\\\"c d", "a'b\\\"c d"],
      ].entries()
    ) {
      const user = `prepared_${index}_${crypto.randomUUID().slice(0, 8)}`;
      await run(admin, `create role ${user} login password E'${stored.replace(/['\\]/g, "\\$&")}'`);
      try {
        const options = { user, password: given, sslmode: "require" } as const;
        assert.equal(await login(server("primary"), options), `${user} over TLS`, `password ${index}`);
      } finally {
        await run(admin, `drop role ${user}`);
      }
    }
  } finally {
    admin.destroy();
    await admin.closed;
  }
});

test("connectSession() logs in over a Unix socket", await needsUnixSockets(), async () => {
  for (const user of ["scram_user", "md5_user", "cleartext_user", "trust_user"]) {
    // A Unix socket is never under TLS, whatever sslmode says, and nobody can listen to it.
    const session = await connect({ ...server("primary"), host: server("primary").socketDirectory! }, {
      user,
      password: await passwordOf(user),
      sslmode: "require",
    });
    const rows = await run(session, "select session_user::text as role, inet_client_addr() is null as local");
    assert.deepEqual(rows, [{ role: user, local: true }]);
    session.destroy();
    await session.closed;
  }
});

test("connectSession() logs in through PgBouncer", needs("pgbouncer"), async () => {
  const { user, password, database, host, port } = server("pgbouncer");
  const session = await connect({ host, port }, { user, password, database, sslmode: "prefer" });
  assert.deepEqual(await run(session, "select 1 as one"), [{ one: 1 }]);
  session.destroy();
  await session.closed;
});

test(
  "connectSession() asks for few rounds' worth of work for many connections",
  needs("primary"),
  async () => {
    const options = {
      user: "scram_user",
      password: await passwordOf("scram_user"),
      sslmode: "disable",
    } as const;
    const logins = await Promise.all(Array.from({ length: 20 }, () => login(server("primary"), options)));
    assert.deepEqual(new Set(logins), new Set(["scram_user in clear"]));
  },
);

test("Session cancels over TLS and stays usable", needs("primary"), async () => {
  const session = await connect(server("primary"), {
    user: "scram_user",
    password: await passwordOf("scram_user"),
    sslmode: "verify-full",
    sslRootCert: await authority(),
  });
  const start = awakeTime();
  await assert.rejects(run(session, "select pg_sleep(20)", 200), QueryTimeoutError);
  assert.ok(awakeTime() - start < 3_000);
  assert.deepEqual(await run(session, "select 2 as two"), [{ two: 2 }]);
  session.destroy();
  await session.closed;
});

for (
  const [certificate, text] of [
    ["expired", /expired/],
    ["wrongHost", /sslServerName/],
    ["unknownCa", /sslRootCert/],
    ["noTls", /does not offer TLS/],
  ] as const
) {
  test(
    `connectSession() refuses a real server whose certificate is ${certificate}`,
    needs("primary"),
    async () => {
      await using flawed = await isolatedServer({ certificate });
      const options = { user: "scram_user", password: await passwordOf("scram_user") };
      const strict = { ...options, sslmode: "verify-full", sslRootCert: await authority() } as const;
      const error = await refusal(flawed, strict);
      assert.match(error.message, text);
      assert.equal(error.retryable, false);
      const how = certificate === "noTls" ? "in clear" : "over TLS";
      assert.equal(await login(flawed, { ...options, sslmode: "prefer" }), `scram_user ${how}`);
    },
  );
}
