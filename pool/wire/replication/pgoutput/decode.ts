/**
 * From bytes to the messages of pgoutput. Pure but for one bit: whether a piece of a transaction that has not ended is
 * being read, in which every message has a transaction's number more.
 *
 * What does not add up is a `ProtocolError`. Memory is taken only for what the message really has.
 *
 * @module
 */
import type { ByteSource } from "../../byte_source.ts";
import { ProtocolError } from "../../errors.ts";
import { Body } from "../../message/body.ts";
import {
  type OldRow,
  PGOUTPUT,
  type PgOutputMessage,
  type Relation,
  type RelationColumn,
  REPLICA_IDENTITIES,
  SKIPPED,
  TRUNCATE_FLAG,
  TUPLE,
  type Tuple,
  TUPLE_VALUE,
  type TupleValue,
  UNCHANGED,
} from "./message.ts";

/** Which columns of a relation are wanted, by their place; `undefined` for all. */
export type WantedColumns = (relation: number) => readonly boolean[] | undefined;

const KINDS: ReadonlyMap<number, PgOutputMessage["kind"]> = new Map(
  Object.entries(PGOUTPUT).map(([kind, type]) => [type, kind as PgOutputMessage["kind"]]),
);

/** Reads the messages of one stream, in order. */
export class PgOutputDecoder {
  readonly #wanted: WantedColumns | undefined;
  #isInPiece = false;

  /**
   * Creates a decoder for a stream from its beginning.
   *
   * @param wanted The columns to decode; the others come out as {@link SKIPPED}. Default: all.
   */
  constructor(wanted?: WantedColumns) {
    this.#wanted = wanted;
  }

  /** Whether a piece of a transaction that has not ended is being read. */
  get isInPiece(): boolean {
    return this.#isInPiece;
  }

  /**
   * Reads one message.
   *
   * @throws {ProtocolError} When it is malformed, or may not come now.
   */
  decode(source: ByteSource, offset: number, end: number): PgOutputMessage {
    if (offset >= end) throw new ProtocolError("a change", "it is empty");
    const type = source.u8(offset);
    const kind = KINDS.get(type);
    if (kind === undefined) {
      throw new ProtocolError(
        "a change",
        `pgoutput has no message of type 0x${type.toString(16).padStart(2, "0")} in version 2`,
      );
    }
    const body = new Body(`pgoutput's "${kind}"`, source, offset + 1, end);
    const message = this.#read(kind, body);
    body.finish();
    return message;
  }

