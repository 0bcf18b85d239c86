/** What objects are known by. */
import assert from "node:assert/strict";
import { columnKey, describeObject, makeCatalog, objectKey } from "../../../migrate/catalog/object_key.ts";
import type { CatalogObject } from "../../../migrate/catalog/objects.ts";
import { test } from "../../harness.ts";

const base = { dependsOn: [] };
const mood = { kind: "enum", schema: "public", name: "mood", labels: [], ...base } as const;

test("objectKey() names an object by its kind, its schema, its table and its name", () => {
  const objects: readonly (readonly [string, CatalogObject])[] = [
    ["schema:app", { kind: "schema", name: "app", ...base }],
    ["extension:pg_trgm", { kind: "extension", schema: "app", name: "pg_trgm", ...base }],
    ["enum:public.mood", mood],
    ['enum:"My ""App"""."a.b"', { ...mood, schema: 'My "App"', name: "a.b" }],
    ["enum:mood", { kind: "enum", name: "mood", labels: [], ...base }],
    ["policy:app.t.mine", {
      kind: "policy",
      schema: "app",
      table: "t",
      name: "mine",
      permissive: true,
      command: "all",
      roles: [],
      ...base,
    }],
    ["opaque:aggregate app.total(integer)", {
      kind: "opaque",
      what: "aggregate",
      schema: "app",
      name: "total(integer)",
      hash: "",
      ...base,
    }],
    ["opaque:rule quiet on app.t", {
      kind: "opaque",
      what: "rule",
      name: "quiet on app.t",
      hash: "",
      ...base,
    }],
    ["function:app.age(integer, text)", {
      kind: "function",
      isProcedure: false,
      schema: "app",
      name: "age",
      identity: "integer, text",
      arguments: "a integer, b text",
      language: "sql",
      definition: "",
      ...base,
    }],
  ];
  for (const [key, object] of objects) assert.equal(objectKey(object), key);
});

test("columnKey() tells names with dots from each other", () => {
  assert.equal(columnKey({ schema: "public", name: "users" }, "name"), "column:public.users.name");
  assert.notEqual(
    columnKey({ schema: "a.b", name: "c" }, "d"),
    columnKey({ schema: "a", name: "b.c" }, "d"),
  );
});

test("describeObject() says what a person would", () => {
  assert.equal(describeObject(mood), "enum public.mood");
  assert.equal(
    describeObject({ kind: "opaque", what: "rule", name: "quiet on app.t", hash: "", ...base }),
    "rule quiet on app.t",
  );
});

test("makeCatalog() orders objects by kind and key, and refuses two with one key", () => {
  const schema: CatalogObject = { kind: "schema", name: "public", ...base };
  const anger: CatalogObject = { ...mood, name: "anger" };
  const catalog = makeCatalog([mood, anger, schema], 18);
  assert.deepEqual([...catalog.objects.keys()], ["schema:public", "enum:public.anger", "enum:public.mood"]);
  assert.equal(catalog.serverVersion, 18);
  assert.throws(
    () => makeCatalog([mood, schema, { ...mood }], 18),
    /^Error: Cannot make a catalog: it has enum public\.mood twice; give each object once$/,
  );
});
