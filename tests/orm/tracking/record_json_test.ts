/** Records as JSON, there and back, and what comes from untrusted JSON. */
import assert from "node:assert/strict";
import { column, Geometry, Interval, model, ModelValidationError, Range, sql } from "../../../mod.ts";
import { sameValue } from "../../../orm/tracking/same_value.ts";
import { ValidationError } from "../../../pool/wire/errors.ts";
import { test } from "../../harness.ts";
import { testOnBoth } from "../../testkit/databases.ts";

const mood = column.enum("mood", ["sad", "ok"]);
const Sample = model("samples", {
  id: column.bigint().identityAlways().primaryKey(),
  name: column.varchar(5),
  int: column.integer().default(1),
  big: column.bigint().default(0n),
  bigNumber: column.bigint({ mode: "number" }).default(0),
  bigText: column.bigint({ mode: "string" }).default("0"),
  price: column.numeric(30, 10).default("0"),
  real: column.double().default(0),
  flag: column.boolean().default(false),
  uuid: column.uuid().nullable(),
  bytes: column.bytea().nullable(),
  parts: column.bytea().array().nullable(),
  json: column.jsonb<unknown>().nullable(),
  day: column.date().nullable(),
  time: column.time().nullable(),
  at: column.timestamp().nullable(),
  instant: column.timestamptz().nullable(),
  span: column.interval().nullable(),
  mood: mood.default("ok"),
  grid: column.bigint().array().array().nullable(),
  days: column.date().array().nullable(),
  range: column.int8range().nullable(),
  period: column.tstzrange().nullable(),
  spans: column.int4multirange().nullable(),
  point: column.point().nullable(),
  lower: column.text().generated(sql`lower(name)`),
  note: column.text().nullable(),
});

const VALUES = {
  name: "Ada",
  int: -7,
  big: 2n ** 63n - 1n,
  bigNumber: Number.MAX_SAFE_INTEGER,
  bigText: "-9223372036854775808",
  price: "12345678901234567890.0123456789",
  real: 0.1,
  flag: true,
  uuid: "01234567-89ab-cdef-0123-456789abcdef",
  bytes: Uint8Array.from({ length: 300 }, (_, index) => index % 256),
  parts: [new Uint8Array([1, 2, 3]), new Uint8Array()],
  json: { a: [1, null, { b: "x" }], "": "2020-01-01" },
  day: Temporal.PlainDate.from("2024-02-29"),
  time: Temporal.PlainTime.from("12:34:56.789012"),
  at: Temporal.PlainDateTime.from("2024-02-29T12:34:56.789012"),
  instant: Temporal.Instant.from("2024-02-29T12:34:56.789012Z"),
  span: Temporal.Duration.from({ months: 1, days: 2, hours: 3 }),
  mood: "sad",
  grid: [[1n, 2n], [2n ** 62n, -4n]],
  days: [Temporal.PlainDate.from("0044-03-15")],
  range: new Range(1n, 2n ** 62n),
  period: new Range(Temporal.Instant.from("2024-01-01T00:00:00Z"), null),
  spans: [new Range(1, 3), new Range(5, 8)],
  point: { x: 1.5, y: -2 },
} as const;

testOnBoth(
  "LifeRecord.toJSON() is read again by fromJSON(), value by value",
  { models: [Sample] },
  async (pool) => {
    const record = Sample.record(VALUES);
    await record.save(pool);
    const text = JSON.stringify(record);
    const json = JSON.parse(text);
    assert.deepEqual([json.id, json.big, json.bigNumber, json.lower, json.note], [
      "1",
      "9223372036854775807",
      9007199254740991,
      "ada",
      null,
    ]);
    assert.deepEqual([json.parts, json.day, json.instant, json.span], [
      ["AQID", ""],
      "2024-02-29",
      "2024-02-29T12:34:56.789012Z",
      "P1M2DT3H",
    ]);
    assert.deepEqual(json.grid, [["1", "2"], ["4611686018427387904", "-4"]]);
    assert.deepEqual(json.range, { lower: "1", upper: "4611686018427387904", bounds: "[)", empty: false });

    const stored = Sample.on(pool).fromJSON(json, { stored: true });
    assert.deepEqual([stored.isNew, stored.isDirty, stored.key], [false, false, 1n]);
    for (const property of Object.keys(record.original!) as (keyof typeof Sample.Row)[]) {
      assert.ok(sameValue(stored.get(property), record.get(property)), property);
    }
    await stored.set("note", "back").save();

    const { id: _, lower: __, ...writable } = json;
    const copy = await Sample.fromJSON(writable).insert(pool);
    for (const property of Object.keys(VALUES) as (keyof typeof VALUES)[]) {
      assert.ok(sameValue(copy[property], record.get(property)), property);
    }
    assert.equal(copy.id, 2n);
  },
);

test("LifeRecord.toJSON() has current values, and neither what is not set nor expressions", () => {
  const record = Sample.record({ name: "x", int: Sample.int.plus(1), real: NaN, note: null });
  assert.deepEqual(record.toJSON(), { name: "x", real: "NaN", note: null });
  const edited = Sample.fromJSON({ id: "1", name: "Ada", big: "3" }, { stored: true }).set("name", "Bob");
  assert.deepEqual(edited.toJSON(), { id: "1", name: "Bob", big: "3" });
  assert.equal(edited.state("note"), "not-set");
});

