/**
 * From the messages of pgoutput to committed transactions, each with what it changed in which table. It does no I/O.
 *
 * A transaction comes whole (Begin … Commit), or in pieces before it has ended (Stream Start … Stream Stop, then Stream
 * Commit or Stream Abort). At most one piece or whole transaction is open at a time.
 *
 * Invariants: what is rolled back as a whole is never told; what a savepoint rolled back may be, since it costs no more
 * than a read. A table described within a piece is described so to its transaction alone until that is committed.
 *
 * @module
 */
import type { ByteSource } from "../../../pool/wire/byte_source.ts";
import { ProtocolError } from "../../../pool/wire/errors.ts";
import { PgOutputDecoder } from "../../../pool/wire/replication/pgoutput/decode.ts";
import {
  type LogicalMessage,
  PGOUTPUT,
  type PgOutputMessage,
  type Relation,
} from "../../../pool/wire/replication/pgoutput/message.ts";
import { type FollowedTable, RelationPlan } from "./relation_plan.ts";
import { TableRows } from "./table_rows.ts";

/** The prefix of canaries, among all logical messages. */
export const CANARY_PREFIX = "lifeguard";

/** A committed transaction. */
export interface Transaction {
  /** The lower 32 bits of its number. */
  readonly xid: number;
  /** Behind its commit record. */
  readonly endLsn: bigint;
  /** What it changed; tables that are not followed are among them. */
  readonly tables: readonly TableRows[];
  /** Contents of the transactional messages that may be canaries. */
  readonly messages: readonly string[];
}

/** A relation, and what is done with its rows. */
interface KnownRelation {
  readonly relation: Relation;
  plan: RelationPlan;
}

/** A transaction that is being read. */
class Assembly {
  readonly xid: number;
  readonly tables = new Map<number, TableRows>();
  readonly messages: string[] = [];
  /** What was described within its pieces. */
  readonly relations = new Map<number, KnownRelation>();

  constructor(xid: number) {
    this.xid = xid;
  }
}

const NONE: readonly boolean[] = [];
const decoder = new TextDecoder();

/** Assembles the transactions of one stream. */
export class TransactionAssembler {
  readonly #decoder: PgOutputDecoder;
  readonly #relations = new Map<number, KnownRelation>();
  readonly #inPieces = new Map<number, Assembly>();
  #followed: ReadonlyMap<string, FollowedTable>;
  #open: Assembly | undefined;

  /** Creates an assembler for a stream from its beginning. */
  constructor(followed: readonly FollowedTable[]) {
    this.#followed = byName(followed);
    this.#decoder = new PgOutputDecoder((relation) => this.#known(relation)?.plan.wanted ?? NONE);
  }

  /** Whether a transaction that came whole is not complete. */
  get isOpen(): boolean {
    return this.#open !== undefined;
  }

  /** Follows these tables from now on. */
  follow(followed: readonly FollowedTable[]): void {
    this.#followed = byName(followed);
    const all = [this.#relations, ...[...this.#inPieces.values()].map(({ relations }) => relations)];
    for (const relations of all) {
      for (const known of relations.values()) known.plan = new RelationPlan(known.relation, this.#followed);
    }
  }

  /**
   * Takes one message.
   *
   * @returns The transaction that it has committed, if so.
   * @throws {ProtocolError} When it is malformed, or may not come now.
   */
  take(source: ByteSource, offset: number, end: number): Transaction | undefined {
    if (this.#passes(source, offset, end)) return undefined;
    const message = this.#decoder.decode(source, offset, end);
    switch (message.kind) {
      case "insert":
      case "update":
      case "delete": {
        const known = this.#known(message.relation);
        if (known === undefined) throw disorder(message, "its table was not described");
        const rows = this.#rowsOf(message.relation, known.plan, message);
        if (rows.count()) known.plan.add(message, rows);
        return undefined;
      }
      case "truncate":
        for (const relation of message.relations) {
          const known = this.#known(relation);
          if (known === undefined) throw disorder(message, "its table was not described");
          this.#rowsOf(relation, known.plan, message).give("TRUNCATE");
        }
        return undefined;
      case "begin":
        if (this.#open !== undefined) throw disorder(message);
        this.#open = new Assembly(message.xid);
        return undefined;
      case "commit": {
        const assembly = this.#open;
        if (assembly === undefined) throw disorder(message);
        this.#open = undefined;
        return finished(assembly, message.endLsn);
      }
      case "relation":
        this.#describe(message);
        return undefined;
      case "message":
        this.#keep(message);
        return undefined;
      case "stream start": {
        if (this.#open !== undefined) throw disorder(message);
        let assembly = this.#inPieces.get(message.xid);
        if (assembly === undefined) this.#inPieces.set(message.xid, assembly = new Assembly(message.xid));
        this.#open = assembly;
        return undefined;
      }
      case "stream stop":
        this.#open = undefined;
        return undefined;
      case "stream commit": {
        const assembly = this.#inPieces.get(message.xid);
        if (assembly === undefined) throw disorder(message);
        this.#inPieces.delete(message.xid);
        for (const [relation, known] of assembly.relations) this.#relations.set(relation, known);
        return finished(assembly, message.endLsn);
      }
      case "stream abort":
        if (message.xid === message.subxid) this.#inPieces.delete(message.xid);
        return undefined;
      case "origin":
      case "type":
        return undefined;
      default:
        message satisfies never;
        throw new Error("BUG: an unknown message was decoded");
    }
  }

  /** Passes over a row of a table that has changed as a whole anyway; most rows of a large change are such. */
  #passes(source: ByteSource, offset: number, end: number): boolean {
    const open = this.#open;
    if (open === undefined || end - offset < 9) return false;
    const type = source.u8(offset);
    if (type !== PGOUTPUT.insert && type !== PGOUTPUT.update && type !== PGOUTPUT.delete) return false;
    const relation = source.u32(this.#decoder.isInPiece ? offset + 5 : offset + 1);
    return open.tables.get(relation)?.reason !== undefined;
  }

  #known(relation: number): KnownRelation | undefined {
    return this.#open?.relations.get(relation) ?? this.#relations.get(relation);
  }

  #describe(relation: Relation): void {
    const known = { relation, plan: new RelationPlan(relation, this.#followed) };
    const relations = this.#decoder.isInPiece ? this.#open!.relations : this.#relations;
    relations.set(relation.relation, known);
  }

  #rowsOf(relation: number, plan: RelationPlan, message: PgOutputMessage): TableRows {
    const open = this.#open;
    if (open === undefined) throw disorder(message);
    let rows = open.tables.get(relation);
    if (rows === undefined) open.tables.set(relation, rows = new TableRows(plan.table));
    if (plan.problem !== undefined) rows.give(plan.problem);
    return rows;
  }

  #keep(message: LogicalMessage): void {
    // The ticks of sessions are no transaction's, and many.
    if (!message.transactional || message.prefix !== CANARY_PREFIX) return;
    if (this.#open === undefined) throw disorder(message);
    this.#open.messages.push(decoder.decode(message.content));
  }
}

function finished({ xid, tables, messages }: Assembly, endLsn: bigint): Transaction {
  return { xid, endLsn, tables: [...tables.values()], messages };
}

function byName(tables: readonly FollowedTable[]): ReadonlyMap<string, FollowedTable> {
  return new Map(tables.map((table) => [table.name, table]));
}

function disorder({ kind }: PgOutputMessage, problem = "it came out of order"): ProtocolError {
  return new ProtocolError(`pgoutput's "${kind}"`, problem);
}
