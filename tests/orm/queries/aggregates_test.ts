/** Aggregates and window functions. */
import { coalesce, fn } from "../../../orm/mod.ts";
import { checkGoldens, createThings, testOnBoth, Thing } from "./things.ts";

testOnBoth("aggregates keep the type of what they are of", async (pool) => {
  await createThings(pool);
  await checkGoldens([
    [fn.count(), "count(*)", 2],
    [fn.count(Thing.note), 'count("things"."note")', 1],
    [fn.count().filter(Thing.n.gt(0)), 'count(*) filter (where "things"."n" > $1)', 1],
    [fn.countDistinct(Thing.name), 'count(distinct "things"."name")', 2],
    [fn.sum(Thing.n), 'sum("things"."n")', 2],
    [fn.sum(Thing.b), 'sum("things"."b")', 9007199254741000n],
    [fn.sum(Thing.d), 'sum("things"."d")', "3.75"],
    [fn.sum(Thing.f), 'sum("things"."f")', 3],
    [fn.sum(Thing.span), 'sum("things"."span")', "P1DT2H"],
    [fn.sum(Thing.n.times(Thing.n)), 'sum(("things"."n" * "things"."n"))', 34],
    [fn.sum(Thing.n).distinct(), 'sum(distinct "things"."n")', 2],
    [fn.sum(Thing.n).filter(Thing.n.gt(100)), 'sum("things"."n") filter (where "things"."n" > $1)', null],
    [fn.avg(Thing.n), 'avg(("things"."n")::double precision)', 1],
    [fn.avg(Thing.b), 'avg("things"."b")', "4503599627370500.0000"],
    [fn.avg(Thing.d), 'avg("things"."d")', "1.8750000000000000"],
    [fn.avg(Thing.f), 'avg("things"."f")', 1.5],
    [fn.avg(Thing.span), 'avg("things"."span")', "PT13H"],
    [fn.avg(Thing.n.plus(1)), 'avg(("things"."n" + $1))', 2],
    [fn.min(Thing.b), 'min("things"."b")', 7n],
    [fn.max(Thing.at), 'max("things"."at")', "2026-02-15T10:00:00Z"],
    [fn.boolAnd(Thing.n.gt(0)), 'bool_and("things"."n" > $1)', false],
    [fn.boolOr(Thing.n.gt(0)), 'bool_or("things"."n" > $1)', true],
    [fn.arrayAgg(Thing.b).orderBy(Thing.b.desc()), 'array_agg("things"."b" order by "things"."b" desc)', [
      9007199254740993n,
      7n,
    ]],
    [fn.arrayAgg(Thing.note).orderBy(Thing.id), 'array_agg("things"."note" order by "things"."id")', [
      null,
      "hi",
    ]],
    [
      fn.stringAgg(Thing.name, ", ").distinct().orderBy(Thing.name),
      `string_agg(distinct "things"."name", ', ' order by "things"."name")`,
      "Ada Lovelace, Alan",
    ],
    [
      fn.jsonAgg(Thing.name).orderBy(Thing.id).filter(Thing.n.gt(0)),
      'jsonb_agg("things"."name" order by "things"."id") filter (where "things"."n" > $1)',
      ["Ada Lovelace"],
    ],
    [fn.jsonbObjectAgg(Thing.name, Thing.n), 'jsonb_object_agg("things"."name", "things"."n")', {
      Alan: -3,
      "Ada Lovelace": 5,
    }],
    [
      fn.percentileCont(0.5, Thing.n),
      'percentile_cont($1::double precision) within group (order by "things"."n")',
      1,
    ],
    [
      fn.percentileDisc(0.5, Thing.b),
      'percentile_disc($1::double precision) within group (order by "things"."b")',
      7n,
    ],
    [fn.mode(Thing.name), 'mode() within group (order by "things"."name")', "Ada Lovelace"],
    [fn.stddev(Thing.f), 'stddev_samp(("things"."f")::double precision)', 1.4142135623730951],
    [fn.stddevPopulation(Thing.f), 'stddev_pop(("things"."f")::double precision)', 1],
    [fn.variance(Thing.f), 'var_samp(("things"."f")::double precision)', 2],
    [fn.variancePopulation(Thing.f), 'var_pop(("things"."f")::double precision)', 1],
    [
      fn.correlation(Thing.n, Thing.f),
      'corr(("things"."n")::double precision, ("things"."f")::double precision)',
      1,
    ],
    [fn.bitAnd(Thing.n), 'bit_and("things"."n")', 5],
    [fn.bitOr(Thing.b), 'bit_or("things"."b")', 9007199254740999n],
    [
      coalesce(fn.sum(Thing.n).filter(Thing.n.gt(100)), 0),
      'coalesce(sum("things"."n") filter (where "things"."n" > $1), $2)',
      0,
    ],
    [fn.unnest(Thing.nums), 'unnest("things"."nums")', 1n, 2n, 3n],
  ], pool);
});

