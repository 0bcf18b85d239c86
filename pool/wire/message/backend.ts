/**
 * The bodies of the messages a server sends, as values. Pure; every count and length is checked against the end of
 * the message, and a body that does not add up is a `ProtocolError` that names the message.
 * Source: https://www.postgresql.org/docs/18/protocol-message-formats.html
 *
 * @module
 */
import { Body } from "./body.ts";
import type { ByteSource } from "../byte_source.ts";

/** One column of a result, from RowDescription. */
export interface Field {
  /** The column's name. */
  readonly name: string;
  /** The table's OID, or 0. */
  readonly table: number;
  /** The column's number in that table, or 0. */
  readonly column: number;
  /** The type's OID. */
  readonly type: number;
  /** The type modifier, or -1. */
  readonly modifier: number;
}

/** Tags up to this many bytes, nearly all of them, are read in one step. */
const SHORT_TAG = 32;

/** The fields of ErrorResponse and NoticeResponse by their one-letter codes. */
export type ErrorFields = ReadonlyMap<string, string>;

/** Reads RowDescription. */
export function readRowDescription(source: ByteSource, offset: number, end: number): Field[] {
  const body = new Body("RowDescription", source, offset, end);
  const fields: Field[] = [];
  for (let left = body.count(19); left > 0; left--) {
    const name = body.cstring();
    const table = body.u32();
    const column = body.i16();
    const type = body.u32();
    body.i16();
    const modifier = body.i32();
    body.i16();
    fields.push({ name, table, column, type, modifier });
  }
  body.finish();
  return fields;
}

/**
 * Reads ParameterDescription: the types' OIDs. A text may have more placeholders than the 16 bits of their number can
 * say; the message's length tells how many there are.
 */
export function readParameterDescription(source: ByteSource, offset: number, end: number): number[] {
  const body = new Body("ParameterDescription", source, offset, end);
  const announced = body.i16() & 0xffff;
  const count = (end - offset - 2) / 4;
  if (!Number.isInteger(count) || (count & 0xffff) !== announced) {
    throw body.bad(`it announces ${announced} items in ${end - offset - 2} bytes`);
  }
  const oids: number[] = [];
  for (let left = count; left > 0; left--) oids.push(body.u32());
  body.finish();
  return oids;
}

/** Reads the fields of ErrorResponse or NoticeResponse. */
export function readErrorFields(name: string, source: ByteSource, offset: number, end: number): ErrorFields {
  const body = new Body(name, source, offset, end);
  const fields = new Map<string, string>();
  for (let code = body.u8(); code !== 0; code = body.u8()) {
    fields.set(String.fromCharCode(code), body.cstring());
  }
  body.finish();
  return fields;
}

/** Reads ParameterStatus: a setting's name and value. */
export function readParameterStatus(
  source: ByteSource,
  offset: number,
  end: number,
): readonly [string, string] {
  const body = new Body("ParameterStatus", source, offset, end);
  const status = [body.cstring(), body.cstring()] as const;
  body.finish();
  return status;
}

/** What NOTIFY carried. */
export interface Notification {
  /** The server process that sent it. */
  readonly processId: number;
  /** The channel's name. */
  readonly channel: string;
  /** The payload; empty when none was given. */
  readonly payload: string;
}

/** Reads NotificationResponse. */
export function readNotification(source: ByteSource, offset: number, end: number): Notification {
  const body = new Body("NotificationResponse", source, offset, end);
  const notification = { processId: body.i32(), channel: body.cstring(), payload: body.cstring() };
  body.finish();
  return notification;
}

/** What BackendKeyData carries: what a CancelRequest must show. */
export interface BackendKey {
  /** The server process's id. */
  readonly processId: number;
  /** The secret, 4 to 256 bytes. */
  readonly secretKey: Uint8Array;
}

/** Reads BackendKeyData. */
export function readBackendKey(source: ByteSource, offset: number, end: number): BackendKey {
  const body = new Body("BackendKeyData", source, offset, end);
  const size = end - offset - 4;
  if (size < 4 || size > 256) throw body.bad(`its key has ${size} bytes, 4 to 256 are allowed`);
  return { processId: body.i32(), secretKey: body.rest() };
}

/** Reads the command tag of CommandComplete, for example `"INSERT 0 1"`. */
export function readCommandTag(source: ByteSource, offset: number, end: number): string {
  if (end - offset <= SHORT_TAG && end > offset && source.bytes[end - 1] === 0) {
    const tag = source.utf8(offset, end - 1 - offset);
    if (!tag.includes("\0")) return tag;
  }
  const body = new Body("CommandComplete", source, offset, end);
  const tag = body.cstring();
  body.finish();
  return tag;
}
