/** Cutting SQL into statements: against the server's own parser, psql, and for random text. */
import assert from "node:assert/strict";
import { SqlSyntaxError } from "../../../migrate/files/file_errors.ts";
import { lexSql } from "../../../migrate/files/lexer.ts";
import { outsideStatement } from "../../../migrate/files/outside.ts";
import { splitStatements } from "../../../migrate/files/statement.ts";
import { fc } from "../../fast_check.ts";
import { test } from "../../harness.ts";
import { rounds, SEED } from "../../random.ts";
import { needs, server } from "../../services/client.ts";
import { SimpleScript } from "./simple_script.ts";

/** Each valid by itself, and hard to cut. */
const STATEMENTS: readonly string[] = [
  "select 1",
  "select ';'",
  "select 'it''s; fine'",
  "select E'a\\'; b'",
  "select e'\\\\'",
  "select 'back\\'",
  "select E'one\\''\n  '; two\\''",
  "select 'one' -- a; comment\n 'two;'",
  "select U&'\\0061;'",
  'select 1 as U&"d\\0061t;a"',
  "select N'national;'",
  "select B'01', X'1F'",
  'select 1 as "semi;colon""quote"',
  "select $$;$$",
  "select $tag$ $$ ; $other$ ; $tag$",
  "select $ä$;$ä$",
  "select 1 /* ; /* nested ; */ still ; */ + 1",
  "select 1 -- ;",
  "select 1 --;\r + 2",
  "select 2*-1, 3--comment; 'x\n",
  "select 4<-1, 5/*;*/-1, 6*/*;*/+-1, @ -1",
  "select 1 as e, 2 as a$b$c",
  "select (select count(*) from (values (1)) as v(a$b))",
  "select '{1,2}'::int[], (array[1,2])[1]",
  "select 1.5e-3, .5, 10",
  "do $do$ begin perform 1; perform ';'; end $do$",
  "create temp table if not exists lexed (a int, b text)",
  "create or replace rule lexed_rule as on insert to lexed do also (select 1; select 2)",
  "create or replace function pg_temp.plain() returns int language sql as 'select 1; select 2;'",
  "create or replace function pg_temp.atomic(a int) returns int language sql begin atomic select 1; select case when a > 1 then 2 else 3 end; end",
  "create or replace procedure pg_temp.empty() begin atomic end",
  "create or replace procedure pg_temp.case() language sql begin atomic select case a when 1 then case when true then 1 end end from lexed; values (1); end",
  "create or replace function pg_temp.returns() returns int return 1",
  "select 'end' as \"end\", 2 as begin",
  "set search_path = public, pg_temp",
  "insert into lexed values (1, $x$'$x$), (2, E'\\n;')",
  "select '\u{1F600};', 'ü'",
];

/** What may stand between two. */
const GAPS: readonly string[] = [
  ";",
  ";\n",
  "; -- it's a comment with ; and $$\n",
  ";\t/* c1 ' /* deep \" */ ; */ ",
  ";;\n;",
  ";\r\n",
  "; ;",
];

const script: fc.Arbitrary<{ statements: string[]; gaps: string[] }> = fc.record({
  statements: fc.array(fc.constantFrom(...STATEMENTS), { minLength: 1, maxLength: 12 }),
  gaps: fc.array(fc.constantFrom(...GAPS), { minLength: 12, maxLength: 12 }),
});

function join({ statements, gaps }: { statements: string[]; gaps: string[] }): string {
  return statements.map((text, index) => `${/--[^\n]*$/.test(text) ? `${text}\n` : text}${gaps[index]}`).join(
    "",
  );
}

test(`splitStatements() finds again what was joined (seed ${SEED})`, () => {
  fc.assert(
    fc.property(script, (given) => {
      const found = splitStatements(join(given)).map(({ normal }) => normal);
      assert.deepEqual(found, given.statements.map((text) => splitStatements(text)[0].normal));
      assert.equal(found.length, given.statements.length);
    }),
    { numRuns: rounds(300, 5_000) },
  );
});

/** Pieces that mean something to a scanner, in any order. */
const noise: fc.Arbitrary<string> = fc.array(
  fc.oneof(
    fc.constantFrom(
      ...[
        "'",
        "''",
        '"',
        "$$",
        "$a$",
        "$1",
        "--",
        "\n",
        "/*",
        "*/",
        ";",
        "(",
        ")",
        "E'",
        "e",
        "U&'",
        'U&"',
        "\\",
      ],
      ...[
        "begin atomic",
        "end",
        "case",
        "create function f()",
        " ",
        "\r",
        "\t",
        "::",
        ":=",
        "a$b",
        "1e5",
        "ü",
        "+-",
      ],
    ),
    fc.string({ unit: "binary", maxLength: 4 }),
  ),
  { maxLength: 30 },
).map((parts) => parts.join(""));

