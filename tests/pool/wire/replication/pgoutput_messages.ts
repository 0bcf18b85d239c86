/** Messages of pgoutput made at random, and their bytes. */
import { ByteSource } from "../../../../pool/wire/byte_source.ts";
import { ByteWriter } from "../../../../pool/wire/byte_writer.ts";
import { PgOutputDecoder } from "../../../../pool/wire/replication/pgoutput/decode.ts";
import { encodePgOutput } from "../../../../pool/wire/replication/pgoutput/encode.ts";
import {
  type PgOutputMessage,
  REPLICA_IDENTITIES,
  UNCHANGED,
} from "../../../../pool/wire/replication/pgoutput/message.ts";
import { fc } from "../../../fast_check.ts";

/** Plain objects, as the decoder makes them. */
const record = <T>(of: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> =>
  fc.record(of, { noNullPrototype: true }) as fc.Arbitrary<T>;

const u8 = fc.integer({ min: 0, max: 255 });
const oid = fc.integer({ min: 0, max: 0xffff_ffff });
const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const i64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const text = fc.string({ unit: "binary", maxLength: 40 }).filter((value) => value.isWellFormed());
const name = text.map((value) => value.replaceAll("\0", ""));
const bytes = fc.uint8Array({ maxLength: 60 }).map((value) => new Uint8Array(value));
const tuple = fc.array(fc.oneof(text, bytes, fc.constant(null), fc.constant(UNCHANGED)), { maxLength: 8 });
const old = record({ of: fc.constantFrom("K" as const, "O" as const), tuple });

/** Any message that may come where a piece of a transaction is, or is not, being read. */
export function anyMessage(isInPiece: boolean): fc.Arbitrary<PgOutputMessage> {
  const xid = isInPiece ? oid : fc.constant(undefined);
  const kind = <K extends PgOutputMessage["kind"]>(of: K): fc.Arbitrary<K> => fc.constant(of);
  const changes: fc.Arbitrary<PgOutputMessage>[] = [
    record({ kind: kind("origin"), lsn: u64, name }),
    record({
      kind: kind("relation"),
      xid,
      relation: oid,
      schema: name,
      name,
      replicaIdentity: fc.constantFrom(...REPLICA_IDENTITIES),
      columns: fc.array(
        record({ isKey: fc.boolean(), name, type: oid, modifier: fc.integer() }),
        { maxLength: 6 },
      ),
    }),
    record({ kind: kind("type"), xid, type: oid, schema: name, name }),
    record({ kind: kind("insert"), xid, relation: oid, new: tuple }),
    record({
      kind: kind("update"),
      xid,
      relation: oid,
      old: fc.option(old, { nil: undefined }),
      new: tuple,
    }),
    record({ kind: kind("delete"), xid, relation: oid, old }),
    record({
      kind: kind("truncate"),
      xid,
      relations: fc.array(oid, { maxLength: 5 }),
      cascade: fc.boolean(),
      restartIdentity: fc.boolean(),
    }),
    record({
      kind: kind("message"),
      xid,
      transactional: fc.boolean(),
      lsn: u64,
      prefix: name,
      content: bytes,
    }),
  ];
  if (isInPiece) return fc.oneof(...changes, record({ kind: kind("stream stop") }));
  return fc.oneof(
    ...changes,
    record({ kind: kind("begin"), finalLsn: u64, time: i64, xid: oid }),
    record({ kind: kind("commit"), flags: u8, lsn: u64, endLsn: u64, time: i64 }),
    record({ kind: kind("stream start"), xid: oid, isFirst: fc.boolean() }),
    record({ kind: kind("stream commit"), xid: oid, flags: u8, lsn: u64, endLsn: u64, time: i64 }),
    record({ kind: kind("stream abort"), xid: oid, subxid: oid }),
  );
}

/** The bytes of a message. */
export function encoded(message: PgOutputMessage): Uint8Array {
  const writer = new ByteWriter(64);
  encodePgOutput(writer, message);
  return writer.take();
}

/** A decoder in, or not in, a piece of a transaction. */
export function decoderAt(isInPiece: boolean): PgOutputDecoder {
  const decoder = new PgOutputDecoder();
  if (isInPiece) decode(decoder, encoded({ kind: "stream start", xid: 1, isFirst: true }));
  return decoder;
}

/** Decodes bytes that lie in the midst of others, which must not be read. */
export function decode(decoder: PgOutputDecoder, of: Uint8Array): PgOutputMessage {
  const around = new Uint8Array(of.length + 20).fill(0x74);
  around.set(of, 10);
  return decoder.decode(new ByteSource(around), 10, 10 + of.length);
}
