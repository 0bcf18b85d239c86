/** The program as its users run it, against a real PostgreSQL and a real Redis. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import packageFile from "../../../deno.json" with { type: "json" };
import { Cache, column, model, Pool, sql } from "../../../mod.ts";
import { PERMISSIONS } from "../../../reflector/program/permissions.ts";
import { test } from "../../harness.ts";
import { freshDatabase, isolatedEtcd, isolatedRedis, isolatedServer, needs } from "../../services/client.ts";
import { PROGRAM_KINDS, run, type RunningProgram, serve } from "./program_process.ts";

interface Status {
  readonly state: string;
  readonly name: string;
  readonly source?: string;
  readonly counters: { readonly notifications: number; readonly ignored: number };
  readonly coverage?: { readonly tables: readonly string[] };
}

async function status({ url }: RunningProgram): Promise<Status> {
  return await (await fetch(`${url}/status.json`)).json();
}

async function until<Value>(look: () => Promise<Value | undefined | false>, what: string): Promise<Value> {
  const started = performance.now();
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() - started > 30_000) throw new Error(`It was never so that ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function ready({ url }: RunningProgram, words: string): Promise<boolean> {
  return until(async () => {
    const response = await fetch(`${url}/readyz`);
    return await response.text() === `${words}\n` && response.status === 200;
  }, `/readyz says ${words}`);
}

for (const kind of PROGRAM_KINDS) {
  const options = {
    ...(kind.ignore === undefined ? {} : { ignore: kind.ignore }),
    timeout: 90_000,
    once: true,
  };

  test(
    `lifeguard-reflector, ${kind.name}, says what it is, and refuses what it does not understand`,
    options,
    async () => {
      await using program = await kind.make();
      const [version, help, flag, value, database] = await Promise.all([
        run(program, ["--version"]),
        run(program, ["--help"]),
        run(program, ["--http-prt", "1"]),
        run(program, ["--lease", "soon"]),
        run(program, ["--database-url", "postgres://nobody@localhost?sslmod=require", "--no-http"]),
      ]);
      assert.deepEqual(version, { code: 0, out: `${packageFile.version}\n`, err: "" });
      assert.deepEqual([help.code, help.err], [0, ""]);
      assert.match(help.out, /^Usage: lifeguard-reflector \[command\] \[flags\]/);
      assert.deepEqual([flag.code, flag.out], [2, ""]);
      assert.match(flag.err, /unknown option '--http-prt' \(Did you mean --http-port\?\)/);
      assert.deepEqual([value.code, value.out], [2, ""]);
      assert.equal(
        value.err,
        'Cannot use setting "lease" from --lease: "soon" is not a duration; give 1 s to 1 min\n',
      );
      assert.equal(database.code, 2, database.err);
      assert.match(database.err, /did you mean "sslmode"\?/);
    },
  );

  const servers = { ...needs("primary", "isolatedRedis"), ...options };

  test(`lifeguard-reflector, ${kind.name}, leads, follows, and hands over at SIGTERM`, servers, async () => {
    await using program = await kind.make();
    await using database = await freshDatabase();
    await using redis = await isolatedRedis();
    await using pool = new Pool(database.url);
    await pool.execute(sql`create table users (id int primary key, name text)`);
    const where = ["--database-url", database.url];
    const installed = await run(program, ["install", "users", "--for", "notify", ...where]);
    assert.deepEqual(installed, { code: 0, out: "Installed triggers on public.users\n", err: "" });

    const flags = [...where, "--redis-url", redis.url, "--source", "notify", "--lease", "1s"];
    await using first = await serve(program, flags);
    await ready(first, "leading");
    await using second = await serve(program, flags);
    await ready(second, "following");

    await pool.execute(sql`insert into users select n, 'x' from generate_series(1, 10) as n`);
    const found = await until(async () => {
      const now = await status(first);
      return now.counters.ignored > 0 && now;
    }, "a change is counted");
    assert.deepEqual([found.state, found.source], ["leading", "notify"]);
    assert.deepEqual(found.coverage?.tables, ["public.users"]);
    const metrics = await (await fetch(`${first.url}/metrics`)).text();
    assert.match(metrics, /^reflector_leading 1$/m);
    assert.match(metrics, /^reflector_redis_latency_seconds_count\{operation="advance"\} [1-9]/m);
    assert.match(metrics, /^lifeguard_pool_size\{/m);
    assert.match(await (await fetch(`${second.url}/metrics`)).text(), /^reflector_leading 0$/m);

    const began = performance.now();
    first.kill("SIGTERM");
    const ended = await first.ended;
    const took = performance.now() - began;
    assert.equal(ended.code, 0, ended.err);
    await ready(second, "leading");
    console.log(
      `ended after ${Math.round(took)} ms, succeeded after ${Math.round(performance.now() - began)} ms`,
    );
    for (const line of ended.err.trim().split("\n")) {
      assert.equal(typeof JSON.parse(line).event, "string", line);
    }
    second.kill("SIGINT");
    assert.equal((await second.ended).code, 0);
  });
}

const [either] = PROGRAM_KINDS.filter(({ ignore }) => ignore === undefined);

test("lifeguard-reflector takes everything from variables and a file, and follows the log", {
  ...needs("control", "isolatedRedis"),
  ...(either === undefined ? { ignore: PROGRAM_KINDS[0].ignore } : {}),
  timeout: 90_000,
  once: true,
}, async () => {
  await using program = await either.make();
  await using server = await isolatedServer({ settings: { wal_level: "logical" } });
  await using redis = await isolatedRedis();
  await using pool = new Pool(server.url);
  await pool.execute(sql`create table users (id int primary key, name text)`);
  const folder = await mkdtemp(join(tmpdir(), "lifeguard-reflector-"));
  try {
    const file = join(folder, "config.toml");
    const text =
      `[database]\nurl = "${server.url}"\n[reflector]\nredis_url = "redis://127.0.0.1:1"\nlease = "2s"\n`;
    await writeFile(file, text);
    const variables = { LIFEGUARD_CONFIG: file, LIFEGUARD__REFLECTOR__REDIS_URL: redis.url };
    const installed = await run(program, ["install", "users", "--for", "logical"], variables);
    assert.deepEqual(installed, {
      code: 0,
      out: 'Installed publication "lifeguard" of public.users\n',
      err: "",
    });
    await using reflector = await serve(program, [], variables);
    await ready(reflector, "leading");
    await pool.execute(sql`insert into users values (1, 'x')`);
    const found = await until(async () => {
      const now = await status(reflector);
      return now.counters.ignored > 0 && now;
    }, "a change is counted");
    assert.equal(found.source, "logical");
    reflector.kill("SIGTERM");
    assert.equal((await reflector.ended).code, 0);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test("lifeguard-reflector audit judges what a cache holds, and fails where it can judge nothing", {
  ...needs("primary", "isolatedRedis"),
  ...(either === undefined ? { ignore: PROGRAM_KINDS[0].ignore } : {}),
  timeout: 90_000,
  once: true,
}, async () => {
  await using program = await either.make();
  await using database = await freshDatabase();
  await using redis = await isolatedRedis();
  await using pool = new Pool(database.url);
  await pool.execute(sql`create table users (id int primary key, name text)`);
  await pool.execute(sql`insert into users select n, 'user ' || n from generate_series(1, 20) as n`);
  const flags = ["--database-url", database.url, "--redis-url", redis.url];
  await run(program, ["install", "users", "--for", "notify", ...flags]);
  await using reflector = await serve(program, [...flags, "--source", "notify", "--lease", "1s"]);
  await ready(reflector, "leading");

  const nothing = await run(program, ["audit", "--after", "1", ...flags]);
  assert.deepEqual([nothing.code, nothing.out.includes("nothing can be said")], [1, true], nothing.err);

  const User = model("users", { id: column.integer().primaryKey(), name: column.text() }, { cache: 60 });
  await using cache = new Cache(pool, { redis: redis.url, nearRows: 0 });
  assert.equal(await cache.ready({ timeout: 20_000 }), true);
  await until(async () => {
    for (let id = 1; id <= 20; id++) await User.findById(id, pool);
    return cache.stats().hits >= 20;
  }, "every row is cached");
  const audited = await run(program, ["audit", "--after", "1,2", "--samples", "10", "--json", ...flags]);
  assert.equal(audited.code, 0, `${audited.err}${audited.out}`);
  const report = JSON.parse(audited.out);
  assert.deepEqual([report.found, report.sampled, report.broken], [20, 10, 0]);
  assert(report.judged >= 10, audited.out);
  assert.match(audited.err, /^10 rows of the primary read, of 20 cached$/m);
  const misuse = await run(program, ["audit", "--after", "2,1", ...flags]);
  assert.deepEqual([misuse.code, misuse.err], [
    2,
    'Cannot use --after: "2,1" is not rising seconds; give for example 1,10,60\n',
  ]);
});

test("lifeguard-reflector is succeeded when it is killed, with etcd as the elector", {
  ...needs("primary", "isolatedRedis"),
  ...needs("etcd"),
  ...(either === undefined ? { ignore: PROGRAM_KINDS[0].ignore } : {}),
  timeout: 90_000,
  once: true,
}, async () => {
  await using program = await either.make();
  await using database = await freshDatabase();
  await using redis = await isolatedRedis();
  await using etcd = await isolatedEtcd();
  const endpoints = etcd.urls.join(",");
  const flags = ["--database-url", database.url, "--redis-url", redis.url, "--source", "notify"]
    .concat("--election", "etcd", "--etcd-endpoints", endpoints, "--lease", "2s");
  await using first = await serve(program, flags);
  await ready(first, "leading");
  await using second = await serve(program, flags);
  await ready(second, "following");
  const began = performance.now();
  first.kill("SIGKILL");
  await ready(second, "leading");
  const took = performance.now() - began;
  console.log(`succeeded ${Math.round(took)} ms after SIGKILL, with a lease of 2000 ms`);
  assert(took < 15_000, `${took} ms`);
});

test("PERMISSIONS are those of the task", () => {
  const { reflector } = packageFile.tasks;
  assert.equal(reflector, `deno run ${PERMISSIONS.join(" ")} reflector/main.ts`);
});
