/** Fault 12: names, directions, limits and settings come from outside. */
import assert from "node:assert/strict";
import { fc } from "../fast_check.ts";
import { column, model } from "../../orm/mod.ts";
import { type Pool, sql } from "../../pool/mod.ts";
import { LifeguardError, ValidationError } from "../../pool/wire/errors.ts";
import { livePool } from "../pool/live_pool.ts";
import { until } from "../pool/tier/pools.ts";
import { writesOf } from "../pool/wire/session/server_session.ts";
import { rounds, SEED } from "../random.ts";
import { needs } from "../services/client.ts";
import { fault } from "./fault.ts";

const ATTACK = `x"; drop table victims; --`;
const NASTY = [
  ATTACK,
  `x'; drop table victims; --`,
  '"',
  '""',
  '"""',
  "\\",
  '\\"; drop table victims; --',
  "$1",
  "$$",
  ";",
  "--",
  "/*",
  "a.b",
  "a\nb",
  "\t",
  " ",
  "select",
  "*",
  "__proto__",
  "constructor",
  "toString",
  "0",
  "😀",
  "ä".repeat(31),
  "x".repeat(63),
  "x".repeat(64),
  "ä".repeat(32),
  "",
  "\0",
  "a\0b",
  "\ud800",
];

const names = fc.oneof(
  fc.constantFrom(...NASTY),
  fc.string({ unit: "binary", maxLength: 70 }),
  fc.string({ unit: fc.constantFrom('"', "'", "\\", ";", "-", "$", "1", " ", "\0", "é"), maxLength: 66 }),
);

const fits = (name: string): boolean =>
  name !== "" && !name.includes("\0") && name.isWellFormed() && new TextEncoder().encode(name).length <= 63;

const isRefusal = (error: unknown): boolean => error instanceof ValidationError;

/** A table, a column and an alias of a name; true when it came back as it was, false when it was refused. */
async function isQuoted(pool: Pool, name: string): Promise<boolean> {
  const readBack = async (): Promise<void> => {
    const id = sql.identifier(name);
    // A model takes a dot for a schema that was meant, and says so.
    const tableName = name.replaceAll(".", "_");
    const table = sql.identifier(tableName);
    const row = await pool.one<Record<string, unknown>>(sql`select ${7}::int as ${id}`);
    assert.deepEqual(Object.keys(row), [name]);
    assert.equal(Object.getOwnPropertyDescriptor(row, name)?.value, 7);
    await pool.transaction(async (tx) => {
      await tx.execute(sql`create temp table ${table} (${id} int, other text) on commit drop`);
      const Named = model(tableName, { id: column.integer().name(name), other: column.text() });
      await Named.insert({ id: 3, other: "o" }, tx);
      const found = await Named.find().where(Named.id.eq(3)).orderBy(Named.id.desc()).all(tx);
      assert.deepEqual(found, [{ id: 3, other: "o" }]);
      const told = await tx.query(
        sql`select attname as name from pg_attribute where attrelid = ${`pg_temp.${table.text}`}::regclass and attnum = 1`,
      );
      assert.deepEqual(told, [{ name }]);
    });
  };
  if (fits(name)) {
    await readBack();
    return true;
  }
  await assert.rejects(readBack(), isRefusal);
  return false;
}

fault(
  12,
  "names of tables and columns come from outside → each is quoted whole, or refused, and never cut",
  { ...needs("primary"), timeout: rounds(60_000, 900_000) },
  async (report) => {
    console.log(`seed ${SEED}`);
    await using live = await livePool();
    const { pool } = live;
    await pool.execute(sql`create table victims (id int)`);
    let quoted = 0;
    let refused = 0;
    const count = async (name: string): Promise<void> => {
      if (await isQuoted(pool, name)) quoted++;
      else refused++;
    };
    for (const name of NASTY) await count(name);
    await fc.assert(fc.asyncProperty(names, count), { numRuns: rounds(150, 5_000) });
    assert.equal(await pool.value(sql`select count(*) from victims`), 0n);
    report.figure("names quoted and read back", quoted, "names", { least: 80 });
    report.figure("names refused", refused, "names", { least: 10 });
  },
);

