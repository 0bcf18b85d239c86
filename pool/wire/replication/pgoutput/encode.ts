/**
 * From the messages of pgoutput to bytes, as a server writes them: for tests, and for whatever stands in for a server.
 *
 * @module
 */
import type { ByteWriter } from "../../byte_writer.ts";
import {
  PGOUTPUT,
  type PgOutputMessage,
  SKIPPED,
  TRUNCATE_FLAG,
  TUPLE,
  type Tuple,
  TUPLE_VALUE,
  UNCHANGED,
} from "./message.ts";

/** Appends one message. What has an `xid` is written as in a piece of a transaction that has not ended. */
export function encodePgOutput(writer: ByteWriter, message: PgOutputMessage): void {
  writer.u8(PGOUTPUT[message.kind]);
  if ("xid" in message && message.xid !== undefined && !OWN_XID.has(message.kind)) writer.i32(message.xid);
  switch (message.kind) {
    case "begin":
      writer.i64(message.finalLsn);
      writer.i64(message.time);
      return writer.i32(message.xid);
    case "commit":
      writer.u8(message.flags);
      writer.i64(message.lsn);
      writer.i64(message.endLsn);
      return writer.i64(message.time);
    case "origin":
      writer.i64(message.lsn);
      return writer.cstring(message.name);
    case "relation":
      writer.i32(message.relation);
      writer.cstring(message.schema);
      writer.cstring(message.name);
      writer.u8(message.replicaIdentity.charCodeAt(0));
      writer.i16(message.columns.length);
      for (const column of message.columns) {
        writer.u8(column.isKey ? 1 : 0);
        writer.cstring(column.name);
        writer.i32(column.type);
        writer.i32(column.modifier);
      }
      return;
    case "type":
      writer.i32(message.type);
      writer.cstring(message.schema);
      return writer.cstring(message.name);
    case "insert":
      writer.i32(message.relation);
      return writeTuple(writer, TUPLE.new, message.new);
    case "update":
    case "delete":
      writer.i32(message.relation);
      if (message.old !== undefined) {
        writeTuple(writer, message.old.of === "K" ? TUPLE.key : TUPLE.old, message.old.tuple);
      }
      if (message.kind === "update") writeTuple(writer, TUPLE.new, message.new);
      return;
    case "truncate":
      writer.i32(message.relations.length);
      writer.u8(
        (message.cascade ? TRUNCATE_FLAG.cascade : 0) |
          (message.restartIdentity ? TRUNCATE_FLAG.restartIdentity : 0),
      );
      for (const relation of message.relations) writer.i32(relation);
      return;
    case "message":
      writer.u8(message.transactional ? 1 : 0);
      writer.i64(message.lsn);
      writer.cstring(message.prefix);
      writer.i32(message.content.length);
      return writer.raw(message.content);
    case "stream start":
      writer.i32(message.xid);
      return writer.u8(message.isFirst ? 1 : 0);
    case "stream stop":
      return;
    case "stream commit":
      writer.i32(message.xid);
      writer.u8(message.flags);
      writer.i64(message.lsn);
      writer.i64(message.endLsn);
      return writer.i64(message.time);
    case "stream abort":
      writer.i32(message.xid);
      return writer.i32(message.subxid);
    default:
      message satisfies never;
  }
}

/** The messages whose `xid` is a field of their own and stands elsewhere. */
const OWN_XID: ReadonlySet<PgOutputMessage["kind"]> = new Set([
  "begin",
  "stream start",
  "stream commit",
  "stream abort",
]);

function writeTuple(writer: ByteWriter, marker: number, tuple: Tuple): void {
  writer.u8(marker);
  writer.i16(tuple.length);
  for (const value of tuple) {
    if (value === null || value === SKIPPED) writer.u8(TUPLE_VALUE.null);
    else if (value === UNCHANGED) writer.u8(TUPLE_VALUE.unchanged);
    else {
      writer.u8(typeof value === "string" ? TUPLE_VALUE.text : TUPLE_VALUE.binary);
      const start = writer.length;
      writer.i32(0);
      if (typeof value === "string") writer.utf8(value);
      else writer.raw(value);
      writer.setI32(start, writer.length - start - 4);
    }
  }
}