function issuesOf(json: unknown, options?: { readonly stored?: boolean }): readonly (readonly unknown[])[] {
  try {
    Sample.fromJSON(json, options);
  } catch (error) {
    assert.ok(error instanceof ModelValidationError, `${error}`);
    assert.ok(!error.message.includes("secret"));
    return error.issues.map(({ path, code, message }) => [path.join("."), code, message]);
  }
  return [];
}

test("Model.fromJSON() tells everything that is wrong with untrusted JSON, with its path", () => {
  assert.deepEqual(
    issuesOf({
      id: "1",
      name: "secret",
      int: 1.5,
      big: 1.5,
      bigText: "secret",
      price: "1,5",
      flag: "true",
      uuid: "no",
      bytes: "*secret*",
      day: "2023-02-29",
      instant: "yesterday",
      mood: "angry",
      grid: ["1"],
      range: { lower: "x" },
      lower: "x",
      nmae: 1,
      __proto__: { admin: true },
    }),
    [
      ["id", "readOnly", "must be left out, since it cannot be written"],
      ["name", "type", "must be a string of at most 5 characters"],
      ["int", "type", "must be a whole number from -2147483648 to 2147483647"],
      ["big", "type", "must be a bigint"],
      ["bigText", "type", "must be a whole number as a string"],
      ["price", "type", "must be a decimal number as a string"],
      ["flag", "type", "must be true or false"],
      ["uuid", "type", "must be a UUID as a string"],
      ["bytes", "type", "must be a Uint8Array"],
      ["day", "type", "must be a Temporal.PlainDate"],
      ["instant", "type", "must be a Temporal.Instant"],
      ["mood", "type", Sample.mood.settings.type.expected].map((part, index) =>
        index === 2 ? `must be ${part}` : part
      ),
      ["grid", "type", "must be an array whose elements are each an array whose elements are each a bigint"],
      ["range", "type", "must be a Range"],
      ["lower", "readOnly", "must be left out, since it cannot be written"],
      ["nmae", "unknown", 'must be called "name"'],
    ],
  );
  assert.deepEqual(issuesOf(JSON.parse('{"__proto__":1,"constructor":2}')).map(([path]) => path), [
    "__proto__",
    "constructor",
  ]);
  assert.deepEqual(issuesOf({ name: null }), [["name", "required", "must not be null"]]);
  assert.deepEqual(issuesOf({ name: "x" }, { stored: true }), [["id", "required", "must be given"]]);
  for (const json of [null, 1, "{}", [], undefined]) assert.equal(issuesOf(json)[0][1], "type");
  assert.deepEqual(issuesOf({ big: "9223372036854775808" }), [["big", "type", "must be a bigint"]]);
  assert.deepEqual(issuesOf({ bigNumber: "9007199254740993" }), [[
    "bigNumber",
    "type",
    "must be a safe integer",
  ]]);
});

test("Model.fromJSON() ignores what is unknown where it is told to", () => {
  const record = Sample.fromJSON({ name: "x", big: 3, price: 1.5, other: 1 }, { unknown: "ignore" });
  assert.deepEqual([record.isNew, record.dirty], [true, ["name", "big", "price"]]);
  assert.deepEqual([record.get("big"), record.get("price")], [3n, "1.5"]);
  // @ts-expect-error: there is no such way
  assert.throws(() => Sample.fromJSON({}, { unknown: "drop" }), ValidationError);
  // @ts-expect-error: there is no such option
  assert.throws(() => Sample.fromJSON({}, { strict: true }), /there is none/);
});

test("sameValue() compares by value, and takes what it does not know for different", () => {
  const same: readonly (readonly [unknown, unknown])[] = [
    [NaN, NaN],
    [new Date(1), new Date(1)],
    [new Range(1, 2), new Range(1, 2)],
    [new Interval({ days: 1, microseconds: 2n }), new Interval({ days: 1, microseconds: 2n })],
    [{ a: 1, b: [] }, { b: [], a: 1 }],
    [Temporal.Duration.from("P1D"), Temporal.Duration.from("P1D")],
  ];
  for (const [a, b] of same) assert.equal(sameValue(a, b), true, String(a));
  const hidden = () => Object.create({ constructor: class {} }) as object;
  const different: readonly (readonly [unknown, unknown])[] = [
    [1, 1n],
    [null, undefined],
    [[], {}],
    [[1], [1, 2]],
    [{ a: 1 }, { a: 1, b: undefined }],
    [new Range(1, 2), new Range(1, 2, { bounds: "[]" })],
    [Temporal.PlainDate.from("2020-01-01"), Temporal.PlainDate.from("2020-01-02")],
    [Temporal.PlainDate.from("2020-01-01"), Temporal.PlainDateTime.from("2020-01-01")],
    [hidden(), hidden()],
    [new Uint8Array([1]), [1]],
  ];
  for (const [a, b] of different) assert.equal(sameValue(a, b), false, String(a));
  const [a, b] = [1, 1].map((x) => new Geometry(new Uint8Array([1, x, 0, 0, 0, ...new Array(16).fill(0)])));
  assert.equal(sameValue(a, b), true);
});
