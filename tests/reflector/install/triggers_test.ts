import assert from "node:assert/strict";
import { Pool, sql } from "../../../mod.ts";
import { idText } from "../../../orm/cache/protocol/key_text.ts";
import { isCovered, judge } from "../../../reflector/coverage/covered_table.ts";
import { tableFacts } from "../../../reflector/coverage/table_facts.ts";
import { installTriggers, reflectorTriggers, removeTriggers } from "../../../reflector/install/triggers.ts";
import { test } from "../../harness.ts";
import { type FreshDatabase, freshDatabase, needs } from "../../services/client.ts";

interface Message {
  readonly table?: string;
  readonly op?: string;
  readonly ids?: readonly string[];
  readonly all?: boolean;
  readonly lookups?: Record<string, readonly string[]>;
}

/** A database with tables, and what was notified in it. */
class Heard implements AsyncDisposable {
  readonly pool: Pool;
  readonly #database: FreshDatabase;
  readonly #messages: Message[] = [];
  readonly #bell = new EventTarget();

  private constructor(database: FreshDatabase) {
    this.#database = database;
    this.pool = new Pool({ url: database.url, max: 4 });
  }

  static async open(ddl: string, tables?: readonly string[]): Promise<Heard> {
    const heard = new Heard(await freshDatabase());
    for (const statement of ddl.split(";")) {
      if (statement.trim() !== "") await heard.pool.execute(sql.unsafe(statement));
    }
    if (tables !== undefined) await installTriggers(heard.pool, { tables });
    await heard.pool.listen("lifeguard", (payload) => {
      heard.#messages.push(JSON.parse(payload));
      heard.#bell.dispatchEvent(new Event("message"));
    });
    return heard;
  }

  get url(): string {
    return this.#database.url;
  }

  run(text: string): Promise<number> {
    return this.pool.execute(sql.unsafe(text));
  }

