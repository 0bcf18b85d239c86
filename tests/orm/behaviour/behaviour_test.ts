import assert from "node:assert/strict";
import { type Behaviour, type BehaviourOptions, defineBehaviour } from "../../../orm/behaviour/behaviour.ts";
import { ModelValidationError } from "../../../orm/behaviour/model_validation_error.ts";
import { check } from "../../../orm/behaviour/validators/validator.ts";
import { column } from "../../../orm/mod.ts";
import { Pool } from "../../../pool/pool.ts";
import { ValidationError } from "../../../pool/wire/errors.ts";
import { test } from "../../harness.ts";
import { FakeExecutor } from "../fake_executor.ts";
import { beforeInsert, beforeUpdate, behaviourOf, columnsOf, fakeCall } from "./subject.ts";

const COLUMNS = {
  id: column.identity().primaryKey(),
  email: column.text(),
  age: column.integer().nullable(),
};
const later = () => new Promise<void>((resolve) => setTimeout(resolve, 1));

test("Behaviour runs what comes before a write in its order, record after record, hooks ahead of validators", async () => {
  const log: string[] = [];
  const note = (name: string) => (values: { email?: string }) => void log.push(`${name} ${values.email}`);
  const behaviour = behaviourOf({
    ...COLUMNS,
    email: column.text().validate(check("seen", "must be seen", (value) => log.push(`field ${value}`) > 0)),
  }, {
    hooks: {
      beforeInsert: [note("insert 1"), note("insert 2")],
      beforeSave: async (values) => {
        await later();
        note("save")(values);
      },
    },
    validate: (values) => note("record")(values),
  });
  await behaviour.before("insert", [{ values: { email: "a" } }, { values: { email: "b" } }], fakeCall());
  assert.deepEqual(log, [
    "save a",
    "insert 1 a",
    "insert 2 a",
    "save b",
    "insert 1 b",
    "insert 2 b",
    "field a",
    "record a",
    "field b",
    "record b",
  ]);
});

test("Behaviour runs what comes after a write in its order, row after row, and afterCommit last", async () => {
  const log: string[] = [];
  const note = (name: string) => (row: { id: number }) => void log.push(`${name} ${row.id}`);
  const hooks = {
    afterSave: note("save"),
    afterUpdate: [note("update 1"), note("update 2")],
    afterInsert: note("insert"),
    afterDelete: note("delete"),
    afterCommit: note("commit"),
  };
  const behaviour = behaviourOf(COLUMNS, { hooks });
  await behaviour.after("update", [{ id: 1 }, { id: 2 }], fakeCall());
  assert.deepEqual(log.splice(0), [
    "update 1 1",
    "update 2 1",
    "save 1",
    "update 1 2",
    "update 2 2",
    "save 2",
    "commit 1",
    "commit 2",
  ]);
  await behaviour.after("insert", [{ id: 3 }], fakeCall());
  await behaviour.after("delete", [{ id: 4 }], fakeCall());
  await behaviour.after("upsert", [{ id: 5 }], fakeCall());
  assert.deepEqual(log.splice(0), [
    "insert 3",
    "save 3",
    "commit 3",
    "delete 4",
    "commit 4",
    "save 5",
    "commit 5",
  ]);
  await behaviour.after("update", [], fakeCall());
  assert.deepEqual(log, []);
});

test("Behaviour gives hooks a copy: neither the caller's values nor another call's are changed", async () => {
  const behaviour = behaviourOf(COLUMNS, {
    hooks: {
      async beforeInsert(values) {
        await later();
        values.email += "!";
        values.age = 1;
      },
    },
  });
  const values = Object.freeze({ email: "ada" });
  const [first, second] = await Promise.all([
    beforeInsert(behaviour, values),
    beforeInsert(behaviour, values),
  ]);
  assert.deepEqual([first, second], [{ email: "ada!", age: 1 }, { email: "ada!", age: 1 }]);
  assert.notEqual(first, second);
  assert.deepEqual(values, { email: "ada" });
});

test("Behaviour is synchronous where its hooks and validators are", () => {
  const behaviour = behaviourOf({
    ...COLUMNS,
    email: column.text().validate(check("x", "must x", () => true)),
  }, {
    hooks: { beforeSave: (values) => void (values.age = 3), afterSave: () => {}, afterLoad: () => {} },
    validate: () => {},
  });
  assert.deepEqual(behaviour.before("insert", [{ values: { email: "a" } }], fakeCall()), [{
    email: "a",
    age: 3,
  }]);
  assert.deepEqual(behaviour.beforeOne("update", { values: { email: "a" } }, fakeCall()), {
    email: "a",
    age: 3,
  });
  assert.equal(behaviour.after("update", [{ id: 1 }], fakeCall()), undefined);
  assert.equal(behaviour.loaded([{ id: 1 }], fakeCall().executor), undefined);
});

