import net from "node:net";
import { SocketTransport } from "../../../pool/wire/socket_transport.ts";
import { testTransportContract } from "./transport_contract.ts";
import type { TransportPair } from "./transport_contract.ts";

/** A pair over loopback TCP. */
async function connectOverTcp(): Promise<TransportPair> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const accepted = new Promise<net.Socket>((resolve) => server.once("connection", resolve));
  const { port } = server.address() as net.AddressInfo;
  const socket = net.connect({ host: "127.0.0.1", port });
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("error", reject);
  });
  const peer = await accepted;
  const chunks: Uint8Array[] = [];
  peer.on("data", (chunk: Uint8Array) => chunks.push(new Uint8Array(chunk)));
  peer.on("error", () => {});
  const closed = new Promise<void>((resolve) => peer.once("close", () => resolve()));
  return {
    transport: new SocketTransport(socket, { keepAlive: 60_000 }),
    peer: {
      send: (bytes) => void peer.write(bytes),
      received: () => {
        const all = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
        let offset = 0;
        for (const chunk of chunks) {
          all.set(chunk, offset);
          offset += chunk.length;
        }
        return all;
      },
      setReading: (isReading) => void (isReading ? peer.resume() : peer.pause()),
      end: () => void peer.end(),
      cut: () => void (peer.resetAndDestroy?.() ?? peer.destroy()),
      closed,
    },
    dispose: async () => {
      peer.destroy();
      await closed;
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

testTransportContract("SocketTransport over TCP", connectOverTcp);
