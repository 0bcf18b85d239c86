/**
 * One SCRAM-SHA-256 exchange (https://www.rfc-editor.org/rfc/rfc5802, https://www.rfc-editor.org/rfc/rfc7677).
 *
 * States: `start` → `first-sent` → `deriving` → `final-sent` → `verified`. A message in any other state is refused. Only in
 * `verified` has the server proved that it knows the password.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { randomBytes, timingSafeEqual } from "node:crypto";
import { ConnectionError, ProtocolError } from "../errors.ts";
import { hmac, saltedKeys } from "./salted_keys.ts";
import { saslprep } from "./saslprep.ts";

/**
 * What the client says of channel binding: it has none (`n`), it has but the server did not offer it (`y`, by which
 * the server sees that somebody removed the offer), or it is used.
 */
export type ScramBinding = "n" | "y" | { readonly endPoint: Uint8Array };

/** What an exchange needs. */
export interface ScramOptions {
  /** The password as the user gave it. */
  readonly password: string;
  /** Channel binding. */
  readonly binding: ScramBinding;
  /** The most rounds the server may ask for. */
  readonly maxIterations: number;
  /** The user's name in the exchange; PostgreSQL ignores it. Default empty. */
  readonly user?: string;
  /** The client's nonce; only for test vectors. Default 18 random bytes. */
  readonly nonce?: string;
}

type ScramState =
  | { readonly name: "start" }
  | { readonly name: "first-sent" }
  | { readonly name: "deriving" }
  | { readonly name: "final-sent"; readonly signature: Uint8Array }
  | { readonly name: "verified" };

/** The client's side of one exchange. */
export class ScramExchange {
  readonly #options: ScramOptions;
  readonly #nonce: string;
  readonly #header: string;
  #state: ScramState = { name: "start" };

  /** Prepares an exchange; see {@link ScramOptions}. */
  constructor(options: ScramOptions) {
    this.#options = options;
    this.#nonce = options.nonce ?? randomBytes(18).toString("base64");
    this.#header = typeof options.binding === "string" ? `${options.binding},,` : "p=tls-server-end-point,,";
  }

  /** Whether the server has proved that it knows the password. */
  get isVerified(): boolean {
    return this.#state.name === "verified";
  }

  /** The client's first message. */
  first(): string {
    this.#expect("start", "AuthenticationSASL");
    this.#state = { name: "first-sent" };
    return this.#header + this.#firstBare();
  }

  /**
   * The client's final message, which proves that it knows the password.
   *
   * @param serverFirst The server's first message.
   */
  async final(serverFirst: string): Promise<string> {
    this.#expect("first-sent", "AuthenticationSASLContinue");
    const { nonce, salt, iterations } = this.#parseServerFirst(serverFirst);
    const { binding, password } = this.#options;
    const header = Buffer.from(this.#header, "latin1");
    const bound = typeof binding === "string" ? header : Buffer.concat([header, binding.endPoint]);
    const withoutProof = `c=${bound.toString("base64")},r=${nonce}`;
    const authMessage = `${this.#firstBare()},${serverFirst},${withoutProof}`;
    this.#state = { name: "deriving" };
    const keys = await saltedKeys(saslprep(password), { salt, iterations });
    const clientSignature = hmac(keys.storedKey, authMessage);
    const proof = keys.clientKey.map((byte, index) => byte ^ clientSignature[index]);
    this.#state = { name: "final-sent", signature: hmac(keys.serverKey, authMessage) };
    return `${withoutProof},p=${Buffer.from(proof).toString("base64")}`;
  }

  /**
   * Checks the server's final message.
   *
   * @param serverFinal The message.
   * @throws {ConnectionError} When the server could not prove that it knows the password.
   */
  verify(serverFinal: string): void {
    const state = this.#state;
    if (state.name !== "final-sent") throw unexpected("AuthenticationSASLFinal", state.name);
    if (serverFinal.startsWith("e=")) {
      const reason = /^e=([a-z0-9-]{1,64})/.exec(serverFinal)?.[1] ?? "unknown";
      throw new ConnectionError(
        `Cannot authenticate with SCRAM: the server refused the proof ("${reason}"); check user and password`,
        { retryable: false },
      );
    }
    const signature = base64(/^v=([^,]*)(,.*)?$/.exec(serverFinal)?.[1], "AuthenticationSASLFinal");
    if (signature.length !== state.signature.length || !timingSafeEqual(signature, state.signature)) {
      throw new ConnectionError(
        "Cannot authenticate with SCRAM: the server did not prove that it knows the password, so it may not be " +
          "the server it claims to be; check the address and the network",
        { retryable: false },
      );
    }
    this.#state = { name: "verified" };
  }

  #firstBare(): string {
    const user = (this.#options.user ?? "").replaceAll("=", "=3D").replaceAll(",", "=2C");
    return `n=${user},r=${this.#nonce}`;
  }

  #parseServerFirst(message: string): { nonce: string; salt: Uint8Array; iterations: number } {
    const messageName = "AuthenticationSASLContinue";
    // Extensions may follow; one that must be understood (m=) would stand first, and none exists.
    const parts = /^r=([\x21-\x2b\x2d-\x7e]+),s=([^,]*),i=([0-9]{1,10})(,.*)?$/.exec(message);
    if (parts === null) throw new ProtocolError(messageName, "it is not a SCRAM server-first-message");
    const nonce = parts[1];
    if (nonce.length <= this.#nonce.length || !nonce.startsWith(this.#nonce)) {
      throw new ProtocolError(messageName, "its nonce does not extend ours, so it may be a replay");
    }
    const salt = base64(parts[2], messageName);
    if (salt.length === 0) throw new ProtocolError(messageName, "its salt is empty");
    const iterations = Number(parts[3]);
    if (iterations < 1) throw new ProtocolError(messageName, "it asks for no iterations");
    const { maxIterations } = this.#options;
    if (iterations > maxIterations) {
      throw new ConnectionError(
        `Cannot authenticate with SCRAM: the server asks for ${iterations} iterations, more than ${maxIterations}; ` +
          `check the address, or set the password again on the server with a lower "scram_iterations"`,
        { retryable: false },
      );
    }
    return { nonce, salt, iterations };
  }

  #expect(name: ScramState["name"], messageName: string): void {
    if (this.#state.name !== name) throw unexpected(messageName, this.#state.name);
  }
}

function unexpected(messageName: string, state: string): ProtocolError {
  return new ProtocolError(messageName, `it is out of order (SCRAM is in state "${state}")`);
}

/** Strict base64: decoders of the runtimes accept almost anything. */
function base64(text: string | undefined, messageName: string): Uint8Array {
  if (text === undefined || !/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text)) {
    throw new ProtocolError(messageName, "it holds bad base64");
  }
  return new Uint8Array(Buffer.from(text, "base64"));
}
