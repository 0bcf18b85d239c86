/** A column of every kind, with values it holds; what the tests of kinds and of literals go through. */
import type fc from "fast-check";
import { type AnyColumnDefinition, column, type ColumnDefinition } from "../../../orm/mod.ts";
import { Range } from "../../../pool/wire/codec/mod.ts";
import { fc as check } from "../../fast_check.ts";
import { SAMPLES } from "../../pool/wire/codec/samples.ts";

/** A kind of column. */
export interface Kind {
  /** What the builder is called, with what tells two of one apart. */
  readonly name: string;
  /** A column of the kind. */
  readonly column: ColumnDefinition<unknown, never, "required", false>;
  /** Values it holds, as they are read. */
  readonly values: fc.Arbitrary<unknown>;
  /** What `format_type` calls its type. */
  readonly type: string;
  /** The extension it needs. */
  readonly extension?: string;
}

const instant = (text: string): Temporal.Instant => Temporal.Instant.from(text);
const local = (text: string): Temporal.PlainDateTime => Temporal.PlainDateTime.from(text);
const day = (text: string): Temporal.PlainDate => Temporal.PlainDate.from(text);

/** The values of a type in the codecs' samples. */
function of(type: string): fc.Arbitrary<unknown> {
  const sample = SAMPLES.find((sample) => sample.type === type);
  if (sample === undefined) throw new Error(`BUG: no sample of ${type}`);
  return sample.values;
}

const one = (...values: readonly unknown[]): fc.Arbitrary<unknown> => check.constantFrom(...values);

function kind(
  name: string,
  definition: AnyColumnDefinition,
  rest: { values: fc.Arbitrary<unknown>; type: string },
): Kind {
  const column = definition as Kind["column"];
  const { extension } = column.settings.type;
  return { name, column, ...rest, ...(extension === undefined ? {} : { extension }) };
}