/** What a program may hand on from outside, untyped, where it is no value. */
function attempts(pool: Pool): Readonly<Record<string, (text: string) => unknown>> {
  const User = model("victims", { id: column.integer(), name: column.text() });
  const untyped = (value: unknown): never => value as never;
  return {
    "a statement": (text) => pool.query(untyped(text)),
    "a fragment": (text) => pool.query(sql`select 1 where ${sql.join([untyped(text)])}`),
    "a limit": (text) => User.find().limit(untyped(text)).all(pool),
    "an offset": (text) => User.find().offset(untyped(text)).all(pool),
    "an order": (text) => User.find().orderBy(untyped(text)).all(pool),
    "nulls of an order": (text) => User.find().orderBy(User.id.asc({ nulls: untyped(text) })).all(pool),
    "a condition": (text) => User.find().where(untyped(text)).all(pool),
    "a key of a condition": (text) => User.find().where(untyped({ [text]: 1 })).all(pool),
    "a key of a row": (text) => User.insert(untyped({ id: 1, name: "n", [text]: 1 }), pool),
    "an integer": (text) => User.find().where(User.id.eq(untyped(text))).all(pool),
    "an operator that is an object": (text) => User.find().where({ id: untyped({ [text]: text }) }).all(pool),
    "a setting's name": (text) => pool.withSettings({ [text]: "1" }, (tx) => tx.query(sql`select 1`)),
    "an isolation": (text) => pool.transaction((tx) => tx.query(sql`select 1`), { isolation: untyped(text) }),
  };
}

fault(
  12,
  "directions, limits, operators and settings come from outside as texts → refused, and nothing of them is sent",
  { ...needs("primary"), timeout: 60_000 },
  async (report) => {
    await using live = await livePool();
    const { pool } = live;
    await pool.execute(sql`create table victims (id int, name text)`);
    let refused = 0;
    let sent = 0;
    for (const [what, attempt] of Object.entries(attempts(pool))) {
      for (const text of [ATTACK, "1; drop table victims", "1) or (1=1", "last; drop table victims"]) {
        const writes = await writesOf(async () => {
          const outcome = await Promise.resolve().then(() => attempt(text)).then(
            () => "accepted",
            (error) => error,
          );
          assert.ok(outcome instanceof LifeguardError || outcome instanceof TypeError, `${what}: ${outcome}`);
          refused++;
        });
        sent += writes.filter((bytes) => new TextDecoder().decode(bytes).includes(text)).length;
      }
    }
    assert.equal(await pool.value(sql`select count(*) from victims`), 0n);
    report.figure("texts refused where no text belongs", refused, "texts", { least: 52 });
    report.figure("writes with a part of them", sent, "writes", { most: 0 });
  },
);

fault(
  12,
  "a JSON path comes from outside → it is a value, whatever it says",
  { ...needs("primary"), timeout: 60_000 },
  async (report) => {
    await using live = await livePool();
    const { pool } = live;
    await pool.execute(sql`create table victims (id int)`);
    const paths = NASTY.filter((path) => !path.includes("\0") && path.isWellFormed());
    for (const path of paths) {
      const document = { [path]: { [path]: "found" } };
      const found = sql`select ${document}::jsonb #>> ${[path, path]}::text[]`;
      assert.equal(await pool.value(found), "found", path);
      assert.equal(await pool.value(sql`select ${document}::jsonb ? ${path}`), true, path);
    }
    assert.equal(await pool.value(sql`select count(*) from victims`), 0n);
    report.figure("JSON paths found as they are", paths.length, "paths", { least: 25 });
  },
);

fault(
  12,
  "channels come from outside → heard under their own name, or refused",
  { ...needs("primary"), timeout: 60_000 },
  async (report) => {
    await using live = await livePool();
    const { pool } = live;
    let heard = 0;
    let refused = 0;
    for (const channel of NASTY) {
      const payloads: string[] = [];
      if (!fits(channel)) {
        await assert.rejects(pool.listen(channel, () => {}), isRefusal);
        refused++;
        continue;
      }
      await using _subscription = await pool.listen(channel, (payload) => void payloads.push(payload));
      await pool.notify(channel, ATTACK);
      await until(`"${channel}" is heard`, () => payloads.length > 0);
      assert.deepEqual(payloads, [ATTACK]);
      heard++;
    }
    report.figure("channels heard under their own name", heard, "channels", { least: 25 });
    report.figure("channels refused", refused, "channels", { least: 6 });
  },
);
