import assert from "node:assert/strict";
import { sql } from "../../mod.ts";
import { test } from "../harness.ts";
import { needs } from "../services/client.ts";
import { eventually, LiveCache } from "./live_cache.ts";

const USERS = `create table users (id int primary key, email text unique, name text);
  insert into users select n, n || '@x', 'old' from generate_series(1, 9) n`;

const isNew = (row: Record<string, unknown> | null | undefined): boolean => row?.name === "new";
const isGone = (row: unknown): boolean => row === undefined;

test("Reflector reads a changed row again that is in use, and ignores others", needs("primary"), async () => {
  await using live = await LiveCache.open({ ddl: USERS, triggers: ["users"] });
  assert.ok(await live.fill("users", "1"));
  assert.equal((await live.cached("users", "1"))?.name, "old");
  await live.run(`update users set name = 'new' where id in (1, 2)`);
  await live.becomes("users", "1", isNew);
  assert.equal(await live.cached("users", "2"), undefined);
  const { counters, activeKeys } = await eventually(() => {
    const status = live.reflector.status();
    return status.counters.refreshes === 1 && status;
  }, "it is counted");
  assert.ok(counters.ignored >= 1 && counters.voided === 1 && counters.rows === 2);
  assert.equal(activeKeys, 1);
});

test(
  "Reflector voids what is deleted, inserted, renamed, and by what it was looked up",
  needs("primary"),
  async () => {
    await using live = await LiveCache.open({ ddl: USERS, triggers: ["users"] });
    for (const id of ["1", "2", "3", "20", "21"]) assert.ok(await live.fill("users", id));
    for (const email of ["2@x", "new@x", "20@x"]) assert.ok(await live.fillLookup("users", "email", email));
    assert.equal(await live.cached("users", "20"), null);
    await live.run(`delete from users where id = 1`);
    await live.becomes("users", "1", isGone);
    await live.run(`insert into users values (20, '20@x', 'new')`);
    await live.becomes("users", "20", (row) => row !== null);
    await live.run(`update users set email = 'new@x', name = 'new' where id = 2`);
    await live.becomes("users", "2", isNew);
    await live.run(`update users set id = 21 where id = 3`);
    await live.becomes("users", "3", isGone);
    await live.becomes("users", "21", (row) => row !== null);
    for (const email of ["2@x", "new@x", "20@x"]) {
      assert.equal(
        await live.hasLookup("users", "email", email),
        false,
      );
    }
  },
);

test("Reflector hears every way in which rows change", needs("primary"), async () => {
  await using live = await LiveCache.open({
    ddl:
      `${USERS}; create table posts (id int primary key, author int references users on delete cascade, name text);
      insert into posts select n, n, 'old' from generate_series(1, 9) n;
      create table events (id int, name text, primary key (id)) partition by range (id);
      create table events_1 partition of events for values from (0) to (10);
      insert into events select n, 'old' from generate_series(1, 9) n`,
    triggers: ["users", "posts", "events"],
  });
  for (const id of ["1", "2", "3", "4"]) assert.ok(await live.fill("users", id));
  for (const id of ["1", "5"]) assert.ok(await live.fill("posts", id, ["id", "name"]));
  assert.ok(await live.fill("events", "1"));
  await live.run(`delete from users where id = 1`);
  await live.becomes("posts", "1", isGone);
  await live.pool.transaction(async (transaction) => {
    await transaction.execute(sql`set local session_replication_role = replica`);
    await transaction.execute(sql`update users set name = 'new' where id = 2`);
  });
  await live.becomes("users", "2", isNew);
  await live.run(`update events_1 set name = 'new'`);
  await live.becomes("events", "1", isNew);
  await live.pool.copyFrom(sql`copy users (id, name) from stdin`, ["40\tnew\n"]);
  const name = `two_phase_${crypto.randomUUID()}`;
  await using session = await live.pool.reserve();
  await session.execute(sql`begin`);
  await session.execute(sql`set local lifeguard.outbox = on`);
  await session.execute(sql`update users set name = 'new' where id = 3`);
  await session.execute(sql.unsafe(`prepare transaction '${name}'`));
  await live.canaries();
  assert.equal((await live.cached("users", "3"))?.name, "old");
  await live.run(`commit prepared '${name}'`);
  await live.becomes("users", "3", isNew);
  await live.run(`truncate posts`);
  await live.becomes("posts", "5", isGone);
});

test("Reflector says nothing of what was rolled back", needs("primary"), async () => {
  await using live = await LiveCache.open({ ddl: USERS, triggers: ["users"] });
  assert.ok(await live.fill("users", "1"));
  await live.canaries();
  const before = live.reflector.status().counters.notifications;
  await live.pool.transaction(async (transaction) => {
    await transaction.execute(sql`update users set name = 'new'`);
    throw new Error("roll back");
  }).catch(() => {});
  await live.canaries();
  assert.equal((await live.cached("users", "1"))?.name, "old");
  assert.equal(live.reflector.status().counters.notifications, before);
});

