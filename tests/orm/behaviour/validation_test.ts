import assert from "node:assert/strict";
import type { Behaviour } from "../../../orm/behaviour/behaviour.ts";
import { type ModelIssue, ModelValidationError } from "../../../orm/behaviour/model_validation_error.ts";
import type { Draft } from "../../../orm/behaviour/write.ts";
import { tableOf } from "../../../orm/definition/table.ts";
import { check, column, email, min, minLength, model, oneOf } from "../../../orm/mod.ts";
import { sql } from "../../../pool/sql/sql.ts";
import type { SchemaIssue, StandardSchema } from "../../../pool/standard_schema.ts";
import { ValidationError } from "../../../pool/wire/errors.ts";
import { test } from "../../harness.ts";
import { beforeInsert, beforeUpdate, behaviourOf, fakeCall } from "./subject.ts";

const COLUMNS = {
  id: column.identity().primaryKey(),
  name: column.text().validate(minLength(2)),
  email: column.text().validate(minLength(5), email()),
  age: column.integer().nullable().validate(min(0)),
  role: column.text().default("guest").validate(oneOf(["guest", "admin"])),
  slug: column.text().generated(sql`lower(name)`),
};
const VALID = { name: "Ada", email: "ada@example.org" };

/** A schema of somebody's. */
function schemaOf<Output>(
  validate: (value: unknown) => { value: Output } | { issues: readonly SchemaIssue[] },
  isAsync = false,
): StandardSchema<Output> {
  const answer = isAsync ? (value: unknown) => Promise.resolve(validate(value)) : validate;
  return { "~standard": { version: 1, vendor: "test", validate: answer } } as StandardSchema<Output>;
}

async function issuesOf(run: Promise<unknown>): Promise<readonly ModelIssue[]> {
  const error = await run.then(() => undefined, (reason) => reason);
  if (error === undefined) return [];
  assert.ok(error instanceof ModelValidationError, String(error));
  return error.issues;
}

/** What is wrong with an insert, as `path: code`. */
async function codesOf(behaviour: Behaviour, values: Draft): Promise<string[]> {
  return (await issuesOf(beforeInsert(behaviour, values))).map(({ path, code }) =>
    `${path.join(".")}: ${code}`
  );
}

test("an insert is told everything that is wrong with it, column by column", async () => {
  const behaviour = behaviourOf(COLUMNS);
  assert.deepEqual(await codesOf(behaviour, VALID), []);
  assert.deepEqual(await codesOf(behaviour, { email: "ada", age: -1, role: "root" }), [
    "name: required",
    "email: minLength",
    "email: email",
    "age: min",
    "role: oneOf",
  ]);
  assert.deepEqual(await codesOf(behaviour, { name: null, email: 1, age: 1.5, role: null }), [
    "name: required",
    "email: type",
    "age: type",
    "role: required",
  ]);
});

test("with the validation 'first' the first issue ends it", async () => {
  let calls = 0;
  const counting = check("x", "must x", () => ++calls < 0);
  const behaviour = behaviourOf({
    a: column.text().validate(counting, counting),
    b: column.text().validate(counting),
  }, {
    validation: "first",
    validate: () => void calls++,
  });
  assert.deepEqual(await codesOf(behaviour, { a: "1", b: "2" }), ["a: x"]);
  assert.equal(calls, 1);
  const rows = [{ values: { a: "1", b: "2" } }, { values: { a: "1", b: "2" } }];
  assert.equal(
    (await issuesOf(Promise.resolve().then(() => behaviour.before("insert", rows, fakeCall())))).length,
    1,
  );
  assert.equal(calls, 2);
});

test("null passes where the column may be null, and so does an SQL expression", async () => {
  const behaviour = behaviourOf(COLUMNS);
  assert.deepEqual(await codesOf(behaviour, { ...VALID, age: null }), []);
  assert.deepEqual(await codesOf(behaviour, { ...VALID, name: sql`upper('x')`, age: sql`-1` }), []);
});

