import assert from "node:assert/strict";
import { ConfigError, type JsonValue, Pool, PostgresError, sql, ValidationError } from "../../../pool/mod.ts";
import { test } from "../../harness.ts";
import { needs, proxy, server } from "../../services/client.ts";
import { assertServes, kill, type LivePool, livePool, quickest, rejection, running } from "../live_pool.ts";

const LIVE = needs("primary");
const APP = { user: "app_user", password: "secret-app" };

/** The tenant's pool: a plain user, since policies do not bind a superuser. */
interface Tenants extends AsyncDisposable {
  readonly live: LivePool;
  readonly app: Pool;
}

/** A table of notes of three tenants, whose policy reads `app.tenant`, and one that reads the whole context. */
async function tenants(through: (url: string) => string = (url) => url): Promise<Tenants> {
  const live = await livePool({ min: 0 });
  const { pool, schema } = live;
  const name = sql.identifier(schema);
  await pool.batch([
    sql`grant usage on schema ${name} to app_user`,
    sql`create table notes (id int primary key, tenant text not null, body text)`,
    sql`create table audits (id int primary key, tenant text not null)`,
    sql`insert into notes values (1, 'a', 'a1'), (2, 'a', 'a2'), (3, 'b', 'b1')`,
    sql`insert into audits values (1, 'a'), (2, 'b')`,
    sql`grant all on notes, audits to app_user`,
    sql`alter table notes enable row level security`,
    sql`alter table audits enable row level security`,
    sql`create policy own on notes using (tenant = current_setting('app.tenant', true))`,
    sql`create function context() returns jsonb language sql stable
        return nullif(current_setting('app.context', true), '')::jsonb`,
    sql.unsafe(
      `create function set_context(c jsonb) returns void language plpgsql as $$
       begin
         if c ->> 'subject' = 'intruder' then raise exception 'not you'; end if;
         perform set_config('app.context', c::text, true);
       end $$`,
    ),
    sql`create policy own on audits using (tenant = context() ->> 'tenant' and context() -> 'roles' ? 'auditor')`,
  ]);
  const app = new Pool({
    url: through(server("primary").url),
    ...APP,
    max: 1,
    min: 0,
    options: `-c search_path=${schema}`,
    sessionContextFunction: `${schema}.set_context`,
  });
  return {
    live,
    app,
    async [Symbol.asyncDispose]() {
      await app.close();
      await live[Symbol.asyncDispose]();
    },
  };
}

const ids = sql<{ id: number }>`select id from notes order by id`;

/** Proves that whoever comes next on the one connection has no context. */
async function assertNothingLeft(app: Pool): Promise<void> {
  assert.deepEqual(await app.query(ids), []);
  assert.deepEqual(await app.query(sql`select * from audits`), []);
  assert.deepEqual(await app.transaction((tx) => tx.query(ids)), []);
  assert.equal(await app.value(sql`select coalesce(current_setting('app.tenant', true), '')`), "");
  assert.equal(await app.value(sql`select coalesce(current_setting('app.context', true), '')`), "");
}

test(
  "Pool.withSettings() lets row-level security see the tenant, and only in its transaction",
  LIVE,
  async () => {
    await using both = await tenants();
    const { app } = both;
    await assertNothingLeft(app);
    assert.deepEqual(await app.withSettings({ "app.tenant": "a" }, (tx) => tx.query(ids)), [{ id: 1 }, {
      id: 2,
    }]);
    assert.deepEqual(await app.withSettings({ "app.tenant": "b" }, (tx) => tx.query(ids)), [{ id: 3 }]);
    assert.equal(
      await app.withSettings({ "app.tenant": "b" }, (tx) => tx.execute(sql`update notes set body = 'x'`)),
      1,
    );
    const refused = await rejection<PostgresError>(
      app.withSettings({ "app.tenant": "b" }, (tx) => tx.execute(sql`insert into notes values (9, 'a', '')`)),
    );
    assert.equal(refused.sqlState, "42501");
    await assertNothingLeft(app);
    const nested = await app.withSettings(
      { "app.tenant": "a" },
      (tx) => tx.transaction((inner) => inner.query(ids)),
      { isolation: "serializable", readOnly: true },
    );
    assert.equal(nested.length, 2);
    await assertNothingLeft(app);
  },
);

