import assert from "node:assert/strict";
import { ByteSource } from "../../../pool/wire/byte_source.ts";
import { ProtocolError } from "../../../pool/wire/errors.ts";
import {
  type PgOutputMessage,
  type Relation,
  type ReplicaIdentity,
  type Tuple,
  UNCHANGED,
} from "../../../pool/wire/replication/pgoutput/message.ts";
import { makeBatches } from "../../../reflector/source/logical/batch.ts";
import { ConfirmedPosition } from "../../../reflector/source/logical/confirmed_position.ts";
import { PendingTransactions } from "../../../reflector/source/logical/pending_transactions.ts";
import type { FollowedTable } from "../../../reflector/source/logical/relation_plan.ts";
import { TableRows } from "../../../reflector/source/logical/table_rows.ts";
import {
  type Transaction,
  TransactionAssembler,
} from "../../../reflector/source/logical/transaction_assembler.ts";
import { isVisible, parseSnapshot } from "../../../reflector/source/logical/visibility.ts";
import { fc } from "../../fast_check.ts";
import { test } from "../../harness.ts";
import { rounds } from "../../random.ts";
import { anyMessage, encoded } from "../../pool/wire/replication/pgoutput_messages.ts";

const USERS: FollowedTable = { name: "public.users", key: ["id"], lookups: [["email"], ["team", "email"]] };

/** The description of a table `users (id, email, team)`. */
function users(replicaIdentity: ReplicaIdentity, xid?: number): Relation {
  const column = (name: string, isKey: boolean) => ({ isKey, name, type: 25, modifier: -1 });
  return {
    kind: "relation",
    xid,
    relation: 7,
    schema: "public",
    name: "users",
    replicaIdentity,
    columns: [
      column("id", replicaIdentity === "d" || replicaIdentity === "f"),
      column("email", replicaIdentity === "i" || replicaIdentity === "f"),
      column("team", replicaIdentity === "f"),
    ],
  };
}

/** What messages come to. */
function assemble(assembler: TransactionAssembler, ...messages: readonly PgOutputMessage[]): Transaction[] {
  return messages.flatMap((message) => {
    const bytes = encoded(message);
    return assembler.take(new ByteSource(bytes), 0, bytes.length) ?? [];
  });
}

const begin = (xid: number): PgOutputMessage => ({ kind: "begin", finalLsn: 1n, time: 0n, xid });
const commit = (lsn: bigint): PgOutputMessage => ({ kind: "commit", flags: 0, lsn, endLsn: lsn, time: 0n });
const insert = (tuple: Tuple, xid?: number): PgOutputMessage => ({
  kind: "insert",
  xid,
  relation: 7,
  new: tuple,
});
const told = ({ tables }: Transaction): unknown[] =>
  tables.map(({ table, ids, lookups, reason }) => reason ?? [table, ids, Object.fromEntries(lookups)]);

/** What one change comes to where a table has a replica identity. */
function change(identity: ReplicaIdentity, message: PgOutputMessage, followed = [USERS]): unknown {
  const assembler = new TransactionAssembler(followed);
  const [transaction] = assemble(assembler, users(identity), begin(1), message, commit(2n));
  return told(transaction)[0];
}

const update = (tuple: Tuple, of?: "K" | "O", old: Tuple = []): PgOutputMessage => ({
  kind: "update",
  xid: undefined,
  relation: 7,
  old: of === undefined ? undefined : { of, tuple: old },
  new: tuple,
});
const gone = (of: "K" | "O", tuple: Tuple): PgOutputMessage => ({
  kind: "delete",
  xid: undefined,
  relation: 7,
  old: { of, tuple },
});

test("RelationPlan.add() tells the key and the lookups as far as the replica identity gives them", () => {
  const row = (ids: string[], lookups: Record<string, string[]> = {}) => ["public.users", ids, lookups];
  assert.deepEqual(change("d", insert(["1", "a", null])), row(["1"], { email: ["a"] }));
  assert.deepEqual(change("d", update(["1", "a", "x"])), row(["1"], { email: ["a"], "team+email": ["x,a"] }));
  assert.deepEqual(change("d", update(["2", null, null], "K", ["1", null, null])), row(["1", "2"]));
  assert.deepEqual(change("d", gone("K", ["1", null, null])), row(["1"]));
  assert.deepEqual(
    change("f", update(["1", "b", "x"], "O", ["1", "a", "x"])),
    row(["1", "1"], { email: ["a", "b"], "team+email": ["x,a", "x,b"] }),
  );
  // Left as they were and stored elsewhere: the same lookups as before, unless one of several changed.
  assert.deepEqual(change("d", update(["1", UNCHANGED, UNCHANGED])), row(["1"]));
  assert.equal(change("d", update(["1", UNCHANGED, "y"])), 'a change does not tell "team+email"');
  assert.deepEqual(
    change("f", update(["1", UNCHANGED, "y"], "O", ["1", "a", "x"])),
    row(["1", "1"], { email: ["a", "a"], "team+email": ["x,a", "y,a"] }),
  );
  assert.deepEqual(
    change("d", update([UNCHANGED, "a", null], "K", ["1", null, null])),
    row(["1", "1"], { email: ["a"] }),
  );
});