test("a value may be whatever is a fragment of sql, and a time may be left to the database", async () => {
  const Note = model("notes", {
    id: column.identity().primaryKey(),
    body: column.text().validate(minLength(2)),
    createdAt: column.timestamptz(),
    updatedAt: column.timestamptz(),
  }, { timestamps: true });
  const behaviour = tableOf(Note).behaviour!;
  const latest = Note.find().select({ body: Note.body }).limit(1);
  const values = { body: latest };
  assert.deepEqual(await beforeInsert(behaviour, values), values);
  assert.deepEqual(await codesOf(behaviour, {}), ["body: required"]);
});

test("a default that is a value is validated, one that is an expression is not", async () => {
  const never = check("x", "must x", () => false);
  const behaviour = behaviourOf({
    a: column.text().default("bad").validate(never),
    b: column.text().default(sql`'bad'`).validate(never),
  });
  assert.deepEqual(await codesOf(behaviour, {}), ["a: x"]);
  assert.deepEqual(await issuesOf(beforeUpdate(behaviour, {})), []);
});

test("an update validates what it changes only", async () => {
  const behaviour = behaviourOf(COLUMNS);
  assert.deepEqual(await beforeUpdate(behaviour, { age: 3 }), { age: 3 });
  assert.deepEqual(await issuesOf(beforeUpdate(behaviour, { email: "nobody", age: undefined })), [
    { path: ["email"], code: "email", message: "must be an email address" },
  ]);
});

test("what is unknown, generated or undefined is left to the checks of every write", async () => {
  const behaviour = behaviourOf(COLUMNS);
  const values = { ...VALID, nmae: "x", slug: "x", age: undefined };
  assert.deepEqual(await beforeInsert(behaviour, values), values);
});

test("a model's validators see given values and defaults, and on updates the whole row where it is known", async () => {
  const seen: unknown[] = [];
  const behaviour = behaviourOf(COLUMNS, {
    validate: (values, { partial, operation, row, table }) =>
      void seen.push({ values, partial, operation, row, table }),
  });
  const base = { operation: "insert", partial: false, row: undefined, table: "users" };
  await beforeInsert(behaviour, VALID);
  assert.deepEqual(seen.splice(0), [{ ...base, values: { ...VALID, role: "guest" } }]);
  await beforeInsert(behaviour, { ...VALID, age: sql`1 + 1` });
  assert.deepEqual(seen.splice(0), [{ ...base, values: { ...VALID, role: "guest" }, partial: true }]);
  await beforeUpdate(behaviour, { age: 3 });
  assert.deepEqual(seen.splice(0), [{ ...base, operation: "update", values: { age: 3 }, partial: true }]);
  const row = Object.freeze({ id: 1, ...VALID, age: 2, role: "admin", slug: "ada" });
  await beforeUpdate(behaviour, { age: 3 }, row);
  assert.deepEqual(seen.splice(0), [
    { ...base, operation: "update", values: { ...row, age: 3 }, row },
  ]);
});

test("a model's validators tell issues by column or of the whole, also asynchronously", async () => {
  const behaviour = behaviourOf(COLUMNS, {
    validate: [
      (values, { issue }) => {
        if (values.age === 1) issue({ path: ["age"], code: "age", message: "must not be one" });
      },
      async (values, { issue }) => {
        await Promise.resolve();
        if (values.age === 1) issue({ code: "whole", message: "the record must be another" });
      },
    ],
  });
  const error = await beforeInsert(behaviour, { ...VALID, age: 1 }).catch((reason) => reason);
  assert.deepEqual(error.issues, [
    { path: ["age"], code: "age", message: "must not be one" },
    { path: [], code: "whole", message: "the record must be another" },
  ]);
  assert.equal(
    error.message,
    'Cannot use the values of model "users": "age" must not be one, the record must be another; correct them',
  );
});

test("a model's validators are spared values that are not of their type", async () => {
  let calls = 0;
  const behaviour = behaviourOf(COLUMNS, { validate: () => void calls++ });
  await codesOf(behaviour, { ...VALID, age: "x" });
  await codesOf(behaviour, { name: "Ada" });
  assert.equal(calls, 0);
  assert.deepEqual(await codesOf(behaviour, { ...VALID, name: "A" }), ["name: minLength"]);
  assert.equal(calls, 1);
});