test("Behaviour tells hooks what is done, on what, with which row and key, and the signal", async () => {
  const seen: unknown[] = [];
  const behaviour = behaviourOf(COLUMNS, {
    hooks: {
      beforeSave: (_values, context) => void seen.push(context),
      beforeDelete: (row, context) => void seen.push(row, context),
      afterDelete: (row, context) => void seen.push(row, context),
      afterLoad: (row, context) => void seen.push(row, context),
    },
  });
  const { signal } = new AbortController();
  const call = fakeCall({ signal });
  const base = { executor: call.executor, table: "users", signal, row: undefined, key: undefined };
  const row = Object.freeze({ id: 7, email: "a", age: null });
  await behaviour.before("upsert", [{ values: { email: "a" } }], call);
  assert.deepEqual(seen.splice(0), [{ ...base, operation: "upsert" }]);
  await behaviour.before("update", [{ values: { email: "a" }, row, key: 7 }], call);
  assert.deepEqual(seen.splice(0), [{ ...base, operation: "update", row, key: 7 }]);
  await behaviour.before("delete", [{ key: 7 }, { row }], call);
  assert.deepEqual(seen.splice(0), [
    undefined,
    { ...base, operation: "delete", key: 7 },
    row,
    { ...base, operation: "delete", row },
  ]);
  await behaviour.after("delete", [row], call);
  assert.deepEqual(seen.splice(0), [row, { ...base, operation: "delete" }]);
  await behaviour.loaded([row], call.executor, signal);
  assert.deepEqual(seen.splice(0), [row, { ...base, operation: "load" }]);
});

test("Behaviour throws what a hook throws as it is, and runs nothing after it", async () => {
  const own = new Error("no more users today");
  for (
    const hook of [
      () => {
        throw own;
      },
      () => Promise.reject(own),
    ]
  ) {
    const log: string[] = [];
    const behaviour = behaviourOf(COLUMNS, {
      hooks: { beforeSave: [() => void log.push("first"), hook, () => void log.push("third")] },
      validate: () => void log.push("validated"),
    });
    await assert.rejects(async () => await beforeInsert(behaviour, { email: "a" }), (error) => error === own);
    assert.deepEqual(log, ["first"]);
  }
});

test("Behaviour runs no further hook once the call was aborted", async () => {
  const controller = new AbortController();
  const log: string[] = [];
  const behaviour = behaviourOf(COLUMNS, {
    hooks: {
      beforeInsert: [
        async () => {
          await later();
          controller.abort(new Error("gone"));
        },
        () => void log.push("second"),
      ],
    },
  });
  await assert.rejects(beforeInsert(behaviour, { email: "a" }, fakeCall({ signal: controller.signal })), {
    message: "gone",
  });
  assert.deepEqual(log, []);
});

test("Behaviour reads nothing into what a hook returns", async () => {
  const log: number[] = [];
  const hooks = {
    beforeSave: [
      () => false as unknown as void,
      () => Promise.resolve(false) as unknown as void,
      () => void log.push(1),
    ],
  };
  await beforeUpdate(behaviourOf(COLUMNS, { hooks }), { age: 2 });
  assert.deepEqual(log, [1]);
});

test("Behaviour leaves what is no object to the checks that follow", async () => {
  const behaviour = behaviourOf(COLUMNS, { hooks: { beforeSave: (values) => void (values.age = 1) } });
  for (const values of [null, undefined, [], "x"]) {
    assert.deepEqual(await behaviour.before("insert", [{ values: values as never }], fakeCall()), [values]);
  }
});

test("Behaviour registers afterCommit on a transaction, and runs it at once on a pool", async () => {
  const log: string[] = [];
  const behaviour = behaviourOf(COLUMNS, {
    hooks: { afterCommit: (row, { operation }) => void log.push(`${operation} ${row.id}`) },
  });
  const registered: (() => void | Promise<void>)[] = [];
  const transaction = Object.assign(new FakeExecutor(), {
    afterCommit: (callback: () => void | Promise<void>) => void registered.push(callback),
  });
  await behaviour.after("insert", [{ id: 1 }, { id: 2 }], { executor: transaction.executor });
  assert.deepEqual([log.length, registered.length], [0, 1]);
  await registered[0]();
  assert.deepEqual(log.splice(0), ["insert 1", "insert 2"]);
  await using pool = new Pool("postgres://nobody@nowhere.invalid/none");
  await behaviour.after("delete", [{ id: 3 }], { executor: pool });
  assert.deepEqual(log, ["delete 3"]);
});