testOnBoth("window functions are computed over windows", async (pool) => {
  await createThings(pool);
  await checkGoldens([
    [fn.rowNumber().over({ orderBy: Thing.n }), 'row_number() over (order by "things"."n")', 2, 1],
    [fn.rank().over({ orderBy: Thing.n.desc() }), 'rank() over (order by "things"."n" desc)', 1, 2],
    [fn.denseRank().over({ orderBy: Thing.n }), 'dense_rank() over (order by "things"."n")', 2, 1],
    [fn.percentRank().over({ orderBy: Thing.n }), 'percent_rank() over (order by "things"."n")', 1, 0],
    [fn.cumeDist().over({ orderBy: Thing.n }), 'cume_dist() over (order by "things"."n")', 1, 0.5],
    [fn.ntile(2).over({ orderBy: Thing.id }), 'ntile($1::integer) over (order by "things"."id")', 1, 2],
    [
      fn.lag(Thing.b).over({ orderBy: Thing.id }),
      'lag("things"."b") over (order by "things"."id")',
      null,
      7n,
    ],
    [
      fn.lag(Thing.b, 1, 0n).over({ orderBy: Thing.id }),
      'lag("things"."b", $1::integer, $2) over (order by "things"."id")',
      0n,
      7n,
    ],
    [
      fn.lead(Thing.name, 1).over({ orderBy: Thing.id }),
      'lead("things"."name", $1::integer) over (order by "things"."id")',
      "Alan",
      null,
    ],
    [
      fn.firstValue(Thing.d).over({ orderBy: Thing.id }),
      'first_value("things"."d") over (order by "things"."id")',
      "1.50",
      "1.50",
    ],
    [
      fn.lastValue(Thing.d).over({ orderBy: Thing.id }),
      'last_value("things"."d") over (order by "things"."id")',
      "1.50",
      "2.25",
    ],
    [
      fn.nthValue(Thing.n, 2).over({
        orderBy: Thing.id,
        frame: { unit: "rows", from: "unbounded preceding", to: "unbounded following" },
      }),
      'nth_value("things"."n", $1::integer) over (order by "things"."id" rows between unbounded preceding and unbounded following)',
      -3,
      -3,
    ],
    [
      fn.sum(Thing.b).over({ orderBy: Thing.id }),
      'sum("things"."b") over (order by "things"."id")',
      7n,
      9007199254741000n,
    ],
    [fn.sum(Thing.n).over(), 'sum("things"."n") over ()', 2, 2],
    [
      fn.count().over({ partitionBy: [Thing.day, Thing.n] }),
      'count(*) over (partition by "things"."day", "things"."n")',
      1,
      1,
    ],
    [
      fn.sum(Thing.n).over({
        orderBy: Thing.at,
        frame: {
          unit: "range",
          from: { preceding: Temporal.Duration.from({ days: 40 }) },
          exclude: "current row",
        },
      }),
      'sum("things"."n") over (order by "things"."at" range between $1::interval preceding and current row exclude current row)',
      null,
      5,
    ],
    [
      fn.count().over({
        orderBy: Thing.id,
        frame: { unit: "groups", from: { preceding: 1 }, to: { following: 1 } },
      }),
      'count(*) over (order by "things"."id" groups between 1 preceding and 1 following)',
      2,
      2,
    ],
    [
      fn.count().filter(Thing.n.gt(0)).over({ orderBy: Thing.id }),
      'count(*) filter (where "things"."n" > $1) over (order by "things"."id")',
      1,
      1,
    ],
  ], pool);
});
