/** docs/reliability.md has a line for each fault, and each has a test and a figure. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "./harness.ts";

/** The faults that must be survived today. */
const FAULTS: readonly number[] = Array.from({ length: 26 }, (_, index) => index + 1).filter((n) => n !== 25);

const FOLDER = new URL("faults/", import.meta.url);

function readPage(): string {
  return readFileSync(new URL("../docs/reliability.md", import.meta.url), "utf8");
}

/** The fault tests, by file name. */
function readSources(): Map<string, string> {
  const files = readdirSync(FOLDER).filter((file) => file.endsWith("_test.ts"));
  return new Map(files.map((file) => [file, readFileSync(new URL(file, FOLDER), "utf8")]));
}

/** The faults that are not among these numbers. */
function missing(numbers: readonly string[]): number[] {
  const found = new Set(numbers.map(Number));
  return FAULTS.filter((fault) => !found.has(fault));
}

test("docs/reliability.md describes every fault, and each has a test", { allow: ["read"] }, () => {
  const described = [...readPage().matchAll(/^\*\*(\d+)\.\*\* /gm)].map(([, number]) => number);
  assert.deepEqual(missing(described), [], "faults that are not described");
  const tested = [...readSources().values()].flatMap((text) =>
    [...text.matchAll(/\bfault\(\s*(\d+),/g)].map(([, number]) => number)
  );
  assert.deepEqual(missing(tested), [], "faults without a test");
});

test("docs/reliability.md has figures of every fault, from tests that exist", { allow: ["read"] }, () => {
  const sources = readSources();
  const rows = [...readPage().matchAll(/^\|\s*(\d+) \|.*\(\.\.\/tests\/faults\/(\w+\.ts)\)/gm)];
  assert.deepEqual(missing(rows.map(([, number]) => number)), [], "faults without a figure");
  for (const [, number, file] of rows) {
    const call = new RegExp(`\\bfault\\(\\s*${number},`);
    assert.match(sources.get(file) ?? "", call, `${file} has no fault ${number}`);
  }
});
