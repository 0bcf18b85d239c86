import assert from "node:assert/strict";
import { awakeTime, inTime } from "./awake_time.ts";
import { test } from "./harness.ts";

function standStill(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

test("awakeTime() counts the time for which the process ran, and little of a gap", async () => {
  const start = performance.now();
  const awake = awakeTime();
  await sleep(100);
  standStill(600);
  await sleep(0);
  assert.ok(performance.now() - start >= 690);
  const took = awakeTime() - awake;
  // Gaps that are none of ours only make it less.
  assert.ok(took > 50 && took < 550, `${took} ms`);
});

test("inTime() fails what takes too long, not what a gap delayed", async () => {
  const delayed = sleep(200);
  setTimeout(() => standStill(1_000), 10);
  await inTime(delayed, 600, () => "it was late");
  const never = Promise.withResolvers<void>();
  await assert.rejects(inTime(never.promise, 50, () => "it was late"), { message: "it was late" });
  await assert.rejects(inTime(Promise.reject(new Error("its own")), 50, () => "late"), {
    message: "its own",
  });
});
