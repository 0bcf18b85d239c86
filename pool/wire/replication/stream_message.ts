/**
 * What travels inside of CopyData while a server replicates: WAL data and keepalives to us, our status to it.
 * Source: https://www.postgresql.org/docs/18/protocol-replication.html#PROTOCOL-REPLICATION-START-REPLICATION
 *
 * @module
 */
import type { ByteSource } from "../byte_source.ts";
import type { ByteWriter } from "../byte_writer.ts";
import { ProtocolError } from "../errors.ts";
import { Body } from "../message/body.ts";
import { writeCopyDataHead } from "../message/frontend.ts";

/** The type byte of XLogData. */
export const XLOG_DATA = 0x77;
/** The type byte of a primary's keepalive. */
export const KEEPALIVE = 0x6b;
/** The type byte of a standby's status. */
export const STANDBY_STATUS = 0x72;

/** The bytes before the data of XLogData: the type, two positions, a time. */
export const XLOG_HEAD = 25;

/** The bytes of a standby's status. */
const STATUS_SIZE = 34;

/** Milliseconds from 1970 to 2000, where PostgreSQL's times begin. */
const EPOCH = 946_684_800_000;

/** A primary's keepalive. */
export interface Keepalive {
  /** How far the server has got in the WAL; what it had to send before that was sent. */
  readonly walEnd: bigint;
  /** Whether it wants our status at once. */
  readonly wantsReply: boolean;
}

/**
 * Where the data of XLogData begins, and where it is in the WAL: 0 for what belongs to a transaction's middle.
 *
 * @throws {ProtocolError} When it is too short.
 */
export function readWalStart(source: ByteSource, offset: number, end: number): bigint {
  if (end - offset < XLOG_HEAD) throw new ProtocolError("XLogData", "it ends too early");
  return BigInt.asUintN(64, source.i64(offset + 1));
}

/** Reads a keepalive. */
export function readKeepalive(source: ByteSource, offset: number, end: number): Keepalive {
  const body = new Body("the keepalive", source, offset + 1, end);
  const walEnd = body.u64();
  body.skip(8);
  const wantsReply = body.u8() === 1;
  body.finish();
  return { walEnd, wantsReply };
}

/** How far we are: what was received, what will survive our end, what was applied. */
export interface StandbyStatus {
  readonly written: bigint;
  /** What a slot need not keep any more. */
  readonly flushed: bigint;
  readonly applied: bigint;
  /** Whether the server is to answer at once. */
  readonly wantsReply: boolean;
}

/** Appends our status, as a whole CopyData. */
export function writeStandbyStatus(writer: ByteWriter, status: StandbyStatus): void {
  writeCopyDataHead(writer, STATUS_SIZE);
  writer.u8(STANDBY_STATUS);
  writer.i64(status.written);
  writer.i64(status.flushed);
  writer.i64(status.applied);
  // The server only shows it, so the wall clock will do.
  writer.i64(BigInt(Math.round(performance.timeOrigin + performance.now() - EPOCH)) * 1000n);
  writer.u8(status.wantsReply ? 1 : 0);
}
