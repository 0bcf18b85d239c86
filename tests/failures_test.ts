/** The end of a long run says what failed: the lists of both runners are read as they print them. */
import assert from "node:assert/strict";
import { bunFailures, denoFailures, wordFailures } from "./failures.ts";
import { test } from "./harness.ts";

const DENO = `running 2 tests from ./tests/a_test.ts
fails (seed 1) ... FAILED (3ms)

 ERRORS 

fails (seed 1) => ./tests/harness.ts:77:12
error: AssertionError: Expected values to be strictly equal:

3 !== 4

    assert.equal(3, 4);
           ^
    at file:///a_test.ts:4:85
    at one
    at two
    at three
    at four

./tests/b_test.ts (uncaught error)
error: (in promise) Error: does not load
    at file:///b_test.ts:3:7

 FAILURES 

fails (seed 1) => ./tests/harness.ts:77:12
./tests/b_test.ts (uncaught error)

FAILED | 2 passed | 2 failed (267ms)
`;

const BUN = `bun test v1.4.5

tests/a_test.ts:
(pass) passes [0.28ms]
3 | test("fails", () => {
4 |   assert.equal(3, 4);
             ^
AssertionError: Expected values to be strictly equal:

3 !== 4

      at /a_test.ts:4:85
(fail) fails (seed 1) [12171.08ms]
(fail) hangs [100.01ms]
  ^ this test timed out after 100ms.
(pass) passes too [0.05ms]

tests/b_test.ts:

# Unhandled error between tests
-------------------------------
error: does not load
      at /b_test.ts:3:11
-------------------------------

2 tests failed:
(fail) fails (seed 1) [12171.08ms]
(fail) hangs [100.01ms]

 3 pass
`;

test("denoFailures() reads names, messages and the first calls", () => {
  assert.deepEqual(denoFailures(DENO), [
    {
      name: "fails (seed 1)",
      details: [
        "error: AssertionError: Expected values to be strictly equal:",
        "3 !== 4",
        "    assert.equal(3, 4);",
        "    at file:///a_test.ts:4:85",
        "    at one",
        "    at two",
        "    at three",
      ],
    },
    {
      name: "./tests/b_test.ts (uncaught error)",
      details: ["error: (in promise) Error: does not load", "    at file:///b_test.ts:3:7"],
    },
  ]);
  assert.deepEqual(denoFailures("ok | 2 passed | 0 failed (1s)\n"), []);
});

test("bunFailures() reads names, messages and the first calls", () => {
  assert.deepEqual(bunFailures(BUN), [
    {
      name: "fails (seed 1)",
      details: [
        "AssertionError: Expected values to be strictly equal:",
        "3 !== 4",
        "      at /a_test.ts:4:85",
      ],
    },
    { name: "hangs", details: [] },
    {
      name: "tests/b_test.ts (outside of tests)",
      details: ["error: does not load", "      at /b_test.ts:3:11"],
    },
  ]);
  assert.deepEqual(bunFailures(" 2 pass\n 0 fail\n"), []);
});

test("wordFailures() names the step and cuts long messages", () => {
  const message = Array.from({ length: 40 }, (_, n) => `line ${n}`).join("\n");
  const lines = wordFailures("Bun", bunFailures(`${message}\n(fail) long [1.00ms]\n`));
  assert.equal(lines[0], "Bun: long");
  assert.equal(lines[1], "    line 0");
  assert.equal(lines.at(-1), "    … 24 more lines");
  assert.equal(lines.length, 18);
});
