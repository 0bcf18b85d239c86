import assert from "node:assert/strict";
import { inspect } from "node:util";
import { fc } from "../../fast_check.ts";
import baseSql, { Sql as BaseSql } from "sql-template-tag";
import { assertSql, FRAGMENT, Sql, sql } from "../../../pool/sql/sql.ts";
import { ValidationError } from "../../../pool/wire/errors.ts";
import { test } from "../../harness.ts";

function refused(run: () => unknown, message: RegExp): ValidationError {
  let caught: unknown;
  assert.throws(run, (error) => {
    caught = error;
    return error instanceof ValidationError && message.test(error.message);
  });
  return caught as ValidationError;
}

test("sql binds values as numbered parameters", () => {
  const query = sql`select ${1}, ${"a"}, ${null}, ${[1, 2]}, ${{ a: 1 }}, ${2n}, ${true}`;
  assert.equal(query.text, "select $1, $2, $3, $4, $5, $6, $7");
  assert.deepEqual(query.values, [1, "a", null, [1, 2], { a: 1 }, 2n, true]);
});

test("sql returns the same text for the same template", () => {
  const make = (id: number): Sql => sql`select * from t where id = ${id}`;
  const first = make(1);
  const second = make(2);
  assert.equal(first.text, second.text);
  assert.equal(first.strings, second.strings);
  assert.deepEqual(second.values, [2]);
  assert.equal(sql`select 1`.text, "select 1");
});

test("sql nests fragments, in order and at any depth", () => {
  const inner = sql`b = ${2}`;
  const middle = sql`(${inner} or c = ${3})`;
  const query = sql`select ${1} where ${middle}${sql.empty} and d = ${4}`;
  assert.equal(query.text, "select $1 where (b = $2 or c = $3) and d = $4");
  assert.deepEqual(query.values, [1, 2, 3, 4]);
  assert.equal(sql`${inner}`.text, "b = $1");
});

test("sql nests with sql-template-tag's fragments in both directions", () => {
  const theirs = baseSql`a = ${1}`;
  const ours = sql`b = ${2}`;
  assert.ok(ours instanceof BaseSql);
  assert.equal(sql`${theirs} and ${ours}`.text, "a = $1 and b = $2");
  const outer = baseSql`${ours} and ${theirs}`;
  assert.equal(outer.text, "b = $1 and a = $2");
  assert.deepEqual(outer.values, [2, 1]);
  refused(() => sql`${baseSql`a = ${undefined}`}`, /parameter \$1/);
});

test("sql refuses undefined with the parameter's number and the caller's line", () => {
  const value = undefined as unknown as string;
  // @ts-expect-error: undefined is no value
  refused(() => sql`select ${undefined}`, /parameter \$1 of sql: it is undefined/);
  const error = refused(() => sql`select ${1}, ${sql`${2}, ${3}`}, ${value}`, /parameter \$4 of sql/);
  assert.match(error.stack ?? "", /sql_test/);
});

test("sql refuses functions, symbols, promises and arrays of fragments", () => {
  refused(() => sql`select ${() => 1}`, /a function/);
  // @ts-expect-error: a symbol is no value
  refused(() => sql`select ${Symbol("x")}`, /a symbol/);
  refused(() => sql`select ${Promise.resolve(1)}`, /not yet awaited/);
  refused(() => sql`select ${[sql`a`, sql`b`]}`, /sql\.join/);
});

test("sql refuses to be called as a function", () => {
  const call = sql as unknown as (text: unknown) => Sql;
  refused(() => call("select 1"), /called as a function/);
  refused(() => call(["select 1"]), /called as a function/);
  refused(() => call(undefined), /called as a function/);
});

test("sql.join puts items one after the other", () => {
  assert.equal(sql.join([sql`a`, sql`b`]).text, "a, b");
  const joined = sql.join([sql`a = ${1}`, sql`b = ${2}`], sql` and `);
  assert.equal(joined.text, "a = $1 and b = $2");
  assert.deepEqual(sql`in (${sql.join([1, 2, 3])})`.values, [1, 2, 3]);
  refused(() => sql.join([]), /no items/);
  // @ts-expect-error: a separator is SQL
  refused(() => sql.join([1, 2], " and "), /separator of sql\.join: it is a string/);
  refused(() => sql.join([1, undefined as unknown as number]), /undefined/);
});

test("sql refuses more than 65,535 values", () => {
  const many = Array.from({ length: 65_535 }, (_, i) => i);
  assert.equal(sql.join(many).values.length, 65_535);
  refused(() => sql.join([...many, 1]), /65536 values/);
});

