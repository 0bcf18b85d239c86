import assert from "node:assert/strict";
import fc from "fast-check";
import { summarize } from "../../../pool/telemetry/statement_summary.ts";
import { test } from "../../harness.ts";
import { rounds, SEED } from "../../random.ts";

test("summarize() names a statement by its command and the first thing it is about", () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ["select * from users where id = $1", "SELECT", "SELECT users"],
    ['SELECT 1 FROM "My Table" t', "SELECT", 'SELECT "My Table"'],
    ["select (select max(x) from inside) from app . outside", "SELECT", "SELECT app"],
    ["select a from app.users join b on true", "SELECT", "SELECT app.users"],
    ["select 1", "SELECT", "SELECT"],
    ["(select a from t) union (select b from u)", "SELECT", "SELECT t"],
    ["select * from (select 1) as t", "SELECT", "SELECT"],
    ["insert into t (a) select a from u", "INSERT", "INSERT t"],
    ["update only t set a = 1", "UPDATE", "UPDATE t"],
    ["delete from t where true", "DELETE", "DELETE t"],
    ["merge into t using u on true when matched then delete", "MERGE", "MERGE t"],
    ["with a as (select 1 from x) update t set b = 1", "UPDATE", "UPDATE t"],
    ["with recursive a as (select 1) select * from a", "SELECT", "SELECT a"],
    ["-- from nowhere\n/* /* nested */ select */ truncate table t", "TRUNCATE", "TRUNCATE t"],
    ["copy t (a) from stdin", "COPY", "COPY t"],
    ["call p($1)", "CALL", "CALL p"],
    ["create table t (a int)", "CREATE", "CREATE"],
    ["select 'delete from x' from y", "SELECT", "SELECT y"],
    ["select $q$ from x $q$ from y", "SELECT", "SELECT y"],
    ["", "", ""],
    ["  ;", "", ""],
  ];
  for (const [text, operation, summary] of cases) {
    const found = summarize(text);
    assert.deepEqual([found.operation, found.summary], [operation, summary], text);
  }
});

test("summarize() shows no literal of a text without placeholders, and all of one with placeholders", () => {
  const text = `select 'se''cret', E'se\\'cret', $x$secret$x$, 4711, "kept" from t9 -- secret`;
  assert.equal(summarize(text).text, `select ?, ?, ?, ?, "kept" from t9`);
  assert.equal(summarize("select 'cut off secret").text, "select ?");
  assert.equal(summarize("select $x$cut off secret").text, "select ?");
  const parameterized = "select 'kept', $1::int";
  assert.equal(summarize(parameterized).text, parameterized);
});

test("summarize() reads any text, of any length, in a bounded time", () => {
  const pieces = fc.constantFrom(
    "'",
    '"',
    "$$",
    "$1",
    "e'",
    "\\",
    "/*",
    "*/",
    "--",
    "\n",
    "(",
    ")",
    ".",
    "select",
    "from",
  );
  fc.assert(
    fc.property(
      fc.oneof(fc.string(), fc.array(pieces, { maxLength: 200 }).map((all) => all.join(" "))),
      (text) => {
        const { summary, operation } = summarize(text);
        assert.ok(summary.startsWith(operation) && summary.length <= 255);
      },
    ),
    { seed: SEED, numRuns: rounds(500, 20_000) },
  );
  for (const piece of ["'a'", '"', "/*", "e'\\'", "$a$", "(", "with x as (", "select from "]) {
    const { text } = summarize(piece.repeat(100_000));
    assert.ok(text.length <= 16_385);
  }
});
