import assert from "node:assert/strict";
import { test } from "../harness.ts";

/** The demo's data is read from a file of the package that ships it. */
async function reasonToIgnore(): Promise<string | undefined> {
  const permissions = (globalThis as {
    Deno?: { permissions: { query(of: { name: string; variable?: string }): Promise<{ state: string }> } };
  }).Deno?.permissions;
  for (const needed of [{ name: "read" }, { name: "env", variable: "NO_COLOR" }]) {
    if (permissions !== undefined && (await permissions.query(needed)).state !== "granted") {
      return `it needs "--allow-${needed.name}"; "deno task demo" has it`;
    }
  }
}

const options = { ignore: await reasonToIgnore(), timeout: 120_000, sanitize: false, once: true };

test("demo/main.ts shows every part on real data, and rolls back what failed", options, async () => {
  const printed: string[] = [];
  const { log } = console;
  console.log = (text: string) => void printed.push(text);
  try {
    await import("../../demo/main.ts");
  } finally {
    console.log = log;
  }
  // deno-lint-ignore no-control-regex
  const text = printed.join("\n").replace(/\x1b\[\d+m/g, "");
  const parts = [
    "A database",
    "Real data",
    "sql",
    "A model",
    "A transaction",
    "A stream",
    "LISTEN",
    "pool.stats()",
    "A cache that never lies",
  ];
  parts.forEach((part, index) => assert.ok(text.includes(`\n${index + 1}  ${part}`), part));
  assert.match(text, /✓ 24,323 cities in 209 countries stored/);
  assert.match(text, /China +66 +268,778,059 +Shanghai\n/);
  assert.match(text, /UniqueViolationError: .*23505/);
  const counted = (when: string): string | undefined => new RegExp(`${when} +([\\d,]+)\n`).exec(text)?.[1];
  assert.deepEqual([counted("before"), counted("inside"), counted("after")], [
    "195,138",
    "390,276",
    "195,138",
  ]);
  assert.match(text, /southernmost of 24,324 cities is Ushuaia/);
  assert.match(text, /Heard on "city_news": Lifeguard Bay has a lighthouse/);
  for (
    const [step, from] of [
      ["nothing is trusted yet", "PostgreSQL"],
      ["first read: a miss, which is kept", "PostgreSQL"],
      ["second read: a hit", "cache"],
      ["after the UPDATE", "cache"],
      ["without a reflector", "PostgreSQL"],
    ]
  ) assert.match(text, new RegExp(`${step} +[\\d,]+ +${from} `));
  assert.match(text, /all of them answered +1 +1 +0 +0 +0 +0 +0\n/);
});
