/** Every built-in validator: what it accepts, what it refuses, with which code and words. */
import assert from "node:assert/strict";
import type { Validator } from "../../../../orm/behaviour/validators/validator.ts";
import {
  between,
  check,
  each,
  email,
  future,
  integer,
  length,
  max,
  maxLength,
  min,
  minLength,
  notEmpty,
  notOneOf,
  oneOf,
  past,
  pattern,
  positive,
  uniqueItems,
  url,
  uuid,
} from "../../../../orm/mod.ts";
import { ValidationError } from "../../../../pool/wire/errors.ts";
import { test } from "../../../harness.ts";
import { randomIntegers, rounds, SEED } from "../../../random.ts";

/** Asserts which values a validator accepts and which it refuses, and its code and message. */
function judges<Value>(
  validator: Validator<Value>,
  [code, message]: readonly [code: string, message: string],
  { accepts, refuses }: { accepts: readonly Value[]; refuses: readonly Value[] },
): void {
  for (const value of accepts) {
    assert.equal(validator.issuesOf(value), undefined, `${String(value)} is valid`);
  }
  for (const value of refuses) {
    assert.deepEqual(
      validator.issuesOf(value),
      [{ path: [], code, message }],
      `${String(value)} is not valid`,
    );
  }
}

function refusesDefinition(define: () => unknown, message: RegExp): void {
  assert.throws(define, (error) => error instanceof ValidationError && message.test(error.message));
}

test("minLength(), maxLength(), length() count characters, elements and bytes", () => {
  judges(minLength(2), ["minLength", "must have at least 2 characters"], {
    accepts: ["ab", "😀😀", ["a", "b"], new Uint8Array(2)],
    refuses: ["", "a", "😀"],
  });
  judges(minLength(1), ["minLength", "must have at least 1 element"], { accepts: [[1]], refuses: [[]] });
  judges(maxLength(2), ["maxLength", "must have at most 2 characters"], {
    accepts: ["", "😀😀", "\ud83d\ud83d"],
    refuses: ["abc", "\ud83d\ud83d\ud83d", "\ude00\ud83d\ude00\ud83d"],
  });
  judges(maxLength(1), ["maxLength", "must have at most 1 byte"], {
    accepts: [new Uint8Array(1)],
    refuses: [new Uint8Array(2)],
  });
  judges(length(3), ["length", "must have exactly 3 elements"], {
    accepts: [[1, 2, 3]],
    refuses: [[1], [1, 2, 3, 4]],
  });
  judges(length(3), ["length", "must have exactly 3 characters"], { accepts: ["abc"], refuses: ["ab"] });
  for (const wrong of [-1, 1.5, NaN, "3"]) {
    refusesDefinition(() => minLength(wrong as number), /minLength\(\): its count/);
  }
});

test("notEmpty() wants more than white space", () => {
  judges(notEmpty(), ["notEmpty", "must not be empty"], {
    accepts: ["a", " a ", [null], new Uint8Array(1)],
    refuses: ["", " \n", [], new Uint8Array()],
  });
});

test("pattern() matches anew each time, whatever the flags", () => {
  const word = pattern(/^[a-z]+$/gi);
  judges(word, ["pattern", "must match /^[a-z]+$/i"], {
    accepts: ["abc", "abc", "ABC"],
    refuses: ["", "a1"],
  });
  judges(pattern(/\d/y, { code: "digit", message: "must hold a digit" }), ["digit", "must hold a digit"], {
    accepts: ["ab1"],
    refuses: ["ab"],
  });
  refusesDefinition(() => pattern("x" as never), /pattern\(\): it was given no regular expression/);
});

test("email() accepts what browsers do with a dot in the domain", () => {
  judges(email(), ["email", "must be an email address"], {
    accepts: ["ada@example.org", "a.b+c@sub.example.co", "x@xn--80ak6aa92e.com", `a@${"b".repeat(63)}.de`],
    refuses: [
      "",
      "ada",
      "ada@localhost",
      "@example.org",
      "ada@",
      "ada@-a.org",
      "ada@a..org",
      "a da@example.org",
      "ada@example.org ",
      "ada@example.org\n",
      `a@${"b".repeat(64)}.de`,
      `${"a".repeat(250)}@b.de`,
      "ä@example.org",
    ],
  });
});

