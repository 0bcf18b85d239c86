/**
 * Readers of DataRow, compiled once for the columns of a statement: a function that makes the row's object in one
 * literal, so that all rows of a statement share one hidden class, and that touches each byte once.
 *
 * Where code may not be generated from strings, an interpreting reader does the same.
 *
 * @module
 */
import type { ByteSource } from "../byte_source.ts";
import { BooleanCodec } from "../codec/boolean.ts";
import { BINARY_FORMAT, type Codec, type WireFormat } from "../codec/codec.ts";
import { Int2Codec, Int4Codec } from "../codec/integer.ts";
import { DecodeError, LifeguardError, ProtocolError } from "../errors.ts";
import type { Field } from "../message/backend.ts";

/** Reads one DataRow whose body lies in `source` from `offset` to `end`. */
export type RowReader = (source: ByteSource, offset: number, end: number) => Record<string, unknown>;

/** One column as a reader needs it. */
export interface ReaderColumn {
  /** The column as the server described it. */
  readonly field: Field;
  /** What reads its values. */
  readonly codec: Codec;
  /** The format the server was asked for. */
  readonly format: WireFormat;
}

/** A row whose lengths do not add up. */
function malformed(): ProtocolError {
  return new ProtocolError("DataRow", "its columns do not fill it exactly");
}

/** Reads a row column by column; the compiled reader's equal, and the one that finds out which column failed. */
function interpret(
  columns: readonly ReaderColumn[],
  source: ByteSource,
  offset: number,
  end: number,
): Record<string, unknown> {
  const row: Record<string, unknown> = {};
  let at = offset;
  if (end - at < 2 || source.i16(at) !== columns.length) throw malformed();
  at += 2;
  for (const { field, codec, format } of columns) {
    if (end - at < 4) throw malformed();
    const length = source.i32(at);
    at += 4;
    if (length < -1 || length > end - at) throw malformed();
    let value: unknown = null;
    if (length >= 0) {
      try {
        value = format === BINARY_FORMAT
          ? codec.decode(source, at, length)
          : codec.decodeText(source.utf8(at, length));
      } catch (error) {
        throw columnError(error, field.name, codec.type);
      }
      at += length;
    }
    if (field.name === "__proto__") {
      Object.defineProperty(row, field.name, { value, enumerable: true, writable: true, configurable: true });
    } else row[field.name] = value;
  }
  if (at !== end) throw malformed();
  return row;
}

/** The error of a column, with its name. */
function columnError(error: unknown, column: string, type: string): DecodeError {
  if (error instanceof DecodeError) {
    const prefix = `Cannot decode a value of type ${error.type}: `;
    const problem = error.message.startsWith(prefix) ? error.message.slice(prefix.length) : error.message;
    return new DecodeError(error.type, problem, column, { cause: error });
  }
  if (error instanceof LifeguardError) throw error;
  return new DecodeError(type, "the server's bytes are malformed", column, { cause: error });
}

/**
 * Codecs whose binary form is read in place rather than by a call: its length and the expression. They are known by
 * their class, since a user may bring another codec for the same type.
 */
const INLINE: ReadonlyMap<unknown, readonly [length: number, expression: string]> = new Map([
  [BooleanCodec as unknown, [1, "b[o] !== 0"]],
  [Int2Codec, [2, "(b[o] << 24 | b[o + 1] << 16) >> 16"]],
  [Int4Codec, [4, "b[o] << 24 | b[o + 1] << 16 | b[o + 2] << 8 | b[o + 3]"]],
]);

/**
 * Compiles the reader for columns.
 *
 * @param columns The columns in order; names are unique.
 * @returns A function that throws `DecodeError` with the column's name, or `ProtocolError` for a malformed row.
 */
export function compileRowReader(columns: readonly ReaderColumn[]): RowReader {
  const slow: RowReader = (source, offset, end) => interpret(columns, source, offset, end);
  let fast: RowReader;
  try {
    fast = generate(columns);
  } catch (error) {
    if (error instanceof EvalError) return slow;
    throw error;
  }
  return (source, offset, end) => {
    try {
      return fast(source, offset, end);
    } catch {
      // Whatever it was, the interpreter meets it again and names the column.
      return slow(source, offset, end);
    }
  };
}

/** Writes and evaluates the reader's source. Only numbers and JSON-quoted names enter it. */
function generate(columns: readonly ReaderColumn[]): RowReader {
  const lines = [
    "const b = s.bytes;",
    `if (e - o < 2 || (b[o] << 8 | b[o + 1]) !== ${columns.length}) throw bad;`,
    "o += 2; let n;",
  ];
  columns.forEach(({ codec, format }, index) => {
    lines.push(
      "if (e - o < 4) throw bad;",
      "n = b[o] << 24 | b[o + 1] << 16 | b[o + 2] << 8 | b[o + 3]; o += 4;",
      `let v${index} = null;`,
      "if (n >= 0) { if (n > e - o) throw bad;",
    );
    const inline = format === BINARY_FORMAT ? INLINE.get(codec.constructor) : undefined;
    if (inline) lines.push(`if (n !== ${inline[0]}) throw bad; v${index} = ${inline[1]};`);
    else if (format === BINARY_FORMAT) lines.push(`v${index} = c${index}.decode(s, o, n);`);
    else lines.push(`v${index} = c${index}.decodeText(s.utf8(o, n));`);
    lines.push("o += n; } else if (n !== -1) throw bad;");
  });
  lines.push("if (o !== e) throw bad;");
  const properties = columns.map(({ field }, index) => {
    const name = JSON.stringify(field.name);
    return `${field.name === "__proto__" ? `[${name}]` : name}: v${index}`;
  });
  lines.push(`return { ${properties.join(", ")} };`);
  const parameters = columns.map((_, index) => `c${index}`);
  const make = new Function(
    "bad",
    ...parameters,
    `return function readRow(s, o, e) { ${lines.join("\n")} };`,
  );
  return make(malformed(), ...columns.map((column) => column.codec)) as RowReader;
}
