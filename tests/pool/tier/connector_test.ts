/** When a tier tries to connect again. */
import assert from "node:assert/strict";
import { Connector } from "../../../pool/tier/connector.ts";
import { Handshakes } from "../../../pool/tier/handshakes.ts";
import type { Session } from "../../../pool/wire/session/session.ts";
import { ConnectionError } from "../../../pool/wire/errors.ts";
import { awakeTime } from "../../awake_time.ts";
import { test } from "../../harness.ts";
import { until } from "./pools.ts";

test("Connector doubles its pause up to the longest, never twice the same, one attempt at a time", async () => {
  const times: { real: number; awake: number }[] = [];
  let running = 0;
  let most = 0;
  const connector = new Connector({
    handshakes: new Handshakes().line("primary"),
    backoffMin: 110,
    backoffMax: 400,
    connect: async () => {
      times.push({ real: performance.now(), awake: awakeTime() });
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 5));
      running--;
      throw new ConnectionError("Cannot connect: nobody is there", { neverSent: true });
    },
    failed: () => {},
  });
  // Several ask; they share the pauses.
  for (let n = 0; n < 10; n++) connector.request(() => assert.fail("it connected"));
  await until("eight attempts were made", () => times.length === 8, 8_000);
  connector.close();
  await until("the last attempt has ended", () => running === 0);
  // The first two may be made at once.
  const pauses = times.slice(2).map(({ real }, n) => real - times[n + 1].real);
  const awake = times.slice(2).map((time, n) => time.awake - times[n + 1].awake);
  console.log(`Pauses between attempts: ${pauses.map((pause) => `${pause.toFixed(0)} ms`).join(", ")}`);
  for (const [n, pause] of pauses.entries()) {
    // Both of the first two failures count.
    const least = Math.min(400, 110 * 2 ** (n + 1));
    assert.ok(pause >= least - 2 && awake[n] < least * 1.5 + 300, `pause ${n} took ${pause} ms`);
  }
  assert.equal(most, 2, "two handshakes at once before the first failure, one after it");
  const longest = pauses.slice(-4);
  assert.ok(Math.max(...longest) - Math.min(...longest) > 1, "the pauses do not vary");
});

test("Connector begins with the shortest pause again once a connection lasts", async () => {
  let attempts = 0;
  let isThere = false;
  const connected = Promise.withResolvers<void>();
  const connector = new Connector({
    handshakes: new Handshakes().line("primary"),
    backoffMin: 100,
    backoffMax: 60_000,
    connect: () => {
      attempts++;
      if (isThere) return Promise.resolve({} as Session);
      return Promise.reject(new ConnectionError("Cannot connect: nobody is there", { neverSent: true }));
    },
    failed: () => {},
  });
  connector.request(() => connected.resolve());
  await until("three attempts were made", () => attempts === 3, 3_000);
  assert.match(connector.lastError!.message, /nobody/);
  isThere = true;
  await connected.promise;
  assert.equal(connector.lastError, undefined);
  isThere = false;
  const before = attempts;
  connector.request(() => assert.fail("it connected"));
  // The pause would be 800 ms by now, and more.
  await until("it is tried again", () => attempts === before + 2, 700);
  connector.close();
});
