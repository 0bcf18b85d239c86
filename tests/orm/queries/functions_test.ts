/** Functions of texts, numbers and times: their SQL, and what it returns. */
import { fn } from "../../../orm/mod.ts";
import { checkGoldens, createThings, testOnBoth, Thing } from "./things.ts";

testOnBoth("fn has the functions of texts", async (pool) => {
  await createThings(pool);
  await checkGoldens([
    [fn.lower(Thing.name), 'lower("things"."name")', "ada lovelace", "alan"],
    [fn.upper("x"), "upper($1)", "X", "X"],
    [fn.initcap(Thing.name), 'initcap("things"."name")', "Ada Lovelace", "Alan"],
    [fn.length(Thing.name), 'char_length("things"."name")', 12, 4],
    [fn.octetLength(Thing.name), 'octet_length("things"."name")', 12, 4],
    [fn.trim(Thing.name), 'btrim("things"."name")', "Ada Lovelace", "Alan"],
    [fn.trim(Thing.name, "A"), 'btrim("things"."name", $1)', "da Lovelace", "lan"],
    [fn.trimStart(Thing.name, "A"), 'ltrim("things"."name", $1)', "da Lovelace", "lan"],
    [fn.trimEnd(Thing.name), 'rtrim("things"."name")', "Ada Lovelace", "Alan"],
    [
      fn.concat(Thing.name, 1, 2.5, true, "x", Thing.note),
      'concat("things"."name", $1::integer, $2::double precision, $3::boolean, $4::text, "things"."note")',
      "Ada Lovelace12.5tx",
      "Alan12.5txhi",
    ],
    [
      fn.concatWith("-", Thing.name, 1, Thing.note),
      'concat_ws($1, "things"."name", $2::integer, "things"."note")',
      "Ada Lovelace-1",
      "Alan-1-hi",
    ],
    [fn.substring(Thing.name, 2), 'substr("things"."name", $1::integer)', "da Lovelace", "lan"],
    [fn.substring(Thing.name, 2, 3), 'substr("things"."name", $1::integer, $2::integer)', "da ", "lan"],
    [fn.replace(Thing.name, "A", "b"), 'replace("things"."name", $1, $2)', "bda Lovelace", "blan"],
    [fn.position(Thing.name, "l"), 'strpos("things"."name", $1)', 9, 2],
    [fn.left(Thing.name, 2), 'left("things"."name", $1)', "Ad", "Al"],
    [fn.right(Thing.name, 2), 'right("things"."name", $1)', "ce", "an"],
    [fn.padStart(Thing.name, 14), 'lpad("things"."name", $1)', "  Ada Lovelace", "          Alan"],
    [fn.padStart(Thing.name, 14, "*"), 'lpad("things"."name", $1, $2)', "**Ada Lovelace", "**********Alan"],
    [fn.padEnd(Thing.name, 6, "."), 'rpad("things"."name", $1, $2)', "Ada Lo", "Alan.."],
    [fn.splitPart(Thing.name, " ", 1), 'split_part("things"."name", $1, $2)', "Ada", "Alan"],
    [fn.split(Thing.name, " "), 'string_to_array("things"."name", $1)', ["Ada", "Lovelace"], ["Alan"]],
    [fn.repeat(Thing.name, 2), 'repeat("things"."name", $1)', "Ada LovelaceAda Lovelace", "AlanAlan"],
    [fn.reverse(Thing.name), 'reverse(("things"."name")::text)', "ecalevoL adA", "nalA"],
    [fn.startsWith(Thing.name, "Ad"), 'starts_with("things"."name", $1)', true, false],
    [
      fn.regexpReplace(Thing.name, "[aA]", "_", "g"),
      'regexp_replace("things"."name", $1, $2, $3::text)',
      "_d_ Lovel_ce",
      "_l_n",
    ],
    [
      fn.regexpReplace(Thing.name, "[aA]", "_"),
      'regexp_replace("things"."name", $1, $2)',
      "_da Lovelace",
      "_lan",
    ],
    [fn.regexpMatch(Thing.name, "(l)(a)"), 'regexp_match("things"."name", $1)', ["l", "a"], ["l", "a"]],
    [fn.md5("x"), "md5(($1)::text)", "9dd4e461268c8034f5c8564e155c67a6", "9dd4e461268c8034f5c8564e155c67a6"],
    [fn.collate(Thing.name, "C"), '("things"."name" collate "C")', "Ada Lovelace", "Alan"],
    [fn.lower(Thing.note), 'lower("things"."note")', null, "hi"],
  ], pool);
});

