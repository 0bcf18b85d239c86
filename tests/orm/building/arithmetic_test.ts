/** Arithmetic of dates and times: the types are those PostgreSQL's values have. */
import assert from "node:assert/strict";
import { column, type Expression, fn, model } from "../../../orm/mod.ts";
import { sql } from "../../../pool/sql/sql.ts";
import { test } from "../../harness.ts";
import { testOnBoth } from "../../testkit/databases.ts";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false;
function proves<_Claim extends true>(): void {}
type ValueOf<E extends { readonly "~types": { readonly value: unknown } }> = E["~types"]["value"];

const Trip = model("trips", {
  id: column.integer().primaryKey(),
  day: column.date(),
  until: column.date(),
  at: column.time(),
  start: column.timestamp(),
  sent: column.timestamptz(),
  length: column.interval(),
});
const { day, until, at, start, sent, length } = Trip;

const days3 = Temporal.Duration.from({ days: 3 });
const first = Temporal.PlainDate.from("2026-01-01");
const nine = Temporal.PlainTime.from("09:00");

const SELECTION = {
  dayPlusDays: day.plus(3),
  dayMinusDays: day.minus(3),
  dayPlusColumn: day.plus(Trip.id),
  dayPlusDuration: day.plus(days3),
  dayMinusDuration: day.minus(days3),
  dayPlusTime: day.plus(nine),
  dayMinusDay: until.minus(day),
  dayMinusValue: day.minus(first),
  thenMore: day.plus(1).plus(1),
  latest: fn.max(day).minus(1),
  castPlusDays: start.cast("date").plus(1),
  atPlusDuration: at.plus(Temporal.Duration.from({ hours: 1 })),
  atMinusDuration: at.minus(Temporal.Duration.from({ hours: 1 })),
  atMinusAt: at.minus(nine),
  startPlusDuration: start.plus(days3),
  startMinusStart: start.minus(Temporal.PlainDateTime.from("2026-01-01T00:00")),
  sentMinusSent: sent.minus(Temporal.Instant.from("2026-01-01T00:00Z")),
  sentMinusDuration: sent.minus(days3),
  lengthTimes: length.times(2.5),
  lengthDivided: length.dividedBy(2),
  lengthPlus: length.plus(days3),
  lengthMinus: length.minus(Temporal.Duration.from({ minutes: 30 })),
};

test("sums and differences of dates and times have the types of PostgreSQL's", () => {
  type Values = { [Name in keyof typeof SELECTION]: ValueOf<(typeof SELECTION)[Name]> };
  proves<
    Equal<Values, {
      dayPlusDays: Temporal.PlainDate;
      dayMinusDays: Temporal.PlainDate;
      dayPlusColumn: Temporal.PlainDate;
      dayPlusDuration: Temporal.PlainDateTime;
      dayMinusDuration: Temporal.PlainDateTime;
      dayPlusTime: Temporal.PlainDateTime;
      dayMinusDay: number;
      dayMinusValue: number;
      thenMore: Temporal.PlainDate;
      latest: Temporal.PlainDate;
      castPlusDays: Temporal.PlainDate;
      atPlusDuration: Temporal.PlainTime;
      atMinusDuration: Temporal.PlainTime;
      atMinusAt: Temporal.Duration;
      startPlusDuration: Temporal.PlainDateTime;
      startMinusStart: Temporal.Duration;
      sentMinusSent: Temporal.Duration;
      sentMinusDuration: Temporal.Instant;
      lengthTimes: Temporal.Duration;
      lengthDivided: Temporal.Duration;
      lengthPlus: Temporal.Duration;
      lengthMinus: Temporal.Duration;
    }>
  >();
  // @ts-expect-error: two dates have no sum
  assert.ok(day.plus(until));
  // @ts-expect-error: a time has no days
  assert.ok(at.plus(1));
  // @ts-expect-error: a point in time is not multiplied
  assert.ok(sent.times(2));
  // @ts-expect-error: two durations have no product
  assert.ok(length.times(length));
  const unknown: Expression<Temporal.PlainDate | Temporal.PlainDateTime> = day.plus(sql`x`);
  assert.equal(unknown.text, '("trips"."day" + x)');
  const label = column.enum("label", ["a", "b"]);
  const text: Expression<string> = model("labels", { label }).label.concat("!");
  assert.equal(text.text, '("labels"."label" || $1)');
});

testOnBoth(
  "sums and differences of dates and times are what their types say",
  { models: [Trip] },
  async (pool) => {
    await Trip.insert({
      id: 2,
      day: Temporal.PlainDate.from("2026-01-10"),
      until: Temporal.PlainDate.from("2026-01-20"),
      at: Temporal.PlainTime.from("10:30"),
      start: Temporal.PlainDateTime.from("2026-01-10T10:30"),
      sent: Temporal.Instant.from("2026-01-10T10:30Z"),
      length: Temporal.Duration.from({ hours: 2 }),
    }, pool);
    const { latest, ...others } = SELECTION;
    const query = Trip.find().select(others);
    assert.match(
      query.toSQL().text,
      /^select \("trips"\."day" \+ cast\(\$1 as integer\)\) as "dayPlusDays", /,
    );
    const row = { ...await query.one(pool), ...await Trip.find().select({ latest }).one(pool) };
    const shown = Object.fromEntries(
      Object.entries(row).map(([name, value]) => [name, typeof value === "number" ? value : String(value)]),
    );
    assert.deepEqual(shown, {
      dayPlusDays: "2026-01-13",
      dayMinusDays: "2026-01-07",
      dayPlusColumn: "2026-01-12",
      dayPlusDuration: "2026-01-13T00:00:00",
      dayMinusDuration: "2026-01-07T00:00:00",
      dayPlusTime: "2026-01-10T09:00:00",
      dayMinusDay: 10,
      dayMinusValue: 9,
      thenMore: "2026-01-12",
      castPlusDays: "2026-01-11",
      atPlusDuration: "11:30:00",
      atMinusDuration: "09:30:00",
      atMinusAt: "PT1H30M",
      startPlusDuration: "2026-01-13T10:30:00",
      startMinusStart: "P9DT10H30M",
      sentMinusSent: "P9DT10H30M",
      sentMinusDuration: "2026-01-07T10:30:00Z",
      lengthTimes: "PT5H",
      lengthDivided: "PT1H",
      lengthPlus: "P3DT2H",
      lengthMinus: "PT1H30M",
      latest: "2026-01-09",
    });
  },
);