test(`lexSql() and splitStatements() lose nothing of any text (seed ${SEED})`, () => {
  let cut = 0;
  fc.assert(
    fc.property(noise, (text) => {
      try {
        const tokens = lexSql(text);
        assert.equal(tokens.map((token) => token.text).join(""), text);
        for (const token of tokens) {
          assert.equal(text.slice(token.offset, token.offset + token.text.length), token.text);
        }
        let at = 0;
        for (const statement of splitStatements(text)) {
          assert.match(withoutComments(text.slice(at, statement.offset)), /^[;\s\ufeff]*$/);
          assert.equal(
            text.slice(statement.offset, statement.offset + statement.text.length),
            statement.text,
          );
          at = statement.offset + statement.text.length;
        }
        assert.match(withoutComments(text.slice(at)), /^[;\s\ufeff]*$/);
        cut++;
      } catch (error) {
        if (!(error instanceof SqlSyntaxError)) throw error;
      }
    }),
    { numRuns: rounds(2_000, 50_000) },
  );
  console.log(`${cut} texts were cut, the others have no end`);
  assert.ok(cut > 100);
});

function withoutComments(text: string): string {
  return lexSql(text).filter(({ kind }) => kind !== "comment").map((token) => token.text).join("");
}

for (const name of ["primary", "pg15"] as const) {
  test(`splitStatements() cuts as the parser of ${name} does (seed ${SEED})`, needs(name), async () => {
    using session = await SimpleScript.open(server(name));
    const prelude = "create temp table if not exists lexed (a int, b text)";
    const check = async (statements: readonly string[], text: string): Promise<void> => {
      const whole = await session.run(`${prelude};${text}`);
      assert.equal(whole.length - 1, splitStatements(text).length, text);
      const apart: string[] = [];
      for (const statement of [prelude, ...splitStatements(text).map((one) => one.text)]) {
        const tags = await session.run(statement);
        assert.equal(tags.length, 1, statement);
        apart.push(...tags);
      }
      assert.deepEqual(apart.map(withoutNumbers), whole.map(withoutNumbers), statements.join("\n"));
    };
    for (const statement of STATEMENTS) await check([statement], statement);
    await fc.assert(
      fc.asyncProperty(script, (given) => check(given.statements, join(given))),
      { numRuns: rounds(25, 300) },
    );
  });
}

/** A tag without its count of rows, which depends on what ran before. */
function withoutNumbers(tag: string): string {
  return tag.replace(/[ \d]+$/, "");
}

test("splitStatements() refuses what no server understands, with its place", () => {
  const refused: readonly (readonly [string, RegExp])[] = [
    ["select 1;\n  \\d users", /line 2, column 3: "\\d" is a command of psql/],
    ["\\restrict abc\nselect 1;", /line 1, column 1: "\\restrict" is a command of psql/],
    ["copy t from stdin;\n1\n\\.\n", /COPY with STDIN needs data beside the statement/],
    ["copy (select 1) to stdout", /COPY with STDOUT/],
    ["select 'open;\n", /line 1, column 8: the string constant has no end/],
    ['select "open', /column 8: the quoted name has no end/],
    ["select $a$ $b$", /column 8: the dollar quote \$a\$ has no end/],
    ["/* /* */", /column 1: the comment has no end/],
  ];
  for (const [text, message] of refused) {
    assert.throws(
      () => splitStatements(text),
      (error) => error instanceof SqlSyntaxError && message.test(error.message),
    );
  }
  assert.equal(splitStatements("copy t from '/tmp/stdin'").length, 1);
});

test("splitStatements() is fast and shallow for large text", () => {
  const big = `select '${"x''".repeat(300_000)}', $$${"y;".repeat(300_000)}$$ /* ${
    "z".repeat(300_000)
  } */;\n`;
  const many = "insert into t values (1, 'a');\n".repeat(5_000);
  const begun = performance.now();
  assert.equal(splitStatements(big).length, 1);
  assert.equal(splitStatements(many).length, 5_000);
  const took = performance.now() - begun;
  console.log(`2 MB and 5,000 statements were cut in ${took.toFixed(0)} ms`);
  assert.ok(took < 10_000);
});

test("outsideStatement() knows what PostgreSQL runs only outside of a transaction", () => {
  const of = (text: string) => outsideStatement(splitStatements(text)[0]);
  assert.deepEqual(
    of('CREATE UNIQUE INDEX /* c */ CONCURRENTLY IF NOT EXISTS "My""Idx" ON ONLY app."T" (a)'),
    {
      what: "create index",
      index: 'My"Idx',
      table: 'app."T"',
    },
  );
  assert.deepEqual(of("drop index concurrently if exists app.idx cascade"), {
    what: "drop index",
    indexes: ["app.idx"],
  });
  assert.deepEqual(of("reindex (verbose, concurrently) table app.t"), {
    what: "reindex",
    of: "table",
    name: "app.t",
  });
  assert.deepEqual(of("reindex index concurrently i"), { what: "reindex", of: "index", name: "i" });
  assert.deepEqual(of("alter table p detach partition p1 concurrently"), {
    what: "detach partition",
    table: "p",
    partition: "p1",
  });
  assert.deepEqual(of("vacuum (analyze) t"), { what: "repeatable" });
  assert.deepEqual(of("create database d"), { what: "other" });
  for (
    const text of [
      "create index i on t (a)",
      "drop index i",
      "reindex table t",
      "cluster t",
      "alter table t add concurrently int",
      "refresh materialized view concurrently v",
    ]
  ) {
    assert.equal(of(text), undefined, text);
  }
});
