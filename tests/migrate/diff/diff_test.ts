import assert from "node:assert/strict";
import { makeCatalog, objectKey } from "../../../migrate/catalog/object_key.ts";
import type { Catalog, CatalogObject, TableColumn, TableObject } from "../../../migrate/catalog/objects.ts";
import { readCatalog } from "../../../migrate/catalog/read_catalog.ts";
import { diffCatalogs, type DiffOptions } from "../../../migrate/diff/diff.ts";
import { writeStep } from "../../../migrate/steps/write_step.ts";
import { Pool } from "../../../pool/pool.ts";
import { sql } from "../../../pool/sql/sql.ts";
import { test } from "../../harness.ts";
import { freshDatabase, needs } from "../../services/client.ts";

const column = (name: string, type: string, more: Partial<TableColumn> = {}): TableColumn => ({
  name,
  type,
  notNull: false,
  ...more,
});

const table = (
  name: string,
  columns: readonly TableColumn[],
  more: Partial<TableObject> = {},
): TableObject => ({
  kind: "table",
  schema: "public",
  name,
  columns,
  parameters: {},
  dependsOn: [],
  ...more,
});

const catalog = (...objects: readonly CatalogObject[]): Catalog => makeCatalog(objects, 18);

function written(from: Catalog, to: Catalog, options: DiffOptions = { unknown: "drop" }): string[] {
  return diffCatalogs(from, to, options).steps.flatMap((step) => writeStep(step, to.serverVersion))
    .map(({ text }) => text);
}

test("diffCatalogs() finds nothing where only the order of columns, versions and rows of views differ", () => {
  const [a, b] = [column("a", "integer"), column("b", "text")];
  const extension = { kind: "extension", name: "citext", dependsOn: [] } as const;
  const view = {
    kind: "materialized view",
    schema: "public",
    name: "m",
    columns: [a],
    query: "SELECT 1 AS a",
    parameters: {},
    dependsOn: [],
  } as const;
  const from = catalog(table("t", [a, b]), { ...extension, version: "1.0" }, { ...view, isPopulated: false });
  const to = catalog(table("t", [b, a]), { ...extension, version: "1.6" }, { ...view, isPopulated: true });
  assert.deepEqual(written(from, to), []);
});

test("diffCatalogs() keeps what nobody known has made, and all that it stands on", () => {
  const users = table("users", [column("id", "integer")]);
  const notes = table("notes", [column("id", "integer")]);
  const view: CatalogObject = {
    kind: "view",
    schema: "public",
    name: "report",
    columns: [column("id", "integer")],
    query: "SELECT id FROM public.users",
    parameters: {},
    dependsOn: ["table:public.users", "column:public.users.id"],
  };
  const from = catalog(users, notes, view);
  assert.deepEqual(written(from, catalog(), {}), []);
  const diff = diffCatalogs(from, catalog(), { known: new Set([objectKey(users), objectKey(notes)]) });
  assert.deepEqual(diff.steps.map((step) => step.kind === "drop" && step.object.name), ["notes"]);
  assert.deepEqual(diff.unknown.map(({ name }) => name).sort(), ["report", "users"]);
  assert.match(
    diff.findings[0].message,
    /^Cannot drop table public\.users: view public\.report, which is unknown/,
  );
  assert.deepEqual(written(from, catalog()), [
    'drop view "public"."report"',
    'drop table "public"."users"',
    'drop table "public"."notes"',
  ]);
});

test("diffCatalogs() never drops a table to partition it, unless it may", () => {
  const from = catalog(table("t", [column("id", "integer")]));
  const to = catalog(
    table("t", [column("id", "integer")], { partitionBy: { strategy: "range", keys: ["id"] } }),
  );
  const refused = diffCatalogs(from, to, { unknown: "drop" });
  assert.deepEqual(refused.steps, []);
  assert.equal(refused.findings[0].severity, "refused");
  const replaced = diffCatalogs(from, to, { replaceTables: true });
  assert.deepEqual(replaced.steps.map(({ kind }) => kind), ["drop", "create"]);
  assert.equal(replaced.findings[0].severity, "loss");
});

