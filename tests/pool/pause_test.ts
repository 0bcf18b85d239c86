import assert from "node:assert/strict";
import process from "node:process";
import { pause, within } from "../../pool/pause.ts";
import { test } from "../harness.ts";

test("pause() and within() of a time that is over end at once, without a warning", async () => {
  const warnings: string[] = [];
  const hear = ({ name }: Error): number => warnings.push(name);
  process.on("warning", hear);
  try {
    await pause(-0.08);
    await within(new Promise(() => {}), -0.08);
    await new Promise((resolve) => setTimeout(resolve, 10));
  } finally {
    process.off("warning", hear);
  }
  assert.deepEqual(warnings, []);
});

test("within() returns when the promise settles, however it does", async () => {
  const begun = performance.now();
  await within(Promise.resolve(), 60_000);
  await within(Promise.reject(new Error("it failed")), 60_000);
  assert.ok(performance.now() - begun < 30_000);
});