  /** What was notified since the last time: everything until a mark that is sent now. */
  async since(): Promise<readonly Message[]> {
    const mark = crypto.randomUUID();
    await this.pool.execute(sql`select pg_notify('lifeguard', ${JSON.stringify({ op: mark })})`);
    while (!this.#messages.some(({ op }) => op === mark)) {
      await new Promise((resolve) => this.#bell.addEventListener("message", resolve, { once: true }));
    }
    const messages = this.#messages.splice(0).filter(({ op }) => op !== mark);
    // Triggers of several tables, and groups of ids, come in no order.
    return messages.map(sorted).sort((a, b) => JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.pool.close();
    await this.#database.drop();
  }
}

function sorted(message: Message): Message {
  return message.ids === undefined ? message : { ...message, ids: [...message.ids].sort() };
}

const USERS = `create table users (id int primary key, email text unique, name text)`;

test(
  "installTriggers(): one statement is one notification, with old and new keys and lookup values",
  needs("primary"),
  async () => {
    await using heard = await Heard.open(USERS, ["users"]);
    await heard.run(`insert into users select n, n || '@x', 'n' from generate_series(1, 3) n`);
    assert.deepEqual(await heard.since(), [{
      table: "public.users",
      op: "insert",
      ids: ["1", "2", "3"],
      lookups: { email: ["1@x", "2@x", "3@x"] },
    }]);
    await heard.run(`update users set id = 10, email = 'ten@x' where id = 1`);
    assert.deepEqual(await heard.since(), [{
      table: "public.users",
      op: "update",
      ids: ["1", "10"],
      lookups: { email: ["1@x", "ten@x"] },
    }]);
    await heard.run(`update users set email = null where id = 10`);
    await heard.run(`delete from users where id in (2, 3)`);
    const messages = await heard.since();
    assert.deepEqual(messages.map(({ op, ids, lookups }) => [op, ids, lookups?.email]), [
      ["delete", ["2", "3"], ["2@x", "3@x"]],
      ["update", ["10"], ["ten@x"]],
    ]);
  },
);

test(
  "installTriggers(): nothing is told of statements without rows, and of what is rolled back",
  needs("primary"),
  async () => {
    await using heard = await Heard.open(USERS, ["users"]);
    await heard.run(`update users set name = 'x' where id = 1`);
    await heard.run(`delete from users`);
    await heard.run(`insert into users select 1 where false`);
    await heard.pool.transaction(async (transaction) => {
      await transaction.execute(sql`insert into users values (1)`);
      throw new Error("roll back");
    }).catch(() => {});
    await heard.pool.transaction(async (transaction) => {
      await transaction.execute(sql`insert into users values (2)`);
      await transaction.transaction(async (savepoint) => {
        await savepoint.execute(sql`insert into users values (3)`);
        throw new Error("roll back");
      }).catch(() => {});
    });
    assert.deepEqual((await heard.since()).map(({ ids }) => ids), [["2"]]);
  },
);

test(
  "installTriggers(): TRUNCATE, many rows and long payloads are told as the table as a whole",
  needs("primary"),
  async () => {
    await using heard = await Heard.open(`create table notes (id text primary key)`, ["notes"]);
    await heard.run(`insert into notes select n from generate_series(1, 1000) n`);
    await heard.run(`insert into notes select -n from generate_series(1, 1001) n`);
    await heard.run(`truncate notes`);
    const messages = await heard.since();
    const whole = messages.filter(({ all }) => all === true);
    assert.deepEqual(whole, [{ table: "public.notes", op: "insert", all: true }, {
      table: "public.notes",
      op: "truncate",
      all: true,
    }]);
    assert.equal(messages.find(({ ids }) => ids !== undefined)?.ids?.length, 1000);
    await heard.run(`insert into notes select repeat('x', 190) || n from generate_series(1, 60) n`);
    assert.deepEqual(await heard.since(), [{ table: "public.notes", op: "insert", all: true }]);
  },
);

test("installTriggers(): ids are those of idText(), whatever is in them", needs("primary"), async () => {
  await using heard = await Heard.open(
    `create table pairs (a text, b varchar(1000), c uuid default '00000000-0000-0000-0000-000000000001', d bigint default -1, primary key (a, b))`,
    ["pairs"],
  );
  const pairs = [["a,b", "c\\d"], ["", '"{}'], ["x".repeat(300), "y"], ["é".repeat(101), ""], ["'", "\n\t"]];
  for (const [a, b] of pairs) {
    await heard.pool.execute(sql`insert into pairs (a, b) values (${a}, ${b})`);
    assert.deepEqual((await heard.since())[0].ids, [idText([a, b])]);
  }
});

test("installTriggers(): every way to change rows is told", needs("primary"), async () => {
  await using heard = await Heard.open(USERS, ["users"]);
  await heard.pool.copyFrom(sql`copy users (id, email) from stdin`, ["1\ta\n2\tb\n"]);
  assert.deepEqual((await heard.since())[0].ids, ["1", "2"]);
  await heard.run(
    `insert into users values (2, 'c'), (3, 'd') on conflict (id) do update set email = excluded.email`,
  );
  assert.deepEqual((await heard.since()).map(({ op, ids, lookups }) => [op, ids, lookups?.email]), [
    ["insert", ["3"], ["d"]],
    ["update", ["2"], ["b", "c"]],
  ]);
  await heard.run(
    `merge into users using (values (1), (4)) as v(id) on users.id = v.id when matched then delete
     when not matched then insert values (v.id)`,
  );
  assert.deepEqual((await heard.since()).map(({ op, ids }) => [op, ids]), [["delete", ["1"]], ["insert", [
    "4",
  ]]]);
  await heard.pool.transaction(async (transaction) => {
    await transaction.execute(sql`set local session_replication_role = replica`);
    await transaction.execute(sql`delete from users where id = 4`);
  });
  assert.deepEqual((await heard.since()).map(({ op, ids }) => [op, ids]), [["delete", ["4"]]]);
});

test(
  "installTriggers(): rows changed by foreign keys are told, and tables left out are asked for",
  needs("primary"),
  async () => {
    await using heard = await Heard.open(
      `${USERS}; create table posts (id int primary key, author int references users on delete cascade on update cascade);
     create table likes (id int primary key, post int references posts on delete set null)`,
    );
    await assert.rejects(
      installTriggers(heard.pool, { tables: ["users"] }),
      {
        message:
          /rows of "public\.posts" change with its rows by a foreign key's action; name these tables too/,
      },
    );
    assert.deepEqual(await installTriggers(heard.pool, { tables: ["users"], cascades: "include" }), [
      "public.users",
      "public.posts",
      "public.likes",
    ]);
    await heard.run(`insert into users values (1), (2)`);
    await heard.run(`insert into posts values (1, 1), (2, 1), (3, 2)`);
    await heard.run(`insert into likes values (1, 1), (2, 2), (3, 3)`);
    await heard.since();
    await heard.run(`delete from users`);
    const messages = await heard.since();
    const told = (table: string): readonly string[] =>
      [...new Set(messages.filter((message) => message.table === table).flatMap(({ ids }) => ids!))].sort();
    assert.deepEqual(told("public.users"), ["1", "2"]);
    assert.deepEqual(told("public.posts"), ["1", "2", "3"]);
    assert.deepEqual(told("public.likes"), ["1", "2", "3"]);
    assert.ok(
      messages.some(({ lookups }) => String(lookups?.author) === "1" || String(lookups?.author) === "1,2"),
    );
  },
);

test(
  "installTriggers(): statements that name a partition are told as of its table, and so are moves",
  needs("primary"),
  async () => {
    await using heard = await Heard.open(
      `create table events (id int, at int, note text, primary key (id, at)) partition by range (at);
     create table events_1 partition of events for values from (0) to (10);
     create table events_2 partition of events for values from (10) to (20) partition by list (id);
     create table events_2a partition of events_2 default`,
      ["events"],
    );
    await heard.run(`insert into events values (1, 1), (2, 11)`);
    await heard.run(`insert into events_1 values (3, 3)`);
    await heard.run(`update events_2a set note = 'x'`);
    await heard.run(`update events set at = 15 where id = 1`);
    await heard.run(`truncate events_1`);
    assert.deepEqual((await heard.since()).map(({ table, op, ids, all }) => [table, op, ids ?? all]), [
      ["public.events", "insert", ["1,1", "2,11"]],
      ["public.events", "insert", ["3,3"]],
      ["public.events", "truncate", true],
      ["public.events", "update", ["1,1", "1,15"]],
      ["public.events", "update", ["2,11"]],
    ]);
    await heard.run(`create table events_3 (id int, at int, note text, primary key (id, at))`);
    await heard.run(`alter table events attach partition events_3 for values from (20) to (30)`);
    const oid = await heard.pool.value<number>(sql`select 'events'::regclass::oid`);
    const [facts] = await tableFacts(heard.pool, [oid]);
    assert.deepEqual(judge(facts, "notify"), {
      name: "public.events",
      reason:
        'the trigger for insert of its partition "public.events_3" is missing; install the reflector\'s triggers',
    });
    await installTriggers(heard.pool, { tables: ["events"] });
    assert.ok(isCovered(judge((await tableFacts(heard.pool, [oid]))[0], "notify")));
  },
);

test("installTriggers(): no transaction fails because of triggers", needs("primary"), async () => {
  await using heard = await Heard.open(USERS, ["users"]);
  const role = `r_${crypto.randomUUID().slice(0, 8)}`;
  await heard.run(`create role ${role}`);
  await heard.run(`grant insert, update, select on users to ${role}`);
  await heard.pool.transaction(async (transaction) => {
    await transaction.execute(sql.unsafe(`set local role ${role}`));
    await transaction.execute(sql`set local search_path = 'nowhere'`);
    await transaction.execute(sql`insert into public.users values (1, 'a')`);
  });
  assert.deepEqual((await heard.since())[0].ids, ["1"]);
  await heard.run(`alter table users rename id to key`);
  await heard.run(`update users set name = 'y'`);
  assert.deepEqual(await heard.since(), [{ table: "public.users", op: "update", all: true }]);
  await heard.run(`drop owned by ${role}`);
  await heard.run(`drop role ${role}`);
});

test("installTriggers(): what is to be prepared is written to the outbox", needs("primary"), async () => {
  await using heard = await Heard.open(USERS, ["users"]);
  const name = `two_phase_${crypto.randomUUID()}`;
  await using session = await heard.pool.reserve();
  await session.execute(sql`begin`);
  await session.execute(sql`set local lifeguard.outbox = on`);
  await session.execute(sql`insert into users values (1)`);
  await session.execute(sql.unsafe(`prepare transaction '${name}'`));
  const told = () =>
    heard.pool.query<{ message: string }>(sql`delete from lifeguard_reflector.outbox returning message`);
  assert.deepEqual(await told(), []);
  await heard.run(`commit prepared '${name}'`);
  assert.deepEqual((await told()).map(({ message }) => JSON.parse(message).ids), [["1"]]);
});

test("installTriggers() refuses what cannot be cached, and says why", needs("primary"), async () => {
  await using heard = await Heard.open(
    `${USERS}; create view v as select * from users; create materialized view m as select * from users;
     create table keyless (id int); create table odd (id numeric primary key); create table child () inherits (keyless);
     create collation ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
     create table insensitive (id text collate ci primary key);
     create table secret (id int primary key); alter table secret enable row level security;
     create table parted (id int primary key) partition by hash (id);
     create table part partition of parted for values with (modulus 1, remainder 0)`,
  );
  const refusals: Record<string, RegExp> = {
    v: /it is a view/,
    m: /materialized view/,
    keyless: /inherits, or is inherited from/,
    odd: /key column "id" is of type numeric/,
    insensitive: /collation by which different texts are equal/,
    secret: /row-level security is enabled/,
    part: /it is a partition/,
    absent: /it does not exist/,
  };
  for (const [table, message] of Object.entries(refusals)) {
    await assert.rejects(installTriggers(heard.pool, { tables: [table] }), { message });
  }
});

test(
  "reflectorTriggers() is the script of installTriggers(), and removeTriggers() takes it away",
  needs("primary"),
  async () => {
    await using heard = await Heard.open(
      `create schema "o'dd \\"; create table "o'dd \\"."t""a.b" ("i\\d" int primary key)`,
    );
    const script = reflectorTriggers({
      tables: [{ schema: "o'dd \\", table: 't"a.b', key: ["i\\d"], lookups: [] }],
    });
    for (const statement of script) await heard.run(statement);
    for (const statement of script) await heard.run(statement);
    await heard.run(`insert into "o'dd \\"."t""a.b" values (1)`);
    assert.deepEqual((await heard.since())[0], { table: `o'dd \\\\.t"a\\.b`, op: "insert", ids: ["1"] });
    await removeTriggers(heard.pool, { tables: [`"o'dd \\"."t""a.b"`] });
    await heard.run(`insert into "o'dd \\"."t""a.b" values (2)`);
    assert.deepEqual(await heard.since(), []);
    await removeTriggers(heard.pool);
    assert.equal(await heard.pool.value(sql`select to_regnamespace('lifeguard_reflector')`), null);
  },
);
