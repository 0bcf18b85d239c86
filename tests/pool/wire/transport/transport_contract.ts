/**
 * What every transport must do, run by the tests of each implementation. The peer is a plain byte pipe held by
 * the test: whatever carries the bytes, order, back-pressure and the one `closed` are the same.
 */

import assert from "node:assert/strict";
import type { Transport, TransportHandler } from "../../../../pool/wire/transport/transport.ts";
import { test } from "../../../harness.ts";

/** The other end of a transport under test. */
export interface TransportPeer {
  /** Sends bytes to the transport. */
  send(bytes: Uint8Array): void;
  /** Everything received from the transport so far. */
  received(): Uint8Array;
  /** Stops or continues reading, so that the transport's writes back up. */
  setReading(isReading: boolean): void;
  /** Ends the stream cleanly. */
  end(): void;
  /** Cuts the connection, with an error for the transport where the carrier knows such a thing. */
  cut(): void;
  /** Resolves when the transport has closed its end. */
  readonly closed: Promise<void>;
}

/** A connected transport and its peer. */
export interface TransportPair {
  readonly transport: Transport;
  readonly peer: TransportPeer;
  /** Frees what the pair needed. */
  dispose(): Promise<void>;
}

/** What a handler was told. */
export class RecordingHandler implements TransportHandler {
  /** Every byte delivered, in order. */
  bytes: number[] = [];
  /** How often there was room to write again. */
  drains = 0;
  /** The arguments of every call of `closed`. */
  closings: (Error | undefined)[] = [];
  /** Calls that came after `closed`. */
  late: string[] = [];
  #wake: (() => void)[] = [];

  data(chunk: Uint8Array): void {
    if (this.closings.length > 0) this.late.push("data");
    for (const byte of chunk) this.bytes.push(byte);
    chunk.fill?.(0); // The chunk is the transport's again after the call, so nothing may depend on it.
    this.#notify();
  }

  drain(): void {
    if (this.closings.length > 0) this.late.push("drain");
    this.drains++;
    this.#notify();
  }

  closed(error: Error | undefined): void {
    this.closings.push(error);
    this.#notify();
  }

