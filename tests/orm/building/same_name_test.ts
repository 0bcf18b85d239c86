/** Sources of the same name and text that have other columns. */
import assert from "node:assert/strict";
import { column, cte, from, model } from "../../../orm/mod.ts";
import { test } from "../../harness.ts";

const Person = model("people", { id: column.bigint().primaryKey(), name: column.text() });
const Numbered = model("people", { id: column.bigint({ mode: "number" }).primaryKey() });

test("from() selects the columns of the source it is given, not of another of the same name", () => {
  const one = cte("same", Person.find().select({ id: Person.id, name: Person.name }));
  const other = cte("same", Person.find().select({ label: Person.name }));
  for (let round = 0; round < 2; round++) {
    assert.equal(
      from(one).toSQL().text,
      'with "same" as (select "people"."id", "people"."name" from "people") select "same"."id", "same"."name" from "same"',
    );
    assert.equal(
      from(other).toSQL().text,
      'with "same" as (select "people"."name" as "label" from "people") select "same"."label" from "same"',
    );
  }
});

test("from() converts values as the source it is given does", async () => {
  const executor = { query: () => Promise.resolve([{ id: "7" }]) } as never;
  const rows = [
    ...await from(cte("ids", Person.find().select({ id: Person.id }))).all(executor),
    ...await from(cte("ids", Numbered.find().select({ id: Numbered.id }))).all(executor),
    ...await from(Person.find().select({ id: Person.id }).as("ids")).all(executor),
    ...await from(Numbered.find().select({ id: Numbered.id }).as("ids")).all(executor),
  ];
  assert.deepEqual(rows, [{ id: 7n }, { id: 7 }, { id: 7n }, { id: 7 }]);
});

test("select() converts values as the column it is given does, though another has its text", async () => {
  const Other = model("others", { id: column.integer().primaryKey() });
  const executor = { query: () => Promise.resolve([{ id: "7" }]) } as never;
  const rows = [
    ...await Other.find().join(Person, Person.id.eq(1n)).select({ id: Person.id }).all(executor),
    ...await Other.find().join(Numbered, Numbered.id.eq(1)).select({ id: Numbered.id }).all(executor),
  ];
  assert.deepEqual(rows, [{ id: 7n }, { id: 7 }]);
});
