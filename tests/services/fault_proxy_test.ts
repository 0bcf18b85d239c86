/** Each fault of the proxy, seen by both ends of a connection to an echo server. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { awakeTime } from "../awake_time.ts";
import { test } from "../harness.ts";
import { type FaultyProxy, needs, proxy } from "./client.ts";

/** A client of the proxy, with all that came back and how it ended. */
class Client {
  readonly socket: Socket;
  received: Buffer = Buffer.alloc(0);
  chunks = 0;
  readonly ended: Promise<string>;

  constructor(port: number) {
    this.socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    this.socket.on("data", (chunk: Buffer) => {
      this.received = Buffer.concat([this.received, chunk]);
      this.chunks++;
    });
    this.ended = new Promise((resolve) => {
      this.socket.on("end", () => resolve("FIN"));
      this.socket.on("error", (error: Error & { code?: string }) => resolve(error.code ?? error.message));
    });
  }

  async send(text: string): Promise<void> {
    await new Promise<void>((resolve) => this.socket.write(text, () => resolve()));
  }

  /** Waits till so many bytes came back. */
  async has(length: number): Promise<string> {
    const deadline = awakeTime() + 5_000;
    while (this.received.length < length) {
      if (awakeTime() > deadline) throw new Error(`Only "${this.received}" came back`);
      await pause(2);
    }
    return this.received.toString();
  }
}

/** Runs a body with an echo server behind a proxy; the server notes how its connections end. */
function faultTest(
  name: string,
  body: (proxy: FaultyProxy, client: () => Client, serverEnds: string[]) => Promise<void>,
): void {
  test(`FaultProxy ${name}`, needs("control"), async () => {
    const serverEnds: string[] = [];
    const sockets = new Set<Socket>();
    const echo: Server = createServer({ allowHalfOpen: true }, (socket) => {
      sockets.add(socket);
      socket.on("data", (chunk: Buffer) => socket.write(chunk));
      socket.on("end", () => serverEnds.push("FIN"));
      socket.on("error", (error: Error & { code?: string }) => serverEnds.push(error.code ?? error.message));
    });
    await new Promise<void>((resolve) => echo.listen(0, "127.0.0.1", resolve));
    const clients: Client[] = [];
    const faulty = await proxy({ port: (echo.address() as AddressInfo).port });
    const client = (): Client => {
      clients.push(new Client(faulty.port));
      return clients.at(-1)!;
    };
    try {
      await body(faulty, client, serverEnds);
    } finally {
      for (const { socket } of clients) socket.destroy();
      for (const socket of sockets) socket.destroy();
      await faulty.close();
      await new Promise<void>((resolve) => echo.close(() => resolve()));
    }
  });
}

faultTest("passes bytes both ways and counts them", async (faulty, client) => {
  const one = client();
  await one.send("hello");
  assert.equal(await one.has(5), "hello");
  const { open, accepted, bytesToServer, bytesToClient } = await faulty.describe();
  assert.deepEqual({ open, accepted, bytesToServer, bytesToClient }, {
    open: 1,
    accepted: 1,
    bytesToServer: 5,
    bytesToClient: 5,
  });
});

faultTest("passes megabytes both ways unharmed", async (_, client) => {
  const one = client();
  const text = "0123456789abcdef".repeat(1 << 18);
  const sending = one.send(text);
  assert.ok(await one.has(text.length) === text);
  await sending;
});

faultTest("delay() makes each way late, heal() ends it", async (faulty, client) => {
  const one = client();
  await faulty.delay(100);
  let started = performance.now();
  await one.send("a");
  await one.has(1);
  assert.ok(performance.now() - started >= 195);
  await faulty.heal();
  // A busy machine makes one late, not all.
  let quickest = Infinity;
  for (let length = 2; length < 20 && quickest >= 190; length++) {
    started = performance.now();
    await one.send("b");
    await one.has(length);
    quickest = Math.min(quickest, performance.now() - started);
  }
  assert.ok(quickest < 190);
});

