/**
 * The messages of the output plugin pgoutput, versions 1 and 2 of its protocol, as values.
 * Source: https://www.postgresql.org/docs/18/protocol-logicalrep-message-formats.html
 *
 * Version 2 sends large transactions before they have ended, in pieces between {@link StreamStart} and
 * {@link StreamStop}; within such a piece every message says by `xid` which (sub)transaction it belongs to.
 *
 * @module
 */

/** A value that an update left as it was and that is stored out of line, so that it was not sent. */
export const UNCHANGED: unique symbol = Symbol("unchanged");
/** A value that its reader did not want. */
export const SKIPPED: unique symbol = Symbol("skipped");

/** A value: text, bytes in the binary form, null, or why there is none. */
export type TupleValue = string | Uint8Array | null | typeof UNCHANGED | typeof SKIPPED;

/** The values of a row, in the order of the relation's columns. */
export type Tuple = readonly TupleValue[];

/** What a replica identity is: the primary key, nothing, the full row, or an index. */
export const REPLICA_IDENTITIES = ["d", "n", "f", "i"] as const;
/** See {@link REPLICA_IDENTITIES}. */
export type ReplicaIdentity = typeof REPLICA_IDENTITIES[number];

/** What may come in a piece of a transaction that has not ended. */
interface Streamed {
  /** The (sub)transaction, in a piece of one that has not ended; otherwise undefined. */
  readonly xid: number | undefined;
}

/** A transaction begins; its changes follow, and then its commit. */
export interface Begin {
  readonly kind: "begin";
  /** Where its commit record is. */
  readonly finalLsn: bigint;
  /** Microseconds since 2000-01-01. */
  readonly time: bigint;
  readonly xid: number;
}

/** A transaction ends. */
export interface Commit {
  readonly kind: "commit";
  readonly flags: number;
  /** Where its commit record is. */
  readonly lsn: bigint;
  /** Behind its commit record: what to confirm when it was dealt with. */
  readonly endLsn: bigint;
  /** Microseconds since 2000-01-01. */
  readonly time: bigint;
}

/** The transaction came from another server. */
export interface Origin {
  readonly kind: "origin";
  /** Where it was committed there. */
  readonly lsn: bigint;
  readonly name: string;
}

/** A column of a relation. */
export interface RelationColumn {
  /** Whether it is part of the replica identity. */
  readonly isKey: boolean;
  readonly name: string;
  /** The type's OID. */
  readonly type: number;
  /** The type modifier, or -1. */
  readonly modifier: number;
}

/** A table, described before its first change and again when it was altered. */
export interface Relation extends Streamed {
  readonly kind: "relation";
  /** The table's OID. */
  readonly relation: number;
  /** Its schema; empty for `pg_catalog`. */
  readonly schema: string;
  readonly name: string;
  readonly replicaIdentity: ReplicaIdentity;
  readonly columns: readonly RelationColumn[];
}

/** A type that is not built in. */
export interface TypeDescription extends Streamed {
  readonly kind: "type";
  readonly type: number;
  readonly schema: string;
  readonly name: string;
}

/** A row was inserted. */
export interface Insert extends Streamed {
  readonly kind: "insert";
  readonly relation: number;
  readonly new: Tuple;
}

/** A row as it was: all of it, or what the replica identity has of it with the rest null. */
export interface OldRow {
  /** `K`: the replica identity's columns; `O`: the full row. */
  readonly of: "K" | "O";
  readonly tuple: Tuple;
}

/** A row was updated. */
export interface Update extends Streamed {
  readonly kind: "update";
  readonly relation: number;
  /** Where the replica identity is the full row, or has changed. */
  readonly old: OldRow | undefined;
  readonly new: Tuple;
}

/** A row was deleted. */
export interface Delete extends Streamed {
  readonly kind: "delete";
  readonly relation: number;
  readonly old: OldRow;
}

/** Tables were truncated. */
export interface Truncate extends Streamed {
  readonly kind: "truncate";
  readonly relations: readonly number[];
  readonly cascade: boolean;
  readonly restartIdentity: boolean;
}

/** Somebody called `pg_logical_emit_message`. */
export interface LogicalMessage extends Streamed {
  readonly kind: "message";
  readonly transactional: boolean;
  readonly lsn: bigint;
  readonly prefix: string;
  readonly content: Uint8Array;
}

/** A piece of a transaction that has not ended begins. */
export interface StreamStart {
  readonly kind: "stream start";
  readonly xid: number;
  readonly isFirst: boolean;
}

/** The piece ends. */
export interface StreamStop {
  readonly kind: "stream stop";
}

/** A transaction that came in pieces is committed. */
export interface StreamCommit {
  readonly kind: "stream commit";
  readonly xid: number;
  readonly flags: number;
  readonly lsn: bigint;
  readonly endLsn: bigint;
  /** Microseconds since 2000-01-01. */
  readonly time: bigint;
}

/** A transaction that came in pieces, or a subtransaction of it, is rolled back. */
export interface StreamAbort {
  readonly kind: "stream abort";
  readonly xid: number;
  /** The same as `xid` where all of it is rolled back. */
  readonly subxid: number;
}

/** A message of pgoutput. */
export type PgOutputMessage =
  | Begin
  | Commit
  | Origin
  | Relation
  | TypeDescription
  | Insert
  | Update
  | Delete
  | Truncate
  | LogicalMessage
  | StreamStart
  | StreamStop
  | StreamCommit
  | StreamAbort;

/** Type bytes of the messages. */
export const PGOUTPUT: Readonly<Record<PgOutputMessage["kind"], number>> = {
  begin: 0x42,
  commit: 0x43,
  origin: 0x4f,
  relation: 0x52,
  type: 0x59,
  insert: 0x49,
  update: 0x55,
  delete: 0x44,
  truncate: 0x54,
  message: 0x4d,
  "stream start": 0x53,
  "stream stop": 0x45,
  "stream commit": 0x63,
  "stream abort": 0x41,
};

/** What precedes a value in a tuple. */
export const TUPLE_VALUE = { null: 0x6e, unchanged: 0x75, text: 0x74, binary: 0x62 } as const;
/** What precedes a tuple. */
export const TUPLE = { new: 0x4e, key: 0x4b, old: 0x4f } as const;
/** The flags of Truncate. */
export const TRUNCATE_FLAG = { cascade: 1, restartIdentity: 2 } as const;