test("what a validator throws is thrown as it is", async () => {
  const own = new Error("database down");
  const behaviour = behaviourOf(COLUMNS, {
    validate: () => {
      throw own;
    },
  });
  await assert.rejects(beforeInsert(behaviour, VALID), (error) => error === own);
});

test("deletes are validated with the row where it is known", async () => {
  const behaviour = behaviourOf(COLUMNS, {
    validateDelete: (row, { issue, operation }) => {
      if (row?.role === "admin") {
        issue({ path: ["role"], code: "admin", message: `must not be an admin to ${operation}` });
      }
    },
  });
  await behaviour.before("delete", [{ key: 1 }], fakeCall());
  const row = { id: 1, ...VALID, age: null, role: "admin", slug: "x" };
  const run = async () => await behaviour.before("delete", [{ row }], fakeCall());
  await assert.rejects(run, {
    message: 'Cannot use the delete of model "users": "role" must not be an admin to delete; correct it',
  });
});

test("issues of many records are found by their index, and are told in part when they are many", async () => {
  const behaviour = behaviourOf(COLUMNS);
  const writes = [{ values: VALID }, { values: { ...VALID, age: -1 } }, { values: { email: "a" } }];
  const run = async () => await behaviour.before("insert", writes, fakeCall({ many: true }));
  assert.deepEqual((await issuesOf(run())).map(({ path, code }) => [...path, code]), [
    [1, "age", "min"],
    [2, "name", "required"],
    [2, "email", "minLength"],
    [2, "email", "email"],
  ]);
  await assert.rejects(run, {
    message: /^Cannot use the values of model "users": "1.age" must be at least 0, "2.name" must/,
  });
  const flood = Array.from({ length: 2_000 }, () => ({ values: { ...VALID, age: -1 } }));
  const error = await Promise.resolve().then(() =>
    behaviour.before("insert", flood, fakeCall({ many: true }))
  )
    .catch((reason) => reason);
  assert.equal(error.issues.length, 1_000);
  assert.match(error.message, /"4\.age" must be at least 0 and 995 more; correct them$/);
});

for (const isAsync of [false, true]) {
  const kind = isAsync ? "an asynchronous" : "a";
  test(`${kind} Standard Schema of a column tells issues, and what it makes of a value is written`, async () => {
    const trimmed = schemaOf<string>((value) => {
      const text = String(value).trim().toLowerCase();
      if (text.includes("@")) return { value: text };
      return {
        issues: [
          { message: "Invalid email", path: ["local", { key: 0 }], code: "invalid_format" } as SchemaIssue,
          { message: "No" },
        ],
      };
    }, isAsync);
    const behaviour = behaviourOf({ email: column.text().validate(trimmed, minLength(5)) });
    assert.deepEqual(await beforeInsert(behaviour, { email: "  Ada@X.org " }), { email: "ada@x.org" });
    assert.deepEqual(await issuesOf(beforeInsert(behaviour, { email: "ada example" })), [
      { path: ["email", "local", 0], code: "invalid_format", message: "Invalid email" },
      { path: ["email"], code: "schema", message: "No" },
    ]);
  });

  test(`${kind} Standard Schema of a record tells issues, and what it changes or adds is written`, async () => {
    const record = schemaOf<{ email: string; role: string; strange: number }>((value) => {
      const { email, age } = value as Draft;
      if (typeof email !== "string") {
        return { issues: [{ message: "Required", path: ["email"] }, { message: "Whole" }] };
      }
      if (age === 13) return { issues: [{ message: "Unlucky", path: ["age"] }] };
      return {
        value: { ...(value as object), email: email.trim(), role: "admin", strange: 1, slug: "no" } as never,
      };
    }, isAsync);
    const behaviour = behaviourOf({
      email: column.text(),
      age: column.integer().nullable(),
      role: column.text().default("guest"),
      slug: column.text().generated(sql`lower(email)`),
    }, { validate: [record] });
    assert.deepEqual(await beforeInsert(behaviour, { email: " a " }), { email: "a", role: "admin" });
    assert.deepEqual(await codesOf(behaviour, { email: "a", age: 13 }), ["age: schema"]);
    // A partial update is not told what the rest of the row would be missing, and nothing is added to it.
    assert.deepEqual(await beforeUpdate(behaviour, { age: 3 }), { age: 3 });
    assert.deepEqual(await beforeUpdate(behaviour, { email: " b " }), { email: "b" });
    const row = { email: "a", age: 2, role: "guest", slug: "a" };
    assert.deepEqual((await issuesOf(beforeUpdate(behaviour, { age: 13 }, row))).length, 1);
    assert.deepEqual(await beforeUpdate(behaviour, { age: 3 }, row), { age: 3 });
  });
}

