/** `lifeguard diff`, `compare`, `infer` and `migrate lint` as users run them. */
import assert from "node:assert/strict";
import process from "node:process";
import { sql } from "../../../mod.ts";
import { test } from "../../harness.ts";
import { needs, server } from "../../services/client.ts";
import { CORE, LIFEGUARD_KINDS, makeProject } from "./project.ts";

const [, deno] = LIFEGUARD_KINDS;
const options = { ignore: deno.ignore ?? needs("primary").ignore, timeout: 240_000, once: true };

const users = (columns: string): string =>
  `import { column, model } from "${CORE}";
export const User = model("users", { id: column.identity().primaryKey(), ${columns} });
`;

test(
  "lifeguard diff writes what is missing; applied, nothing is missing and all agree",
  options,
  async () => {
    await using program = await deno.make();
    await using project = await makeProject(program);
    await project.write("models.ts", users("email: column.text().unique()"));

    const printed = await project.lifeguard("diff");
    assert.equal(printed.code, 0, printed.err);
    assert.match(printed.out, /^-- up\ncreate table [\s\S]*-- down\ndrop table /);
    const apart = await project.json("compare");
    assert.deepEqual([apart.code, apart.document.ok, apart.document.agrees], [1, false, false]);

    const first = await project.json("diff", "--name", "add users");
    assert.deepEqual([first.code, first.document.drops], [0, []]);
    assert.deepEqual(first.document.proof, { left: [], leftBehindDown: [] });
    assert.match(first.document.path, /^migrations\/\d{14}_add_users\.sql$/);
    assert.equal((await project.lifeguard("migrate", "up")).code, 0);
    assert.equal((await project.lifeguard("diff", "--name", "more")).out, "Nothing to do\n");
    const together = await project.lifeguard("compare");
    assert.deepEqual([together.code, together.err], [0, ""], together.out);
    assert.match(
      together.out,
      /^The migrations are what the models say\nThe database is what the migrations say\n$/,
    );

    await project.write(
      "models.ts",
      users("email: column.text().unique(), born: column.integer().nullable()"),
    );
    const second = await project.json("diff", "--name", "add_born", "--type", "ts");
    assert.match(await project.read(second.document.path), /schema\.sql\(`alter table [^`]*born/);
    assert.equal((await project.lifeguard("migrate", "up")).code, 0);
    assert.equal((await project.lifeguard("compare")).code, 0);
    assert.equal((await project.lifeguard("migrate", "down", "--yes")).code, 0);
    const pending = await project.json("compare");
    assert.deepEqual([pending.code, pending.document.pending.length], [1, 1]);
  },
);

test("lifeguard diff drops nothing without --yes, and takes renames as it is told", options, async () => {
  await using program = await deno.make();
  await using project = await makeProject(program);
  await project.write("models.ts", users("mail: column.text()"));
  await project.lifeguard("diff", "--name", "users");
  await project.lifeguard("migrate", "up");
  await project.pool.execute(sql`insert into users (mail) values ('ada@example.org')`);

  await project.write("models.ts", users("email: column.text()"));
  const refused = await project.lifeguard("diff", "--name", "email");
  assert.equal(refused.code, 1);
  assert.match(
    refused.err,
    /Cannot write the migration: it would drop column public\.users\.mail, and nobody.*say --yes, or --rename users\.mail:email where it is a rename/,
  );
  assert.match(
    refused.err,
    /Perhaps renamed: .*; if it was, say so with --rename users\.mail:email\n[\s\S]*danger column-dropped/,
  );
  assert.deepEqual((await project.files("migrations")).length, 1);
  const shown = await project.json("diff");
  assert.equal(shown.document.drops.length, 1);
  assert.equal(shown.document.possibleRenames.length, 1);

  const wrong = await project.lifeguard("diff", "--name", "email", "--rename", "users.mial:email");
  assert.equal(wrong.code, 2);
  assert.match(wrong.err, /Cannot rename "users.mial": there is nothing of this name/);
  const renamed = await project.lifeguard("diff", "--name", "email", "--rename", "users.mail:email");
  assert.equal(renamed.code, 0, renamed.err);
  assert.equal((await project.lifeguard("migrate", "up")).code, 0);
  assert.equal(await project.pool.value(sql`select email from users`), "ada@example.org");

  await project.write("models.ts", users("other: column.text().nullable()"));
  const agreed = await project.json("diff", "--name", "drop_email", "--yes");
  assert.deepEqual([agreed.code, agreed.document.drops], [0, ["column public.users.email"]]);
  assert.ok(agreed.document.losses.length > 0);
});

