/**
 * Proving to the server who we are, and letting it prove the same: the messages of authentication as values, with
 * no I/O (https://www.postgresql.org/docs/18/protocol-flow.html#PROTOCOL-FLOW-START-UP).
 *
 * States: `waiting` → (`answered` by password or MD5 | `scram`) → `finished` at AuthenticationOk. The server may say
 * Ok at once, when it trusts us or knows our certificate. Invariants: Ok during SCRAM counts only after the server's
 * signature was verified; a method is begun once; a method that the settings forbid is refused before anything that
 * depends on the password leaves.
 *
 * @module
 */

import { ByteSource } from "../byte_source.ts";
import { ByteWriter } from "../byte_writer.ts";
import type { ChannelBinding } from "../configuration/connect_options.ts";
import { ConnectionError, ProtocolError } from "../errors.ts";
import { md5Answer } from "./md5.ts";
import { ScramExchange } from "./scram.ts";

/** What an {@link Authenticator} knows. */
export interface AuthenticatorOptions {
  /** The role to log in as. */
  readonly user: string;
  /** The password; undefined when there is none. */
  readonly password: string | undefined;
  /** Whether nobody can listen: TLS, or a Unix socket. */
  readonly secure: boolean;
  /** Whether SCRAM is tied to the TLS session. Default `"prefer"`. */
  readonly channelBinding?: ChannelBinding;
  /** The `tls-server-end-point` hash of the server's certificate; undefined without TLS. */
  readonly channelBindingData?: Uint8Array | undefined;
  /** Whether the password may be sent in clear where somebody can listen. Default false. */
  readonly allowCleartextPassword?: boolean;
  /** The methods that are acceptable, or, each with a leading `!`, those that are not. Default: all. */
  readonly requireAuth?: readonly string[];
  /** The most SCRAM rounds the server may ask for. Default 1,000,000, about a second's work. */
  readonly maxScramIterations?: number;
}

/** The codes of Authentication messages, https://www.postgresql.org/docs/18/protocol-message-formats.html */
const OK = 0;
const KERBEROS_V5 = 2;
const CLEARTEXT_PASSWORD = 3;
const MD5_PASSWORD = 5;
const GSS = 7;
const GSS_CONTINUE = 8;
const SSPI = 9;
const SASL = 10;
const SASL_CONTINUE = 11;
const SASL_FINAL = 12;

const DEFAULT_MAX_SCRAM_ITERATIONS = 1_000_000;

type AuthenticatorState =
  | { readonly name: "waiting" }
  | { readonly name: "answered" }
  | { readonly name: "scram"; readonly exchange: ScramExchange; readonly isBound: boolean }
  | { readonly name: "finished" };

/** The client's side of one authentication. */
export class Authenticator {
  readonly #options: AuthenticatorOptions;
  #state: AuthenticatorState = { name: "waiting" };

  /** Prepares an authentication; see {@link AuthenticatorOptions}. */
  constructor(options: AuthenticatorOptions) {
    this.#options = options;
  }

  /** Whether the server said Ok and was allowed to. */
  get finished(): boolean {
    return this.#state.name === "finished";
  }

