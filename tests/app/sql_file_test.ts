/** The statements of an SQL file. */
import assert from "node:assert/strict";
import { test } from "../harness.ts";
import { statementsOf } from "./sql_file.ts";

test("statementsOf() ends a statement only at a semicolon that stands in nothing else", () => {
  const statements = [
    "select 'a;b', 'it''s; fine'",
    'select ";""x;" from t',
    "select E'\\';' || N';'",
    "select $$ ; ' $$, $body$ $$ ; $body$",
    "insert into t values\n  (1, '--not a comment; /* nor this')",
    "select 1 where a <> 2 and b$1 = 3",
  ];
  assert.deepEqual(statementsOf(statements.join(";\n\n")), statements);
});

test("statementsOf() leaves out comments, psql's commands and whole databases", () => {
  const text = `
    /*** a ; /* nested ' */ " ***/
    DROP DATABASE IF EXISTS shop;
    create database shop;
    \\c shop;
    -- it's the first table;
    create table t (a text); -- with one column
    insert into t values ('
\\kept;');
    /* the end */`;
  assert.deepEqual(statementsOf(text), ["create table t (a text)", "insert into t values ('\n\\kept;')"]);
  assert.deepEqual(statementsOf(" ;; -- nothing\n"), []);
});

test("statementsOf() refuses what is never closed", () => {
  for (const text of ["select 'a;", 'select "a;', "select 1; /* a; /* b */"]) {
    assert.throws(() => statementsOf(text), /^Error: Cannot split the file: .* is never closed$/);
  }
});