test("sql.identifier quotes every part", () => {
  assert.equal(sql.identifier("users").text, '"users"');
  assert.equal(sql.identifier("my schema", 'we"ird', "Col").text, '"my schema"."we""ird"."Col"');
});

test("sql.identifier refuses names PostgreSQL would change", () => {
  refused(() => sql.identifier(""), /empty/);
  refused(() => sql.identifier("a\0b"), /NUL/);
  refused(() => sql.identifier("\ud800"), /surrogate/);
  refused(() => sql.identifier("ok", "x".repeat(64)), /64 bytes/);
  refused(() => sql.identifier("ä".repeat(32)), /64 bytes/);
  refused(() => sql.identifier(7 as unknown as string), /type number/);
  refused(() => (sql.identifier as () => Sql)(), /no parts/);
  assert.equal(sql.identifier("ä".repeat(31) + "x").text.length, 34);
});

test("sql.unsafe takes text and nests with its values", () => {
  assert.equal(sql.unsafe("select 1").text, "select 1");
  const query = sql`select ${0}, ${sql.unsafe("$2::int + $1 + $2", [1, 2])}`;
  assert.equal(query.text, "select $1, $2::int + $3 + $4");
  assert.deepEqual(query.values, [0, 2, 1, 2]);
});

test("sql.unsafe finds no placeholders in quotes, comments and names", () => {
  const text = `select '$1', e'\\'$1', "$1", $$ $1 $$, $a$ $1 $a$, col$1, $1 -- $1\n/* $1 */`;
  assert.equal(sql.unsafe(text, [7]).text, text);
});

test("sql.unsafe refuses placeholders that do not match the values", () => {
  refused(() => sql.unsafe("select $2", [1]), /placeholder \$2/);
  refused(() => sql.unsafe("select 1", [1]), /0 placeholders for 1 values/);
  refused(() => sql.unsafe("select \0"), /NUL/);
  refused(() => sql.unsafe(1 as unknown as string), /a number/);
  refused(() => sql.unsafe("select $1", [undefined as unknown as null]), /undefined/);
});

test("assertSql() refuses what is not sql and says what to write", () => {
  assertSql(sql`select 1`);
  refused(() => assertSql("select 1"), /the statement: it is a string; write it with the sql tag/);
  refused(() => assertSql(undefined), /undefined/);
  refused(() => assertSql({ text: "select 1", values: [] }), /an object/);
});

test("Sql prints its text and never a value", () => {
  const query = sql`select ${"s3cret"}`;
  assert.equal(JSON.stringify(query), '{"text":"select $1","parameters":1}');
  assert.doesNotMatch(inspect(query), /s3cret/);
  assert.match(inspect(query), /select \$1/);
});

test("Sql refuses strings and values that do not match", () => {
  refused(() => new Sql(["a"], [1]), /one string more/);
});

test("sql takes the fragment that an object offers", () => {
  const table = { text: "a column", [FRAGMENT]: sql`"users"` };
  assert.equal(sql`select ${1} from ${table}`.text, 'select $1 from "users"');
  assert.equal(sql.join([table, table]).text, '"users", "users"');
});

test("sql.identifier quotes any name PostgreSQL can hold so that it reads back, and refuses all others", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 70 }), (name) => {
      const fits = name !== "" && !name.includes("\0") && name.isWellFormed() &&
        new TextEncoder().encode(name).length <= 63;
      if (!fits) {
        refused(() => sql.identifier(name), /Cannot use identifier/);
        return;
      }
      const { text } = sql.identifier(name);
      assert.match(text, /^"(?:[^"]|"")+"$/s);
      assert.equal(text.slice(1, -1).replaceAll('""', '"'), name);
    }),
    { numRuns: 500 },
  );
});

test("sql flattens any nesting to the text and values written in one line", () => {
  const tree = fc.letrec((tie) => ({
    node: fc.oneof({ maxDepth: 4 }, fc.integer(), fc.array(tie("node"), { maxLength: 4 })),
  })).node;
  const build = (node: unknown): Sql =>
    Array.isArray(node)
      ? sql`(${node.length === 0 ? sql.empty : sql.join(node.map(build), sql`+`)})`
      : sql`<${node as number}>`;
  const leaves = (node: unknown): unknown[] => Array.isArray(node) ? node.flatMap(leaves) : [node];
  fc.assert(
    fc.property(tree, (node) => {
      const statement = build(node);
      assert.deepEqual(statement.values, leaves(node));
      const numbers = [...statement.text.matchAll(/\$(\d+)/g)].map((match) => Number(match[1]));
      assert.deepEqual(numbers, statement.values.map((_, index) => index + 1));
    }),
    { numRuns: 200 },
  );
});
