/** What the builder refuses, before anything is sent, and what it says to change. */
import assert from "node:assert/strict";
import { Schema } from "../../../migrate/schema/schema.ts";
import type { TableChanger } from "../../../migrate/schema/table_changer.ts";
import { column, constraint, index, sql } from "../../../mod.ts";
import { ValidationError } from "../../../pool/wire/errors.ts";
import { test } from "../../harness.ts";

const alter = (change: (t: TableChanger) => void) => (schema: Schema): void =>
  schema.alterTable("users", change);

const MISUSE: readonly (readonly [(schema: Schema) => void, RegExp])[] = [
  [
    (schema) => schema.dropTable("app.users"),
    /the name "app\.users" of dropTable\(\): it holds a dot; give \{ schema: "app", name: "users" \}/,
  ],
  [(schema) => schema.dropTable(""), /the name of dropTable\(\): it is empty; give a name of 1 to 63 bytes/],
  [
    (schema) => schema.dropTable("x".repeat(64)),
    /it has 64 bytes in UTF-8 and PostgreSQL keeps 63; shorten it/,
  ],
  [(schema) => schema.dropTable(7 as never), /it is .*; give a string, or \{ schema/],
  [
    (schema) => schema.dropTable("t", { cascad: true } as never),
    /option "cascad" of dropTable\(\): there is none/,
  ],
  [
    (schema) => schema.createTable("t", { id: "integer" as never }),
    /column "id" of table "t": it is not a column; make it with column, as in column\.text\(\)/,
  ],
  [(schema) => schema.createTable("t", {}), /it has no columns; give at least one/],
  [
    (schema) => schema.createTable("t", { id: column.text() }, { comments: "x" } as never),
    /option "comments" of table "t": there is none; did you mean "comment"\?/,
  ],
  [
    (schema) => schema.createTable("t", { id: column.text() }, { partitionBy: { list: ["a", "b"] } }),
    /PostgreSQL takes one; use range or hash/,
  ],
  [(schema) => schema.alterTable("t", () => undefined), /its function changes nothing; call methods of t/],
  [(schema) => schema.alterTable("t", undefined as never), /it has no function; give \(t\) =>/],
  [alter((t) => t.addColumn("a", "text" as never)), /its definition is .*; make it with column/],
  [alter((t) => t.alterColumn("a", {})), /nothing changes; give one of type, using/],
  [alter((t) => t.alterColumn("a", { using: sql`1` })), /it has using without a type; give the type/],
  [alter((t) => t.alterColumn("a", { identity: "always" })), /say what it is: was: column\.integer\(\)/],
  [alter((t) => t.alterColumn("a", { nulable: true } as never)), /did you mean "nullable"\?/],
  [alter((t) => t.setReplicaIdentity("ful" as never)), /it is "ful"; use "full", "nothing"/],
  [alter((t) => t.setTrigger("stamped", "disable" as never)), /it is "disable"; use "origin", "always"/],
  [
    (schema) => schema.dropView("v", { concurrently: true } as never),
    /option "concurrently" of the drop of "v": there is none; use ifExists, cascade/,
  ],
  [
    (schema) => schema.dropTable({ schema: "app", name: "t", cascade: true } as never),
    /option "cascade" of the name of dropTable\(\)/,
  ],
  [
    (schema) => schema.dropTable("t", { x: 1 } as never),
    /option "x" of dropTable\(\): .* use was, ifExists, cascade/,
  ],
  [
    (schema) => schema.alterDomain("d", {}),
    /nothing changes; give one of default, notNull, addCheck, dropCheck/,
  ],
  [
    (schema) =>
      schema.alterDomain("d", { addCheck: { name: "c", condition: sql`true`, notvalid: true } as never }),
    /option "notvalid" of addCheck of alterDomain\(\): there is none; did you mean "notValid"\?/,
  ],
  [(schema) => schema.createRange("r", "float8", { sub_diff: "x" }), /option "sub_diff" of createRange\(\)/],
  [
    (schema) => schema.createSequence("s", { ownedBy: { table: "t", colum: "id" } as never }),
    /did you mean "column"\?/,
  ],
  [(schema) => schema.createSequence("s", { startt: 1 } as never), /option "startt" of createSequence\(\)/],
  [(schema) => schema.comment("table", "t", { to: "a", wass: "b" } as never), /did you mean "was"\?/],
  [alter((t) => t.addConstraint({} as never)), /make it with constraint: \(c\) =>/],
  [
    alter((t) => t.addConstraint((c) => constraint.check(sql`${c.a} > 0`), { usingIndex: "i" })),
    /a constraint of kind "check" takes no index; leave usingIndex out/,
  ],
  [
    alter((t) => t.addConstraint((c) => constraint.unique([c.a]), { notValid: true })),
    /always valid; leave notValid out, or build its index first and give usingIndex/,
  ],
  [alter((t) => t.addPrimaryKey([])), /it has no columns; give them: \["id"\]/],
  [(schema) => schema.createIndex("t", {} as never), /make it with index\(\): \(c\) => index\(c\.email\)/],
  [
    (schema) => schema.dropIndex("i", { was: (c) => index(c.a) }),
    /it says what the index was, not of what; give table: "users"/,
  ],
  [(schema) => schema.createEnum("e", ["a", "a"]), /its labels are not a list of different texts; give one/],
  [(schema) => schema.addEnumLabel("e", "x".repeat(64)), /a label of addEnumLabel\(\).*shorten it/],
  [(schema) => schema.addEnumLabel("e", "c", { before: "a", after: "b" }), /give one of the two/],
  [
    (schema) => schema.createFunction("f", { body: "select 1" }),
    /it returns nothing; give returns: "void", or procedure: true/,
  ],
  [
    (schema) => schema.createFunction("f", { returns: "int", body: "" }),
    /the body of function "f": it is empty; give SQL/,
  ],
  [
    (schema) =>
      schema.createFunction("f", { returns: "int", body: "select 1", volatility: "never" as never }),
    /it is "never"; use "volatile", "stable", "immutable"/,
  ],
  [(schema) => schema.dropFunction("f", undefined as never), /give their types, "" for none/],
  [
    (schema) => schema.createTrigger("t", { table: "u", when: "after", on: [], function: "f" }),
    /it is no list; give \["insert", "update"\]/,
  ],
  [
    (schema) =>
      schema.createTrigger("t", {
        table: "u",
        when: "before",
        on: ["insert"],
        function: "f",
        deferrable: "deferred",
      }),
    /only one that fires after each row can be deferrable; use when: "after"/,
  ],
  [
    (schema) => schema.createPolicy("p", { table: "u", command: "insert", using: sql`true` }),
    /rows that are inserted are judged by check; give check, not using/,
  ],
  [
    (schema) => schema.createPartition("p", { of: "u", bound: { from: [1], to: [1, 2] } }),
    /it is from 1 values to 2; give as many as the table is split by/,
  ],
  [
    (schema) => schema.createPartition("p", { of: "u", bound: { modulus: 2, remainder: 2 } }),
    /the remainder 2 is none of 2; give 0 to 1/,
  ],
  [(schema) => schema.createPartition("p", { of: "u", bound: "rest" as never }), /or "default"/],
  [(schema) => schema.createView("v", ""), /the query of createView\(\): it is empty; give SQL/],
  [
    (schema) => schema.createView("v", "select 1", { recursive: true }),
    /a recursive view names its columns; give columns: \["n"\]/,
  ],
  [(schema) => schema.rename("tabel" as never, "a", "b"), /it is "tabel"; use "schema"/],
  [(schema) => schema.comment("trigger", "t", "x"), /it is known by its table, too; give \{ name/],
  [(schema) => schema.comment("function", "f", "x"), /it is known by its arguments, too; give \{ name/],
  [(schema) => schema.sql(7 as never), /the statement of sql\(\): it is .*; give SQL/],
];

test("Schema refuses what cannot be, and says what to change", () => {
  for (const [build, message] of MISUSE) {
    const schema = new Schema();
    assert.throws(
      () => build(schema),
      (error) => {
        assert.ok(error instanceof ValidationError, String(error));
        assert.match(error.message, message);
        return true;
      },
      String(message),
    );
    assert.equal(schema.steps.length, 0, String(message));
  }
});
