/** Fault 13: values come from outside, in every form in which PostgreSQL reads a text. */
import assert from "node:assert/strict";
import { fc } from "../fast_check.ts";
import { column, model } from "../../orm/mod.ts";
import { type Pool, sql } from "../../pool/mod.ts";
import { LifeguardError, ValidationError } from "../../pool/wire/errors.ts";
import { encodeCopyText } from "../../pool/wire/stream/copy_rows.ts";
import { openPool, until } from "../pool/tier/pools.ts";
import { rounds, SEED } from "../random.ts";
import { freshDatabase, needs } from "../services/client.ts";
import { fault } from "./fault.ts";

const NASTY = [
  "'",
  "''",
  "\\'",
  "\\'; drop table victims; --",
  "'; drop table victims; --",
  "\\",
  "\\\\",
  "\\.",
  "\\N",
  "\\x27",
  "\\u0027",
  '"',
  '\\"',
  "{",
  "}",
  "{}",
  '{"a"}',
  "NULL",
  "null",
  "(,)",
  "[1,2)",
  "=>",
  '"=>"',
  "$1",
  "$$",
  "%",
  "\t",
  "\r\n",
  "\n",
  "",
  " ",
  "\u007f\u0080\uffff",
  "😀",
  "\u0001",
  "\u2028",
  "x".repeat(70),
  "\0",
  "a\0b",
  "\ud800",
];

const texts = fc.oneof(
  fc.constantFrom(...NASTY),
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.string({
    unit: fc.constantFrom("'", '"', "\\", "{", "}", "(", ")", ",", "N", "$", "\n", "é"),
    maxLength: 40,
  }),
);

const isText = (text: string): boolean => !text.includes("\0") && text.isWellFormed();

/** The forms in which a text travels, each with what comes back for it. */
function forms(pool: Pool): Readonly<Record<string, (text: string) => Promise<unknown>>> {
  const Note = model("notes", {
    id: column.integer().primaryKey(),
    body: column.text(),
    tags: column.text().array(),
  });
  return {
    text: (text) => pool.value(sql`select ${text}::text`),
    varchar: (text) => pool.value(sql`select ${text}::varchar`),
    "text[]": async (text) => (await pool.value<string[]>(sql`select ${["x", text, "y"]}::text[]`))[1],
    "text[][]": async (text) => (await pool.value<string[][]>(sql`select ${[["x", text]]}::text[]`))[0][1],
    json: async (text) => (await pool.value<{ a: string }>(sql`select ${{ a: text }}::json`)).a,
    jsonb: async (text) => (await pool.value<string[]>(sql`select ${[text]}::jsonb`))[0],
    hstore: async (text) => (await pool.value<Record<string, string>>(sql`select ${{ k: text }}::hstore`)).k,
    "hstore's key": async (text) => {
      const found = await pool.value<Record<string, string>>(sql`select ${{ [text]: "v" }}::hstore`);
      return Object.keys(found)[0];
    },
    composite: async (text) => (await pool.value<{ b: string }>(sql`select ${{ a: 1, b: text }}::pair`)).b,
    "composite[]": async (text) =>
      (await pool.value<{ b: string }[]>(sql`select ${[{ a: 1, b: text }]}::pair[]`))[0].b,
    bytea: async (text) => {
      const bytes = new TextEncoder().encode(text);
      return new TextDecoder("utf-8", { ignoreBOM: true }).decode(
        await pool.value(sql`select ${bytes}::bytea`),
      );
    },
    "a domain": (text) => pool.value(sql`select ${text}::words`),
    "a setting": (text) =>
      pool.withSettings({ "app.text": text }, (tx) => tx.value(sql`select current_setting('app.text')`)),
    "a literal of the server": async (text) => {
      const literal = await pool.value<string>(sql`select quote_literal(${text}::text)`);
      return await pool.value(sql`select ${sql.unsafe(literal)}`);
    },
    "COPY in": async (text) => {
      await pool.execute(sql`truncate copied`);
      await pool.copyFrom(sql`copy copied from stdin`, [encodeCopyText([text, null])]);
      return await pool.value(sql`select a from copied where b is null`);
    },
    "a model": async (text) => {
      await pool.execute(sql`truncate notes`);
      await Note.insert({ id: 1, body: text, tags: [text] }, pool);
      const [found] = await Note.find().where({ body: text }).where(Note.body.in([text])).all(pool);
      assert.deepEqual(found.tags, [text]);
      return found.body;
    },
  };
}

async function prepare(pool: Pool): Promise<void> {
  await pool.execute(sql`create extension hstore`);
  await pool.execute(sql`create table victims (id int)`);
  await pool.execute(sql`create table copied (a text, b text)`);
  await pool.execute(sql`create table notes (id int primary key, body text not null, tags text[] not null)`);
  await pool.execute(sql`create type pair as (a int, b text)`);
  await pool.execute(sql`create domain words as text`);
}

