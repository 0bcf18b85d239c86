/**
 * The exchanges by which a session keeps its statements: preparing one to learn its types, and closing one.
 *
 * @module
 */
import type { ByteSource } from "../byte_source.ts";
import type { ByteWriter } from "../byte_writer.ts";
import { ValidationError } from "../errors.ts";
import { Exchange, type SyncPolicy, type WriteOutcome } from "./exchange.ts";
import { type Field, readParameterDescription, readRowDescription } from "../message/backend.ts";
import { writeClose, writeDescribe, writeParse } from "../message/frontend.ts";
import { BACKEND } from "../message/names.ts";
import { postgresError } from "../postgres_error.ts";
import type { Session } from "./session.ts";

/** What the server says of a statement. */
export interface Description {
  /** The parameters' types. */
  readonly parameterOids: readonly number[];
  /** The result's columns. */
  readonly fields: readonly Field[];
}

/** Who is told what Parse and Describe came to. */
export interface PrepareOwner {
  /** The server's description. */
  described(description: Description): void;
  /** There is none; the reason is an error, or whatever a caller gave up with. */
  failed(reason: unknown): void;
}

/** Parse and Describe of one text. */
export class PrepareExchange extends Exchange {
  readonly sync: SyncPolicy = "own";
  readonly text: string;
  readonly #name: string;
  readonly #owner: PrepareOwner;
  #expected: "ParseComplete" | "ParameterDescription" | "RowDescription" | "nothing" = "ParseComplete";
  #parameterOids: readonly number[] = [];
  #fields: readonly Field[] = [];

  /**
   * Creates the exchange.
   *
   * @param name The statement's name on this connection; empty for the unnamed statement.
   * @param text The SQL text.
   * @param owner Told the description, or why there is none; one of these once.
   */
  constructor(name: string, text: string, owner: PrepareOwner) {
    super();
    this.#name = name;
    this.text = text;
    this.#owner = owner;
  }

  override get repeatable(): boolean {
    return true;
  }

  override write(_session: unknown, writer: ByteWriter): WriteOutcome {
    if (this.text.includes("\0")) {
      throw new ValidationError("the statement's text", "it contains a NUL character; remove it");
    }
    this.#expected = "ParseComplete";
    writeParse(writer, this.#name, this.text, []);
    writeDescribe(writer, "S", this.#name);
    return "written";
  }

  override receive(type: number, source: ByteSource, offset: number, end: number): void {
    switch (this.#expected) {
      case "ParseComplete":
        if (type !== BACKEND.ParseComplete) throw this.outOfOrder(type);
        this.#expected = "ParameterDescription";
        return;
      case "ParameterDescription":
        if (type !== BACKEND.ParameterDescription) throw this.outOfOrder(type);
        this.#parameterOids = readParameterDescription(source, offset, end);
        this.#expected = "RowDescription";
        return;
      case "RowDescription":
        if (type === BACKEND.RowDescription) this.#fields = readRowDescription(source, offset, end);
        else if (type !== BACKEND.NoData) throw this.outOfOrder(type);
        this.#expected = "nothing";
        this.complete = true;
        return;
      case "nothing":
        throw this.outOfOrder(type);
    }
  }

  override settle(): void {
    if (this.failure !== undefined) this.reject(postgresError(this.failure, this.text));
    else if (!this.settled) {
      this.settled = true;
      this.#owner.described({ parameterOids: this.#parameterOids, fields: this.#fields });
    }
  }

  override reject(error: unknown): void {
    if (this.settled) return;
    this.settled = true;
    this.#owner.failed(error);
  }
}

/** Close of a prepared statement that is not needed any more. Nobody waits for it. */
export class CloseExchange extends Exchange {
  readonly sync: SyncPolicy = "own";
  readonly text: string = "close of a prepared statement";
  readonly #name: string;

  /** Creates the exchange for the statement's name on this connection. */
  constructor(name: string) {
    super();
    this.#name = name;
  }

  override write(_session: unknown, writer: ByteWriter): WriteOutcome {
    writeClose(writer, "S", this.#name);
    return "written";
  }

  override receive(type: number): void {
    if (type !== BACKEND.CloseComplete || this.complete) throw this.outOfOrder(type);
    this.complete = true;
  }

  override settle(): void {
    this.settled = true;
  }

  override reject(): void {
    this.settled = true;
  }
}

/** A Sync alone: the server answers at once, or the connection is dead. */
export class ProbeExchange extends Exchange {
  readonly sync: SyncPolicy = "own";
  readonly text: string = "liveness probe";
  /** Settles when the server has answered. */
  readonly promise: Promise<void>;
  #resolve!: () => void;
  #reject!: (error: unknown) => void;

  /** Creates the probe. */
  constructor() {
    super();
    this.complete = true;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  override write(): WriteOutcome {
    return "written";
  }

  override receive(type: number): void {
    throw this.outOfOrder(type);
  }

  override reset(session: Session | undefined): void {
    super.reset(session);
    this.complete = true;
  }

  override settle(): void {
    this.settled = true;
    if (this.failure !== undefined) this.#reject(postgresError(this.failure));
    else this.#resolve();
  }

  override reject(error: unknown): void {
    this.settled = true;
    this.#reject(error);
  }
}
