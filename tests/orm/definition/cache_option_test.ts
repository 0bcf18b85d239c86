/** The option by which a model opts in to a cache. */
import assert from "node:assert/strict";
import { column, model, type ModelCacheOptions, sql, ValidationError } from "../../../mod.ts";
import { test } from "../../harness.ts";

const id = column.integer().primaryKey();

/** The message with which a model is refused. */
function refusal(make: () => unknown): string {
  try {
    make();
  } catch (error) {
    assert.ok(error instanceof ValidationError, String(error));
    return error.message;
  }
  throw new Error("It was not refused");
}

test("model() takes seconds to be cached for, or a record of them", () => {
  for (const cache of [60, { ttl: 1 }, { ttl: 86_400, negativeTtl: 1 }]) {
    assert.ok(model("users", { id }, { cache }) !== undefined);
  }
  model("places", { country: column.text().primaryKey(), at: column.uuid().primaryKey() }, { cache: 60 });
});

test("model() refuses to cache what could not be kept faithfully, and says what to change", () => {
  const cache = { ttl: 60 };
  const refused: [make: () => unknown, message: RegExp][] = [
    [() => model("users", { id: column.integer() }, { cache }), /no primary key.*\.primaryKey\(\)/],
    [() => model("users", { id: column.numeric().primaryKey() }, { cache }), /"id".*equal in several forms/],
    [() => model("users", { id: column.double().primaryKey() }, { cache }), /"id".*equal in several forms/],
    [
      () => model("users", { id: column.text().collate("german").primaryKey() }, { cache }),
      /"id".*without a collation of their own/,
    ],
    [
      () => model("users", { id, name: column.text().selectAs((name) => sql`upper(${name})`) }, { cache }),
      /"name" is selected by an expression/,
    ],
    [
      () =>
        model("users", { id, name: column.text() }, {
          cache,
          defaultScope: (users) => users.id.gt(0),
        }),
      /defaultScope/,
    ],
  ];
  for (const [make, message] of refused) {
    const said = refusal(make);
    assert.match(said, message);
    assert.match(said, /option "cache" of/);
  }
});

test("model() refuses lives that mean nothing, and options it does not know", () => {
  const refused: [cache: unknown, message: RegExp][] = [
    [{ ttl: 0 }, /its ttl is 0; give seconds from 1 to 86400/],
    [86_401, /its ttl is 86401/],
    [{ ttl: "60" }, /its ttl is/],
    [{}, /its ttl is undefined/],
    [{ ttl: 60, negativeTtl: 0.5 }, /its negativeTtl is 0.5/],
    [{ tll: 60 }, /has no "tll"; did you mean "ttl"\?/],
    [true, /it is .*; give \{ ttl: seconds \}/],
  ];
  for (const [cache, message] of refused) {
    assert.match(refusal(() => model("users", { id }, { cache: cache as ModelCacheOptions })), message);
  }
});