test("diffCatalogs() asks about what may have been renamed, and renames what is declared", () => {
  const from = catalog(table("users", [column("id", "integer"), column("name", "text")]));
  const to = catalog(table("users", [column("id", "integer"), column("title", "text")]));
  const key = "column:public.users.name";
  const asked = diffCatalogs(from, to);
  assert.deepEqual(asked.candidates.map(({ description: _, ...rename }) => rename), [
    { kind: "column", key, to: "title" },
  ]);
  assert.deepEqual(written(from, to, { renames: asked.candidates }), [
    'alter table "public"."users" rename column "name" to "title"',
  ]);
  const people = catalog(table("people", [column("id", "integer"), column("name", "text")]));
  const [candidate] = diffCatalogs(from, people, { unknown: "drop" }).candidates;
  assert.equal(candidate.description, "table public.users to people");
  assert.deepEqual(written(from, people, { renames: [candidate] }), [
    'alter table "public"."users" rename to "people"',
  ]);
  assert.throws(
    () => diffCatalogs(from, to, { renames: [{ kind: "table", key: "table:public.x", to: "y" }] }),
    {
      code: "VALIDATION",
      message: /rename of table "table:public.x": it is not there/,
    },
  );
});

for (const name of ["primary", "pg15"] as const) {
  test(`diffCatalogs() after a rename finds nothing left to do (${name})`, needs(name), async () => {
    await using one = await freshDatabase({ server: name });
    await using other = await freshDatabase({ server: name });
    await using a = new Pool(one.url);
    await using b = new Pool(other.url);
    const schema = (users: string, label: string, mood: string): string[] => [
      `create type mood as enum ('sad', '${mood}')`,
      `create table ${users} (id serial primary key, ${label} text not null default 'x', m mood default '${mood}',
        constraint filled check (${label} <> ''), parent integer references ${users} (id))`,
      `create index on ${users} (lower(${label})) where ${label} is not null`,
      `create policy own on ${users} using (${label} = current_user)`,
      `create view names as select ${label} as shown, count(*) from ${users} group by 1`,
    ];
    for (const text of schema("users", "name", "happy")) await a.execute(sql.unsafe(text));
    for (const text of schema('"People"', '"user"', "glad")) await b.execute(sql.unsafe(text));
    const renames = [
      { kind: "column", key: "column:public.users.name", to: "user" },
      { kind: "table", key: "table:public.users", to: "People" },
      { kind: "enum label", key: "enum:public.mood", label: "happy", to: "glad" },
    ] as const;
    const to = await readCatalog(b);
    const { steps } = diffCatalogs(await readCatalog(a), to, { renames, unknown: "drop" });
    assert.ok(
      steps.every(({ kind }) => kind !== "drop" && kind !== "create"),
      JSON.stringify(steps.map((s) => s.kind)),
    );
    for (const step of steps) {
      for (const { text } of writeStep(step, to.serverVersion)) await a.execute(sql.unsafe(text));
    }
    assert.deepEqual(written(await readCatalog(a), to), []);
  });
}

test("diffCatalogs() compares 1,000 tables in less than half a second", () => {
  const objects = (width: number): CatalogObject[] =>
    Array.from({ length: 1_000 }, (_, number) => {
      const name = `table_${number}`;
      const columns = Array.from({ length: 8 }, (_, index) =>
        column(`c${index}`, index < width ? "integer" : "text"));
      const key: CatalogObject = {
        kind: "constraint",
        schema: "public",
        name: `${name}_pkey`,
        table: name,
        constraint: { type: "primary key", columns: ["c0"], include: [], parameters: {} },
        isValid: true,
        dependsOn: [`table:public.${name}`, `column:public.${name}.c0`],
      };
      return [table(name, columns), key];
    }).flat();
  const [same, other, empty] = [catalog(...objects(8)), catalog(...objects(7)), catalog()];
  const measure = (from: Catalog, to: Catalog): [number, number] => {
    const start = performance.now();
    const { steps } = diffCatalogs(from, to, { unknown: "drop" });
    return [steps.length, performance.now() - start];
  };
  const cases = {
    equal: measure(same, catalog(...objects(8))),
    changed: measure(same, other),
    created: measure(empty, same),
  };
  for (const [what, [steps, time]] of Object.entries(cases)) {
    console.log(`1,000 tables, ${what}: ${steps} steps in ${time.toFixed(0)} ms`);
    assert.ok(time < 5_000, `${what}: ${time} ms`);
  }
  assert.deepEqual(Object.values(cases).map(([steps]) => steps), [0, 1_000, 1_000]);
});