test("email() takes time that grows with the length only", () => {
  const hostile = [
    `${"a".repeat(250)}@`,
    `a@${"a.".repeat(120)}`,
    `a@${"a-".repeat(124)}`,
    "a".repeat(1_000_000),
  ];
  judges(email(), ["email", "must be an email address"], { accepts: [], refuses: hostile });
});

test("url() accepts absolute URLs of its protocols", () => {
  judges(url(), ["url", "must be a URL"], {
    accepts: ["https://example.org", "http://localhost:8080/a?b#c"],
    refuses: ["", "example.org", "/path", "javascript:alert(1)", "ftp://example.org", " https://example.org"],
  });
  judges(url({ protocols: ["ftp"] }), ["url", "must be a URL"], {
    accepts: ["ftp://example.org"],
    refuses: ["https://example.org"],
  });
});

test("uuid() accepts UUIDs of any version", () => {
  judges(uuid(), ["uuid", "must be a UUID"], {
    accepts: [
      crypto.randomUUID(),
      "00000000-0000-0000-0000-000000000000",
      "0197A9F3-6F4B-7C3E-8D2A-1B2C3D4E5F60",
    ],
    refuses: [
      "",
      "0197a9f36f4b7c3e8d2a1b2c3d4e5f60",
      "{00000000-0000-0000-0000-000000000000}",
      "g".repeat(36),
    ],
  });
});

test("oneOf(), notOneOf() tell values apart as === does", () => {
  judges(oneOf<string | number>(["a", 1]), ["oneOf", "must be one of a, 1"], {
    accepts: ["a", 1],
    refuses: ["1", "b"],
  });
  judges(notOneOf<bigint>([1n]), ["notOneOf", "must be another value"], { accepts: [2n], refuses: [1n] });
  refusesDefinition(() => oneOf([]), /oneOf\(\): it was given no list with values/);
});

test("min(), max(), between(), positive() compare numbers, bigints and decimals", () => {
  judges(min(3), ["min", "must be at least 3"], {
    accepts: [3, 3n, 3.5, Infinity],
    refuses: [2.99, 2n, NaN, -Infinity],
  });
  judges(min(3n), ["min", "must be at least 3"], { accepts: [2n ** 70n], refuses: [2.5] });
  judges(min("0.10"), ["min", "must be at least 0.10"], {
    accepts: ["0.1", "0.1000000000000000000001", "1e-1", "+.1", "1."],
    refuses: ["0.0999999999999999999999", "", "NaN", "abc", "-0.1", "0x1", ".", "1e99999", "Infinity"],
  });
  judges(max(3), ["max", "must be at most 3"], { accepts: [3, -1n], refuses: [3.01, 4n, NaN] });
  judges(max("3"), ["max", "must be at most 3"], { accepts: ["3.000", "-12e3"], refuses: ["3.0001", "1e1"] });
  judges(between(1, 3), ["between", "must be from 1 to 3"], { accepts: [1, 2n, 3], refuses: [0.9, 4, NaN] });
  judges(between("-1", "1.5"), ["between", "must be from -1 to 1.5"], {
    accepts: ["-1", "1.50"],
    refuses: ["-1.1", "2"],
  });
  judges(positive(), ["positive", "must be above 0"], {
    accepts: [1, 1n, "0.01"],
    refuses: [0, -1n, "0.00", "-0", "x", NaN],
  });
  refusesDefinition(() => min(NaN), /min\(\): its limit is no number/);
  refusesDefinition(() => max("a lot"), /max\(\): its limit is no number/);
  refusesDefinition(() => between(3, 1), /between\(\): its low limit is above its high one/);
});

test("integer() wants no fraction", () => {
  judges(integer(), ["integer", "must be a whole number"], {
    accepts: [1, -0, 1n, "12", "12.00"],
    refuses: [1.5, NaN, Infinity, "1.5", "", "x"],
  });
});

