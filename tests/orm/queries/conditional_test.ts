/** Expressions that choose, values of their own, and calls of unknown functions. */
import { call, caseWhen, coalesce, greatest, least, nullif, value } from "../../../orm/mod.ts";
import { checkGoldens, createThings, testOnBoth, Thing } from "./things.ts";

testOnBoth("expressions choose between values, and values are expressions", async (pool) => {
  await createThings(pool);
  await checkGoldens([
    [coalesce(Thing.note, "none"), 'coalesce("things"."note", $1)', "none", "hi"],
    [coalesce(Thing.note, Thing.name), 'coalesce("things"."note", "things"."name")', "Ada Lovelace", "hi"],
    [coalesce(Thing.b, 0n), 'coalesce("things"."b", $1)', 7n, 9007199254740993n],
    [nullif(Thing.n, 5), 'nullif("things"."n", $1)', null, -3],
    [greatest(Thing.n, 0, 2), 'greatest("things"."n", $1, $2)', 5, 2],
    [least(Thing.b, 8n), 'least("things"."b", $1)', 7n, 8n],
    [
      caseWhen(Thing.n.gt(0), "plus").when(Thing.n.lt(0), "minus").else("zero"),
      'case when "things"."n" > $1 then $2::text when "things"."n" < $3 then $4::text else $5::text end',
      "plus",
      "minus",
    ],
    [caseWhen(Thing.n.gt(0), Thing.b).end(), 'case when "things"."n" > $1 then "things"."b" end', 7n, null],
    [
      caseWhen(Thing.n.gt(0), 1).else(2.5),
      'case when "things"."n" > $1 then $2::double precision else $3::double precision end',
      1,
      2.5,
    ],
    [
      caseWhen(Thing.n.gt(0), null).else(Thing.name),
      'case when "things"."n" > $1 then null else "things"."name" end',
      null,
      "Alan",
    ],
    [value("x"), "$1::text", "x", "x"],
    [value(1), "$1::integer", 1, 1],
    [value(1.5), "$1::double precision", 1.5, 1.5],
    [value(5_000_000_000), "$1::double precision", 5000000000, 5000000000],
    [value(7n), "$1::bigint", 7n, 7n],
    [value(true), "$1::boolean", true, true],
    [value(Temporal.PlainDate.from("2026-01-02")), "$1::date", "2026-01-02", "2026-01-02"],
    [value("1.50", "numeric(10, 2)"), "$1::numeric(10, 2)", "1.50", "1.50"],
    [
      call("upper", [Thing.name], { pure: true, schema: "pg_catalog" }),
      '"pg_catalog"."upper"("things"."name")',
      "ADA LOVELACE",
      "ALAN",
    ],
    [Thing.n.gt(0).isTrue(), '("things"."n" > $1) is true', true, false],
    [Thing.n.gt(0).isFalse(), '("things"."n" > $1) is false', false, true],
  ], pool);
});