test(
  "Pool.withSettings() leaks nothing after errors, swallowed errors, aborts, timeouts and kills",
  LIVE,
  async () => {
    await using both = await tenants();
    const { app, live } = both;
    const tenant = { "app.tenant": "a" };
    await rejection(app.withSettings(tenant, (tx) => tx.query(sql`select 1 / 0`)));
    await assertNothingLeft(app);
    await rejection(
      app.withSettings(tenant, async (tx) => void await tx.query(sql`select 1 / 0`).catch(() => {})),
    );
    await assertNothingLeft(app);
    await rejection(app.withSettings(tenant, () => {
      throw new Error("before anything was sent");
    }));
    await assertNothingLeft(app);
    await rejection(
      app.withSettings(tenant, (tx) => tx.query(sql`select pg_sleep(5)`, { timeout: 50 })),
      1_000,
    );
    await assertNothingLeft(app);
    const signal = AbortSignal.timeout(100);
    await rejection(app.withSettings(tenant, (tx) => tx.query(sql`select pg_sleep(5)`), { signal }), 1_000);
    await assertNothingLeft(app);
    const killed = rejection(
      app.withSettings(tenant, (tx) => tx.query(sql`select pg_sleep(5) /* mark 91 */`)),
    );
    await kill(live.outside, await running(live.outside, "mark 91"));
    await killed;
    await assertNothingLeft(app);
  },
);

test("Pool.withSettings() among many tenants on few connections never mixes them", LIVE, async () => {
  await using both = await tenants();
  const { app } = both;
  const seen = await Promise.all(Array.from({ length: 60 }, async (_, n) => {
    const tenant = ["a", "b", undefined][n % 3];
    const rows = tenant === undefined
      ? await app.query(ids)
      : await app.withSettings({ "app.tenant": tenant }, (tx) => tx.query(ids));
    return [tenant, rows.length] as const;
  }));
  for (const [tenant, count] of seen) assert.equal(count, tenant === "a" ? 2 : tenant === "b" ? 1 : 0);
  await assertNothingLeft(app);
});

test("Pool.withContext() gives the context to the application's function, with BEGIN", {
  ...needs("primary", "control"),
}, async () => {
  await using slow = await proxy("primary");
  await using both = await tenants((url) => slow.url(url));
  const { app } = both;
  const audits = sql<{ id: number }>`select id from audits`;
  const once = () => app.withContext({ tenant: "b", roles: ["auditor"] }, (tx) => tx.query(audits));
  assert.deepEqual(await once(), [{ id: 2 }]);
  assert.deepEqual(await app.withContext({ tenant: "b", roles: [] }, (tx) => tx.query(audits)), []);
  await slow.delay(60); // A round trip takes 120 ms at least.
  const took = await quickest(once, 350);
  await slow.heal();
  console.log(`withContext() and one statement over a line of 120 ms: ${took.toFixed(0)} ms`);
  assert.ok(took > 235 && took < 350, `two round trips of 120 ms took ${took} ms`);
  await assertNothingLeft(app);
});

test("Pool.withContext() carries any JSON to the function as it is", LIVE, async () => {
  await using both = await tenants();
  const { app } = both;
  const context: Record<string, JsonValue> = {
    tenant: "'; drop table notes; --",
    subject: 'quote " backslash \\ newline \n unicode ☃ 𝒳 and the text \\u0000 \\ud800',
    roles: ["a", "b"],
    permissions: { deep: [1, 2.5, true, null, { "ключ": "$1 $$ %s" }] },
    "odd key '\"": "",
    __proto_: "x",
  };
  const read = await app.withContext(
    context,
    (tx) => tx.value(sql`select current_setting('app.context')::jsonb`),
  );
  assert.deepEqual(read, context);
  await assertNothingLeft(app);
});

test("Pool.withContext() whose function raises runs nothing, and rejects with that error", LIVE, async () => {
  await using both = await tenants();
  const { app } = both;
  const error = await rejection<PostgresError>(
    app.withContext({ subject: "intruder", tenant: "a" }, (tx) => tx.query(sql`select 1`)),
  );
  assert.ok(error instanceof PostgresError);
  assert.match(error.message, /not you/);
  const swallowed = await rejection<PostgresError>(
    app.withContext({ subject: "intruder" }, async (tx) => void await tx.query(ids).catch(() => {})),
  );
  assert.match(swallowed.message, /not you/);
  const idle = await rejection<PostgresError>(app.withContext({ subject: "intruder" }, () => {}));
  assert.match(idle.message, /not you/);
  await assertNothingLeft(app);
});

