import assert from "node:assert/strict";
import { type ConnectOptions, passwordFor } from "../../../../pool/wire/configuration/connect_options.ts";
import { ConfigError } from "../../../../pool/wire/errors.ts";
import { resolveConnectOptions } from "../../../../pool/wire/configuration/resolve_connect_options.ts";
import { test } from "../../../harness.ts";
import { fakeEnvironment, type FakeEnvironmentOptions } from "./fake_environment.ts";

type Input = string | URL | ConnectOptions;

function resolve(
  input: Input,
  surroundings: FakeEnvironmentOptions = {},
): ReturnType<typeof resolveConnectOptions> {
  return resolveConnectOptions(input, { environment: fakeEnvironment(surroundings) });
}

function messageOf(input: unknown, surroundings: FakeEnvironmentOptions = {}): string {
  try {
    resolve(input as Input, surroundings);
  } catch (error) {
    assert(error instanceof ConfigError, String(error));
    return error.message.replace("Cannot use setting ", "");
  }
  assert.fail(`accepted ${JSON.stringify(input)}`);
}

function hostsOf(input: Input, surroundings: FakeEnvironmentOptions = {}): string[] {
  return resolve(input, surroundings).hosts.map(({ host, address, port, socketPath }) =>
    socketPath ?? (host === address ? `${host} ${port}` : `${host}=${address} ${port}`)
  );
}

test("resolveConnectOptions() has libpq's defaults", () => {
  assert.deepEqual(resolve({}), {
    hosts: [{
      host: "localhost",
      address: "localhost",
      port: 5432,
      socketPath: undefined,
      password: undefined,
    }],
    user: "me",
    password: undefined,
    database: "me",
    applicationName: undefined,
    options: undefined,
    connectTimeout: 10_000,
    targetSessionAttrs: "any",
    loadBalanceHosts: "disable",
    sslmode: "prefer",
    sslnegotiation: "postgres",
    sslRootCert: undefined,
    sslCert: undefined,
    sslKey: undefined,
    sslPassword: undefined,
    sslServerName: undefined,
    sslMinVersion: "TLSv1.2",
    sslMaxVersion: undefined,
    channelBinding: "prefer",
    requireAuth: [],
    allowCleartextPassword: false,
    keepAlive: 30_000,
    maxMessageSize: 64 * 1024 * 1024,
    runtimeParameters: {},
    replication: false,
  });
});

test("resolveConnectOptions() pairs hosts, addresses and ports", () => {
  const table: readonly (readonly [Input, readonly string[]])[] = [
    ["postgres://h1:1,h2:2,h3/db", ["h1 1", "h2 2", "h3 5432"]],
    ["postgres://h1,h2/db?port=7", ["h1 7", "h2 7"]],
    ["postgres://[::1]:6/db", ["::1 6"]],
    ["postgres:///db", ["localhost 5432"]],
    ["postgresql:///db?host=/var/run/postgresql", ["/var/run/postgresql/.s.PGSQL.5432"]],
    ["postgresql://%2Fvar%2Frun:6/db", ["/var/run/.s.PGSQL.6"]],
    ["host=@pg port=6", ["\0pg/.s.PGSQL.6"]],
    ["host=a,,c", ["a 5432", "localhost 5432", "c 5432"]],
    ["host=db.example hostaddr=10.0.0.1", ["db.example=10.0.0.1 5432"]],
    ["hostaddr=10.0.0.1,10.0.0.2", ["10.0.0.1 5432", "10.0.0.2 5432"]],
    [{ host: ["a", "b"], port: [1, 2] }, ["a 1", "b 2"]],
    [{ host: "a,b", port: 3 }, ["a 3", "b 3"]],
    [{ url: "postgres://a:1/db", host: "b" }, ["b 1"]],
    [new URL("postgres://a:1/db"), ["a 1"]],
    [{ url: new URL("postgres://a/db") }, ["a 5432"]],
  ];
  for (const [input, expected] of table) assert.deepEqual(hostsOf(input), expected, String(input));
});

