/**
 * TLS over a connected socket, verified as libpq's `sslmode` defines it
 * (https://www.postgresql.org/docs/18/libpq-ssl.html#LIBPQ-SSL-PROTECTION):
 *
 * | mode                          | chain                        | host's name |
 * |-------------------------------|------------------------------|-------------|
 * | allow, prefer, require        | only with `sslRootCert` set  | not checked |
 * | verify-ca                     | checked                      | not checked |
 * | verify-full                   | checked                      | checked     |
 *
 * Without `sslRootCert`, or with `"system"`, the runtime's trusted roots are used.
 *
 * @module
 */

import { createPrivateKey } from "node:crypto";
import { readFile } from "node:fs/promises";
import net from "node:net";
import type { Socket } from "node:net";
import process from "node:process";
import tls from "node:tls";
import type { TLSSocket } from "node:tls";
import { serverEndPoint } from "../auth/channel_binding.ts";
import type { SslMode } from "../configuration/connect_options.ts";
import { ConfigError, ConnectionError } from "../errors.ts";
import { describeCause, opening } from "./opening.ts";
import type { OpeningTarget } from "./opening.ts";
import type { ConnectTlsOptions } from "../configuration/connect_tls.ts";
import type { ReadSwitch } from "./socket_transport.ts";

/** The settings of a connection that TLS depends on. */
export type TlsOptions = ConnectTlsOptions;

/** A socket under TLS. */
export interface SecuredSocket {
  /** The socket to use from now on. */
  readonly socket: TLSSocket;
  /** The `tls-server-end-point` hash; undefined where the certificate has none. */
  readonly channelBinding: Uint8Array | undefined;
  /** What pauses the reading where the socket cannot do it itself. */
  readonly readSwitch: ReadSwitch | undefined;
}

/** https://www.iana.org/assignments/tls-extensiontype-values, as PostgreSQL 17 and later expect it. */
const ALPN = "postgresql";

/**
 * Puts a connected socket under TLS and verifies the server.
 *
 * @param socket The socket, on which both sides are about to begin TLS.
 * @param host The server's name or address, as the caller knows it.
 * @param options How; see {@link TlsOptions}.
 * @param target The address for errors, and the signal that ends the handshake.
 * @throws {ConnectionError} When the handshake fails or the server is not who it should be.
 * @throws {ConfigError} When a certificate or key of ours cannot be used.
 */
export async function secureSocket(
  socket: Socket,
  host: string,
  options: TlsOptions,
  target: OpeningTarget,
): Promise<SecuredSocket> {
  const roots = options.sslRootCert === "system" ? undefined : await pem("sslRootCert", options.sslRootCert);
  const { sslmode } = options;
  const verifies = options.sslRootCert !== undefined || sslmode === "verify-ca" || sslmode === "verify-full";
  const name = options.sslServerName ?? host;
  const identity = await clientIdentity(options);
  let secured: TLSSocket | undefined;
  try {
    target.signal.throwIfAborted();
    secured = tls.connect({
      socket,
      ...(net.isIP(name) === 0 ? { servername: name } : {}),
      ...(roots === undefined ? {} : { ca: roots }),
      ...identity,
      ALPNProtocols: [ALPN],
      minVersion: options.sslMinVersion,
      ...(options.sslMaxVersion === undefined ? {} : { maxVersion: options.sslMaxVersion }),
      rejectUnauthorized: verifies,
      // The name is checked below, against the name we mean: the runtimes differ in what they take for it.
      checkServerIdentity: () => undefined,
    });
    const handshaking = secured;
    handshaking.on("error", () => {});
    await opening<void>(handshaking, target.signal, (resolve) => {
      handshaking.once("secureConnect", () => resolve());
    });
    const problem = verify(handshaking, {
      name,
      sslmode,
      verifies,
      direct: options.sslnegotiation === "direct",
    });
    if (problem !== undefined) throw problem;
    const channelBinding = options.channelBinding === "disable"
      ? undefined
      : serverEndPoint(handshaking.getPeerCertificate(true)?.raw);
    return { socket: handshaking, channelBinding, readSwitch: readSwitchOf(socket) };
  } catch (error) {
    secured?.destroy();
    socket.destroy();
    throw new ConnectionError(
      `Cannot secure the connection to "${target.name}": ${describeCause(error, "the TLS handshake")}; ${
        adviceFor(error)
      }`,
      { cause: error, retryable: !isVerdict(error), neverSent: true },
    );
  }
}