test("RelationPlan.add() tells the whole table where a key is not certain", () => {
  assert.equal(change("d", update([UNCHANGED, "a", null])), "a change does not tell its key");
  for (const identity of ["i", "n"] as const) {
    const reason = "its replica identity does not tell its key";
    assert.equal(change(identity, update(["1", "a", "x"])), reason);
    assert.equal(change(identity, gone("K", [null, "a", null])), reason);
  }
  assert.equal(
    change("d", insert(["1", "a", "x"]), [{ name: "public.users", key: ["number"], lookups: [] }]),
    "its columns have changed",
  );
  assert.equal(change("d", insert(["1", "a", "x"]), []), "it was not followed yet when it changed");
});

test("TransactionAssembler holds no keys of a table of which more than 1,000 rows changed", () => {
  const assembler = new TransactionAssembler([USERS]);
  assemble(assembler, users("d"), begin(1));
  for (let id = 0; id < 5_000; id++) assemble(assembler, insert([String(id), `e${id}`, null]));
  const [transaction] = assemble(assembler, commit(2n));
  assert.deepEqual(told(transaction), ["more than 1000 rows changed in one transaction"]);
  assert.equal(transaction.tables[0].held, 0);
});

test("TransactionAssembler keeps what comes in pieces apart, with the table as each transaction knows it", () => {
  const assembler = new TransactionAssembler([USERS]);
  const start = (xid: number): PgOutputMessage => ({ kind: "stream start", xid, isFirst: true });
  const stop: PgOutputMessage = { kind: "stream stop" };
  const end = (xid: number, lsn: bigint): PgOutputMessage => ({
    kind: "stream commit",
    xid,
    flags: 0,
    lsn,
    endLsn: lsn,
    time: 0n,
  });
  assemble(assembler, users("d"));
  // 10 has dropped the column "email", which 11 and 12 know nothing of.
  const altered = { ...users("d", 10), columns: users("d").columns.filter(({ name }) => name !== "email") };
  assert.deepEqual(assemble(assembler, start(10), altered, insert(["1", "x"], 10), stop), []);
  const [twelve] = assemble(assembler, begin(12), insert(["2", "b", null]), commit(5n));
  assert.deepEqual(told(twelve), [["public.users", ["2"], { email: ["b"] }]]);
  assemble(assembler, start(11), insert(["3", "c", null], 11), stop);
  assemble(assembler, start(11), insert(["4", "d", null], 110), stop, {
    kind: "stream abort",
    xid: 11,
    subxid: 110,
  });
  assemble(assembler, start(13), insert(["5", "e", null], 13), stop, {
    kind: "stream abort",
    xid: 13,
    subxid: 13,
  });
  assert.throws(() => assemble(assembler, end(13, 6n)), ProtocolError);
  const [eleven] = assemble(assembler, end(11, 7n));
  assert.equal(eleven.endLsn, 7n);
  // What a savepoint rolled back may be told.
  assert.deepEqual(told(eleven), [["public.users", ["3", "4"], { email: ["c", "d"] }]]);
  const [ten] = assemble(assembler, end(10, 8n));
  assert.deepEqual(told(ten), ["its columns have changed"]);
  const [after] = assemble(assembler, begin(14), insert(["6", "x"]), commit(9n));
  assert.deepEqual(told(after), ["its columns have changed"]);
});

test("TransactionAssembler takes or refuses any messages in any order", () => {
  let refused = 0;
  fc.assert(
    fc.property(fc.array(fc.oneof(anyMessage(false), anyMessage(true)), { maxLength: 12 }), (messages) => {
      const assembler = new TransactionAssembler([USERS]);
      try {
        assemble(assembler, users("d"), ...messages);
      } catch (error) {
        assert.ok(error instanceof ProtocolError, String(error));
        refused++;
      }
    }),
    { numRuns: rounds(500, 20_000) },
  );
  assert.ok(refused > 0);
});

