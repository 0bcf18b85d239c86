import assert from "node:assert/strict";
import { column, model, Pool, sql } from "../../../mod.ts";
import { callerFrames } from "../../../pool/wire/caller_frames.ts";
import { test } from "../../harness.ts";

const HERE = "caller_frames_test.ts";
const User = model("users", { id: column.identity().primaryKey(), email: column.varchar(5) });

const REFUSED: Readonly<Record<string, () => unknown>> = {
  "new Pool() with another scheme": () => new Pool("http://app@localhost/x"),
  "new Pool() with a bad port": () => new Pool("postgres://app@localhost:99999/x"),
  "new Pool() with an unknown option": () => new Pool({ url: "pglite:", maxx: 3 } as never),
  "new Pool() with options beside the URL": () =>
    new (Pool as new (...args: unknown[]) => Pool)("pglite:", { max: 3 }),
  "sql with undefined": () => sql`select ${undefined as never}`,
  "sql.identifier() without a name": () => sql.identifier(""),
  "Column.eq() with undefined": () => User.email.eq(undefined as never),
  "find().where() with a string": () => User.find().where("id = 1" as never),
  "model() with a reserved property": () => model("x", { find: column.text() } as never),
};

for (const [what, act] of Object.entries(REFUSED)) {
  test(`${what} throws an error whose stack begins at the caller's line`, () => {
    const error = caught(() => {
      const made = act(); // its own statement: a call in tail position has no frame in every runtime
      return made;
    });
    const [head, first] = error.stack!.split("\n");
    assert.equal(head, `${error.name}: ${error.message}`);
    assert.match(first, /^\s*at /);
    assert.ok(first.includes(HERE), error.stack);
  });
}

test("Model.insert() rejects with an error whose stack begins at the caller's line", async () => {
  await using pool = new Pool("pglite:");
  const error = await User.insert({ emial: "x" } as never, pool).then(
    () => assert.fail(),
    (error: Error) => error,
  );
  assert.ok(error.stack!.split("\n")[1].includes(HERE), error.stack);
});

test("callerFrames() leaves out the runtime's frames and built-ins, and keeps the order", () => {
  const stack = [
    "Error: no",
    "    at Array.map (<anonymous>)",
    "    at main (file:///app/main.ts:3:7)",
    "    at processTicksAndRejections (ext:core/01_core.js:405:7)",
    "    at node:internal/process/task_queues:95:5",
    "    at processTicksAndRejections (native:7:39)",
    "    at async file:///app/main.ts:9:1",
  ].join("\n");
  assert.deepEqual(callerFrames(stack).map((line) => line.trim()), [
    "at main (file:///app/main.ts:3:7)",
    "at async file:///app/main.ts:9:1",
  ]);
  assert.deepEqual(callerFrames(undefined), []);
});

function caught(act: () => unknown): Error {
  try {
    act();
  } catch (error) {
    return error as Error;
  }
  return assert.fail("nothing was thrown");
}