test(
  "lifeguard diff names what is renamed as its flag takes it, whatever the names are",
  options,
  async () => {
    await using program = await deno.make();
    await using project = await makeProject(program);
    const models = (column: string): string =>
      `import { column, model } from "${CORE}";
export const Odd = model("Odd Table", { id: column.identity().primaryKey(), one: column.text().name(${
        JSON.stringify(column)
      }) });
`;
    await project.write("models.ts", models("it's Old"));
    assert.equal((await project.lifeguard("diff", "--name", "odd")).code, 0);
    await project.write("models.ts", models("the.New"));
    const { err } = await project.lifeguard("diff", "--name", "odd2");
    const [, flag] = /say so with --rename '(.*)'\n/.exec(err) ?? [];
    assert.equal(flag, `"Odd Table"."it'\\''s Old":"the.New"`, err);
    const renamed = await project.json("diff", "--name", "odd2", "--rename", flag.replace("'\\''", "'"));
    assert.equal(renamed.code, 0, JSON.stringify(renamed.document));
    assert.match(renamed.document.sql, /rename column "it's Old" to "the\.New"/);
    assert.deepEqual(renamed.document.drops, []);
  },
);

test(
  "lifeguard diff runs what it wrote in a scratch database, and says what is left",
  options,
  async () => {
    await using program = await deno.make();
    await using project = await makeProject(program);
    const models = (key: string, more = ""): string =>
      `import { column, model } from "${CORE}";
export const Log = model("logs", { at: column.date(), by: column.date() }, {
  partitionBy: (t) => ({ range: [t.${key}] }),
});
${more}`;
    await project.write("models.ts", models("at"));
    const made = await project.lifeguard("diff", "--name", "logs");
    assert.equal(made.code, 0, made.err);
    assert.match(made.out, /Tried in a scratch database: nothing is left to do behind it, and its way down/);
    await project.write(
      "models.ts",
      models("by", "export const More = model('more', { id: column.bigint() });\n"),
    );
    const partly = await project.json("diff", "--name", "again");
    assert.equal(partly.code, 1);
    assert.equal(partly.document.proof.left.length, 1);
    assert.match(partly.document.proof.left[0], /partition/);
    // From the database, which has something that no migration made, and lacks what they would make.
    await project.pool.execute(sql`create table by_hand (id int primary key)`);
    await project.write("models.ts", users("email: column.text()"));
    const other = await project.json("diff", "--name", "users", "--from", "database");
    assert.deepEqual([other.code, other.document.proof], [0, { left: [], leftBehindDown: [] }]);
    assert.deepEqual(other.document.drops, []);
    const self = await project.lifeguard("diff", "--from", "database", "--to", "database");
    assert.deepEqual([self.code, /database with itself/.test(self.err)], [2, true]);
  },
);

test("lifeguard compare finds what was changed by hand, and names what nobody knows", options, async () => {
  await using program = await deno.make();
  await using project = await makeProject(program);
  await project.write("models.ts", users("mail: column.text()"));
  await project.lifeguard("diff", "--name", "users");
  await project.lifeguard("migrate", "up");
  await project.pool.execute(sql`create index by_hand on users (mail)`);
  await project.pool.execute(sql`create table secret_table (a int)`);
  const found = await project.json("compare");
  assert.equal(found.code, 1);
  const [models, database] = found.document.comparisons;
  assert.deepEqual([models.statements, models.unknown], [[], []]);
  assert.ok([...database.unknown, ...database.statements].join().includes("by_hand"));
  assert.ok(database.unknown.includes("table public.secret_table"));
  await project.pool.execute(sql`alter table secret_table add primary key (a)`);
  await project.pool.execute(sql`create schema old`);
  await project.pool.execute(sql`create table old.runs (id serial primary key)`);
  await project.pool.execute(sql`create table runs (id serial primary key)`);
  const { document } = await project.json("compare");
  assert.deepEqual(document.comparisons[1].unknown, [
    "schema old",
    "table public.runs",
    "table public.secret_table",
    "index public.by_hand",
  ]);
  assert.match((await project.lifeguard("compare")).out, /table public\.secret_table: nobody else knows it/);
});

