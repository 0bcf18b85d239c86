/**
 * A TCP proxy that does to a connection what a bad network does.
 *
 * Each connection has two queues, one a direction. An entry leaves its queue when it is due (`delayMs`), the
 * gate is open (no `blackHole`) and the other side took what went before. A queue that holds 1 MiB stops
 * reading from its source, as a full network would.
 */
import { Buffer } from "node:buffer";
import { connect, createServer, type Server, type Socket } from "node:net";
import type { AddressInfo } from "node:net";
import type { Direction, ProxyDescription, ProxyFaults } from "./description.ts";
import { sleep } from "./wait.ts";

const QUEUE_LIMIT = 1 << 20;

/** The faults that last, each with its value now. */
interface LastingFaults {
  delayMs: number;
  chunkBytes: number;
  refuse: boolean;
  corrupt: NonNullable<ProxyFaults["corrupt"]> | null;
  cutAfter: NonNullable<ProxyFaults["cutAfter"]> | null;
}

/** A proxy in front of one address. */
export class FaultProxy {
  readonly id: string;
  readonly #target: () => { host: string; port: number };
  readonly #server: Server;
  readonly #connections: Set<ProxyConnection> = new Set();
  #accepted = 0;
  readonly faults: LastingFaults = {
    delayMs: 0,
    chunkBytes: 0,
    refuse: false,
    corrupt: null,
    cutAfter: null,
  };
  /** Resolves when bytes may pass. */
  gate: Promise<void> = Promise.resolve();
  #openGate: (() => void) | undefined;
  readonly bytes: Record<Direction, number> = { toServer: 0, toClient: 0 };

