import assert from "node:assert/strict";
import { Pool } from "../../pool/pool.ts";
import { test } from "../harness.ts";

test("Pool.afterCommit() runs its function at once and waits for it", async () => {
  await using pool = new Pool("postgres://nobody@nowhere.invalid/none");
  let isDone = false;
  await pool.afterCommit(async () => {
    await Promise.resolve();
    isDone = true;
  });
  assert.ok(isDone);
});

test("Pool.afterCommit() gives what its function throws to the logger and does not reject", async () => {
  const logged: unknown[] = [];
  const logger = { error: (_message: string, fields: { error?: unknown }) => void logged.push(fields.error) };
  await using pool = new Pool(
    { host: "nowhere.invalid", user: "nobody", logger } as ConstructorParameters<typeof Pool>[0],
  );
  const [first, second] = [new Error("thrown"), new Error("rejected")];
  await pool.afterCommit(() => {
    throw first;
  });
  await pool.afterCommit(() => Promise.reject(second));
  assert.deepEqual(logged, [first, second]);
});