/**
 * On Deno (measured on 2.9.6) a paused TLS socket goes on reading and buffers all the peer sends, without bound. The
 * handle of the socket below can be stopped; it is not public, so nothing depends on its being there.
 */
function readSwitchOf(socket: Socket): ReadSwitch | undefined {
  if (process.versions.deno === undefined) return undefined;
  const { _handle: handle } = socket as { _handle?: { readStart?: () => void; readStop?: () => void } };
  return { stop: () => handle?.readStop?.(), start: () => handle?.readStart?.() };
}

interface Expectation {
  readonly name: string;
  readonly sslmode: SslMode;
  readonly verifies: boolean;
  readonly direct: boolean;
}

function verify(socket: TLSSocket, expected: Expectation): Error | undefined {
  if (expected.direct && socket.alpnProtocol !== ALPN) {
    return Object.assign(new Error(`the server did not agree on the protocol "${ALPN}"`), {
      code: "ERR_ALPN",
    });
  }
  if (expected.verifies && !socket.authorized) {
    return Object.assign(new Error("the server's certificate is not trusted"), {
      code: String(socket.authorizationError),
    });
  }
  if (expected.sslmode !== "verify-full") return undefined;
  return tls.checkServerIdentity(expected.name, socket.getPeerCertificate(true));
}

/** Verdicts about the server's certificate, which do not change by trying again. */
const VERDICT = /^(ERR_TLS_CERT|ERR_ALPN|CERT_|UNABLE_TO|SELF_SIGNED|DEPTH_ZERO|INVALID_CA|HOSTNAME)/;

function isVerdict(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return typeof code === "string" && VERDICT.test(code);
}

function adviceFor(error: unknown): string {
  const { code, name } = error as { code?: unknown; name?: unknown };
  if (name === "TimeoutError") return "check the network and the server, or raise the connect timeout";
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") {
    return 'connect by a name that the certificate holds, set sslServerName, or use sslmode "verify-ca"';
  }
  if (code === "ERR_ALPN") return 'direct TLS needs PostgreSQL 17; set sslnegotiation to "postgres"';
  if (typeof code === "string" && code.includes("EXPIRED")) return "renew the server's certificate";
  if (isVerdict(error)) {
    return "set sslRootCert to the authority that signed the server's certificate, and check that the certificate has not expired";
  }
  if (typeof code === "string" && code.includes("CERTIFICATE_REQUIRED")) {
    return "the server wants a client certificate: set sslCert and sslKey";
  }
  return "check the server's log and its TLS settings";
}

async function clientIdentity(options: TlsOptions): Promise<{ cert?: string; key?: string }> {
  const cert = await pem("sslCert", options.sslCert);
  const key = await pem("sslKey", options.sslKey);
  if (cert === undefined && key === undefined) return {};
  if (cert === undefined) throw new ConfigError("sslCert", "sslKey is set without it; set both or neither");
  if (key === undefined) throw new ConfigError("sslKey", "sslCert is set without it; set both or neither");
  try {
    const passphrase = options.sslPassword;
    const parsed = createPrivateKey({
      key,
      format: "pem",
      ...(passphrase === undefined ? {} : { passphrase }),
    });
    // Handed on decrypted, since not every runtime says when it cannot decrypt a key.
    return { cert, key: parsed.export({ type: "pkcs8", format: "pem" }) as string };
  } catch {
    // The cause is not chained: a parser's message may quote what it read.
    throw new ConfigError(
      "sslKey",
      "it is not a private key in PEM form that can be read; check the file and sslPassword",
    );
  }
}

/** PEM text as given, or read from the file it names. */
async function pem(key: string, value: string | undefined): Promise<string | undefined> {
  if (value === undefined || value === "") return undefined;
  let text = value;
  if (!value.includes("-----BEGIN")) {
    try {
      text = await readFile(value, "utf8");
    } catch (cause) {
      const { code, name } = cause as { code?: unknown; name?: unknown };
      const denied = name === "NotCapable" || name === "PermissionDenied";
      throw new ConfigError(
        key,
        `the file "${value}" cannot be read (${denied ? "no permission" : code ?? name}); ` +
          (denied
            ? "grant --allow-read for it or give the PEM text itself"
            : "give a readable file or PEM text"),
        "options",
        { cause },
      );
    }
  }
  if (!text.includes("-----BEGIN")) {
    throw new ConfigError(key, "it holds no PEM text; give a PEM file or its text");
  }
  return text;
}