  private constructor(id: string, target: () => { host: string; port: number }) {
    this.id = id;
    this.#target = target;
    this.#server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (client) => {
      this.#accepted++;
      if (this.faults.refuse) client.destroy();
      else new ProxyConnection(this, client, this.#target(), this.#connections);
    });
  }

  /**
   * Opens a proxy on a free port.
   *
   * @param id Its name.
   * @param target Asked at each connection, so that it may move.
   */
  static async open(id: string, target: () => { host: string; port: number }): Promise<FaultProxy> {
    const proxy = new FaultProxy(id, target);
    await new Promise<void>((resolve, reject) => {
      proxy.#server.once("error", reject);
      proxy.#server.listen(0, "127.0.0.1", resolve);
    });
    return proxy;
  }

  describe(): ProxyDescription {
    return {
      id: this.id,
      host: "127.0.0.1",
      port: (this.#server.address() as AddressInfo).port,
      open: this.#connections.size,
      accepted: this.#accepted,
      bytesToServer: this.bytes.toServer,
      bytesToClient: this.bytes.toClient,
    };
  }

  /** Sets the faults that last and does those that happen once. */
  apply(faults: ProxyFaults): void {
    const { blackHole, cut, reset, halfClose, ...lasting } = faults;
    Object.assign(this.faults, lasting);
    if (blackHole === true && this.#openGate === undefined) {
      this.gate = new Promise((resolve) => this.#openGate = resolve);
    }
    if (blackHole === false) {
      this.#openGate?.();
      this.#openGate = undefined;
    }
    for (const connection of [...this.#connections]) {
      if (reset) connection.close("reset");
      else if (cut) connection.close("cut");
      else if (halfClose !== undefined) connection.halfClose(halfClose);
    }
  }

  /** Closes the port and every connection. */
  async close(): Promise<void> {
    this.#openGate?.();
    for (const connection of [...this.#connections]) connection.close("cut");
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

type Entry = { due: number; chunk?: Buffer; end?: "fin" | "reset" };

/** One client's connection through a proxy. */
class ProxyConnection {
  readonly #proxy: FaultProxy;
  readonly #sides: Record<Direction, Socket>;
  readonly #all: Set<ProxyConnection>;
  readonly #passed: Record<Direction, number> = { toServer: 0, toClient: 0 };
  #isClosed = false;

  constructor(
    proxy: FaultProxy,
    client: Socket,
    target: { host: string; port: number },
    all: Set<ProxyConnection>,
  ) {
    this.#proxy = proxy;
    this.#all = all;
    all.add(this);
    const server = connect({ ...target, allowHalfOpen: true, noDelay: true });
    client.setNoDelay(true);
    this.#sides = { toServer: server, toClient: client };
    this.#pump(client, "toServer");
    this.#pump(server, "toClient");
  }

  close(how: "cut" | "reset"): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#all.delete(this);
    for (const socket of Object.values(this.#sides)) {
      if (how === "reset") socket.resetAndDestroy();
      else {
        socket.end();
        socket.destroy();
      }
    }
  }

  halfClose(direction: Direction): void {
    this.#sides[direction].end();
  }

  #pump(source: Socket, direction: Direction): void {
    const queue: Entry[] = [];
    let held = 0;
    let isRunning = false;
    const run = async (): Promise<void> => {
      isRunning = true;
      while (queue.length > 0 && !this.#isClosed) {
        const entry = queue.shift()!;
        const wait = entry.due - performance.now();
        if (wait > 0) await sleep(wait);
        await this.#proxy.gate;
        await this.#deliver(entry, direction);
        held -= entry.chunk?.length ?? 0;
        if (held < QUEUE_LIMIT && source.isPaused()) source.resume();
      }
      isRunning = false;
    };
    const add = (entry: Omit<Entry, "due">): void => {
      queue.push({ due: performance.now() + this.#proxy.faults.delayMs, ...entry });
      held += entry.chunk?.length ?? 0;
      if (held >= QUEUE_LIMIT) source.pause();
      if (!isRunning) run();
    };
    source.on("data", (chunk) => add({ chunk: Buffer.from(chunk as Buffer) }));
    source.on("end", () => add({ end: "fin" }));
    source.on("error", () => add({ end: "reset" }));
    source.on("close", () => {
      if (this.#sides.toClient.destroyed && this.#sides.toServer.destroyed) this.close("cut");
    });
    source.resume();
  }

  async #deliver(entry: Entry, direction: Direction): Promise<void> {
    const sink = this.#sides[direction];
    if (this.#isClosed) return;
    if (entry.end === "fin") {
      sink.end();
      return;
    }
    if (entry.end === "reset") return this.close("reset");
    const chunk = this.#corrupted(entry.chunk!, direction);
    const { chunkBytes, cutAfter } = this.#proxy.faults;
    const isCut = cutAfter !== null && (cutAfter.direction ?? "toClient") === direction;
    const room = isCut ? Math.max(0, cutAfter.bytes - this.#passed[direction]) : chunk.length;
    const allowed = chunk.subarray(0, room);
    this.#passed[direction] += allowed.length;
    this.#proxy.bytes[direction] += allowed.length;
    const step = chunkBytes > 0 ? chunkBytes : allowed.length;
    for (let offset = 0; offset < allowed.length && !this.#isClosed; offset += step) {
      await written(sink, allowed.subarray(offset, offset + step));
      if (chunkBytes > 0) await sleep(0);
    }
    if (isCut && this.#passed[direction] >= cutAfter.bytes) this.close("cut");
  }

  #corrupted(chunk: Buffer, direction: Direction): Buffer {
    const fault = this.#proxy.faults.corrupt;
    if (fault === null || (fault.direction ?? "toClient") !== direction) return chunk;
    const { offset, probability = 0, mask = 1 } = fault;
    const start = this.#passed[direction];
    for (let index = 0; index < chunk.length; index++) {
      if (start + index === offset || Math.random() < probability) chunk[index] ^= mask;
    }
    return chunk;
  }
}

/** Resolves when a socket took the bytes, or is gone. */
function written(socket: Socket, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    if (socket.destroyed || socket.writableEnded) return resolve();
    const done = (): void => {
      socket.off("close", done);
      resolve();
    };
    socket.once("close", done);
    socket.write(bytes, done);
  });
}
