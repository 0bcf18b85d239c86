/**
 * Every type against real servers, in both formats and both directions. One statement shows all four at once:
 *
 * - `sent`: the value in binary there and back;
 * - `printed`: what the server prints for the value it got in binary, which the text decoder reads;
 * - `reprinted`: what it prints for the value it got as text, which must be the same text;
 * - `returned`: the value it got as text, back in binary.
 */
import assert from "node:assert/strict";
import { fc } from "../../../fast_check.ts";
import { type Codec, PgArray, Range } from "../../../../pool/wire/codec/mod.ts";
import { canonical } from "./canonical.ts";
import { type Sample, SAMPLES } from "./samples.ts";
import type { TestSession } from "./test_session.ts";

/** Types that a database defines itself, with what defines them. */
const OWN_TYPES = `
  create type mood as enum ('sad', 'ok', 'so "happy", {really}');
  create domain positive as int4 check (value > 0);
  create domain tags as text[];
  create type pair as (number int4, "a ""name""" text, at timestamptz);
  create type nested as (pairs pair[], mood mood, one pair, positives positive[], tags tags, span int4range);
  create type floatrange as range (subtype = float8);
  create type moodrange as range (subtype = mood);
`;

const pair = fc.record({
  number: fc.option(fc.integer({ min: -9, max: 9 })),
  'a "name"': fc.option(fc.string({ unit: "grapheme-ascii", maxLength: 9 })),
  at: fc.constantFrom(null, Temporal.Instant.from("2024-02-29T12:00:00.123456Z")),
}, { noNullPrototype: true });
const mood = fc.constantFrom("sad", "ok", 'so "happy", {really}');
const OWN_SAMPLES: readonly Sample[] = [
  { type: "mood", values: mood },
  { type: "positive", values: fc.integer({ min: 1, max: 99 }) },
  { type: "tags", values: fc.array(fc.option(fc.string({ unit: "grapheme-ascii" }))) },
  { type: "pair", values: pair },
  {
    type: "nested",
    values: fc.record({
      pairs: fc.option(fc.array(fc.option(pair), { maxLength: 3 })),
      mood: fc.option(mood),
      one: fc.option(pair),
      positives: fc.constantFrom(null, [], [1, null, 3]),
      tags: fc.constantFrom(null, [], ["a", null, "NULL", ""]),
      span: fc.constantFrom(null, new Range(1, 3), Range.empty()),
    }, { noNullPrototype: true }),
  },
  {
    type: "floatrange",
    values: fc.constantFrom(new Range(-1.5, 2e300, { bounds: "[]" }), new Range(null, 0.1)),
  },
  { type: "moodrange", values: fc.constantFrom(new Range("sad", "ok"), new Range<string>(null, null)) },
  {
    type: "floatmultirange",
    values: fc.constantFrom([], [new Range(1, 2), new Range(3.5, null)]),
    since: 14,
  },
];

/**
 * Carries `runs` values of every type the server can have.
 *
 * @returns The names of these types, and what went wrong.
 */
export async function carryAll(
  session: TestSession,
  runs: number,
): Promise<{ covered: string[]; problems: unknown[] }> {
  const missing = new Set<string>();
  for (const { extension } of SAMPLES) {
    if (extension === undefined || missing.has(extension)) continue;
    if (await hasExtension(session, extension)) {
      await session.query(`create extension if not exists ${extension}`);
    } else missing.add(extension);
  }
  for (const statement of OWN_TYPES.split(";")) {
    if (statement.trim() !== "") await session.query(statement);
  }
  const covered: string[] = [];
  const problems: unknown[] = [];
  for (const sample of [...SAMPLES, ...OWN_SAMPLES]) {
    if (missing.has(sample.extension ?? "") || session.version < (sample.since ?? 0)) continue;
    const types: [string, fc.Arbitrary<unknown>][] = [[sample.type, sample.values]];
    if (sample.array !== false) types.push([`${sample.type}[]`, arraysOf(sample.values)]);
    for (const [type, values] of types) {
      covered.push(type);
      await assertCarried(session, type, fc.sample(values, runs)).catch((error: unknown) =>
        problems.push(error)
      );
    }
  }
  for (const extension of missing) console.log(`no extension ${extension}: its types are not covered`);
  return { covered, problems };
}

async function hasExtension(session: TestSession, name: string): Promise<boolean> {
  const rows = await session.query("select from pg_available_extensions where name = $1", [name]);
  return rows.length > 0;
}

/** Arrays with NULLs, and of two dimensions with bounds of their own. */
function arraysOf(values: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const shaped = fc.tuple(values, values).map((elements) =>
    new PgArray([{ length: 2, lowerBound: 0 }, { length: 1, lowerBound: -7 }], elements)
  );
  return fc.oneof({ weight: 3, arbitrary: fc.array(fc.option(values), { maxLength: 4 }) }, {
    weight: 1,
    arbitrary: shaped,
  });
}

async function assertCarried(
  session: TestSession,
  type: string,
  samples: readonly unknown[],
): Promise<void> {
  const [{ oid }] = await session.query("select $1::text::regtype::oid as oid", [type]);
  // A parameter loads the type; a result column of a domain would be described as its base type.
  await session.query(`select $1::${type} is null as loads`, [null]);
  const codec = codecOf(session, type, oid as number);
  const text = `select $1::${type} as sent, format('%s', $1::${type}) as printed, ` +
    `format('%s', $2::text::${type}) as reprinted, $2::text::${type} as returned, ` +
    `($1::${type})::text = ($2::text::${type})::text as same`;
  await Promise.all(samples.map(async (value) => {
    const context = (): string => `${type}: ${JSON.stringify(canonical(value))}`;
    let row: Record<string, unknown>;
    try {
      [row] = await session.query(text, [value, codec.encodeText(value)]);
    } catch (error) {
      throw new Error(context(), { cause: error });
    }
    const expected = canonical(value);
    assert.deepEqual(canonical(row.sent), expected, `sent ${context()}`);
    assert.deepEqual(canonical(row.returned), expected, `returned ${context()}`);
    assert.equal(row.printed, row.reprinted, `printed ${context()}`);
    assert.equal(row.same, true, `::text ${context()}`);
    assert.deepEqual(canonical(codec.decodeText(row.printed as string)), expected, `decodeText ${context()}`);
  }));
}

function codecOf(session: TestSession, type: string, oid: number): Codec {
  const codec = session.registry.get(oid);
  assert.ok(codec !== undefined, `no codec of ${type}`);
  return codec;
}