test(`decimals compare as their numbers do (seed ${SEED})`, () => {
  const below = randomIntegers(SEED);
  for (let round = 0; round < rounds(300, 10_000); round++) {
    const [a, b] = [0, 0].map(() => (below(2_001) - 1_000) / 8);
    const text = `${a < 0 ? "-" : ""}${"0".repeat(below(3))}${Math.abs(a)}${
      Number.isInteger(a) ? ".000" : "00"
    }`;
    const isLeast = min(String(b)).issuesOf(text) === undefined;
    assert.equal(isLeast, a >= b, `${text} >= ${b}`);
    assert.equal(max(String(b)).issuesOf(text) === undefined, a <= b, `${text} <= ${b}`);
  }
});

test("past(), future() go by the clock of this process", () => {
  const now = Date.now();
  const hour = 3_600_000;
  const at = (time: number) => new Date(time);
  const instant = (time: number) => Temporal.Instant.fromEpochMilliseconds(time);
  const plain = (days: number) => Temporal.Now.plainDateTimeISO().add({ days });
  const before = [at(now - hour), instant(now - hour), plain(-2), plain(-2).toPlainDate(), at(-1)];
  const after = [at(now + hour), instant(now + hour), plain(2), plain(2).toPlainDate()];
  judges(past(), ["past", "must be in the past"], { accepts: before, refuses: [...after, at(NaN)] });
  judges(future(), ["future", "must be in the future"], { accepts: after, refuses: [...before, at(NaN)] });
  const ancient = Temporal.PlainDate.from("0044-03-15");
  judges(past(), ["past", "must be in the past"], { accepts: [ancient], refuses: [] });
});

test("each() gives the index in the path, and skips null", async () => {
  const tags = each<string>(
    minLength(2),
    check<string>("lower", "must be lower", (tag) => tag === tag.toLowerCase()),
  );
  assert.equal(tags.issuesOf([]), undefined);
  assert.equal(tags.issuesOf(["ab", null as never]), undefined);
  assert.deepEqual(tags.issuesOf(["ab", "C", "cD"]), [
    { path: [1], code: "minLength", message: "must have at least 2 characters" },
    { path: [1], code: "lower", message: "must be lower" },
    { path: [2], code: "lower", message: "must be lower" },
  ]);
  const later = each<number>(
    check("even", "must be even", (value) => Promise.resolve(value % 2 === 0)),
    min(2),
  );
  assert.deepEqual(await later.issuesOf([4, 1, 3]), [
    { path: [1], code: "even", message: "must be even" },
    { path: [1], code: "min", message: "must be at least 2" },
    { path: [2], code: "even", message: "must be even" },
  ]);
  assert.equal(await later.issuesOf([2, 4]), undefined);
  const grid = each<readonly number[]>(each<number>(min(0)));
  assert.deepEqual(grid.issuesOf([[0], [1, -1]]), [{
    path: [1, 1],
    code: "min",
    message: "must be at least 0",
  }]);
  refusesDefinition(() => each(minLength as never), /validate\(\) was given a function/);
});

test("uniqueItems() knows equal elements, also of objects", () => {
  judges(uniqueItems(), ["uniqueItems", "must not hold an element twice"], {
    accepts: [[], [1, "1", 1n, null], [{ a: 1 }, { a: 2 }], [
      Temporal.PlainDate.from("2024-01-01"),
      "2024-01-01",
    ]],
    refuses: [[1, 1], ["a", "b", "a"], [{ a: 1n }, { a: 1n }], [[1], [1]], [NaN, NaN], [
      new Date(0),
      new Date(0),
    ]],
  });
});

test("check() makes a validator of a predicate", async () => {
  const own = check<number>("even", "must be even", (value) => value % 2 === 0);
  judges(own, ["even", "must be even"], { accepts: [2], refuses: [3] });
  const later = check<number>("even", "must be even", (value) => Promise.resolve(value % 2 === 0));
  assert.equal(await later.issuesOf(2), undefined);
  assert.deepEqual(await later.issuesOf(3), [{ path: [], code: "even", message: "must be even" }]);
  refusesDefinition(() => check("", "x", () => true), /the code of a validator/);
  refusesDefinition(() => check("x", 3 as never, () => true), /the message of a validator/);
  refusesDefinition(() => check("x", "y", true as never), /the predicate of validator "x"/);
});
