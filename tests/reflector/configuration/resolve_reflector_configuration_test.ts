import assert from "node:assert/strict";
import { ConfigError } from "../../../pool/wire/errors.ts";
import { parseSetting, snakeCase } from "../../../pool/wire/configuration/setting.ts";
import { REFLECTOR_SETTINGS } from "../../../reflector/configuration/reflector_settings.ts";
import {
  type ReflectorConfiguration,
  resolveReflectorConfiguration,
} from "../../../reflector/configuration/resolve_reflector_configuration.ts";
import { test } from "../../harness.ts";
import {
  fakeEnvironment,
  type FakeEnvironmentOptions,
} from "../../pool/wire/configuration/fake_environment.ts";

function resolve(
  flags: Record<string, string | boolean> = {},
  surroundings: FakeEnvironmentOptions = {},
  configFile?: string,
): ReflectorConfiguration {
  return resolveReflectorConfiguration({ flags, configFile, environment: fakeEnvironment(surroundings) });
}

const FILE = "config/config.toml";

test("resolveReflectorConfiguration() has a default for everything", () => {
  assert.deepEqual(resolve(), {
    database: { dates: "string" },
    redis: {
      mode: "standalone",
      urls: ["redis://127.0.0.1:6379"],
      master: "mymaster",
      prefix: "lifeguard:",
    },
    source: "auto",
    slot: "lifeguard_reflector",
    publication: "lifeguard",
    tables: [],
    canaryInterval: 250,
    refresh: true,
    refreshConcurrency: 4,
    name: "lifeguard",
    election: "postgres",
    lease: 3000,
    etcd: { endpoints: ["http://127.0.0.1:2379"], user: undefined, password: undefined },
    shutdownTimeout: 10_000,
    http: { host: "127.0.0.1", port: 9464 },
    log: { level: "info", format: undefined },
  });
});

test("resolveReflectorConfiguration() takes flags before variables before the file", () => {
  const files = { [FILE]: '[reflector]\nlease = "7s"\nsource = "notify"\nhttp_port = 1000\n' };
  const variables = { LIFEGUARD__REFLECTOR__SOURCE: "logical", LIFEGUARD__REFLECTOR__HTTP_PORT: "2000" };
  const { lease, source, http } = resolve({ httpPort: "3000" }, { files, variables });
  assert.deepEqual([lease, source, http?.port], [7000, "logical", 3000]);
});

test("REFLECTOR_SETTINGS are read under the same rules from flags, variables and files", () => {
  const samples: Readonly<Record<string, string>> = {
    redisUrl: "rediss://cache.example:7000/2",
    etcdEndpoints: "https://etcd.example:2379",
    databaseUrl: "postgres://app@db.example/shop",
  };
  for (const { key, type, min = 0, choices } of REFLECTOR_SETTINGS) {
    const text = samples[key] ?? choices?.at(-1) ??
      (type === "boolean" ? "false" : type === "integer" || type === "duration" ? String(min) : "other");
    const typed = type === "boolean"
      ? "false"
      : type === "integer" || type === "duration"
      ? text
      : JSON.stringify(text);
    const both = { LIFEGUARD__REFLECTOR__ETCD_USER: "root", LIFEGUARD__REFLECTOR__ETCD_PASSWORD: "hidden" };
    const around: Record<string, string> = key.startsWith("etcdU") || key.startsWith("etcdP") ? both : {};
    const plain = resolve({}, { variables: around });
    const variable = `LIFEGUARD__REFLECTOR__${snakeCase(key).toUpperCase()}`;
    const fromVariable = resolve({}, { variables: { ...around, [variable]: text } });
    const without = Object.fromEntries(Object.entries(around).filter(([name]) => name !== variable));
    const files = { [FILE]: `[reflector]\n${snakeCase(key)} = ${typed}` };
    const fromFile = resolve({}, { files, variables: without });
    const fromFlag = resolve({ [key]: type === "boolean" ? false : text }, { variables: around });
    assert.notDeepEqual(fromVariable, plain, `${key}: ${text} changes nothing`);
    assert.deepEqual(fromFile, fromVariable, key);
    assert.deepEqual(fromFlag, fromVariable, key);
  }
});