test(
  "lifeguard infer writes models from which diff has nothing to do; baseline adopts the database",
  options,
  async () => {
    await using program = await deno.make();
    await using project = await makeProject(program);
    await project.pool.execute(sql`create type mood as enum ('happy', 'sad')`);
    await project.pool.execute(
      sql`create table users (id int primary key, mood mood not null default 'happy')`,
    );
    await project.pool.execute(
      sql`create table posts (id int primary key, user_id int not null references users)`,
    );
    const printed = await project.lifeguard("infer", "--table", "users");
    assert.equal(printed.code, 0, printed.err);
    assert.match(printed.out, /model\("users"/);
    assert.doesNotMatch(printed.out, /model\("posts"/);
    assert.match((await project.lifeguard("infer", "--out", "models.ts")).out, /^Wrote models\.ts\n$/);
    assert.match((await project.lifeguard("infer", "--out", "models.ts")).out, /is as the database/);
    const source = await project.read("models.ts");
    await project.write(
      "models.ts",
      source.replaceAll('"@lifeguard/core/migrate"', `"${CORE.replace("mod.ts", "migrate/mod.ts")}"`)
        .replaceAll('"@lifeguard/core"', `"${CORE}"`),
    );
    const nothing = await project.lifeguard("diff", "--from", "database");
    assert.deepEqual([nothing.code, nothing.out], [0, "Nothing to do\n"], nothing.err);
    assert.equal((await project.lifeguard("diff", "--name", "initial")).code, 0);
    const marked = await project.lifeguard("migrate", "baseline");
    assert.match(marked.out, /^marked {2}\d{14}_initial\n$/);
    const compared = await project.lifeguard("compare");
    assert.equal(compared.code, 0, compared.out + compared.err);
  },
);

test(
  "lifeguard migrate lint finds dangers in what is not applied, and is silent where there are none",
  options,
  async () => {
    await using program = await deno.make();
    await using project = await makeProject(program);
    await project.pool.execute(sql`create table users (id int primary key, mail text)`);
    await project.write(
      "migrations/20260101000000_index.sql",
      "-- up\ncreate index users_mail on users (mail);\n",
    );
    const found = await project.json("migrate", "lint");
    const [{ findings }] = found.document.migrations;
    assert.equal(findings[0].rule, "index-not-concurrently");
    assert.equal(found.code, findings[0].severity === "danger" ? 1 : 0);
    assert.match(
      (await project.lifeguard("migrate", "lint", "20260101000000_index.sql")).out,
      /line 2: create index/,
    );
    assert.equal((await project.lifeguard("migrate", "lint", "nothing")).code, 2);
    await project.lifeguard("migrate", "up");
    assert.match((await project.lifeguard("migrate", "lint")).out, /^0 migrations: 0 findings, 0 dangers\n$/);
  },
);

test("lifeguard compare passes over what is not there, but not what somebody named", options, async () => {
  await using program = await deno.make();
  await using project = await makeProject(program);
  const bare = await project.lifeguard("compare");
  assert.deepEqual([bare.code, bare.err], [0, ""]);
  assert.match(bare.out, /There is no "models\.ts": models were not compared\n$/);
  const models = await project.lifeguard("compare", "--models", "modls.ts");
  assert.equal(models.code, 1);
  assert.match(models.err, /there is no file "modls\.ts"/);
  await project.write("config/config.toml", '[migrate]\ndir = "sql"\n');
  const dir = await project.lifeguard("compare");
  assert.equal(dir.code, 1);
  assert.match(
    dir.err,
    /^Cannot find the folder "sql", which "?config\/config\.toml"? names: there is none; make it/,
  );
});

test("lifeguard compare says it where the scratch database is of another version", {
  ...options,
  ignore: options.ignore ?? needs("pg15").ignore,
}, async () => {
  await using program = await deno.make();
  await using project = await makeProject(program, { server: "pg15" });
  await project.pool.execute(sql`create table by_hand (id int)`);
  const same = await project.lifeguard("compare");
  assert.deepEqual([same.code, same.err], [1, ""]);
  const other = await project.lifeguard("compare", "--scratch-url", server("primary").url);
  assert.equal(other.code, 1);
  assert.match(
    other.err,
    /^The database is PostgreSQL 15, the scratch database 18: views, .* --scratch-url\n$/,
  );
});

test("lifeguard says what is wrong with a module of models", options, async () => {
  await using program = await deno.make();
  await using project = await makeProject(program);
  const said = async (): Promise<string> => {
    const { code, err } = await project.lifeguard("diff");
    assert.equal(code, 1);
    return err;
  };
  assert.match(await said(), /there is no file "models\.ts"; name the module with --models/);
  await project.write("models.ts", "export const one = 1;\n");
  assert.match(await said(), /"models\.ts" exports none; export each model/);
  await project.write("models.ts", "throw new Error('at its head');\n");
  assert.match(await said(), /"models\.ts" fails when it is imported: at its head/);
});

test(
  "lifeguard infer --watch writes again when the database changes, until it is ended",
  options,
  async () => {
    await using program = await deno.make();
    await using project = await makeProject(program);
    await project.pool.execute(sql`create table users (id int primary key)`);
    assert.match((await project.lifeguard("infer", "--watch")).err, /Cannot watch: .* name one with --out/);
    const { child, ended } = project.start("infer", "--watch", "--out", "models.ts");
    const until = async (pattern: RegExp): Promise<void> => {
      for (let looks = 0; looks < 600; looks++) {
        if (pattern.test(await project.read("models.ts").catch(() => ""))) return;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      throw new Error(`models.ts never matched ${pattern}`);
    };
    await until(/model\("users"/);
    await project.pool.execute(sql`alter table users add born int`);
    await until(/born/);
    process.kill(child.pid!, "SIGINT");
    const { code, err } = await ended;
    assert.equal(code, 0, err);
  },
);