test("resolveConnectOptions() takes each setting from options, URL, service, variables, defaults, in that order", () => {
  const files = {
    "/home/me/.pg_service.conf": "[prod]\nuser=service\ndbname=service\nport=3\nhost=service\n",
  };
  const variables = {
    PGUSER: "variable",
    PGDATABASE: "variable",
    PGPORT: "4",
    PGHOST: "variable",
    PGAPPNAME: "v",
  };
  const { hosts: [host], user, database, applicationName } = resolve(
    { url: "postgres://url@url?service=prod", user: "options" },
    { files, variables },
  );
  assert.deepEqual(
    [user, host.host, database, host.port, applicationName],
    ["options", "url", "service", 3, "v"],
  );
  assert.equal(resolve({}, { files, variables }).user, "variable");
  assert.equal(resolve({}, { files, variables: { ...variables, PGSERVICE: "prod" } }).user, "service");
  assert.equal(resolve("postgres://h", { variables: { PGUSER: "" } }).user, "me");
  assert.equal(resolve({ url: "postgres://ann@h", user: "", host: "" }).user, "ann");
});

test("resolveConnectOptions() reads every PG variable", () => {
  const resolved = resolve({}, {
    variables: {
      PGHOST: "a,b",
      PGHOSTADDR: "10.0.0.1,10.0.0.2",
      PGPORT: "1,2",
      PGUSER: "u",
      PGPASSWORD: "p",
      PGDATABASE: "d",
      PGAPPNAME: "app",
      PGOPTIONS: "-c x=y",
      PGCONNECT_TIMEOUT: "3",
      PGTARGETSESSIONATTRS: "standby",
      PGLOADBALANCEHOSTS: "random",
      PGSSLMODE: "verify-full",
      PGSSLNEGOTIATION: "direct",
      PGSSLROOTCERT: "/ca",
      PGSSLCERT: "/cert",
      PGSSLKEY: "/key",
      PGSSLMINPROTOCOLVERSION: "TLSv1.3",
      PGSSLMAXPROTOCOLVERSION: "TLSv1.3",
      PGCHANNELBINDING: "require",
      PGREQUIREAUTH: "scram-sha-256,md5",
      PGCLIENTENCODING: "UTF8",
      PGTZ: "UTC",
      PGGSSENCMODE: "prefer",
    },
  });
  assert.deepEqual(resolved, {
    ...resolved,
    hosts: [
      { host: "a", address: "10.0.0.1", port: 1, socketPath: undefined, password: undefined },
      { host: "b", address: "10.0.0.2", port: 2, socketPath: undefined, password: undefined },
    ],
    user: "u",
    database: "d",
    applicationName: "app",
    options: "-c x=y",
    connectTimeout: 3000,
    targetSessionAttrs: "standby",
    loadBalanceHosts: "random",
    sslmode: "verify-full",
    sslnegotiation: "direct",
    sslRootCert: "/ca",
    sslCert: "/cert",
    sslKey: "/key",
    sslMinVersion: "TLSv1.3",
    sslMaxVersion: "TLSv1.3",
    channelBinding: "require",
    requireAuth: ["scram-sha-256", "md5"],
    runtimeParameters: { TimeZone: "UTC" },
  });
});

test("resolveConnectOptions() reads durations and sizes with units, and bare numbers in the source's unit", () => {
  const timeout = (input: Input) => resolve(input).connectTimeout;
  assert.equal(timeout({ connectTimeout: 2500 }), 2500);
  assert.equal(timeout({ connectTimeout: "5 min" }), 300_000);
  assert.equal(timeout("postgres://h?connect_timeout=5"), 5000);
  assert.equal(timeout("postgres://h?connect_timeout=250ms"), 250);
  assert.equal(timeout("connect_timeout=1.5s"), 1500);
  assert.equal(resolve("keepalives_idle=7").keepAlive, 7000);
  assert.equal(resolve({ keepAlive: 0 }).keepAlive, 0);
  assert.equal(resolve({ maxMessageSize: 1024 ** 3 }).maxMessageSize, 1024 ** 3);
});