/** Every kind there is. */
export const KINDS: readonly Kind[] = [
  kind("smallint", column.smallint(), { values: of("int2"), type: "smallint" }),
  kind("integer", column.integer(), { values: of("int4"), type: "integer" }),
  kind("bigint", column.bigint(), { values: of("int8"), type: "bigint" }),
  kind("bigintNumber", column.bigint({ mode: "number" }), {
    values: check.maxSafeInteger(),
    type: "bigint",
  }),
  kind("bigintString", column.bigint({ mode: "string" }), {
    values: of("int8").map(String),
    type: "bigint",
  }),
  kind("real", column.real(), { values: of("float4"), type: "real" }),
  kind("double", column.double(), { values: of("float8"), type: "double precision" }),
  kind("numeric", column.numeric(), { values: of("numeric"), type: "numeric" }),
  kind("numericScaled", column.numeric(12, 2), { values: one("-1.20", "0.00"), type: "numeric(12,2)" }),
  kind("numericNumber", column.numeric({ mode: "number" }), { values: one(1.5, -2), type: "numeric" }),
  kind("money", column.money(), { values: of("money"), type: "money" }),
  kind("oid", column.oid(), { values: of("oid"), type: "oid" }),
  kind("xid8", column.xid8(), { values: of("xid8"), type: "xid8" }),
  kind("text", column.text(), { values: of("text"), type: "text" }),
  kind("varchar", column.varchar(), { values: of("varchar"), type: "character varying" }),
  kind("varcharLimited", column.varchar(5), { values: one("äöü€🏊", "'"), type: "character varying(5)" }),
  kind("char", column.char(3), { values: one("abc", "a  "), type: "character(3)" }),
  kind("citext", column.citext(), { values: of("citext"), type: "citext" }),
  kind("boolean", column.boolean(), { values: of("bool"), type: "boolean" }),
  kind("uuid", column.uuid(), { values: of("uuid"), type: "uuid" }),
  kind("json", column.json(), { values: of("json"), type: "json" }),
  kind("jsonb", column.jsonb(), { values: of("jsonb"), type: "jsonb" }),
  kind("jsonpath", column.jsonpath(), { values: of("jsonpath"), type: "jsonpath" }),
  kind("xml", column.xml(), { values: of("xml"), type: "xml" }),
  kind("bytea", column.bytea(), { values: of("bytea"), type: "bytea" }),
  kind("bit", column.bit(8), { values: of("bit(8)"), type: "bit(8)" }),
  kind("varbit", column.varbit(), { values: of("bit varying"), type: "bit varying" }),
  kind("varbitLimited", column.varbit(4), { values: one("", "0101"), type: "bit varying(4)" }),
  kind("tsvector", column.tsvector(), { values: of("tsvector"), type: "tsvector" }),
  kind("tsquery", column.tsquery(), { values: of("tsquery"), type: "tsquery" }),
  kind("ltree", column.ltree(), { values: of("ltree"), type: "ltree" }),
  kind("lquery", column.lquery(), { values: of("lquery"), type: "lquery" }),
  kind("ltxtquery", column.ltxtquery(), { values: of("ltxtquery"), type: "ltxtquery" }),
  kind("hstore", column.hstore(), { values: of("hstore"), type: "hstore" }),
  kind("inet", column.inet(), { values: of("inet"), type: "inet" }),
  kind("cidr", column.cidr(), { values: of("cidr"), type: "cidr" }),
  kind("macaddr", column.macaddr(), { values: of("macaddr"), type: "macaddr" }),
  kind("macaddr8", column.macaddr8(), { values: of("macaddr8"), type: "macaddr8" }),
  kind("pgLsn", column.pgLsn(), { values: of("pg_lsn"), type: "pg_lsn" }),
  kind("date", column.date(), { values: of("date"), type: "date" }),
  kind("time", column.time(), { values: of("time"), type: "time without time zone" }),
  kind("timeRounded", column.time({ precision: 0 }), {
    values: one(Temporal.PlainTime.from("23:59:59")),
    type: "time(0) without time zone",
  }),
  kind("timetz", column.timetz(), { values: of("timetz"), type: "time with time zone" }),
  kind("timetzRounded", column.timetz({ precision: 3 }), {
    values: one("12:00:00.123+02"),
    type: "time(3) with time zone",
  }),
  kind("timestamp", column.timestamp(), { values: of("timestamp"), type: "timestamp without time zone" }),
  kind("timestampRounded", column.timestamp({ precision: 3 }), {
    values: one(local("1969-12-31T23:59:59.123")),
    type: "timestamp(3) without time zone",
  }),
  kind("timestamptz", column.timestamptz(), { values: of("timestamptz"), type: "timestamp with time zone" }),
  kind("timestamptzRounded", column.timestamptz({ precision: 6 }), {
    values: one(instant("2026-11-22T10:00:00.123456Z")),
    type: "timestamp(6) with time zone",
  }),
  kind("interval", column.interval(), { values: of("interval"), type: "interval" }),
  kind("intervalRounded", column.interval({ precision: 3 }), {
    values: one(Temporal.Duration.from({ years: 1, months: 2, days: 3, hours: 4 })),
    type: "interval(3)",
  }),
  kind("point", column.point(), { values: of("point"), type: "point" }),
  kind("line", column.line(), { values: of("line"), type: "line" }),
  kind("lseg", column.lseg(), { values: of("lseg"), type: "lseg" }),
  kind("box", column.box(), { values: of("box"), type: "box" }),
  kind("path", column.path(), { values: of("path"), type: "path" }),
  kind("polygon", column.polygon(), { values: of("polygon"), type: "polygon" }),
  kind("circle", column.circle(), { values: of("circle"), type: "circle" }),
  kind("vector", column.vector(2), { values: one([1.5, -2]), type: "vector(2)" }),
  kind("halfvec", column.halfvec(2), { values: one([0.5, 4]), type: "halfvec(2)" }),
  kind("sparsevec", column.sparsevec(100), { values: of("sparsevec"), type: "sparsevec(100)" }),
  kind("geometry", column.geometry(), { values: of("geometry"), type: "geometry" }),
  kind("geometryPoint", column.geometry({ type: "Point", srid: 4326 }), {
    values: of("geography"),
    type: "geometry(Point,4326)",
  }),
  kind("geography", column.geography(), { values: of("geography"), type: "geography" }),
  kind("int4range", column.int4range(), { values: of("int4range"), type: "int4range" }),
  kind("int8range", column.int8range(), { values: of("int8range"), type: "int8range" }),
  kind("numrange", column.numrange(), { values: of("numrange"), type: "numrange" }),
  kind("daterange", column.daterange(), { values: of("daterange"), type: "daterange" }),
  kind("tsrange", column.tsrange(), { values: of("tsrange"), type: "tsrange" }),
  kind("tstzrange", column.tstzrange(), { values: of("tstzrange"), type: "tstzrange" }),
  kind("int4multirange", column.int4multirange(), { values: of("int4multirange"), type: "int4multirange" }),
  kind("int8multirange", column.int8multirange(), {
    values: one([new Range(1n, 3n), new Range(2n ** 60n, null)], []),
    type: "int8multirange",
  }),
  kind("nummultirange", column.nummultirange(), {
    values: one([new Range("1.5", "2.50", { bounds: "[]" })]),
    type: "nummultirange",
  }),
  kind("datemultirange", column.datemultirange(), {
    values: one([new Range(day("2026-01-01"), day("2026-02-01"))]),
    type: "datemultirange",
  }),
  kind("tsmultirange", column.tsmultirange(), {
    values: one([new Range(local("2026-01-01T00:00"), local("2026-01-02T00:00"))]),
    type: "tsmultirange",
  }),
  kind("tstzmultirange", column.tstzmultirange(), {
    values: one([new Range(instant("2026-01-01T00:00Z"), instant("2026-01-02T00:00Z"))]),
    type: "tstzmultirange",
  }),
  kind("enum", column.enum("mood", ["sad", 'it\'s \\ "ok"']), {
    values: one("sad", 'it\'s \\ "ok"'),
    type: "mood",
  }),
  kind("composite", column.composite("address", { street: column.text(), zipCode: column.bigint() }), {
    values: one({ street: "'\"),(", zipCode: 7n }, { street: "", zipCode: -1n }),
    type: "address",
  }),
  kind(
    "nested",
    column.composite("house", {
      at: column.composite("address", { street: column.text(), zipCode: column.bigint() }),
      moods: column.enum("mood", ["sad", 'it\'s \\ "ok"']).array(),
    }),
    {
      values: one({ at: { street: "x", zipCode: 1n }, moods: ["sad", 'it\'s \\ "ok"'] }),
      type: "house",
    },
  ),
  kind("domain", column.domain("amount", column.numeric(12, 2)), { values: one("1.50"), type: "amount" }),
  kind("custom", column.custom("regtype"), { values: of("regtype"), type: "regtype" }),
];