testOnBoth("fn has the functions of numbers", async (pool) => {
  await createThings(pool);
  await checkGoldens([
    [fn.abs(Thing.n), 'abs("things"."n")', 5, 3],
    [fn.abs(Thing.b), 'abs("things"."b")', 7n, 9007199254740993n],
    [fn.abs(Thing.d), 'abs("things"."d")', "1.50", "2.25"],
    [fn.round(Thing.n), 'round("things"."n")', 5, -3],
    [fn.round(Thing.d, 1), 'round("things"."d", $1)', "1.5", "2.3"],
    [fn.truncate(Thing.d), 'trunc("things"."d")', "1", "2"],
    [fn.ceil(Thing.f), 'ceil("things"."f")', 3, 1],
    [fn.floor(Thing.d), 'floor("things"."d")', "1", "2"],
    [fn.power(Thing.n, 2), 'power("things"."n", $1)', 25, 9],
    [fn.sqrt(fn.power(Thing.n, 2)), 'sqrt(power("things"."n", $1))', 5, 3],
    [
      fn.sqrt(fn.abs(Thing.n).cast("bigint").times(fn.abs(Thing.n).cast("bigint"))),
      'sqrt((cast(abs("things"."n") as bigint) * cast(abs("things"."n") as bigint)))',
      5,
      3,
    ],
    [fn.mod(Thing.n, 2), 'mod("things"."n", $1)', 1, -1],
    [fn.mod(Thing.b, 2n), 'mod("things"."b", $1)', 1n, 1n],
    [fn.sign(Thing.n), 'sign("things"."n")', 1, -1],
    [fn.sign(Thing.d), 'sign("things"."d")', "1", "1"],
    [fn.exp(0), "exp($1)", 1, 1],
    [fn.ln(1), "ln($1)", 0, 0],
    [fn.log(100), "log($1)", 2, 2],
    [Thing.n.negated(), '(- "things"."n")', -5, 3],
    [Thing.b.negated(), '(- "things"."b")', -7n, -9007199254740993n],
    [Thing.n.plus(1).times(2), '(("things"."n" + $1) * $2)', 12, -4],
  ], pool);
});

testOnBoth("fn has the functions of times", async (pool) => {
  await createThings(pool);
  await checkGoldens([
    [
      fn.dateTrunc("month", Thing.at),
      `date_trunc('month', "things"."at")`,
      "2026-01-01T00:00:00Z",
      "2026-02-01T00:00:00Z",
    ],
    [
      fn.dateTrunc("day", Thing.at, "Europe/Oslo"),
      `date_trunc('day', "things"."at", 'Europe/Oslo')`,
      "2026-01-14T23:00:00Z",
      "2026-02-14T23:00:00Z",
    ],
    [fn.extract("year", Thing.at), 'extract(year from "things"."at")', 2026, 2026],
    [fn.extract("epoch", Thing.span), 'extract(epoch from "things"."span")', 86400, 7200],
    [
      fn.age(Thing.at, Temporal.Instant.from("2025-01-01T00:00Z")),
      'age("things"."at", $1::timestamptz)',
      "P1Y14DT10H",
      "P1Y1M14DT10H",
    ],
    [
      fn.dateBin(Temporal.Duration.from({ hours: 3 }), Thing.at, Temporal.Instant.from("2025-01-01T00:00Z")),
      'date_bin($1::interval, "things"."at", $2::timestamptz)',
      "2026-01-15T09:00:00Z",
      "2026-02-15T09:00:00Z",
    ],
    [fn.toChar(Thing.d, "990.9"), `to_char("things"."d", '990.9')`, "   1.5", "   2.3"],
    [fn.toChar(Thing.day, "YYYY-MM"), `to_char("things"."day", 'YYYY-MM')`, "2026-01", "2026-02"],
    [fn.toDate("03.02.2026", "DD.MM.YYYY"), "to_date($1, 'DD.MM.YYYY')", "2026-02-03", "2026-02-03"],
    [fn.toTimestamp(0), "to_timestamp($1::double precision)", "1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z"],
    [
      fn.atTimeZone(Thing.at, "Europe/Oslo"),
      `("things"."at" at time zone 'Europe/Oslo')`,
      "2026-01-15T11:00:00",
      "2026-02-15T11:00:00",
    ],
    [
      fn.atTimeZone(fn.atTimeZone(Thing.at, "Europe/Oslo"), "Europe/Oslo"),
      `(("things"."at" at time zone 'Europe/Oslo') at time zone 'Europe/Oslo')`,
      "2026-01-15T10:00:00Z",
      "2026-02-15T10:00:00Z",
    ],
    [fn.interval("1 month"), "$1::interval", "P1M", "P1M"],
    [fn.makeDate(2026, 1, 2), "make_date($1, $2, $3)", "2026-01-02", "2026-01-02"],
    [
      Thing.at.plus(Temporal.Duration.from({ days: 1 })),
      '("things"."at" + cast($1 as interval))',
      "2026-01-16T10:00:00Z",
      "2026-02-16T10:00:00Z",
    ],
    [
      Thing.at.plus(fn.interval("1 month")),
      '("things"."at" + $1::interval)',
      "2026-02-15T10:00:00Z",
      "2026-03-15T10:00:00Z",
    ],
  ], pool);
});