test("passwordFor() knows the given password, the function, and the password file", async () => {
  const files = { "/home/me/.pgpass": "a:*:*:*:of a\nb:*:*:*:of b\n*:*:replication:*:of replication" };
  const passwords = async (input: Input, surroundings: FakeEnvironmentOptions = {}) => {
    const connect = resolve(input, { files, ...surroundings });
    return await Promise.all(connect.hosts.map((host) => passwordFor(connect, host)));
  };
  assert.deepEqual(await passwords("postgres://u:p@a,b"), ["p", "p"]);
  assert.deepEqual(await passwords("postgres://a,b,c"), ["of a", "of b", undefined]);
  assert.deepEqual(await passwords("postgres://a,b", { variables: { PGPASSWORD: "v" } }), ["v", "v"]);
  assert.deepEqual(await passwords({ replication: true }), ["of replication"]);
  assert.deepEqual(await passwords({ replication: "database" }), [undefined]);
  assert.deepEqual(await passwords("postgres://u:@a"), ["of a"]);
  assert.deepEqual(await passwords({ host: "a", passwordFile: "/p" }, { files: { "/p": "*:*:*:*:own" } }), [
    "own",
  ]);
  assert.deepEqual(await passwords("postgres://a", { files: {}, variables: { PGPASSFILE: "/missing" } }), [
    undefined,
  ]);
  let calls = 0;
  const rotating: ConnectOptions = { host: ["a", "b"], password: () => Promise.resolve(`token ${++calls}`) };
  assert.deepEqual(await passwords(rotating), ["token 1", "token 2"]);
});

test("resolveConnectOptions() uses libpq's certificate files when they exist", () => {
  const home = "/home/me/.postgresql";
  const files = {
    [`${home}/root.crt`]: "x",
    [`${home}/postgresql.crt`]: "x",
    [`${home}/postgresql.key`]: "x",
  };
  const found = resolve({}, { files });
  assert.deepEqual([found.sslRootCert, found.sslCert, found.sslKey], Object.keys(files));
  assert.equal(resolve({ sslmode: "disable" }, { files }).sslRootCert, undefined);
  assert.equal(resolve({ sslRootCert: "/own" }, { files }).sslRootCert, "/own");
  assert.equal(resolve({ sslRootCert: "system" }).sslmode, "verify-full");
});

test("resolveConnectOptions() merges runtime parameters and keeps the highest of each", () => {
  const { runtimeParameters } = resolve(
    { runtimeParameters: { timezone: "Europe/Oslo", "app.tenant": "7" } },
    { variables: { PGTZ: "UTC", PGGEQO: "off" } },
  );
  assert.deepEqual(runtimeParameters, { timezone: "Europe/Oslo", "app.tenant": "7", geqo: "off" });
});

test("resolveConnectOptions() reads replication as libpq does", () => {
  for (const [text, expected] of [["true", true], ["on", true], ["0", false], ["database", "database"]]) {
    assert.equal(resolve(`replication=${text}`).replication, expected);
  }
});

