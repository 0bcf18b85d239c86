/**
 * What a codec is: the two-way map between a PostgreSQL type's wire formats and a JavaScript value. Codecs do no
 * I/O and know nothing of sessions.
 *
 * @module
 */
import type { ByteSource } from "../byte_source.ts";
import type { ByteWriter } from "../byte_writer.ts";

/** A wire format code of the protocol. */
export const TEXT_FORMAT = 0;
/** A wire format code of the protocol. */
export const BINARY_FORMAT = 1;
/** How a value is laid out on the wire: {@link TEXT_FORMAT} or {@link BINARY_FORMAT}. */
export type WireFormat = typeof TEXT_FORMAT | typeof BINARY_FORMAT;

/**
 * A codec for one PostgreSQL type. `null` never reaches it. A value it cannot take is a `ValidationError`
 * thrown by `encode`/`encodeText`; bytes it cannot represent are a `DecodeError` (or, when they are malformed, any
 * error: the session turns it into a `DecodeError` that names the column).
 */
export interface Codec<Value = unknown> {
  /** The type's name as in `pg_type.typname`, for example `"int4"` or `"_int4"`. */
  readonly type: string;
  /** The type's OID in this database. */
  readonly oid: number;
  /** Whether the type has a binary form that this codec reads and writes; otherwise text is used both ways. */
  readonly binary: boolean;
  /** Whether a value may itself be a JavaScript array, so that nesting does not tell an array's dimensions. */
  readonly arrayValues?: boolean;
  /** Appends the value's binary form, without its length. Throws ValidationError and may leave partial bytes. */
  encode(value: Value, writer: ByteWriter): void;
  /** Reads the binary form at `offset`; `length` bytes lie inside the message. */
  decode(source: ByteSource, offset: number, length: number): Value;
  /** The value's text form, as PostgreSQL's input function takes it. */
  encodeText(value: Value): string;
  /** Reads the text form, as PostgreSQL's output function writes it. */
  decodeText(text: string): Value;
}

/** How `int8` values appear. A value that does not fit `number` exactly is a `DecodeError`. */
export const INT8_MODES = ["bigint", "number", "string"] as const;
/** How `numeric` values appear. A value that does not fit `number` exactly is a `DecodeError`. */
export const NUMERIC_MODES = ["string", "number"] as const;
/** How dates and times appear. */
export const DATE_MODES = ["Temporal", "Date", "string"] as const;

/** Which JavaScript types stand for PostgreSQL types that have several candidates. */
export interface CodecOptions {
  /** `int8` (bigint). Default `"bigint"`. */
  readonly int8?: typeof INT8_MODES[number];
  /** `numeric`. Default `"string"`. */
  readonly numeric?: typeof NUMERIC_MODES[number];
  /** `date`, `time`, `timetz`, `timestamp`, `timestamptz`, `interval`. Default `"Temporal"`. */
  readonly dates?: typeof DATE_MODES[number];
}