faultTest("dribble() passes a byte at a time", async (faulty, client) => {
  const one = client();
  await faulty.dribble(1);
  await one.send("0123456789".repeat(5));
  assert.equal(await one.has(50), "0123456789".repeat(5));
  assert.ok(one.chunks > 5, `${one.chunks} chunks`);
});

faultTest("cut() ends both sides in order", async (faulty, client, serverEnds) => {
  const one = client();
  await one.send("a");
  await one.has(1);
  await faulty.cut();
  assert.equal(await one.ended, "FIN");
  await until(() => serverEnds.length === 1);
  assert.deepEqual(serverEnds, ["FIN"]);
  assert.equal((await faulty.describe()).open, 0);
});

faultTest("reset() ends both sides with RST", async (faulty, client, serverEnds) => {
  const one = client();
  await one.send("a");
  await one.has(1);
  await faulty.reset();
  assert.equal(await one.ended, "ECONNRESET");
  await until(() => serverEnds.length === 1);
  assert.deepEqual(serverEnds, ["ECONNRESET"]);
});

faultTest("cutAfter() passes exactly so many bytes", async (faulty, client) => {
  for (const bytes of [0, 1, 7]) {
    await faulty.cutAfter(bytes);
    const one = client();
    await one.send("0123456789");
    assert.equal(await one.ended, "FIN");
    assert.equal(one.received.toString(), "0123456789".slice(0, bytes));
  }
  await faulty.heal();
  await faulty.cutAfter(3, "toServer");
  const other = client();
  await other.send("0123456789");
  assert.equal(await other.ended, "FIN");
});

faultTest("halfClose() ends one direction, the other goes on", async (faulty, client, serverEnds) => {
  const one = client();
  await one.send("a");
  await one.has(1);
  await faulty.halfClose("toClient");
  assert.equal(await one.ended, "FIN");
  const before = (await faulty.describe()).bytesToServer;
  await one.send("still heard");
  await until(async () => (await faulty.describe()).bytesToServer === before + 11);
  assert.deepEqual(serverEnds, []);
});

faultTest("corrupt() flips the byte at an offset", async (faulty, client) => {
  await faulty.corrupt({ offset: 2, mask: 0x20 });
  const one = client();
  await one.send("abcdef");
  assert.equal(await one.has(6), "abCdef");
  await faulty.corrupt({ probability: 1, mask: 0x20 });
  await one.send("gh");
  assert.equal(await one.has(8), "abCdefGH");
});

faultTest("blackHole() holds everything, heal() lets it go on", async (faulty, client) => {
  const one = client();
  await one.send("a");
  await one.has(1);
  await faulty.blackHole();
  await one.send("b");
  const other = client();
  await other.send("c");
  await pause(100);
  assert.equal(one.received.toString(), "a");
  assert.equal(other.received.toString(), "");
  await faulty.heal();
  assert.equal(await one.has(2), "ab");
  assert.equal(await other.has(1), "c");
});

faultTest("refuse() closes new connections, old ones stay", async (faulty, client) => {
  const one = client();
  await one.send("a");
  await one.has(1);
  await faulty.refuse();
  const other = client();
  assert.match(await other.ended, /FIN|ECONNRESET/);
  await one.send("b");
  assert.equal(await one.has(2), "ab");
});

faultTest("passes on how a side ends", async (_, client, serverEnds) => {
  const one = client();
  await one.send("a");
  await one.has(1);
  one.socket.end();
  await until(() => serverEnds.length === 1);
  const other = client();
  await other.send("a");
  await other.has(1);
  other.socket.resetAndDestroy();
  await until(() => serverEnds.length === 2);
  assert.deepEqual(serverEnds, ["FIN", "ECONNRESET"]);
});

faultTest("refuses a fault it does not know", async (faulty) => {
  await assert.rejects(faulty.set({ explode: true } as object), /"explode" is no fault; use one of delayMs/);
  await assert.rejects(proxy("nobody"), /Cannot find the server "nobody"/);
});

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

async function until(check: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = awakeTime() + 5_000;
  while (!await check()) {
    if (awakeTime() > deadline) throw new Error("It did not become true");
    await pause(5);
  }
}
