/**
 * One command to a Redis, over a connection of its own. It shares nothing with the library, so that a fault of the
 * library cannot bring down the services that test it.
 */
import { Buffer } from "node:buffer";
import { connect } from "node:net";
import { connect as connectTls } from "node:tls";

/** What Redis answers, by RESP2: https://redis.io/docs/latest/develop/reference/protocol-spec/ */
export type RedisReply = string | number | null | RedisReply[];

/** Where a Redis listens and how it is entered. */
export interface RedisAddress {
  readonly host: string;
  readonly port: number;
  readonly password?: string;
  /** The certificate of the authority that signed the server's, where it asks for TLS. */
  readonly ca?: string;
}

/** How long an answer may take, in milliseconds. */
const TIMEOUT = 5_000;

/**
 * Sends a command and returns the reply.
 *
 * @param at Where to.
 * @param words The command and its arguments.
 * @throws When the server answers an error, with its text.
 */
export async function redisCommand(
  at: RedisAddress,
  words: readonly (string | number)[],
): Promise<RedisReply> {
  const commands = [words];
  if (at.password !== undefined && at.password !== "") commands.unshift(["AUTH", at.password]);
  const replies = await exchange(at, commands);
  for (const reply of replies) if (reply instanceof Error) throw reply;
  return replies[replies.length - 1] as RedisReply;
}

function exchange(
  { host, port, ca }: RedisAddress,
  commands: readonly (readonly (string | number)[])[],
): Promise<unknown[]> {
  return new Promise((resolve, reject) => {
    const socket = ca === undefined
      ? connect(port, host)
      : connectTls({ host, port, ca, servername: "localhost" });
    let received: Buffer = Buffer.alloc(0);
    socket.setTimeout(TIMEOUT, () => socket.destroy(new Error(`No answer in ${TIMEOUT} ms`)));
    socket.on("error", reject);
    socket.on("close", () => reject(new Error("The server closed the connection")));
    socket.on("data", (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      const replies: unknown[] = [];
      for (let offset = 0; replies.length < commands.length;) {
        const read = readReply(received, offset);
        if (read === undefined) return;
        replies.push(read.value);
        offset = read.end;
      }
      resolve(replies);
      socket.destroy();
    });
    socket.write(commands.map(encoded).join(""));
  });
}

function encoded(words: readonly (string | number)[]): string {
  const parts = words.map((word) => `$${Buffer.byteLength(`${word}`)}\r\n${word}\r\n`);
  return `*${words.length}\r\n${parts.join("")}`;
}

/** Reads one reply; undefined when not all of it is there. An error is a value here. */
function readReply(bytes: Buffer, start: number): { value: unknown; end: number } | undefined {
  const lineEnd = bytes.indexOf("\r\n", start);
  if (lineEnd === -1) return undefined;
  const line = bytes.toString("utf8", start + 1, lineEnd);
  const body = lineEnd + 2;
  switch (String.fromCharCode(bytes[start])) {
    case "+":
      return { value: line, end: body };
    case "-":
      return { value: new Error(line), end: body };
    case ":":
      return { value: Number(line), end: body };
    case "$": {
      const length = Number(line);
      if (length === -1) return { value: null, end: body };
      const end = body + length + 2;
      return bytes.length < end ? undefined : { value: bytes.toString("utf8", body, body + length), end };
    }
    case "*": {
      if (Number(line) === -1) return { value: null, end: body };
      const value: unknown[] = [];
      let end = body;
      while (value.length < Number(line)) {
        const item = readReply(bytes, end);
        if (item === undefined) return undefined;
        value.push(item.value);
        end = item.end;
      }
      return { value, end };
    }
  }
  throw new Error(`Redis answered with "${line}", which is no RESP2`);
}
