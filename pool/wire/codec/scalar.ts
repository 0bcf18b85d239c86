/** Which codec each scalar type has, by the type's name: built-in types and those of well-known extensions. @module */
import { BitCodec } from "./bit.ts";
import { BooleanCodec } from "./boolean.ts";
import { ByteaCodec } from "./bytea.ts";
import type { Codec, CodecOptions } from "./codec.ts";
import { DateDateCodec, DateStringCodec, DateTemporalCodec } from "./date.ts";
import { Float4Codec, Float8Codec } from "./float.ts";
import {
  BOX,
  CIRCLE,
  FixedShapeCodec,
  LINE,
  LINE_SEGMENT,
  PathCodec,
  POINT,
  PolygonCodec,
} from "./geometric.ts";
import { GeometryCodec } from "./geometry.ts";
import { HstoreCodec } from "./hstore.ts";
import { Int2Codec, Int4Codec, UnsignedInt4Codec } from "./integer.ts";
import { Int8BigintCodec, Int8NumberCodec, Int8StringCodec, Xid8Codec } from "./int8.ts";
import { IntervalStringCodec, IntervalTemporalCodec } from "./interval.ts";
import { JsonbCodec, JsonCodec } from "./json.ts";
import { InetCodec, MacCodec } from "./network.ts";
import { NumericNumberCodec, NumericStringCodec } from "./numeric.ts";
import { LsnCodec, NumberVectorCodec, TidCodec } from "./system.ts";
import { CharCodec, TextCodec, VersionedTextCodec, VoidCodec } from "./text.ts";
import { TimeStringCodec, TimeTemporalCodec, TimetzCodec } from "./time.ts";
import { InstantCodec, MomentDateCodec, MomentStringCodec, PlainDateTimeCodec } from "./timestamp.ts";
import { UuidCodec } from "./uuid.ts";
import { HalfVectorCodec, SparseVectorCodec, VectorCodec } from "./vector.ts";

type Factory = (type: string, oid: number, options: Required<CodecOptions>) => Codec;

const textual: Factory = (type, oid) => new TextCodec(type, oid, true);
const versioned: Factory = (type, oid) => new VersionedTextCodec(type, oid);
const unsigned: Factory = (type, oid) => new UnsignedInt4Codec(type, oid);

