/**
 * The messages a client sends, as bytes. Pure: a message is appended to a writer, nothing is sent.
 * Source: https://www.postgresql.org/docs/18/protocol-message-formats.html
 *
 * @module
 */
import type { ByteWriter } from "../byte_writer.ts";

/** Protocol version 3.0, which every supported server speaks. */
const PROTOCOL_VERSION = 0x0003_0000;

/** Appends StartupMessage. Names and values have been checked for NUL. */
export function writeStartup(writer: ByteWriter, parameters: Iterable<readonly [string, string]>): void {
  const start = writer.length;
  writer.i32(0);
  writer.i32(PROTOCOL_VERSION);
  for (const [name, value] of parameters) {
    writer.cstring(name);
    writer.cstring(value);
  }
  writer.u8(0);
  writer.setI32(start, writer.length - start);
}

/** Begins a message of `type`; returns where its length goes, for {@link end}. */
function begin(writer: ByteWriter, type: number): number {
  writer.u8(type);
  const start = writer.length;
  writer.i32(0);
  return start;
}

/** Ends the message begun at `start`. */
function end(writer: ByteWriter, start: number): void {
  writer.setI32(start, writer.length - start);
}

/** Appends Query: the simple protocol, the only one of replication connections. The text was checked for NUL. */
export function writeQuery(writer: ByteWriter, text: string): void {
  const start = begin(writer, 0x51);
  writer.cstring(text);
  end(writer, start);
}

/** Appends Parse; an OID of 0 leaves a parameter's type to the server. */
export function writeParse(writer: ByteWriter, name: string, text: string, oids: readonly number[]): void {
  const start = begin(writer, 0x50);
  writer.cstring(name);
  writer.cstring(text);
  writer.i16(oids.length);
  for (let index = 0; index < oids.length; index++) writer.i32(oids[index]);
  end(writer, start);
}

/** Appends Describe of a prepared statement (`"S"`) or a portal (`"P"`). */
export function writeDescribe(writer: ByteWriter, kind: "S" | "P", name: string): void {
  const start = begin(writer, 0x44);
  writer.u8(kind.charCodeAt(0));
  writer.cstring(name);
  end(writer, start);
}

/** Appends Close of a prepared statement (`"S"`) or a portal (`"P"`). */
export function writeClose(writer: ByteWriter, kind: "S" | "P", name: string): void {
  const start = begin(writer, 0x43);
  writer.u8(kind.charCodeAt(0));
  writer.cstring(name);
  end(writer, start);
}

/** Begins Bind: everything before the parameter values. Returns where its length goes, for {@link endBind}. */
export function beginBind(
  writer: ByteWriter,
  portal: string,
  statement: string,
  parameterFormats: readonly number[],
): number {
  const start = begin(writer, 0x42);
  writer.cstring(portal);
  writer.cstring(statement);
  const count = parameterFormats.length;
  writer.i16(count);
  for (let index = 0; index < count; index++) writer.i16(parameterFormats[index]);
  writer.i16(count);
  return start;
}

/** Ends Bind with the formats wanted for the result's columns. Returns the message's length. */
export function endBind(writer: ByteWriter, start: number, resultFormats: readonly number[]): number {
  const count = resultFormats.length;
  writer.i16(count);
  for (let index = 0; index < count; index++) writer.i16(resultFormats[index]);
  end(writer, start);
  return writer.length - start;
}

/** Appends Execute of a portal; `limit` rows at most, 0 for all. */
export function writeExecute(writer: ByteWriter, portal: string, limit: number): void {
  if (portal === "") {
    writer.reserve(10);
    writer.u8(0x45);
    writer.i32(9);
    writer.u8(0);
    writer.i32(limit);
    return;
  }
  const start = begin(writer, 0x45);
  writer.cstring(portal);
  writer.i32(limit);
  end(writer, start);
}

/** Appends Sync. */
export function writeSync(writer: ByteWriter): void {
  writer.reserve(5);
  writer.u8(0x53);
  writer.i32(4);
}

/** Appends Flush. */
export function writeFlush(writer: ByteWriter): void {
  writer.u8(0x48);
  writer.i32(4);
}

/** Appends Terminate. */
export function writeTerminate(writer: ByteWriter): void {
  writer.u8(0x58);
  writer.i32(4);
}

/** Appends the head of CopyData for a body of `size` bytes that follows. */
export function writeCopyDataHead(writer: ByteWriter, size: number): void {
  writer.u8(0x64);
  writer.i32(size + 4);
}

/** Appends CopyDone. */
export function writeCopyDone(writer: ByteWriter): void {
  writer.u8(0x63);
  writer.i32(4);
}

/** Appends CopyFail with the reason the server shall report. */
export function writeCopyFail(writer: ByteWriter, reason: string): void {
  const start = begin(writer, 0x66);
  writer.cstring(reason.replaceAll("\0", ""));
  end(writer, start);
}