  /** Resolves once `condition` holds after some event. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#wake.push(resolve));
  }

  #notify(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}

const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

/**
 * Registers the contract's tests for one implementation.
 *
 * @param name The implementation's name.
 * @param connect Makes a connected pair.
 */
export function testTransportContract(name: string, connect: () => Promise<TransportPair>): void {
  const contract = (behaviour: string, body: (pair: TransportPair) => Promise<void>): void =>
    test(`${name} ${behaviour}`, async () => {
      const pair = await connect();
      try {
        await body(pair);
      } finally {
        pair.transport.destroy();
        await pair.dispose();
      }
    });

  contract("delivers what arrived before attach, then the rest, in order", async ({ transport, peer }) => {
    peer.send(new Uint8Array([1, 2, 3]));
    await pause(20);
    const handler = new RecordingHandler();
    transport.attach(handler);
    await handler.until(() => handler.bytes.length >= 3);
    peer.send(new Uint8Array([4]));
    peer.send(new Uint8Array([5]));
    await handler.until(() => handler.bytes.length >= 5);
    assert.deepEqual(handler.bytes, [1, 2, 3, 4, 5]);
  });

  contract("attach replaces the handler", async ({ transport, peer }) => {
    const first = new RecordingHandler();
    const second = new RecordingHandler();
    transport.attach(first);
    peer.send(new Uint8Array([1]));
    await first.until(() => first.bytes.length === 1);
    transport.attach(second);
    peer.send(new Uint8Array([2]));
    await second.until(() => second.bytes.length === 1);
    transport.destroy();
    await second.until(() => second.closings.length === 1);
    assert.deepEqual([first.bytes, second.bytes, first.closings], [[1], [2], []]);
  });

  contract("sends writes in order", async ({ transport, peer }) => {
    transport.attach(new RecordingHandler());
    for (let index = 0; index < 100; index++) transport.write(new Uint8Array([index, index]));
    while (peer.received().length < 200) await pause(2);
    assert.deepEqual([...peer.received()], Array.from({ length: 200 }, (_, index) => index >> 1));
  });

  contract("delivers nothing between pause and resume", async ({ transport, peer }) => {
    const handler = new RecordingHandler();
    transport.attach(handler);
    transport.pause();
    peer.send(new Uint8Array([1, 2]));
    await pause(30);
    assert.deepEqual(handler.bytes, []);
    transport.resume();
    await handler.until(() => handler.bytes.length === 2);
    assert.deepEqual(handler.bytes, [1, 2]);
  });

  contract("reports back-pressure and drains", async ({ transport, peer }) => {
    const handler = new RecordingHandler();
    transport.attach(handler);
    peer.setReading(false);
    const block = new Uint8Array(262_144).fill(7);
    const limit = 256 * block.length;
    let written = 0;
    let isStalled = false;
    while (written < limit && !isStalled) {
      const drains = handler.drains;
      written += block.length;
      if (transport.write(block)) continue;
      // The system and a test's proxies hold some megabytes before the transport feels anything.
      for (let waited = 0; waited < 200 && handler.drains === drains; waited += 10) await pause(10);
      isStalled = handler.drains === drains;
    }
    assert.ok(isStalled, "a peer that does not read was never noticed");
    peer.setReading(true);
    await handler.until(() => handler.drains > 0);
    while (peer.received().length < written) await pause(2);
    assert.equal(peer.received().length, written);
  });

  contract("close sends what was written and reports one clean end", async ({ transport, peer }) => {
    const handler = new RecordingHandler();
    transport.attach(handler);
    transport.write(new Uint8Array(100_000).fill(1));
    transport.close();
    await peer.closed;
    await handler.until(() => handler.closings.length > 0);
    await pause(10);
    assert.equal(peer.received().length, 100_000);
    assert.deepEqual([handler.closings, handler.late], [[undefined], []]);
  });

  contract("destroy closes at once with its error, once", async ({ transport, peer }) => {
    const handler = new RecordingHandler();
    transport.attach(handler);
    const error = new Error("enough");
    transport.destroy(error);
    transport.destroy(new Error("again"));
    transport.close();
    await handler.until(() => handler.closings.length > 0);
    await peer.closed;
    await pause(10);
    assert.deepEqual(handler.closings, [error]);
    assert.deepEqual(handler.late, []);
    assert.doesNotThrow(() => transport.write(new Uint8Array([1])));
  });

  contract("reports the peer's end once, after its last bytes", async ({ transport, peer }) => {
    const handler = new RecordingHandler();
    transport.attach(handler);
    peer.send(new Uint8Array([9]));
    peer.end();
    await handler.until(() => handler.closings.length > 0);
    await pause(10);
    assert.deepEqual([handler.bytes, handler.closings, handler.late], [[9], [undefined], []]);
  });

  contract("survives a cut and reports it once", async ({ transport, peer }) => {
    const handler = new RecordingHandler();
    transport.attach(handler);
    peer.cut();
    await handler.until(() => handler.closings.length > 0);
    await pause(10);
    assert.deepEqual([handler.closings.length, handler.late], [1, []]);
  });

  contract("tells a handler attached after the close that it is closed", async ({ transport, peer }) => {
    transport.destroy();
    await peer.closed;
    await pause(10);
    const handler = new RecordingHandler();
    transport.attach(handler);
    await handler.until(() => handler.closings.length > 0);
    await pause(10);
    assert.equal(handler.closings.length, 1);
  });

  contract("closes when its handler throws", async ({ transport, peer }) => {
    const error = new Error("from the handler");
    const recording = new RecordingHandler();
    transport.attach({
      data: () => {
        throw error;
      },
      drain: () => {},
      closed: (cause) => recording.closed(cause),
    });
    peer.send(new Uint8Array([1]));
    await recording.until(() => recording.closings.length > 0);
    assert.deepEqual(recording.closings, [error]);
  });
}