test("neither a message nor an issue repeats a value, whatever a schema says", async () => {
  const canary = "canary-7f3";
  const messages = [
    `Invalid email: Received "${canary}"`,
    `must be an email address (was ${canary})`,
    `'${canary}' is no number`,
    `expected a number, got ${canary}`,
  ];
  for (const message of messages) {
    const schema = schemaOf<string>(() => ({ issues: [{ message }] }));
    const behaviour = behaviourOf({ email: column.text().validate(schema) });
    const error = await beforeInsert(behaviour, { email: canary }).catch((reason) => reason);
    assert.ok(error instanceof ValidationError);
    const printed = `${error.message}${error.stack}${JSON.stringify(error)}`;
    assert.ok(!printed.includes(canary), printed);
    assert.ok(printed.includes("…"), printed);
  }
  const schema = schemaOf<number>(() => ({
    issues: [{ message: "must be more (was 4711)" }, { message: "Received 4711" }],
  }));
  const behaviour = behaviourOf({ age: column.integer().validate(schema) });
  const error = await beforeInsert(behaviour, { age: 4711 }).catch((reason) => reason);
  assert.ok(!JSON.stringify(error).includes("4711"), JSON.stringify(error));
});

/** A path as arktype has it: an array class whose constructor takes elements. */
class Path extends Array<PropertyKey> {
  constructor(...keys: PropertyKey[]) {
    super();
    this.push(...keys);
  }
}

test("a schema's path may be an array of a class of its own", async () => {
  const paths = [new Path(), new Path("a", 1)];
  const schema = schemaOf<string>(() => ({ issues: paths.map((path) => ({ message: "Wrong", path })) }));
  const behaviour = behaviourOf({ email: column.text().validate(schema) });
  const error = await beforeInsert(behaviour, { email: "x" }).catch((reason) => reason);
  assert.deepEqual(error.issues.map(({ path }: ModelIssue) => path), [["email"], ["email", "a", 1]]);
  assert.equal(
    error.message,
    'Cannot use the values of model "users": "email": Wrong, "email.a.1": Wrong; correct them',
  );
});

test("ModelValidationError becomes the body of an HTTP 422", async () => {
  const behaviour = behaviourOf(COLUMNS);
  const error = await beforeInsert(behaviour, { ...VALID, name: "A" }).catch((reason) => reason);
  assert.ok(error instanceof ModelValidationError && error instanceof ValidationError);
  const response = Response.json(error, { status: 422 });
  assert.deepEqual(await response.json(), {
    code: "VALIDATION",
    issues: [{ path: ["name"], code: "minLength", message: "must have at least 2 characters" }],
  });
  assert.equal(error.name, "ModelValidationError");
  assert.equal(error.retryable, false);
});

test("validate() of a column refuses what is no validator", () => {
  const refuses = (validator: unknown, message: RegExp) =>
    assert.throws(
      () => column.text().validate(validator as never),
      (error) => error instanceof ValidationError && message.test(error.message),
    );
  refuses(email, /was given a function; call it, as in email\(\)/);
  refuses({}, /was given what is no validator/);
  refuses(undefined, /was given what is no validator/);
  assert.throws(() => column.text().validate(email()).array(), /array\(\) comes after validate\(\)/);
});

test("validate() called again adds to what there is", async () => {
  const behaviour = behaviourOf({ name: column.text().validate(minLength(3)).validate(email()) });
  assert.deepEqual(await codesOf(behaviour, { name: "a" }), ["name: minLength", "name: email"]);
});
