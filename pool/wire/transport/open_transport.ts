/**
 * Opening the way to a server: a TCP or Unix socket, and TLS over it as `sslmode` asks.
 *
 * Stages: connect → (SSLRequest and its one-byte answer, unless TLS is direct) → TLS handshake → verification.
 * Aborting at any stage destroys the socket. Nothing but the SSLRequest is sent before TLS stands, and no byte
 * that came before TLS is ever given to a session that believes itself secure.
 *
 * @module
 */

import net from "node:net";
import type { Socket } from "node:net";
import type { ResolvedConnectOptions, ResolvedHost, SslMode } from "../configuration/connect_options.ts";
import { ConnectionError } from "../errors.ts";
import { describeCause, opening } from "./opening.ts";
import type { OpeningTarget } from "./opening.ts";
import { SocketIntake } from "./socket_intake.ts";
import { SocketTransport } from "./socket_transport.ts";
import { secureSocket } from "./tls.ts";
import type { TlsOptions } from "./tls.ts";
import type { Transport } from "./transport.ts";

/** What opening a transport needs to know; resolved connect options satisfy it. */
export interface TransportOptions
  extends TlsOptions, Pick<ResolvedConnectOptions, "sslnegotiation" | "keepAlive"> {
  /** What to try. Default: the first of {@link transportAttempts}. */
  readonly attempt?: TransportAttempt;
}

/** Where the server is; a resolved host satisfies it. */
export interface TransportHost extends Pick<ResolvedHost, "host" | "port"> {
  /** What to connect to over TCP. Default: `host`. */
  readonly address?: string;
  /** The path of a Unix socket, which is used instead of TCP. */
  readonly socketPath?: string | undefined;
}

/** An open transport, on which nothing of the session has been sent. */
export interface OpenedTransport {
  /** The transport. */
  readonly transport: Transport;
  /** Whether TLS protects it. */
  readonly secure: boolean;
  /** The `tls-server-end-point` hash of the server's certificate; absent where the certificate has none. */
  readonly channelBinding?: Uint8Array;
}

/** One way to try: with TLS or without. */
export type TransportAttempt = "tls" | "plain";

const ATTEMPTS = {
  disable: ["plain"],
  allow: ["plain", "tls"],
  prefer: ["tls", "plain"],
  require: ["tls"],
  "verify-ca": ["tls"],
  "verify-full": ["tls"],
} as const satisfies Record<SslMode, readonly TransportAttempt[]>;

const UNIX_ATTEMPTS: readonly TransportAttempt[] = ["plain"];