test("resolveConnectOptions() names key, source and what is allowed", () => {
  const ssl = '"disable", "allow", "prefer", "require", "verify-ca" or "verify-full"';
  const table: readonly (readonly [unknown, FakeEnvironmentOptions, string])[] = [
    [{ hots: "h" }, {}, '"hots" from options: it is not known; did you mean "host"?'],
    [
      { application_name: "a" },
      {},
      '"application_name" from options: it is not known; did you mean "applicationName"?',
    ],
    [{ username: "a" }, {}, '"username" from options: it is not known; did you mean "user"?'],
    [{ dbname: "a" }, {}, '"dbname" from options: it is not known; did you mean "database"?'],
    ["postgres://h?sslmod=x", {}, '"sslmod" from URL: it is not known; did you mean "sslmode"?'],
    ["host=h pasword=x", {}, '"pasword" from connection string: it is not known; did you mean "password"?'],
    [
      "host=h password=my hostt=x",
      {},
      '"url" from connection string: one of its parameters (not shown, it may be a part of a password) ' +
      'is not known; did you mean "host"?',
    ],
    [{ port: "5432" }, {}, '"port" from options: "5432" is not a whole number; give 1 to 65535'],
    [{ port: 0 }, {}, '"port" from options: 0 is out of range; give 1 to 65535'],
    [{ port: 1.5 }, {}, '"port" from options: 1.5 is not a whole number; give 1 to 65535'],
    [
      { port: [] },
      {},
      '"port" from options: a value of type array is empty; give at least one port, or leave it out',
    ],
    [
      {},
      { variables: { PGPORT: "abc" } },
      '"port" from PGPORT: "abc" is not a whole number; give 1 to 65535',
    ],
    [
      "postgres://h:70000",
      {},
      '"port" from URL: "70000" is out of range; give 1 to 65535',
    ],
    [
      { host: ["a", "b", "c"], port: [1, 2] },
      {},
      '"port" from options: a value of type array has 2 ports for 3 hosts; give one port, or one for each host',
    ],
    [
      "host=a,b hostaddr=10.0.0.1",
      {},
      '"hostaddr" from connection string: "10.0.0.1" has 1 address for 2 hosts; give one for each host',
    ],
    [
      { host: "a b" },
      {},
      '"host" from options: "a b" is not a host name, an address, or a directory that starts with "/"; ' +
      'give for example "db.example", "10.0.0.1", "::1" or "/var/run/postgresql"',
    ],
    [{ host: 5 }, {}, '"host" from options: 5 is not a string; give a string'],
    [{ user: null }, {}, '"user" from options: a value of type null is not a string; give a string'],
    [{ user: "a\0b" }, {}, '"user" from options: its value contains a NUL character; remove it'],
    [
      "postgres://h?sslmode=requir",
      {},
      `"sslmode" from URL: "requir" is not allowed; give ${ssl}; did you mean "require"?`,
    ],
    [{}, { variables: { PGSSLMODE: "on" } }, `"sslmode" from PGSSLMODE: "on" is not allowed; give ${ssl}`],
    [
      "postgres://h?connect_timeout=0",
      {},
      '"connect_timeout" from URL: "0s" is out of range; give 100 ms to 1 h',
    ],
    [
      { connectTimeout: "5 parsecs" },
      {},
      '"connectTimeout" from options: "5 parsecs" is not a duration; give 100 ms to 1 h',
    ],
    [
      { keepAlive: 5 },
      {},
      '"keepAlive" from options: 5 is out of range; give 1 s to 1 d, or 0 (no probes)',
    ],
    [
      { maxMessageSize: 2 ** 31 },
      {},
      '"maxMessageSize" from options: 2147483648 is out of range; give 64 KiB to 1 GiB',
    ],
    [
      { allowCleartextPassword: "yes" },
      {},
      '"allowCleartextPassword" from options: "yes" is not a boolean; give true or false',
    ],
    [
      { sslRootCert: "system", sslmode: "require" },
      {},
      '"sslmode" from options: "require" is too weak for sslrootcert "system"; give "verify-full"',
    ],
    [
      { sslnegotiation: "direct" },
      {},
      '"sslnegotiation" from options: "direct" cannot be used with sslmode "prefer"; ' +
      'set sslmode to "require", "verify-ca" or "verify-full"',
    ],
    [
      { channelBinding: "require", sslmode: "disable" },
      {},
      '"channelBinding" from options: "require" cannot be used with sslmode "disable"; ' +
      'set sslmode to "require", "verify-ca" or "verify-full"',
    ],
    [
      { url: "" },
      {},
      '"url" from connection string: it is empty; give "postgres://host/database", or leave it out',
    ],
    [{ connectTimeout: "" }, {}, '"connectTimeout" from options: "" is not a duration; give 100 ms to 1 h'],
    [
      { sslMaxVersion: "TLSv1.1" },
      {},
      '"sslMaxVersion" from options: "TLSv1.1" is older than the oldest version allowed, "TLSv1.2"; ' +
      "raise it, or lower the oldest version",
    ],
    [
      { requireAuth: "scram" },
      {},
      '"requireAuth" from options: "scram" is not a way to authenticate; ' +
      'give "none", "password", "md5", "scram-sha-256", "gss" or "sspi"',
    ],
    [
      { requireAuth: "!md5,password" },
      {},
      '"requireAuth" from options: "!md5,password" negates some methods and not others; ' +
      'negate all of them with "!", or none',
    ],
    [
      "postgres://h?gssencmode=require",
      {},
      '"gssencmode" from URL: "require" is not supported; give "disable" or "prefer", or remove it',
    ],
    [
      {},
      { variables: { PGCLIENTENCODING: "latin1" } },
      '"client_encoding" from PGCLIENTENCODING: "latin1" is not supported; ' +
      'give "utf8", "utf-8", "unicode" or "auto", or remove it',
    ],
    ["sslcrl=/x", {}, '"sslcrl" from connection string: "/x" is not supported; remove it'],
    [
      { replication: "yes" },
      {},
      '"replication" from options: "yes" is not allowed; give true, false or "database"',
    ],
    [
      { runtimeParameters: { user: "x" } },
      {},
      '"runtimeParameters.user" from options: it has a setting of its own; give "user" instead',
    ],
    [
      { runtimeParameters: { "a b": "x" } },
      {},
      '"runtimeParameters.a b" from options: its name is not the name of a server setting; ' +
      'use letters, digits, "_" and "."',
    ],
    [
      { runtimeParameters: { "a.b": 1234 } },
      {},
      '"runtimeParameters.a.b" from options: a value of type number is not a string; give a string',
    ],
    [
      { runtimeParameters: { search_path: "a\0b" } },
      {},
      '"runtimeParameters.search_path" from options: its value contains a NUL character; remove it',
    ],
    [
      { password: 1234 },
      {},
      '"password" from options: a value of type number is not a string or a function; give one of them',
    ],
    [
      { service: "x" },
      {},
      '"service" from options: "x" is not the name of a section in a service file that can be read; ' +
      'looked in "/home/me/.pg_service.conf"; add the section "[x]", or set "serviceFile" ' +
      "(Deno needs --allow-read for it)",
    ],
    [
      { service: "x" },
      { files: { "/home/me/.pg_service.conf": "[x]\nhots=h\n" } },
      '"hots" from service "x": it is not known; did you mean "host"?',
    ],
    [
      { passwordFile: "/p" },
      {},
      '"passwordFile" from options: "/p" cannot be read; give the path of a file that exists ' +
      "(Deno needs --allow-read for it)",
    ],
    [
      {},
      { userName: undefined },
      '"user" from defaults: no user was given and the operating system\'s cannot be read; give a user, ' +
      "or let Deno read it with --allow-env=USER",
    ],
    [null, {}, '"options" from options: it is not an object; give an object of settings or a URL'],
    [[], {}, '"options" from options: it is not an object; give an object of settings or a URL'],
  ];
  for (const [input, surroundings, message] of table) {
    assert.equal(messageOf(input, surroundings), message, JSON.stringify(input));
  }
});

test("resolveConnectOptions() lists what is allowed when a name resembles nothing", () => {
  assert.match(
    messageOf({ zzzzzz: 1 }),
    /^"zzzzzz" from options: it is not known; use "url", "host", .* or "serviceFile"$/,
  );
});

test("resolveConnectOptions() never writes to the options and takes frozen ones", () => {
  const options: ConnectOptions = Object.freeze({
    url: "postgres://u:p@h",
    host: Object.freeze(["a", "b"]),
    runtimeParameters: Object.freeze({ search_path: "x" }),
    user: undefined,
  });
  const before = structuredClone(options);
  assert.equal(resolve(options).user, "u");
  assert.deepEqual(options, before);
});

test("resolveConnectOptions() does not use what an object inherits", () => {
  const polluted = Object.create({ host: "evil" }) as ConnectOptions;
  assert.deepEqual(hostsOf(polluted), ["localhost 5432"]);
  assert.throws(() => resolve(JSON.parse('{"__proto__": {"host": "evil"}}')), ConfigError);
});
