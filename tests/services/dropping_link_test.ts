/** The link, proved with sockets and an echo server: what it drops, nobody hears of. */
import assert from "node:assert/strict";
import { connect, createServer, type Socket } from "node:net";
import type { AddressInfo } from "node:net";
import { test } from "../harness.ts";
import { droppingLink, needs, services } from "./client.ts";

/** Milliseconds after which silence is taken for silence. */
const SILENCE = 700;

/** A server that sends back what it gets, and tells what that was. */
async function echoServer(): Promise<AsyncDisposable & { port: number; heard(): string }> {
  const sockets = new Set<Socket>();
  let heard = "";
  const echo = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      heard += chunk;
      socket.write(chunk as Uint8Array);
    });
  });
  await new Promise<void>((resolve) => echo.listen(0, "127.0.0.1", resolve));
  return {
    port: (echo.address() as AddressInfo).port,
    heard: () => heard,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => echo.close(() => resolve()));
    },
  };
}

/** A client that notes everything that happens to it. */
class Client implements Disposable {
  readonly socket: Socket;
  heard = "";
  events: string[] = [];

  constructor(address: { host: string; port: number }) {
    this.socket = connect({ host: address.host, port: address.port });
    this.socket.on("connect", () => this.events.push("connect"));
    this.socket.on("error", () => this.events.push("error"));
    this.socket.on("close", () => this.events.push("close"));
    this.socket.on("data", (chunk) => this.heard += chunk);
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}

async function until(what: string, isTrue: () => boolean | Promise<boolean>, within = 15_000): Promise<void> {
  const deadline = performance.now() + within;
  while (!await isTrue()) {
    assert.ok(performance.now() < deadline, `${what} did not happen within ${within} ms`);
    await sleep(10);
  }
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

test(
  "droppingLink() drops both ways without a word, and what was sent arrives when it heals",
  needs("link"),
  async () => {
    await using echo = await echoServer();
    await using link = await droppingLink({ port: echo.port });
    using client = new Client(link);
    await until("The connection", () => client.events.includes("connect"));
    client.socket.write("before ");
    await until("The echo", () => client.heard === "before ");
    await link.drop();
    client.socket.write("between ");
    using late = new Client(link);
    await sleep(SILENCE);
    assert.equal(echo.heard(), "before ");
    assert.deepEqual(client.events, ["connect"]);
    assert.deepEqual(late.events, []);
    await link.heal();
    await until("The late echo", () => client.heard === "before between ");
    await until("The late connection", () => late.events.includes("connect"));
  },
);

test("droppingLink() drops one way", needs("link"), async () => {
  await using echo = await echoServer();
  await using link = await droppingLink({ port: echo.port });
  using client = new Client(link);
  await until("The connection", () => client.events.includes("connect"));
  await link.drop("toClient");
  client.socket.write("one");
  await until("What the server hears", () => echo.heard() === "one");
  await sleep(SILENCE);
  assert.equal(client.heard, "");
  await link.heal();
  await until("The answer", () => client.heard === "one");
  await link.drop("toServer");
  client.socket.write("two");
  await sleep(SILENCE);
  assert.equal(echo.heard(), "one");
  await link.heal();
  await until("The second answer", () => client.heard === "onetwo");
});

test("droppingLink() resets what is open when it is closed, also while it drops", needs("link"), async () => {
  await using echo = await echoServer();
  const link = await droppingLink({ port: echo.port });
  using client = new Client(link);
  await until("The connection", () => client.events.includes("connect"));
  await link.drop();
  await link.close();
  await until("The end of the connection", () => client.events.includes("close"));
});

test("droppingLink() refuses what it does not know", needs("link"), async () => {
  await assert.rejects(droppingLink("nowhere"), /Cannot find the server "nowhere"/);
  await assert.rejects(droppingLink({}), /needs either "target", the name of a server, or "port"/);
  const { controlUrl } = (await services())!;
  for (
    const [path, body, status] of [
      ["/links/none", { drop: [] }, 404],
      ["/links/none", { drop: ["sideways"] }, 400],
    ] as const
  ) {
    const answer = await fetch(controlUrl + path, { method: "POST", body: JSON.stringify(body) });
    assert.equal(answer.status, status);
    assert.equal(typeof (await answer.json() as { error: string }).error, "string");
  }
});