/** Code 80877103 in a message of eight bytes, https://www.postgresql.org/docs/18/protocol-message-formats.html */
const SSL_REQUEST: Uint8Array = new Uint8Array([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);

/**
 * The ways to try under an `sslmode`, in order; the next is for when the server refused the one before.
 *
 * @param sslmode The mode.
 * @param host Where the server is; over a Unix socket TLS is never tried.
 * @returns The ways, at least one.
 */
export function transportAttempts(
  sslmode: SslMode,
  host?: Pick<TransportHost, "socketPath">,
): readonly TransportAttempt[] {
  return host?.socketPath === undefined ? ATTEMPTS[sslmode] : UNIX_ATTEMPTS;
}

/**
 * Opens a transport to one server.
 *
 * Under `prefer` a server that answers the SSLRequest with no is spoken to in clear on the same socket.
 *
 * @param host Where the server is.
 * @param options How; see {@link TransportOptions}.
 * @param signal Ends the opening at any stage; the socket is destroyed.
 * @returns The open transport.
 * @throws {ConnectionError} When the server cannot be reached, refuses TLS, or is not who it should be.
 * @throws {ConfigError} When a certificate or key of ours cannot be read.
 */
export async function openTransport(
  host: TransportHost,
  options: TransportOptions,
  signal: AbortSignal,
): Promise<OpenedTransport> {
  const attempt = host.socketPath === undefined
    ? options.attempt ?? transportAttempts(options.sslmode)[0]
    : "plain";
  const target: OpeningTarget = { name: addressOf(host), signal };
  const intake = attempt === "plain" ? new SocketIntake() : undefined;
  const socket = await connectSocket(host, target, intake);
  try {
    socket.setNoDelay(true);
    if (options.keepAlive > 0) socket.setKeepAlive(true, options.keepAlive);
    if (attempt === "plain") return plain(socket, options, intake);
    if (options.sslnegotiation === "postgres" && !await requestTls(socket, target, options.sslmode)) {
      return plain(socket, options);
    }
    const secured = await secureSocket(socket, host.host, options, target);
    return {
      transport: new SocketTransport(secured.socket, {
        keepAlive: options.keepAlive,
        readSwitch: secured.readSwitch,
      }),
      secure: true,
      ...(secured.channelBinding === undefined ? {} : { channelBinding: secured.channelBinding }),
    };
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** The server's address as errors print it. */
function addressOf(host: TransportHost): string {
  // The abstract namespace begins with NUL, which people write as "@".
  if (host.socketPath !== undefined) return host.socketPath.replace("\0", "@");
  return host.host.includes(":") ? `[${host.host}]:${host.port}` : `${host.host}:${host.port}`;
}

function plain(socket: Socket, { keepAlive }: TransportOptions, intake?: SocketIntake): OpenedTransport {
  return { transport: new SocketTransport(socket, { keepAlive, intake }), secure: false };
}

async function connectSocket(
  host: TransportHost,
  target: OpeningTarget,
  intake: SocketIntake | undefined,
): Promise<Socket> {
  let socket: Socket | undefined;
  try {
    target.signal.throwIfAborted();
    const reading = intake === undefined ? {} : { onread: intake.onread };
    socket = host.socketPath === undefined
      ? net.connect({ host: host.address ?? host.host, port: host.port, ...reading })
      : net.connect({ path: host.socketPath, ...reading });
    const connecting = socket;
    // For the whole life of the socket: an error that nobody waits for must not end the process.
    connecting.on("error", () => {});
    await opening<void>(connecting, target.signal, (resolve) => {
      connecting.once("connect", () => resolve());
    });
    return connecting;
  } catch (error) {
    socket?.destroy();
    throw new ConnectionError(
      `Cannot connect to "${target.name}": ${describeCause(error, "the connection")}; ${
        connectAdvice(error)
      }`,
      { cause: error, neverSent: true, retryable: !isPermissionMissing(error) },
    );
  }
}

function connectAdvice(error: unknown): string {
  const { code, name } = error as { code?: unknown; name?: unknown };
  if (isPermissionMissing(error) || code === "EPERM") {
    return "grant the permission, for example --allow-net (Unix sockets need --allow-read and --allow-write too)";
  }
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return "check the host's name and the name service";
  if (code === "ENOENT") return "check the socket's directory and that the server runs on this machine";
  if (code === "EACCES") return "check who may use the socket";
  if (name === "TimeoutError") return "check the host, the port and firewalls, or raise the connect timeout";
  return "check that the server runs and listens on this address";
}

/** Whether the runtime does not let this program connect, which no later attempt changes. */
function isPermissionMissing(error: unknown): boolean {
  const { name } = error as { name?: unknown };
  return name === "NotCapable" || name === "PermissionDenied";
}

/** Sends the SSLRequest; resolves to whether the server agrees, where a no can be lived with. */
async function requestTls(socket: Socket, target: OpeningTarget, sslmode: SslMode): Promise<boolean> {
  let answer: Uint8Array;
  try {
    answer = await opening<Uint8Array>(socket, target.signal, (resolve) => {
      socket.once("data", (chunk: Uint8Array) => {
        socket.pause();
        resolve(chunk);
      });
      socket.write(SSL_REQUEST);
    });
  } catch (error) {
    throw new ConnectionError(
      `Cannot start TLS with "${target.name}": ${describeCause(error, "the SSLRequest")}; check that a ` +
        `PostgreSQL server listens there, or set sslmode to "disable" if it has no TLS`,
      { cause: error, neverSent: true },
    );
  }
  // Bytes after the answer were sent before TLS began, by whoever sits in between (CVE-2021-23222).
  if (answer.length === 1) {
    if (answer[0] === 0x53) return true;
    if (answer[0] === 0x4e && sslmode === "prefer") return false;
  }
  throw new ConnectionError(
    `Cannot start TLS with "${target.name}": ${refusalOf(answer)}`,
    { retryable: answer[0] === 0x45, neverSent: true },
  );
}

function refusalOf(answer: Uint8Array): string {
  switch (answer[0]) {
    case 0x53:
      return "unencrypted bytes came with the answer to the SSLRequest, which may be an attack; " +
        "check the network between this host and the server";
    case 0x4e:
      return 'the server does not offer TLS; turn on "ssl" there, or set sslmode to "disable" or "prefer"';
    case 0x45:
      // Its text came unprotected from an unknown peer, so it is not shown (CVE-2024-10977).
      return "the server answered the SSLRequest with an error; look into its log";
    default:
      return "the answer to the SSLRequest is not of the protocol; check that the address is a PostgreSQL server";
  }
}
