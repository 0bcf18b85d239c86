/** Lag, in bytes and in time, without comparing clocks. */
import assert from "node:assert/strict";
import { PrimaryLog } from "../../../pool/replicas/primary_log.ts";
import { ConsistencySession } from "../../../pool/consistency/consistency_session.ts";
import { fc } from "../../fast_check.ts";
import { test } from "../../harness.ts";

test("An idle primary does not look like lag, and one that cannot be reached is where it was last", () => {
  const log = new PrimaryLog();
  assert.equal(log.lagOf(5n), undefined);
  log.note("7/1", 100n, 0);
  log.note("7/1", 200n, 1_000);
  for (let at = 2_000; at <= 60_000; at += 1_000) log.note("7/1", 200n, at);
  assert.deepEqual(log.lagOf(200n), { bytes: 0, milliseconds: 0 });
  assert.deepEqual(log.lagOf(300n), { bytes: 0, milliseconds: 0 });
  assert.deepEqual(log.lagOf(150n), { bytes: 50, milliseconds: 60_000 });
  // Nobody knows since when.
  assert.deepEqual(log.lagOf(50n), { bytes: 150, milliseconds: Infinity });
  log.note("7/1", 300n, 61_000);
  // It had all there was until a second ago.
  assert.deepEqual(log.lagOf(200n), { bytes: 100, milliseconds: 1_000 });
  log.note("7/2", 50n, 62_000);
  assert.equal(log.timeline, "7/2");
  assert.deepEqual(log.lagOf(50n), { bytes: 0, milliseconds: 0 });
});

test("A lag in time is never less than how old the replica is by what is known", () => {
  const steps = fc.array(fc.record({ by: fc.nat({ max: 3 }), after: fc.integer({ min: 1, max: 50 }) }), {
    minLength: 1,
  });
  fc.assert(fc.property(steps, fc.nat({ max: 100 }), (moves, replayed) => {
    const log = new PrimaryLog();
    const samples: { at: number; lsn: bigint }[] = [];
    let at = 0;
    let lsn = 1n;
    for (const { by, after } of moves) {
      at += after;
      lsn += BigInt(by);
      samples.push({ at, lsn });
      log.note("7/1", lsn, at);
    }
    const known = samples.findLast((sample) => sample.lsn <= BigInt(replayed));
    const lag = log.lagOf(BigInt(replayed))!;
    assert.equal(
      lag.milliseconds,
      BigInt(replayed) >= lsn ? 0 : known === undefined ? Infinity : at - known.at,
    );
  }));
});

test("A session's token and floors never go down on one timeline, also when many keys were read", () => {
  const session = new ConsistencySession();
  session.raise({ timeline: "7/1", lsn: 10n });
  session.raise({ timeline: "7/1", lsn: 5n });
  assert.equal(session.token?.lsn, 10n);
  session.raiseFloor("first", 100n, "7/1");
  for (let key = 0; key < 20_000; key++) session.raiseFloor(`key ${key}`, 7n, "7/1");
  assert.ok(session.floorOf("first")!.lsn >= 100n);
  assert.ok(session.floorOf("key 3")!.lsn >= 7n);
  // Another timeline: what was written on the old one must be shown to have survived.
  session.raise({ timeline: "7/2", lsn: 3n });
  assert.deepEqual([session.token, session.isUncertain], [{ timeline: "7/2", lsn: 3n }, true]);
  session.raise({ timeline: "7/1", lsn: 11n });
  assert.equal(session.token?.timeline, "7/2");
  assert.deepEqual(session.foreign, [{ timeline: "7/1", lsn: 11n }]);
  session.forget({ timeline: "7/1", lsn: 11n });
  assert.equal(session.isUncertain, false);
  const settled = session.doubt();
  assert.equal(session.isUncertain, true);
  settled();
  settled();
  assert.equal(session.isUncertain, false);
});
