import assert from "node:assert/strict";
import type { PoolOptions } from "../../../pool/configuration/pool_options.ts";
import { resolvePoolOptions } from "../../../pool/configuration/resolve_pool_options.ts";
import { ConfigError } from "../../../pool/wire/errors.ts";
import { test } from "../../harness.ts";
import { fakeEnvironment, type FakeEnvironmentOptions } from "../wire/configuration/fake_environment.ts";

type Input = string | URL | PoolOptions;
const FILE = "config/config.toml";

function resolve(
  input: Input,
  surroundings: FakeEnvironmentOptions = {},
): ReturnType<typeof resolvePoolOptions> {
  return resolvePoolOptions(input, { environment: fakeEnvironment(surroundings) });
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

test("resolvePoolOptions() has the documented defaults", () => {
  const { primary, logger, ...rest } = resolve({});
  assert.deepEqual(Object.keys(logger ?? {}), ["warn", "error"]);
  assert.equal(primary.kind, "server");
  assert.equal(primary.connect.hosts[0].host, "localhost");
  assert.deepEqual(rest, {
    replicas: [],
    size: { min: 10, max: 10 },
    replicaSize: { min: 10, max: 10 },
    read: "primary",
    maxLag: 16 * 1024 ** 2,
    maxLagTime: 10_000,
    replicaCheckInterval: 1_000,
    strongWait: 20,
    acquireTimeout: 30_000,
    maxWaiting: 100_000,
    queryTimeout: 0,
    idleTimeout: 600_000,
    probeInterval: 30_000,
    maxLifetime: 1_800_000,
    maxLifetimeJitter: 0.1,
    leakAfter: 60_000,
    backoffMin: 100,
    backoffMax: 400,
    drainTimeout: 10_000,
    statementCacheSize: 256,
    planCacheSize: 1024,
    pipelineDepth: 16,
    prepare: "auto",
    codecs: { int8: "bigint", numeric: "string", dates: "Temporal", codecs: {} },
    sessionContextFunction: undefined,
    onNotice: undefined,
    onLeak: undefined,
    slowQueryAfter: 0,
    onSlowQuery: undefined,
    telemetry: true,
    tracerProvider: undefined,
    meterProvider: undefined,
    traceQueryText: true,
  });
});

test("resolvePoolOptions() takes each setting from options, URL, variables, file, defaults, in that order", () => {
  const surroundings: FakeEnvironmentOptions = {
    variables: {
      LIFEGUARD__DATABASE__MAX: "3",
      LIFEGUARD__DATABASE__ACQUIRE_TIMEOUT: "3s",
      LIFEGUARD__DATABASE__LEAK_AFTER: "3 s",
      LIFEGUARD__DATABASE__USER: "variable",
      LIFEGUARD__DATABASE__DATABASE: "variable",
      PGUSER: "pg",
      PGDATABASE: "pg",
      PGAPPNAME: "pg",
      PGOPTIONS: "pg",
    },
    files: {
      [FILE]: `
        [database]
        max = 4
        acquire_timeout = "4s"
        leak_after = 4000
        idle_timeout = "4s"
        user = "file"
        application_name = "file"
        [other]
        unknown = "is not ours"`,
    },
  };
  const resolved = resolve(
    { url: "postgres://h/url?pool_max=2&pool_acquire_timeout=2000", max: 1 },
    surroundings,
  );
  assert.deepEqual(
    [
      resolved.size.max,
      resolved.acquireTimeout,
      resolved.leakAfter,
      resolved.idleTimeout,
      resolved.probeInterval,
    ],
    [1, 2000, 3000, 4000, 30_000],
  );
  const { connect } = resolved.primary;
  assert.deepEqual(
    [connect.database, connect.user, connect.applicationName, connect.options],
    ["url", "variable", "file", "pg"],
  );
});

test("resolvePoolOptions() reads only the highest URL, and takes its user when nothing above says one", () => {
  const surroundings: FakeEnvironmentOptions = {
    variables: { LIFEGUARD__DATABASE__URL: "postgres://v:secret@variable/v", LIFEGUARD__DATABASE__USER: "x" },
    files: { [FILE]: '[database]\nurl = "postgres://f@file/f"\nport = 7' },
  };
  const fromVariable = resolve({}, surroundings).primary.connect;
  assert.deepEqual(
    [fromVariable.hosts[0].host, fromVariable.hosts[0].port, fromVariable.user, fromVariable.database],
    ["variable", 7, "x", "v"],
  );
  const fromOptions = resolve("postgres://options", surroundings).primary.connect;
  assert.deepEqual(
    [fromOptions.hosts[0].host, fromOptions.database, fromOptions.password],
    ["options", "x", undefined],
  );
});

test("resolvePoolOptions() accepts fleets of connections", () => {
  assert.deepEqual(resolve({ min: 300, max: 300 }).size, { min: 300, max: 300 });
  assert.deepEqual(resolve("postgres://h?pool_max=10000").size, { min: 10_000, max: 10_000 });
  assert.deepEqual(resolve({ min: 5, max: 20, replicaMax: 3 }).replicaSize, { min: 3, max: 3 });
  assert.deepEqual(resolve({ min: 5, max: 20 }).replicaSize, { min: 5, max: 20 });
});

test("resolvePoolOptions() completes a replica from the primary, except what says which server it is", () => {
  const { replicas } = resolve({
    url: "postgres://ann:secret@primary:6000/shop?sslmode=require",
    targetSessionAttrs: "primary",
    sslServerName: "primary.example",
    replicas: [
      "postgres://r1",
      { host: "r2", port: 7, user: "bob" },
      new URL("postgres://r3:8/other?application_name=x"),
      { url: "postgres://r4" },
    ],
  });
  assert.deepEqual(
    replicas.map(({ hosts: [{ host, port }], user, database, sslmode, targetSessionAttrs, sslServerName }) =>
      [host, port, user, database, sslmode, targetSessionAttrs, sslServerName].join(" ")
    ),
    [
      "r1 5432 ann shop require any ",
      "r2 7 bob shop require any ",
      "r3 8 ann other require any ",
      "r4 5432 ann shop require any ",
    ],
  );
  assert(replicas.every(({ password }) => typeof password === "function"));
});

test("resolvePoolOptions() reads replicas from variables and files", () => {
  const hosts = (surroundings: FakeEnvironmentOptions) =>
    resolve({}, surroundings).replicas.map(({ hosts: [{ host, port }] }) => `${host} ${port}`);
  assert.deepEqual(
    hosts({ variables: { LIFEGUARD__DATABASE__REPLICAS: "postgres://a  postgres://b:6/db" } }),
    ["a 5432", "b 6"],
  );
  assert.deepEqual(
    hosts({
      files: { [FILE]: '[database]\nreplicas = ["postgres://a", { host = "b", connect_timeout = "1s" }]' },
    }),
    ["a 5432", "b 5432"],
  );
});

test("resolvePoolOptions() gives a replica its own service", () => {
  const files = {
    "/home/me/.pg_service.conf": "[main]\nhost=m\nport=1\nuser=m\n[copy]\nhost=c\nport=2\n",
  };
  const { primary, replicas } = resolve({ service: "main", replicas: [{ service: "copy" }] }, { files });
  const summary = [primary.connect, ...replicas].map((
    { hosts: [{ host, port }], user },
  ) => [host, port, user]);
  assert.deepEqual(summary, [["m", 1, "m"], ["c", 2, "m"]]);
});

test("resolvePoolOptions() merges runtime parameters of all sources", () => {
  const { connect } = resolve({ runtimeParameters: { search_path: "o" } }, {
    variables: {
      LIFEGUARD__DATABASE__RUNTIME_PARAMETERS__SEARCH_PATH: "v",
      LIFEGUARD__DATABASE__RUNTIME_PARAMETERS__JIT: "off",
    },
    files: { [FILE]: '[database.runtime_parameters]\njit = "on"\nTimeZone = "UTC"' },
  }).primary;
  assert.deepEqual(connect.runtimeParameters, { search_path: "o", jit: "off", TimeZone: "UTC" });
});

test("resolvePoolOptions() resolves pglite: to one connection inside the process", () => {
  const surroundings: FakeEnvironmentOptions = {
    userName: undefined,
    homeDirectory: undefined,
    variables: { PGUSER: "pg", PGHOST: "pg", PGTZ: "UTC", LIFEGUARD__DATABASE__USER: "v" },
    files: { [FILE]: '[database]\nreplicas = ["postgres://r"]\nhost = "h"\npassword = "p"\nmax = 20' },
  };
  for (
    const [url, path] of [["pglite:", undefined], [
      "pglite:./data?pool_acquire_timeout=1s",
      "./data",
    ]] as const
  ) {
    const { primary, replicas, size } = resolve({ url, min: 3, max: 5 }, surroundings);
    assert(primary.kind === "pglite");
    assert.equal(primary.path, path);
    assert.deepEqual([primary.connect.user, primary.connect.database], ["postgres", "postgres"]);
    assert.deepEqual([primary.connect.password, primary.connect.sslmode], [undefined, "disable"]);
    assert.deepEqual(primary.connect.runtimeParameters, {});
    assert.deepEqual([replicas, size], [[], { min: 1, max: 1 }]);
  }
  assert.equal(resolve("pglite:?pool_acquire_timeout=1s").acquireTimeout, 1000);
  assert.equal(resolve({ url: "pglite:", user: "app" }, surroundings).primary.connect.user, "app");
});

test("resolvePoolOptions() passes functions, the logger and codecs on", () => {
  const onNotice = () => {};
  const codecs = { mood: { encode: String, decode: String } };
  const resolved = resolve({ onNotice, onLeak: onNotice, logger: console, codecs, int8: "number" });
  assert.equal(resolved.onNotice, onNotice);
  assert.equal(resolved.onLeak, onNotice);
  assert.equal(resolved.logger, console);
  assert.deepEqual(resolved.codecs, { int8: "number", numeric: "string", dates: "Temporal", codecs });
});

test("resolvePoolOptions() reads the file that is named, and no file for false", () => {
  const files = { [FILE]: "[database]\nmax = 2", "/other.toml": "[database]\nmax = 3", "/empty.toml": "" };
  const max = (input: Input, variables: Record<string, string> = {}) =>
    resolve(input, { files, variables }).size.max;
  assert.equal(max({}), 2);
  assert.equal(max({ configFile: "/other.toml" }, { LIFEGUARD_CONFIG: "/empty.toml" }), 3);
  assert.equal(max({}, { LIFEGUARD_CONFIG: "/other.toml" }), 3);
  assert.equal(max({ configFile: "/empty.toml" }), 10);
  assert.equal(max({ configFile: false }, { LIFEGUARD_CONFIG: "/other.toml" }), 10);
});

test("resolvePoolOptions() names key, source and what is allowed", () => {
  const file = (text: string): FakeEnvironmentOptions => ({ files: { [FILE]: text } });
  const variables = (set: Record<string, string>): FakeEnvironmentOptions => ({ variables: set });
  const table: readonly (readonly [unknown, FakeEnvironmentOptions, string])[] = [
    [{ max: 0 }, {}, '"max" from options: 0 is out of range; give 1 to 10000'],
    [{ max: 10_001 }, {}, '"max" from options: 10001 is out of range; give 1 to 10000'],
    [{ max: "10" }, {}, '"max" from options: "10" is not a whole number; give 1 to 10000'],
    [{ max: NaN }, {}, '"max" from options: NaN is not a whole number; give 1 to 10000'],
    [{ min: -1 }, {}, '"min" from options: -1 is out of range; give 0 to 10000'],
    [
      { max: 5, min: 6 },
      {},
      '"min" from options: 6 is more than "max", which is 5; lower it, or raise the other',
    ],
    [
      { max: 5, replicaMin: 6 },
      {},
      '"replicaMin" from options: 6 is more than "replicaMax", which is 5; lower it, or raise the other',
    ],
    [
      { backoffMin: "6s" },
      {},
      '"backoffMin" from options: "6s" is more than "backoffMax", which is 400 ms; set both',
    ],
    [{ backoffMax: 10 }, {}, '"backoffMax" from options: 10 is less than "backoffMin"; set both'],
    [{ poolSize: 3 }, {}, '"poolSize" from options: it is not known; did you mean "max"?'],
    [
      { acquireTimeot: 3 },
      {},
      '"acquireTimeot" from options: it is not known; did you mean "acquireTimeout"?',
    ],
    ["postgres://h?pool_maxx=3", {}, '"pool_maxx" from URL: it is not known; did you mean "pool_max"?'],
    ["postgres://h?max=3", {}, '"max" from URL: it is not known; did you mean "pool_max"?'],
    [
      "postgres://h?pool_acquire_timeout=2h",
      {},
      '"pool_acquire_timeout" from URL: "2h" is out of range; give 1 ms to 1 h',
    ],
    [
      { maxLifetimeJitter: 2 },
      {},
      '"maxLifetimeJitter" from options: 2 is out of range; give 0 to 1',
    ],
    [
      { prepare: "sometimes" },
      {},
      '"prepare" from options: "sometimes" is not allowed; give "auto", "always" or "never"',
    ],
    [
      {},
      variables({ LIFEGUARD__DATABASE__MAXX: "3" }),
      '"MAXX" from LIFEGUARD__DATABASE__MAXX: it is not known; did you mean "MAX"?',
    ],
    [
      {},
      variables({ LIFEGUARD__DATABASE__MAX: "many" }),
      '"max" from LIFEGUARD__DATABASE__MAX: "many" is not a whole number; give 1 to 10000',
    ],
    [
      {},
      variables({ LIFEGUARD__DATABASE__CONNECT_TIMEOUT: "10" }),
      '"connectTimeout" from LIFEGUARD__DATABASE__CONNECT_TIMEOUT: "10" is out of range; give 100 ms to 1 h',
    ],
    [
      {},
      variables({ LIFEGUARD__DATABASE__URL: "mysql://h" }),
      '"url" from URL in LIFEGUARD__DATABASE__URL: its scheme cannot be read: it is "mysql"; ' +
      'begin with "postgres://" or "postgresql://"',
    ],
    [
      {},
      file("[database]\nmaxx = 3"),
      '"maxx" from config/config.toml: it is not known; did you mean "max"?',
    ],
    [
      {},
      file("[database]\nacquireTimeout = 3"),
      '"acquireTimeout" from config/config.toml: it is not known; did you mean "acquire_timeout"?',
    ],
    [
      {},
      file('[database]\nmax = "3"'),
      '"max" from config/config.toml: "3" is not a whole number; give 1 to 10000',
    ],
    [
      {},
      file("[database]\nmax = 3\nmax = 4"),
      '"configFile" from config/config.toml: it is not TOML at line 3, column 1; correct the file',
    ],
    [
      {},
      file("database = 3"),
      '"config/config.toml" from config/config.toml: it is not an object; give an object of settings or a URL',
    ],
    [
      {},
      variables({ LIFEGUARD_CONFIG: "/missing.toml" }),
      '"configFile" from LIFEGUARD_CONFIG: "/missing.toml" cannot be read; give the path of a file that exists ' +
      "(Deno needs --allow-read for it)",
    ],
    [
      { configFile: "/missing.toml" },
      {},
      '"configFile" from options: "/missing.toml" cannot be read; give the path of a file that exists ' +
      "(Deno needs --allow-read for it)",
    ],
    [
      { replicas: "postgres://r" },
      {},
      '"replicas" from options: its value (not shown) is not an array; give an array of URLs or objects',
    ],
    [
      { replicas: [{ port: 1 }] },
      {},
      '"replicas[0]" from options: it names no host; give the host of the replica',
    ],
    [
      { replicas: ["postgres://r", { hots: "r" }] },
      {},
      '"hots" from replicas[1]: it is not known; did you mean "host"?',
    ],
    [
      { replicas: ["postgres://r?pool_max=3"] },
      {},
      '"pool_max" from URL in replicas[0]: it is not known; use "host", ',
    ],
    [
      {},
      file('[database]\nreplicas = ["postgres://[r"]'),
      '"url" from URL in replicas[0] in config/config.toml: its host cannot be read: ',
    ],
    [
      { url: "pglite:", host: "h" },
      {},
      '"host" from options: it has no meaning for a "pglite:" URL; remove one of them',
    ],
    [
      { url: "pglite:", replicas: ["postgres://r"] },
      {},
      '"replicas" from options: it has no meaning for a "pglite:" URL; remove one of them',
    ],
    [{ onNotice: 5 }, {}, '"onNotice" from options: 5 is not a function; give a function'],
    [
      { logger: { warn: 5 } },
      {},
      '"logger" from options: a value of type object is not a logger; ' +
      "give an object with any of debug, info, warn, error, such as console, or a function",
    ],
    [
      { tracerProvider: { getMeter: () => {} } },
      {},
      '"tracerProvider" from options: a value of type object is not a provider; ' +
      "give an object with getTracer(), from an SDK of OpenTelemetry",
    ],
    ["", {}, '"url" from connection string: it is empty; give "postgres://host/database", or leave it out'],
    [null, {}, '"options" from options: it is not an object; give an object of settings or a URL'],
  ];
  for (const [input, surroundings, message] of table) {
    const actual = messageOf(input, surroundings);
    assert.equal(actual.slice(0, message.endsWith(" ") ? message.length : undefined), message);
  }
});

test("resolvePoolOptions() never writes to the options", () => {
  const options: PoolOptions = Object.freeze({
    url: "postgres://h?pool_max=3",
    replicas: Object.freeze([Object.freeze({ host: "r" })]),
  });
  const before = structuredClone(options);
  assert.equal(resolve(options).replicas.length, 1);
  assert.deepEqual(options, before);
});
