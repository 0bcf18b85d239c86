/** What a session does while its CancelRequest is on its way. */
import assert from "node:assert/strict";
import { needs } from "../../../services/client.ts";
import { sql } from "../../../../pool/mod.ts";
import { awakeTime } from "../../../awake_time.ts";
import { test } from "../../../harness.ts";
import { livePool, rejection } from "../../live_pool.ts";
import { backend, connectFake, rowsOf, submit } from "./fake_backend.ts";

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));

test("Session reads no more of what nobody waits for until its CancelRequest has arrived", async () => {
  let isMute = false;
  let arrived = Promise.withResolvers<void>();
  const { session, transport } = await connectFake((_, usual) => isMute ? [] : usual, {
    cancel: () => arrived.promise,
  });
  await rowsOf(session, "select 1");
  const switches: string[] = [];
  transport.pause = () => void switches.push("pause");
  transport.resume = () => void switches.push("resume");
  const giveUp = async (): Promise<Promise<void>> => {
    isMute = true;
    const query = submit(session, "select 1");
    await turn();
    session.giveUp(query, () => new Error("enough"));
    return assert.rejects(query.promise, /enough/);
  };

  const flooding = await giveUp();
  for (let n = 0; n < 3; n++) transport.send(backend.parameterStatus("application_name", `${n}`));
  assert.deepEqual(switches, ["pause"]);
  arrived.resolve();
  await turn();
  assert.deepEqual(switches, ["pause", "resume"]);
  transport.send(backend.error("57014"), backend.readyForQuery());
  await flooding;
  isMute = false;
  assert.deepEqual(await rowsOf(session, "select 1"), [{ n: 1 }]);

  // What is answered meanwhile holds nobody up.
  arrived = Promise.withResolvers<void>();
  const answered = await giveUp();
  transport.send(backend.error("57014"), backend.readyForQuery());
  await answered;
  arrived.resolve();
  await turn();
  isMute = false;
  assert.deepEqual(await rowsOf(session, "select 1"), [{ n: 1 }]);
  assert.deepEqual(switches, ["pause", "resume"]);
  await session.close();
});

test(
  "Floods of rows are cancelled soon, though all of them are given up at once",
  needs("primary"),
  async () => {
    await using live = await livePool({ min: 2, max: 2 });
    const { pool } = live;
    await pool.connect();
    const abort = new AbortController();
    const { signal } = abort;
    const calls = [
      pool.query(sql`select n, repeat('x', 20) from generate_series(1, 2000000000) n`, { signal }),
      pool.transaction(async (tx) => {
        const copy = tx.copyTo(sql`copy (select generate_series(1, 2000000000)) to stdout`);
        await copy.getReader().read();
        abort.abort(new Error("enough"));
      }),
    ];
    const start = awakeTime();
    await Promise.all(calls.map((call) => rejection(call, 15_000)));
    // Once the slots are clean the server has stopped.
    while (pool.stats().idle < 2) await turn();
    const took = awakeTime() - start;
    console.log(`Two floods were given up, and their connections serve again, in ${took.toFixed(0)} ms`);
    assert.ok(took < 10_000, `it took ${took} ms`);
    assert.equal(pool.size, 2);
  },
);