const CONFORMING = ["on", "off"] as const;

fault(
  13,
  "texts with quotes and backslashes are values, standard_conforming_strings on or off → each comes back equal",
  { ...needs("primary"), timeout: rounds(60_000, 900_000) },
  async (report) => {
    console.log(`seed ${SEED}`);
    await using database = await freshDatabase();
    await using first = openPool({ url: database.url, max: 1, min: 0 });
    await prepare(first);
    let equal = 0;
    let refused = 0;
    for (const conforming of CONFORMING) {
      const options = `-c standard_conforming_strings=${conforming} -c escape_string_warning=off`;
      await using pool = openPool({ url: database.url, max: 2, min: 0, options });
      assert.equal(await pool.value(sql`show standard_conforming_strings`), conforming);
      const all = Object.entries(forms(pool));
      const check = async (text: string): Promise<void> => {
        for (const [form, send] of all) {
          if (isText(text) || (form === "bytea" && text.isWellFormed())) {
            assert.equal(await send(text), text, `${form}, standard_conforming_strings ${conforming}`);
            equal++;
          } else if (form !== "bytea" && !form.startsWith("json")) {
            // What COPY sends is the caller's own text, which the server reads.
            const kind = form === "COPY in" ? LifeguardError : ValidationError;
            await assert.rejects(
              send(text),
              (error) => error instanceof kind,
              `${form} ${JSON.stringify(text)}`,
            );
            refused++;
          }
        }
      };
      for (const text of NASTY) await check(text);
      await fc.assert(fc.asyncProperty(texts, check), { numRuns: rounds(25, 2_000) });
    }
    assert.equal(await first.value(sql`select count(*) from victims`), 0n);
    report.figure("texts that came back equal", equal, "texts", { least: 1_000 });
    report.figure("texts with NUL or half a character refused", refused, "texts", { least: 80 });
  },
);

fault(
  13,
  "texts are values of unnamed statements and of other types' texts → equal, or refused by type, never run",
  { ...needs("primary"), timeout: 60_000 },
  async (report) => {
    await using database = await freshDatabase();
    await using pool = openPool({
      url: database.url,
      max: 1,
      min: 0,
      prepare: "never",
      options: "-c standard_conforming_strings=off -c backslash_quote=on",
    });
    await prepare(pool);
    let refused = 0;
    let equal = 0;
    for (const text of NASTY.filter(isText)) {
      assert.equal(await pool.value(sql`select ${text}::text`), text);
      equal++;
      for (
        const type of [
          "int",
          "numeric",
          "uuid",
          "date",
          "inet",
          "interval",
          "int4range",
          "point",
          "bit",
          "name",
        ]
      ) {
        const value = sql`select ${text}::${sql.unsafe(type)}::text`;
        const outcome = await pool.value(value).then((found) => ({ found }), (error: unknown) => ({ error }));
        if ("error" in outcome) refused++;
        else {assert.equal(
            outcome.found,
            type === "name" ? text : outcome.found,
            `${type} of ${JSON.stringify(text)}`,
          );}
      }
    }
    const long = "x".repeat(70);
    await assert.rejects(pool.value(sql`select ${long}::name`), "a name must not be cut");
    assert.equal(await pool.value(sql`select count(*) from victims`), 0n);
    report.figure("texts equal through unnamed statements", equal, "texts", { least: 30 });
    report.figure("texts refused as values of other types", refused, "texts", { least: 200 });
  },
);

fault(
  13,
  "payloads, startup settings and passwords hold quotes and backslashes → they arrive as they are",
  { ...needs("primary"), timeout: 60_000 },
  async (report) => {
    await using database = await freshDatabase();
    const names = NASTY.filter((text) =>
      isText(text) && text.trim() === text && text !== "" && !/[^\x20-\x7e]/.test(text)
    );
    await using pool = openPool({ url: database.url, max: 1, min: 0 });
    const heard: string[] = [];
    await using _subscription = await pool.listen("values", (payload) => void heard.push(payload));
    const payloads = NASTY.filter(isText);
    for (const payload of payloads) await pool.notify("values", payload);
    await until("all payloads are heard", () => heard.length === payloads.length);
    assert.deepEqual(heard, payloads);
    let arrived = 0;
    for (const name of names.filter((one) => one.length < 64)) {
      await using named = openPool({ url: database.url, max: 1, min: 0, applicationName: name });
      assert.equal(await named.value(sql`show application_name`), name);
      arrived++;
    }
    report.figure("payloads that arrived as they are", heard.length, "payloads", { least: 30 });
    report.figure("application names that arrived as they are", arrived, "names", { least: 20 });
  },
);
