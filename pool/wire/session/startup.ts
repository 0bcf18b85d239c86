/**
 * The first conversation of a session: StartupMessage, authentication, settings, the key for cancelling.
 *
 * States: `authenticating` → `settling in` (AuthenticationOk was seen) → `done` (ReadyForQuery). An ErrorResponse or a
 * refused authentication ends it with the error; nothing here waits, the caller's connect timeout does.
 *
 * @module
 */
import type { Authenticator } from "../auth/authenticator.ts";
import type { ByteSource } from "../byte_source.ts";
import type { ByteWriter } from "../byte_writer.ts";
import { ConnectionError, ProtocolError, ValidationError } from "../errors.ts";
import { type BackendKey, readBackendKey, readErrorFields } from "../message/backend.ts";
import { writeStartup } from "../message/frontend.ts";
import { BACKEND, messageName } from "../message/names.ts";
import { postgresError, SQLSTATE } from "../postgres_error.ts";

/** SQLSTATEs that mean the same connection attempt will fail again until something is changed. */
const FINAL_STATES: ReadonlySet<string> = new Set([
  SQLSTATE.invalidPassword,
  SQLSTATE.invalidAuthorization,
  SQLSTATE.invalidCatalogName,
  "42501", // insufficient_privilege: no CONNECT
]);

/** Authentication messages that may wait for our answer: a final one and Ok come together. */
const MAX_UNANSWERED = 2;
/** The longest Authentication message, in bytes. */
const MAX_AUTHENTICATION = 65_536;

/** The first conversation with a server. */
export class Startup {
  readonly #authenticator: Authenticator;
  readonly #address: string;
  readonly #send: (write: (writer: ByteWriter) => void) => void;
  #isAuthenticated = false;
  #pending: Promise<void> = Promise.resolve();
  #unanswered = 0;
  #key: BackendKey | undefined;
  #resolve!: (key: BackendKey | undefined) => void;
  #reject!: (error: unknown) => void;
  /** Settles when the server is ready: with the key for cancelling, if it gave one. */
  readonly done: Promise<BackendKey | undefined>;

  /**
   * Begins the conversation.
   *
   * @param parameters The startup parameters, `user` first.
   * @param authenticator What answers for us.
   * @param send Sends what is written.
   * @param address For messages: who it is with.
   */
  constructor(
    parameters: readonly (readonly [string, string])[],
    authenticator: Authenticator,
    send: (write: (writer: ByteWriter) => void) => void,
    address: string,
  ) {
    this.#authenticator = authenticator;
    this.#send = send;
    this.#address = address;
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    for (const [name, value] of parameters) {
      if (name.includes("\0") || value.includes("\0")) {
        throw new ValidationError(
          `startup parameter "${name.replaceAll("\0", "\\0")}"`,
          "it contains a NUL character",
        );
      }
    }
    send((writer) => writeStartup(writer, parameters));
  }

  /** Takes one message. Throws ProtocolError for one that may not come now. */
  receive(type: number, source: ByteSource, offset: number, end: number): void {
    switch (type) {
      case BACKEND.Authentication:
        if (end - offset > MAX_AUTHENTICATION) {
          throw new ProtocolError("Authentication", `it is longer than ${MAX_AUTHENTICATION} bytes`);
        }
        this.#authenticate(source.copy(offset, end - offset));
        return;
      case BACKEND.BackendKeyData:
        if (!this.#isAuthenticated) break;
        this.#key = readBackendKey(source, offset, end);
        return;
      case BACKEND.ReadyForQuery:
        if (!this.#isAuthenticated) break;
        this.#pending.then(() => {
          if (this.#authenticator.finished) this.#resolve(this.#key);
          else this.#reject(new ProtocolError("ReadyForQuery", "it came before authentication was finished"));
        }, () => {});
        return;
      case BACKEND.ErrorResponse:
        this.#refused(source, offset, end);
        return;
      case BACKEND.NegotiateProtocolVersion:
        // We ask for 3.0 and for no options, so there is nothing to give way on.
        return;
    }
    throw new ProtocolError(messageName(type), "it came out of order during startup");
  }

  /** The connection ended before the server was ready. */
  fail(error: unknown): void {
    this.#reject(error);
  }

  #authenticate(body: Uint8Array): void {
    if (this.#isAuthenticated) {
      throw new ProtocolError("Authentication", "it came after authentication was finished");
    }
    if (++this.#unanswered > MAX_UNANSWERED) {
      throw new ProtocolError("Authentication", "it came before the last one was answered");
    }
    this.#isAuthenticated = body.length === 4 && body.every((byte) => byte === 0);
    this.#pending = this.#pending.then(async () => {
      const answer = await this.#authenticator.respond(body);
      this.#unanswered--;
      if (answer !== undefined) this.#send((writer) => writer.raw(answer));
    });
    this.#pending.catch((error) => this.#reject(error));
  }

  #refused(source: ByteSource, offset: number, end: number): void {
    const cause = postgresError(readErrorFields("ErrorResponse", source, offset, end));
    this.#reject(
      new ConnectionError(`Cannot connect to ${this.#address}: ${cause.message}; ${advice(cause.sqlState)}`, {
        cause,
        sqlState: cause.sqlState,
        retryable: !FINAL_STATES.has(cause.sqlState) && cause.sqlState.slice(0, 2) !== "28",
        neverSent: true,
      }),
    );
  }
}

/** What to change, by SQLSTATE. */
function advice(state: string): string {
  switch (state) {
    case SQLSTATE.invalidPassword:
      return `check "user" and "password"`;
    case SQLSTATE.invalidAuthorization:
      return `check "user", "sslmode" and the server's pg_hba.conf`;
    case SQLSTATE.invalidCatalogName:
      return `check "database", or create it`;
    case SQLSTATE.tooManyConnections:
      return `lower the pool's "max", raise the server's max_connections, or put a pooler between`;
    case SQLSTATE.cannotConnectNow:
      return "the server is starting, stopping or recovering; wait for it";
    default:
      return "look at the server's log";
  }
}