test("Behaviour runs every afterCommit, and gives the logger what they threw", async () => {
  const logged: unknown[] = [];
  const ran: number[] = [];
  const behaviour = behaviourOf(COLUMNS, {
    hooks: {
      afterCommit: ({ id }) => {
        ran.push(id);
        if (id < 3) throw new Error(`failed ${id}`);
      },
    },
  });
  const logger = { error: (_message: string, fields: { error?: unknown }) => void logged.push(fields.error) };
  await using pool = new Pool(
    { host: "nowhere.invalid", user: "nobody", logger } as ConstructorParameters<typeof Pool>[0],
  );
  await behaviour.after("insert", [{ id: 2 }, { id: 3 }], { executor: pool });
  await behaviour.after("insert", [{ id: 1 }, { id: 2 }, { id: 3 }], { executor: pool });
  assert.deepEqual(ran, [2, 3, 1, 2, 3]);
  assert.equal((logged[0] as Error).message, "failed 2");
  assert.deepEqual((logged[1] as AggregateError).errors.map(({ message }) => message), [
    "failed 1",
    "failed 2",
  ]);
});

test("Behaviour says which operations it does something for", () => {
  const off = { insert: false, update: false, upsert: false, delete: false };
  const before = behaviourOf(COLUMNS, { hooks: { beforeUpdate: () => {} } });
  assert.deepEqual(before.actsBefore, { ...off, update: true });
  assert.deepEqual(before.needsRows, off);
  const after = behaviourOf(COLUMNS, { hooks: { afterSave: () => {} } });
  assert.deepEqual(after.actsBefore, off);
  assert.deepEqual(after.needsRows, { insert: true, update: true, upsert: true, delete: false });
  assert.equal(after.actsOnLoad, false);
  const validating = behaviourOf({ id: column.integer().validate(check("x", "must x", () => true)) });
  assert.deepEqual(validating.actsBefore, { insert: true, update: true, upsert: true, delete: false });
  const deleting = behaviourOf(COLUMNS, { validateDelete: () => {}, hooks: { afterCommit: () => {} } });
  assert.deepEqual(deleting.actsBefore, { ...off, delete: true });
  assert.deepEqual(deleting.needsRows, { insert: true, update: true, upsert: true, delete: true });
});

test("defineBehaviour() makes none for a model without hooks and validators", () => {
  const subject = { name: "users", columns: columnsOf(COLUMNS) };
  for (
    const options of [{}, { hooks: {} }, { hooks: { beforeSave: [] } }, {
      validate: [],
      validation: "all" as const,
    }]
  ) {
    assert.equal(defineBehaviour(subject, options), undefined);
  }
});

test("defineBehaviour() refuses unknown hooks and what is none, with what was meant", () => {
  const subject = { name: "users", columns: columnsOf(COLUMNS) };
  const refuses = (options: unknown, message: RegExp) =>
    assert.throws(
      () => defineBehaviour(subject, options as BehaviourOptions),
      (error) => error instanceof ValidationError && message.test(error.message),
    );
  refuses(
    { hooks: { beforeInserts: () => {} } },
    /hook "beforeInserts" of model "users": .* did you mean "beforeInsert"\?$/,
  );
  refuses(
    { hooks: { onSomethingElse: () => {} } },
    /there is none; use beforeInsert, afterInsert, .*afterCommit$/,
  );
  refuses({ hooks: { beforeSave: "x" } }, /hook "beforeSave" of model "users": it is no function/);
  refuses({ hooks: { beforeSave: [() => {}, 1] } }, /it is no function; give one or an array of them$/);
  refuses({ hooks: () => {} }, /option "hooks" of model "users": it is no object/);
  refuses(
    { validate: 1 },
    /option "validate" of model "users": it is neither a function nor a Standard Schema/,
  );
  refuses({ validateDelete: [{}] }, /option "validateDelete" of model "users"/);
  refuses({ validation: "frist" }, /option "validation" of model "users": did you mean "first"\?$/);
  refuses({ validation: 3 }, /it is neither "all" nor "first"/);
});

test("Behaviour's errors begin at the line that awaits the call, also behind asynchronous hooks", async () => {
  const never = check("x", "must x", () => false);
  const neverLater = check("x", "must x", async () => {
    await later();
    return false;
  });
  const variants = [
    behaviourOf({ ...COLUMNS, email: column.text().validate(never) }),
    behaviourOf({ ...COLUMNS, email: column.text().validate(neverLater) }),
    behaviourOf({ ...COLUMNS, email: column.text().validate(never) }, { hooks: { beforeSave: later } }),
  ];
  for (const behaviour of variants) {
    const error = await failureOf(behaviour);
    assert.ok(error instanceof ModelValidationError);
    assert.match(String(error.stack).split("\n")[1], /failureOf.*tests\/orm\/behaviour|tests.orm.behaviour/);
    assert.doesNotMatch(String(error.stack), /[^s]\/orm\/behaviour\/(behaviour|validation|in_turn)\.ts/);
  }
});

async function failureOf(behaviour: Behaviour): Promise<unknown> {
  try {
    return await behaviour.beforeOne("insert", { values: { email: "a" } }, fakeCall());
  } catch (error) {
    return error;
  }
}