test(
  "Reflector makes a table void as a whole for many rows, and for DDL before the next number",
  needs("primary"),
  async () => {
    await using live = await LiveCache.open({
      ddl: `create type mood as enum ('glad', 'sad'); ${
        USERS.replace("name text)", "name text, mood mood default 'sad')")
      }`,
      triggers: ["users"],
    });
    const changes = [
      `insert into users (id) select n from generate_series(100, 2000) n`,
      `alter table users add column age int default 5`,
      `alter type mood rename value 'sad' to 'gloomy'`,
      `alter table users alter column name type varchar(100)`,
      `create policy everyone on users using (true)`,
      `alter table users disable trigger lifeguard_update`,
    ];
    for (const change of changes) {
      assert.ok(await live.fill("users", "1"), change);
      const before = (await live.watermark()).tables.get("public.users") ?? 0n;
      await live.run(change);
      const watermark = await live.canaries();
      assert.ok((watermark.tables.get("public.users") ?? 0n) > before, change);
      assert.equal(await live.cached("users", "1"), undefined, change);
    }
    const { coverage } = live.reflector.status();
    assert.deepEqual(coverage?.tables, []);
    assert.match(coverage!.refused[0].reason, /trigger for update is not enabled always/);
    assert.equal((await live.watermark()).coverage, coverage!.hash);
    assert.deepEqual(JSON.parse((await live.store.document("coverage"))!).refused, coverage!.refused);
  },
);

test("Reflector ignores strangers on its channel", needs("primary"), async () => {
  await using live = await LiveCache.open({ ddl: USERS, triggers: ["users"] });
  const strange = ["", "x", "null", "[]", "{}", `{"table":1}`, `{"table":"public.users","op":"x","ids":[1]}`];
  for (const payload of strange) await live.pool.execute(sql`select pg_notify('lifeguard', ${payload})`);
  await live.canaries();
  assert.equal(live.reflector.status().counters.strangers, strange.length);
  assert.equal(live.reflector.status().state, "leading");
});

test(
  "Reflector refuses what stays after it was stopped, and a fresh one begins another epoch",
  needs("primary"),
  async () => {
    await using live = await LiveCache.open({ ddl: USERS, triggers: ["users"] });
    assert.ok(await live.fill("users", "1"));
    const { epoch, term } = await live.watermark();
    await live.reflector.stop();
    assert.equal(live.reflector.status().state, "stopped");
    await live.run(`update users set name = 'new' where id = 1`);
    await using other = await LiveCache.open({ ddl: "", url: live.url, store: live.store });
    const after = await other.watermark();
    assert.notEqual(after.epoch, epoch);
    assert.equal(after.term, term + 1);
    assert.equal(await other.cached("users", "1"), undefined);
  },
);

test("Reflector tells every reflector of a database what was in the outbox", needs("primary"), async () => {
  await using one = await LiveCache.open({ ddl: USERS, triggers: ["users"] });
  await using other = await LiveCache.open({ ddl: "", url: one.url });
  for (const live of [one, other]) assert.ok(await live.fill("users", "1"));
  await one.pool.transaction(async (transaction) => {
    await transaction.execute(sql`set local lifeguard.outbox = on`);
    await transaction.execute(sql`update users set name = 'new' where id = 1`);
  });
  for (const live of [one, other]) await live.becomes("users", "1", isNew);
  assert.equal(await one.pool.value(sql`select count(*)::int from lifeguard_reflector.outbox`), 0);
});

test("Reflector has a changed row fresh in the cache soon after its commit", needs("primary"), async () => {
  await using live = await LiveCache.open({ ddl: USERS, triggers: ["users"] });
  assert.ok(await live.fill("users", "1"));
  const taken: number[] = [];
  for (let round = 0; round < 100; round++) {
    await live.pool.execute(sql`update users set name = ${`round ${round}`} where id = 1`);
    const committed = performance.now();
    await live.becomes("users", "1", (row) => row?.name === `round ${round}`);
    taken.push(performance.now() - committed);
  }
  taken.sort((a, b) => a - b);
  console.log(`commit → fresh: p50 ${taken[50].toFixed(1)} ms, p99 ${taken[98].toFixed(1)} ms`);
  assert.ok(taken[50] < 1_000, `p50 ${taken[50]} ms`);
});

test("Reflector needs no right but to read what it reads again", needs("primary"), async () => {
  await using owner = await LiveCache.open({ ddl: USERS, triggers: ["users"] });
  await owner.run(`grant select on users to app_user`);
  await using live = await LiveCache.open({
    ddl: "",
    url: owner.url,
    through: (url) => url.replace("lifeguard:secret-lifeguard@", "app_user:secret-app@"),
  });
  for (const id of ["1", "2"]) assert.ok(await live.fill("users", id));
  await live.pool.transaction(async (transaction) => {
    await transaction.execute(sql`set local lifeguard.outbox = on`);
    await transaction.execute(sql`update users set name = 'new' where id = 1`);
  });
  await live.becomes("users", "1", isNew);
  await owner.run(`revoke select on users from app_user`);
  await live.run(`update users set name = 'new' where id = 2`);
  await live.becomes("users", "2", isGone);
  await eventually(
    () => live.reflector.status().faults.some(({ event }) => event === "refresh_failed"),
    "it is told that rows cannot be read",
  );
  assert.equal(live.reflector.status().state, "leading");
});