  #read(kind: PgOutputMessage["kind"], body: Body): PgOutputMessage {
    switch (kind) {
      case "insert": {
        const xid = this.#xid(body);
        const relation = body.u32();
        if (body.u8() !== TUPLE.new) throw body.bad("it has no new row");
        return { kind, xid, relation, new: this.#tuple(body, relation) };
      }
      case "update": {
        const xid = this.#xid(body);
        const relation = body.u32();
        let marker = body.u8();
        let old: OldRow | undefined;
        if (marker !== TUPLE.new) {
          old = this.#oldRow(body, relation, marker);
          marker = body.u8();
        }
        if (marker !== TUPLE.new) throw body.bad("it has no new row");
        return { kind, xid, relation, old, new: this.#tuple(body, relation) };
      }
      case "delete": {
        const xid = this.#xid(body);
        const relation = body.u32();
        return { kind, xid, relation, old: this.#oldRow(body, relation, body.u8()) };
      }
      case "begin":
        this.#mustBeOutside(body);
        return { kind, finalLsn: body.u64(), time: body.i64(), xid: body.u32() };
      case "commit":
        this.#mustBeOutside(body);
        return { kind, flags: body.u8(), lsn: body.u64(), endLsn: body.u64(), time: body.i64() };
      case "origin":
        return { kind, lsn: body.u64(), name: body.cstring() };
      case "relation":
        return this.#relation(body);
      case "type": {
        const xid = this.#xid(body);
        return { kind, xid, type: body.u32(), schema: body.cstring(), name: body.cstring() };
      }
      case "truncate":
        return this.#truncate(body);
      case "message": {
        const xid = this.#xid(body);
        const flags = body.u8();
        const lsn = body.u64();
        const prefix = body.cstring();
        const content = body.copy(body.i32());
        return { kind, xid, transactional: (flags & 1) !== 0, lsn, prefix, content };
      }
      case "stream start": {
        this.#mustBeOutside(body);
        const message = { kind, xid: body.u32(), isFirst: body.u8() === 1 };
        this.#isInPiece = true;
        return message;
      }
      case "stream stop":
        if (!this.#isInPiece) throw body.bad("it came out of order");
        this.#isInPiece = false;
        return { kind };
      case "stream commit":
        this.#mustBeOutside(body);
        return {
          kind,
          xid: body.u32(),
          flags: body.u8(),
          lsn: body.u64(),
          endLsn: body.u64(),
          time: body.i64(),
        };
      case "stream abort":
        this.#mustBeOutside(body);
        return { kind, xid: body.u32(), subxid: body.u32() };
      default:
        kind satisfies never;
        throw new Error(`BUG: ${String(kind)}`);
    }
  }

  #mustBeOutside(body: Body): void {
    if (this.#isInPiece) throw body.bad("it came out of order");
  }

  #xid(body: Body): number | undefined {
    return this.#isInPiece ? body.u32() : undefined;
  }

  #relation(body: Body): Relation {
    const xid = this.#xid(body);
    const relation = body.u32();
    const schema = body.cstring();
    const name = body.cstring();
    const letter = String.fromCharCode(body.u8());
    const replicaIdentity = REPLICA_IDENTITIES.find((identity) => identity === letter);
    if (replicaIdentity === undefined) throw body.bad("its replica identity is none of d, n, f, i");
    const columns: RelationColumn[] = [];
    for (let left = body.count(10); left > 0; left--) {
      const flags = body.u8();
      columns.push({
        isKey: (flags & 1) !== 0,
        name: body.cstring(),
        type: body.u32(),
        modifier: body.i32(),
      });
    }
    return { kind: "relation", xid, relation, schema, name, replicaIdentity, columns };
  }

  #truncate(body: Body): PgOutputMessage {
    const xid = this.#xid(body);
    const count = body.u32();
    const flags = body.u8();
    if (count * 4 !== body.left) throw body.bad(`it announces ${count} tables in ${body.left} bytes`);
    const relations: number[] = [];
    for (let left = count; left > 0; left--) relations.push(body.u32());
    return {
      kind: "truncate",
      xid,
      relations,
      cascade: (flags & TRUNCATE_FLAG.cascade) !== 0,
      restartIdentity: (flags & TRUNCATE_FLAG.restartIdentity) !== 0,
    };
  }

  #oldRow(body: Body, relation: number, marker: number): OldRow {
    if (marker !== TUPLE.key && marker !== TUPLE.old) throw body.bad("it has no old row");
    return { of: marker === TUPLE.key ? "K" : "O", tuple: this.#tuple(body, relation) };
  }

  #tuple(body: Body, relation: number): Tuple {
    const wanted = this.#wanted?.(relation);
    const count = body.count(1);
    const values: TupleValue[] = [];
    for (let index = 0; index < count; index++) {
      const isWanted = wanted === undefined || wanted[index] === true;
      const kind = body.u8();
      if (kind === TUPLE_VALUE.text || kind === TUPLE_VALUE.binary) {
        const size = body.i32();
        if (!isWanted) {
          body.skip(size);
          values.push(SKIPPED);
        } else values.push(kind === TUPLE_VALUE.text ? body.utf8(size) : body.copy(size));
      } else if (kind !== TUPLE_VALUE.null && kind !== TUPLE_VALUE.unchanged) {
        throw body.bad("a value is none of n, u, t, b");
      } else if (!isWanted) values.push(SKIPPED);
      else values.push(kind === TUPLE_VALUE.null ? null : UNCHANGED);
    }
    return values;
  }
}