  /**
   * Answers one Authentication message. The next message must wait for the answer.
   *
   * @param body The message's body; its first four bytes are the code. It is read before the first wait.
   * @returns A whole frontend message to send, or undefined when there is nothing to send.
   * @throws {ConnectionError} When the server asks for what we cannot or must not give, or cannot prove itself.
   * @throws {ProtocolError} When the message breaks the protocol.
   */
  async respond(body: Uint8Array): Promise<Uint8Array | undefined> {
    if (body.length < 4) throw new ProtocolError("Authentication", "it has no code");
    const code = new ByteSource(body).i32(0);
    switch (code) {
      case OK:
        return this.#finish(body);
      case CLEARTEXT_PASSWORD:
        return this.#sendPassword(body);
      case MD5_PASSWORD:
        return this.#sendMd5(body);
      case SASL:
        return this.#beginScram(body);
      case SASL_CONTINUE:
        return await this.#continueScram(body);
      case SASL_FINAL:
        return this.#endScram(body);
      case KERBEROS_V5:
      case GSS:
      case GSS_CONTINUE:
        throw this.#refusal(
          "the server asks for Kerberos (GSS), which Lifeguard does not have",
          PG_HBA_ADVICE,
        );
      case SSPI:
        throw this.#refusal("the server asks for Windows SSPI, which Lifeguard does not have", PG_HBA_ADVICE);
      default:
        throw this.#refusal(`the server asks for the unknown method ${code}`, PG_HBA_ADVICE);
    }
  }

  #finish(body: Uint8Array): undefined {
    expectLength("AuthenticationOk", body, 4);
    const state = this.#state;
    switch (state.name) {
      case "waiting":
        this.#permit("none", "sends Ok without asking for a proof");
        break;
      case "scram":
        if (!state.exchange.isVerified) {
          throw this.#refusal(
            "the server sent Ok before it proved that it knows the password, so it may not be the server it " +
              "claims to be",
            "check the address and the network",
          );
        }
        break;
      case "answered":
        break;
      case "finished":
        throw outOfOrder("AuthenticationOk");
      default:
        state satisfies never;
    }
    if (this.#options.channelBinding === "require" && !(state.name === "scram" && state.isBound)) {
      throw this.#bindingRefusal("the server did not use it");
    }
    this.#state = { name: "finished" };
  }

  #sendPassword(body: Uint8Array): Uint8Array {
    expectLength("AuthenticationCleartextPassword", body, 4);
    this.#begin("AuthenticationCleartextPassword", "password", "the password in clear");
    const { secure, allowCleartextPassword } = this.#options;
    if (!secure && allowCleartextPassword !== true) {
      throw this.#refusal(
        "the server asks for the password in clear over a connection without TLS",
        "use TLS or SCRAM, or set allowCleartextPassword where nobody else can listen",
      );
    }
    const password = this.#password("the password in clear");
    this.#state = { name: "answered" };
    return passwordMessage(password);
  }

  #sendMd5(body: Uint8Array): Uint8Array {
    expectLength("AuthenticationMD5Password", body, 8);
    this.#begin("AuthenticationMD5Password", "md5", "MD5");
    const answer = md5Answer(this.#options.user, this.#password("MD5"), body.slice(4, 8));
    this.#state = { name: "answered" };
    return passwordMessage(answer);
  }

  #beginScram(body: Uint8Array): Uint8Array {
    const offered = parseMechanisms(body);
    const hasPlus = offered.includes("SCRAM-SHA-256-PLUS");
    if (!hasPlus && !offered.includes("SCRAM-SHA-256")) {
      const names = offered.filter((name) => /^[A-Z0-9_-]{1,20}$/.test(name)).join(", ");
      throw this.#refusal(`the server offers none of the SASL mechanisms we have (${names})`, PG_HBA_ADVICE);
    }
    this.#begin("AuthenticationSASL", "scram-sha-256", "SCRAM-SHA-256");
    const { channelBinding = "prefer", channelBindingData: endPoint } = this.#options;
    const mayBind = channelBinding !== "disable" && endPoint !== undefined;
    if (channelBinding === "require" && endPoint === undefined) {
      throw this.#bindingRefusal("the connection has no TLS, or the server's certificate cannot be bound to");
    }
    if (channelBinding === "require" && !hasPlus) throw this.#bindingRefusal("the server does not offer it");
    if (hasPlus && !this.#options.secure) {
      throw this.#refusal(
        "the server offers SCRAM-SHA-256-PLUS over a connection without TLS, so somebody may sit in between",
        "check the network between this host and the server",
      );
    }
    const isBound = mayBind && hasPlus;
    if (!isBound && !offered.includes("SCRAM-SHA-256")) {
      throw this.#refusal(
        "the server offers SCRAM-SHA-256 only with channel binding, which is off or impossible here",
        'set channelBinding to "prefer" and use TLS',
      );
    }
    const exchange = new ScramExchange({
      password: this.#password("SCRAM-SHA-256"),
      binding: isBound ? { endPoint } : mayBind ? "y" : "n",
      maxIterations: this.#options.maxScramIterations ?? DEFAULT_MAX_SCRAM_ITERATIONS,
    });
    this.#state = { name: "scram", exchange, isBound };
    return saslInitialResponse(isBound ? "SCRAM-SHA-256-PLUS" : "SCRAM-SHA-256", exchange.first());
  }

  async #continueScram(body: Uint8Array): Promise<Uint8Array> {
    const { exchange } = this.#scram("AuthenticationSASLContinue");
    return saslResponse(await exchange.final(textOf("AuthenticationSASLContinue", body)));
  }

  #endScram(body: Uint8Array): undefined {
    this.#scram("AuthenticationSASLFinal").exchange.verify(textOf("AuthenticationSASLFinal", body));
  }

  #scram(messageName: string): AuthenticatorState & { name: "scram" } {
    if (this.#state.name !== "scram") throw outOfOrder(messageName);
    return this.#state;
  }

  /** A method may begin only once, when the settings permit it. */
  #begin(messageName: string, method: string, label: string): void {
    if (this.#state.name !== "waiting") throw outOfOrder(messageName);
    this.#permit(method, `asks for ${label}`);
    if (this.#options.channelBinding === "require" && method !== "scram-sha-256") {
      throw this.#bindingRefusal(`the server asks for ${label}, which has none`);
    }
  }

  #permit(method: string, problem: string): void {
    const { requireAuth = [] } = this.#options;
    if (requireAuth.length === 0) return;
    const isNegated = requireAuth.every((entry) => entry.startsWith("!"));
    const isPermitted = isNegated ? !requireAuth.includes(`!${method}`) : requireAuth.includes(method);
    if (isPermitted) return;
    throw this.#refusal(
      `the server ${problem}, which requireAuth "${requireAuth.join(",")}" does not allow`,
      `check the address and the server's pg_hba.conf, or add "${method}" to requireAuth`,
    );
  }

  #password(label: string): string {
    const { password } = this.#options;
    if (password === undefined || password === "") {
      throw this.#refusal(
        `the server asks for ${label} and no password is set`,
        "set it in the options, the URL, PGPASSWORD or the password file",
      );
    }
    if (password.includes("\0")) throw this.#refusal("the password holds a NUL character", "set another one");
    return password;
  }

  #bindingRefusal(state: string): ConnectionError {
    return this.#refusal(
      `channel binding is required and ${state}`,
      'use TLS and SCRAM with a server of version 11 or later, or set channelBinding to "prefer"',
    );
  }

  #refusal(state: string, advice: string): ConnectionError {
    return new ConnectionError(`Cannot authenticate as "${this.#options.user}": ${state}; ${advice}`, {
      retryable: false,
    });
  }
}