test("isVisible() knows what a snapshot shows, though numbers count in a circle", () => {
  const snapshot = parseSnapshot("100:110:103,105")!;
  const shown = [99, 100, 102, 103, 104, 105, 109, 110, 111].filter((xid) => isVisible(xid, snapshot));
  assert.deepEqual(shown, [99, 100, 102, 104, 109]);
  assert.deepEqual(parseSnapshot("5:5:"), { xmin: 5n, xmax: 5n, inProgress: new Set() });
  for (const text of ["", "1:2", "1:2:x", "1:2:3,"]) assert.equal(parseSnapshot(text), undefined);
  const circle = 2n ** 32n;
  const late = parseSnapshot(`${3n * circle - 2n}:${3n * circle + 5n}:${3n * circle + 1n}`)!;
  assert.deepEqual(
    [0xffff_fff0, 0xffff_ffff, 0, 1, 4, 5, 6].filter((xid) => isVisible(xid, late)),
    [0xffff_fff0, 0xffff_ffff, 0, 4],
  );
});

function transaction(xid: number, ids: readonly string[] = [String(xid)]): Transaction {
  const rows = new TableRows("public.users");
  for (const id of ids) rows.addId(id);
  return { xid, endLsn: BigInt(xid), tables: [rows], messages: [] };
}

test("PendingTransactions gives what is visible, in order, and holds a bounded number of keys of what is not", () => {
  const pending = new PendingTransactions();
  for (const xid of [3, 1, 4, 2]) pending.add(transaction(xid));
  const visible = pending.takeVisible(parseSnapshot("2:4:2")!);
  assert.deepEqual(visible.map(({ xid }) => xid), [3, 1]);
  const ids = Array.from({ length: 1_000 }, (_, id) => String(id));
  for (let xid = 10; !pending.isFull; xid++) pending.add(transaction(xid, ids));
  assert.equal(pending.takeVisible(parseSnapshot("2:4:2")!).length, 0);
  assert.equal(pending.isFull, false);
  const later = pending.takeVisible(parseSnapshot("5000:5000:")!);
  assert.equal(pending.isEmpty, true);
  assert.ok(later.every(({ tables }) => tables[0].reason === "too much waits to become visible"));
});

test("ConfirmedPosition never passes a transaction that is not applied", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat()), { maxLength: 60 }), (steps) => {
      const position = new ConfirmedPosition();
      const outstanding: Transaction[] = [];
      let last = 0n;
      let next = 1;
      for (const [isRead, choice] of steps) {
        if (isRead || outstanding.length === 0) {
          const one = transaction(next++);
          outstanding.push(one);
          position.read(one);
        } else {
          const [one] = outstanding.splice(choice % outstanding.length, 1);
          position.applied(one);
        }
        if (choice % 3 === 0) position.reached(BigInt(next - 1));
        assert.ok(position.position >= last);
        last = position.position;
        for (const { endLsn } of outstanding) assert.ok(endLsn > position.position);
        if (outstanding.length === 0) assert.equal(position.position, BigInt(next - 1));
      }
    }),
    { numRuns: rounds(500, 10_000) },
  );
});

test("makeBatches() tells each key once, a table as a whole once, and canaries behind everything", () => {
  const isFollowed = (table: string): boolean => table !== "public.others";
  const whole = transaction(3);
  whole.tables[0].give("TRUNCATE");
  const other: Transaction = { ...transaction(4), tables: [new TableRows("public.others")] };
  assert.deepEqual(
    makeBatches([transaction(1, ["a", "b"]), transaction(2, ["b"]), other], { canaries: ["c"], isFollowed })
      .map(({ batch }) => batch),
    [{
      changes: [{ kind: "rows", table: "public.users", ids: ["a", "b"], lookups: new Map() }],
      canaries: ["c"],
    }],
  );
  assert.deepEqual(
    makeBatches([transaction(1), whole], { canaries: [], isFollowed })[0].batch.changes,
    [{ kind: "table", table: "public.users", reason: "TRUNCATE" }],
  );
  const many = Array.from(
    { length: 30 },
    (_, xid) => transaction(xid, Array.from({ length: 1_000 }, (_, id) => `${xid}-${id}`)),
  );
  const made = makeBatches(many, { canaries: ["c"], isFollowed });
  assert.ok(made.length > 1);
  assert.deepEqual(
    made.map(({ batch }) => batch.canaries.length),
    made.map((_, index) => index === made.length - 1 ? 1 : 0),
  );
  assert.deepEqual(made.flatMap(({ transactions }) => transactions), many);
});