test("REFLECTOR_SETTINGS have names of their own, descriptions, and defaults that they would accept", () => {
  const keys = REFLECTOR_SETTINGS.map(({ key }) => key);
  assert.deepEqual(keys.filter((key, index) => keys.indexOf(key) !== index), []);
  for (const setting of REFLECTOR_SETTINGS) {
    const { key, default: value } = setting;
    assert.match(setting.description, /[.]$/, key);
    if (value === undefined) continue;
    const raw = { name: key, value, source: "default", form: "option", printable: true } as const;
    assert.equal(parseSetting(setting, raw), value, key);
  }
});

test("resolveReflectorConfiguration() leaves the database to the pool unless it has a URL of its own", () => {
  const files = { "/etc/lifeguard.toml": '[database]\nurl = "postgres://app@db.example/shop"' };
  assert.deepEqual(resolve({}, { files }, "/etc/lifeguard.toml").database, {
    dates: "string",
    configFile: "/etc/lifeguard.toml",
  });
  assert.deepEqual(resolve({ databaseUrl: "postgres://other.example/shop" }).database, {
    dates: "string",
    url: "postgres://other.example/shop",
  });
});

const CASES: readonly (readonly [
  flags: Record<string, string | boolean>,
  surroundings: FakeEnvironmentOptions,
  key: string,
  source: string,
  message: RegExp,
])[] = [
  [{ httpPort: "web" }, {}, "httpPort", "--http-port", /"web" is not a whole number; give 1 to 65535, or 0/],
  [{ source: "notfy" }, {}, "source", "--source", /did you mean "notify"\?/],
  [{ lease: "100ms" }, {}, "lease", "--lease", /is out of range; give 1 s to 1 min/],
  [{ slot: "My-Slot" }, {}, "slot", "--slot", /is not the name of a replication slot; use at most 63/],
  [{ prefix: "{shop}:" }, {}, "prefix", "--prefix", /contains a brace; leave braces out/],
  [{ name: "" }, {}, "name", "--name", /is not usable as a name; use 1 to 100 letters/],
  [{ etcdUser: "root" }, {}, "etcdUser", "--etcd-user", /needs "etcdPassword" beside it/],
  [{ redisUrl: "redis://a,redis://b" }, {}, "redisUrl", "--redis-url", /names several servers; name one, or/],
  [
    {},
    { variables: { LIFEGUARD__REFLECTOR__REDIS_URI: "redis://a" } },
    "REDIS_URI",
    "LIFEGUARD__REFLECTOR__REDIS_URI",
    /did you mean "REDIS_URL"\?/,
  ],
  [{}, { files: { [FILE]: "[reflector]\nlaese = 1" } }, "laese", FILE, /did you mean "lease"\?/],
  [{}, { files: { [FILE]: "[reflector]\nrefresh = 1" } }, "refresh", FILE, /1 is not a boolean/],
  [{}, { files: { [FILE]: "reflector = 1" } }, FILE, FILE, /it is not an object/],
];

test("resolveReflectorConfiguration() names key, source and what is allowed", () => {
  for (const [flags, surroundings, key, source, message] of CASES) {
    assert.throws(() => resolve(flags, surroundings), (error) => {
      assert(error instanceof ConfigError, String(error));
      assert.match(error.message, message);
      assert.deepEqual([error.key, error.source], [key, source]);
      return true;
    });
  }
});

test("resolveReflectorConfiguration() refuses a file that is named and missing", () => {
  assert.throws(
    () => resolve({}, {}, "missing.toml"),
    /Cannot use setting "configFile" from --config: "missing.toml" cannot be read/,
  );
});

test("resolveReflectorConfiguration() shows no password", () => {
  const secret = "hunter2";
  const wrong: readonly Record<string, string>[] = [
    { redisUrl: `redi://:${secret}@cache.example` },
    { redisUrl: `redis://:${secret}@a.example,redis://:${secret}@b.example` },
    { redisUrl: `:${secret}@cache.example` },
    { etcdEndpoints: `ftp://root:${secret}@etcd.example` },
    { etcdPassword: secret },
  ];
  for (const flags of wrong) {
    assert.throws(() => resolve(flags), (error) => {
      assert(error instanceof ConfigError);
      assert(!`${error.message} ${error.stack} ${JSON.stringify(error)}`.includes(secret), error.message);
      return true;
    });
  }
});