const PG_HBA_ADVICE = 'let pg_hba.conf ask this user for "scram-sha-256"';

function outOfOrder(messageName: string): ProtocolError {
  return new ProtocolError(messageName, "it is out of order in the authentication");
}

function expectLength(messageName: string, body: Uint8Array, length: number): void {
  if (body.length !== length) {
    throw new ProtocolError(messageName, `its body has ${body.length} bytes and not ${length}`);
  }
}

/** AuthenticationSASL: names, each ended by NUL, and one NUL after the last. */
function parseMechanisms(body: Uint8Array): string[] {
  const names = textOf("AuthenticationSASL", body).split("\0");
  if (names.length < 3 || names.pop() !== "" || names.pop() !== "") {
    throw new ProtocolError("AuthenticationSASL", "its list of mechanisms has no end");
  }
  return names;
}

/** What follows the code; SASL as PostgreSQL uses it is ASCII. */
function textOf(messageName: string, body: Uint8Array): string {
  try {
    return new ByteSource(body).utf8(4, body.length - 4);
  } catch (cause) {
    throw new ProtocolError(messageName, "it is not UTF-8", { cause });
  }
}

/** All answers have the type `p`; what they are follows from what was asked. */
function frontendMessage(write: (writer: ByteWriter) => void): Uint8Array {
  const writer = new ByteWriter(256);
  writer.u8(0x70);
  writer.i32(0);
  write(writer);
  writer.setI32(1, writer.length - 1);
  return writer.take();
}

function passwordMessage(password: string): Uint8Array {
  return frontendMessage((writer) => writer.cstring(password));
}

function saslInitialResponse(mechanism: string, response: string): Uint8Array {
  return frontendMessage((writer) => {
    writer.cstring(mechanism);
    writer.i32(response.length); // ASCII: as many bytes as characters.
    writer.utf8(response);
  });
}

function saslResponse(response: string): Uint8Array {
  return frontendMessage((writer) => writer.utf8(response));
}