/** The types PostgreSQL itself brings; what is not here has text as its only form. */
const BUILTIN: Readonly<Record<string, Factory>> = {
  bool: (type, oid) => new BooleanCodec(type, oid),
  bytea: (type, oid) => new ByteaCodec(type, oid),
  char: (type, oid) => new CharCodec(type, oid),
  int2: (type, oid) => new Int2Codec(type, oid),
  int4: (type, oid) => new Int4Codec(type, oid),
  oid: unsigned,
  xid: unsigned,
  cid: unsigned,
  xid8: (type, oid) => new Xid8Codec(type, oid),
  int8: (type, oid, { int8 }) => {
    if (int8 === "bigint") return new Int8BigintCodec(type, oid);
    return int8 === "number" ? new Int8NumberCodec(type, oid) : new Int8StringCodec(type, oid);
  },
  numeric: (type, oid, { numeric }) =>
    numeric === "string" ? new NumericStringCodec(type, oid) : new NumericNumberCodec(type, oid),
  float4: (type, oid) => new Float4Codec(type, oid),
  float8: (type, oid) => new Float8Codec(type, oid),
  text: textual,
  varchar: textual,
  bpchar: textual,
  name: textual,
  unknown: textual,
  cstring: textual,
  refcursor: textual,
  json: (type, oid) => new JsonCodec(type, oid),
  jsonb: (type, oid) => new JsonbCodec(type, oid),
  jsonpath: versioned,
  uuid: (type, oid) => new UuidCodec(type, oid),
  void: (type, oid) => new VoidCodec(type, oid),
  date: (type, oid, { dates }) => {
    if (dates === "Temporal") return new DateTemporalCodec(type, oid);
    return dates === "Date" ? new DateDateCodec(type, oid) : new DateStringCodec(type, oid);
  },
  time: (type, oid, { dates }) =>
    dates === "Temporal" ? new TimeTemporalCodec(type, oid) : new TimeStringCodec(type, oid),
  timetz: (type, oid) => new TimetzCodec(type, oid),
  timestamp: (type, oid, { dates }) => {
    if (dates === "Temporal") return new PlainDateTimeCodec(type, oid, false);
    return dates === "Date" ? new MomentDateCodec(type, oid, false) : new MomentStringCodec(type, oid, false);
  },
  timestamptz: (type, oid, { dates }) => {
    if (dates === "Temporal") return new InstantCodec(type, oid, true);
    return dates === "Date" ? new MomentDateCodec(type, oid, true) : new MomentStringCodec(type, oid, true);
  },
  interval: (type, oid, { dates }) =>
    dates === "Temporal" ? new IntervalTemporalCodec(type, oid) : new IntervalStringCodec(type, oid),
  bit: (type, oid) => new BitCodec(type, oid),
  varbit: (type, oid) => new BitCodec(type, oid),
  inet: (type, oid) => new InetCodec(type, oid, false),
  cidr: (type, oid) => new InetCodec(type, oid, true),
  macaddr: (type, oid) => new MacCodec(type, oid, 6),
  macaddr8: (type, oid) => new MacCodec(type, oid, 8),
  point: (type, oid) => new FixedShapeCodec(type, oid, POINT),
  line: (type, oid) => new FixedShapeCodec(type, oid, LINE),
  lseg: (type, oid) => new FixedShapeCodec(type, oid, LINE_SEGMENT),
  box: (type, oid) => new FixedShapeCodec(type, oid, BOX),
  circle: (type, oid) => new FixedShapeCodec(type, oid, CIRCLE),
  path: (type, oid) => new PathCodec(type, oid),
  polygon: (type, oid) => new PolygonCodec(type, oid),
  tid: (type, oid) => new TidCodec(type, oid),
  pg_lsn: (type, oid) => new LsnCodec(type, oid),
  int2vector: (type, oid) => new NumberVectorCodec(type, oid, new Int2Codec("int2", 21)),
  oidvector: (type, oid) => new NumberVectorCodec(type, oid, new UnsignedInt4Codec("oid", 26)),
};

/** The base types of well-known extensions, whose OIDs differ from database to database. */
const EXTENSION: Readonly<Record<string, Factory>> = {
  citext: textual,
  ltree: versioned,
  lquery: versioned,
  ltxtquery: versioned,
  hstore: (type, oid) => new HstoreCodec(type, oid),
  vector: (type, oid) => new VectorCodec(type, oid),
  halfvec: (type, oid) => new HalfVectorCodec(type, oid),
  sparsevec: (type, oid) => new SparseVectorCodec(type, oid),
  geometry: (type, oid) => new GeometryCodec(type, oid),
  geography: (type, oid) => new GeometryCodec(type, oid),
};

/** Whether a type PostgreSQL brings is read in the binary form; the others have text as their only form. */
export function isReadInBinary(type: string): boolean {
  return Object.hasOwn(BUILTIN, type);
}

/** The codec of a built-in scalar type; text where nothing better is known. */
export function builtinCodec(type: string, oid: number, options: Required<CodecOptions>): Codec {
  return Object.hasOwn(BUILTIN, type) ? BUILTIN[type](type, oid, options) : new TextCodec(type, oid, false);
}

/** The codec of an extension's base type; text where nothing better is known. */
export function extensionCodec(type: string, oid: number, options: Required<CodecOptions>): Codec {
  return Object.hasOwn(EXTENSION, type)
    ? EXTENSION[type](type, oid, options)
    : new TextCodec(type, oid, false);
}