test("Pool.withContext() without a usable function is a ConfigError that says what to do", LIVE, async () => {
  await using live = await livePool();
  const { pool, schema } = live;
  const none = await rejection<ConfigError>(pool.withContext({ tenant: 1 }, () => {}));
  assert.ok(none instanceof ConfigError);
  assert.equal(none.key, "sessionContextFunction");
  assert.match(none.message, /name one/);
  for (const name of [`${schema}.nowhere`, "no_schema.set_context", "nowhere", `x"(); drop`]) {
    await using other = await livePool({ schema, sessionContextFunction: name });
    for (let round = 0; round < 2; round++) {
      const missing = await rejection<ConfigError>(
        other.pool.withContext({ tenant: 1 }, (tx) => tx.query(sql`select 1`)),
      );
      assert.ok(missing instanceof ConfigError, String(missing));
      assert.ok(missing.message.includes(`"${name}(jsonb)"`), missing.message);
      assert.ok(missing.cause instanceof PostgresError);
    }
    await assertServes(other);
  }
  // A function that is there and fails inside for the same reason is not taken for missing.
  await pool.execute(sql.unsafe(
    "create function broken(c jsonb) returns void language plpgsql as 'begin perform nowhere_at_all(); end'",
  ));
  await using broken = await livePool({ schema, sessionContextFunction: `${schema}.broken` });
  const inside = await rejection(broken.pool.withContext({ tenant: 1 }, (tx) => tx.query(sql`select 1`)));
  assert.ok(inside instanceof PostgresError, String(inside));
});

test(
  "Settings and contexts that cannot be sent are refused before BEGIN, without their values",
  LIVE,
  async () => {
    await using both = await tenants();
    const { app } = both;
    const cyclic: Record<string, unknown> = {};
    cyclic.self = cyclic;
    let calls = 0;
    const settings: [unknown, RegExp][] = [
      [{ "app.tenant": undefined }, /"app\.tenant".*undefined/],
      [{ "app.tenant": null }, /"app\.tenant".*null/],
      [{ "app.tenant": ["canary-x"] }, /"app\.tenant".*object/],
      [{ "app.tenant": "canary-x\0" }, /"app\.tenant".*NUL/],
      [{ "app.tenant', 'x', true), set_config('a": "canary-x" }, /words of letters/],
      [{ "": "canary-x" }, /words of letters/],
      [{ "app.ten\0ant": "canary-x" }, /words of letters/],
    ];
    for (const [bad, message] of settings) {
      const error = await rejection<Error>(
        app.withSettings(bad as Record<string, string>, () => void calls++),
      );
      assert.ok(error instanceof ValidationError, String(error));
      assert.match(error.message, message);
      assert.doesNotMatch(error.message, /canary/);
    }
    const contexts: unknown[] = [
      { tenant: 1n },
      cyclic,
      { tenant: "canary-x\0" },
      { tenant: "canary-x\ud800" },
      { "ke\0y": 1 },
    ];
    for (const bad of contexts) {
      const error = await rejection<Error>(app.withContext(bad as { tenant: string }, () => void calls++));
      assert.ok(error instanceof ValidationError, String(error));
      assert.match(error.message, /session context/);
      assert.doesNotMatch(error.message, /canary/);
    }
    assert.equal(calls, 0);
    await assertNothingLeft(app);
  },
);

test(
  "Pool.withSettings() takes hostile values literally, and numbers, bigints and booleans",
  LIVE,
  async () => {
    await using both = await tenants();
    const { app } = both;
    const hostile = "a'); drop table notes; -- \\ \" $1";
    const read = await app.withSettings(
      { "app.tenant": hostile, "app.n": 5, "app.big": 2n ** 70n, "app.yes": true, "App.Upper$1": "" },
      (tx) =>
        tx.one(sql`
        select current_setting('app.tenant') as tenant, current_setting('app.n') as n,
               current_setting('app.big') as big, current_setting('app.yes') as yes`),
    );
    assert.deepEqual(read, { tenant: hostile, n: "5", big: "1180591620717411303424", yes: "true" });
    // Settings of the server's own work too, a role among them.
    const own = await app.withSettings(
      { statement_timeout: "4s", "app.tenant": "a" },
      (tx) =>
        tx.one(
          sql`select current_setting('statement_timeout') as t, current_setting('app.tenant') as tenant`,
        ),
    );
    assert.deepEqual(own, { t: "4s", tenant: "a" });
    assert.equal(await app.value(sql`show statement_timeout`), "0");
    const unknown = await rejection<PostgresError>(
      app.withSettings({ nonsense: "1" }, (tx) => tx.query(ids)),
    );
    assert.equal(unknown.sqlState, "42704");
    await assertNothingLeft(app);
  },
);

test("Pool.withSettings() commits nothing when a value cannot be sent", LIVE, async () => {
  const text = {
    encode(value: unknown): string {
      if (value === "bad") throw new TypeError("no");
      return String(value);
    },
    decode: (value: string) => value,
  };
  await using live = await livePool({ codecs: { text } });
  const { pool } = live;
  await pool.execute(sql`create table t (id int)`);
  for (const [value, kind] of [["\ud800", ValidationError], ["bad", TypeError]] as const) {
    await assert.rejects(
      pool.withSettings({ "app.tenant": value }, (tx) => tx.execute(sql`insert into t values (1)`)),
      kind,
    );
    assert.equal(await pool.value(sql`select count(*) from t`), 0n, JSON.stringify(value));
  }
  await assertServes(live);
});
