import assert from "node:assert/strict";
import { camelCase, pascalCase, plural, singular, wordsOf } from "../../../migrate/infer/words.ts";
import { column, createTablesSQL, model } from "../../../orm/mod.ts";
import { sql } from "../../../pool/sql/sql.ts";
import { test } from "../../harness.ts";

test("singular() and plural() find the other form of a table's last word", () => {
  const pairs = [
    ["album", "albums"],
    ["invoice_line", "invoice_lines"],
    ["category", "categories"],
    ["day", "days"],
    ["address", "addresses"],
    ["box", "boxes"],
    ["branch", "branches"],
    ["status", "statuses"],
    ["house", "houses"],
    ["movie", "movies"],
    ["size", "sizes"],
    ["person", "people"],
    ["child", "children"],
    ["half", "halves"],
    ["news", "news"],
  ];
  for (const [one, many] of pairs) {
    assert.deepEqual(singular(wordsOf(many)), wordsOf(one), many);
    assert.deepEqual(singular(wordsOf(one)), wordsOf(one), one);
    assert.deepEqual(plural(wordsOf(one)), wordsOf(many), one);
    assert.deepEqual(plural(wordsOf(many)), wordsOf(many), many);
  }
});

test("camelCase() and pascalCase() make identifiers of any name", () => {
  assert.equal(camelCase(wordsOf("InvoiceLine id")), "invoiceLineId");
  assert.equal(camelCase(wordsOf("userID")), "userId");
  assert.equal(pascalCase(wordsOf("2020 sales")), "_2020Sales");
  assert.equal(pascalCase(wordsOf("%")), "Table");
  assert.equal(camelCase(wordsOf("日本")), "日本");
});

test("generated() writes a column that is not kept", () => {
  const Price = model("prices", {
    net: column.integer(),
    gross: column.integer().generated(sql`net * 2`, { virtual: true }),
  });
  assert.match(
    createTablesSQL([Price])[0].text,
    /"gross" integer not null generated always as \(net \* 2\) virtual/,
  );
});
