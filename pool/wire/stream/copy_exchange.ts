/**
 * What COPY in both directions has in common: opening it, and its end.
 *
 * Stages: `parsing` → `binding` → `executing` → `copying` → `done`. An ErrorResponse may end any of them.
 *
 * @module
 */
import type { ByteSource } from "../byte_source.ts";
import type { ByteWriter } from "../byte_writer.ts";
import type { ValidationError } from "../errors.ts";
import type { WriteOutcome } from "../session/exchange.ts";
import { readCommandTag } from "../message/backend.ts";
import { beginBind, endBind, writeExecute, writeParse } from "../message/frontend.ts";
import { BACKEND } from "../message/names.ts";
import { postgresError } from "../postgres_error.ts";
import type { Session } from "../session/session.ts";
import { StreamExchange } from "./stream_exchange.ts";

/** How a COPY is run. */
export interface CopyOptions {
  /** Ends the COPY, in which nothing is copied then; the call rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Milliseconds the server may take to take or give the next data. Default: no limit. */
  readonly timeout?: number;
}

/** A COPY over the connection. */
export abstract class CopyExchange extends StreamExchange {
  readonly text: string;
  /** Settles with the number of rows. */
  readonly promise: Promise<number>;
  /** Milliseconds the server may take for each step; 0 for no limit. */
  protected readonly patience: number;
  /** Why it failed on our side, whatever the server says then. */
  protected problem: { readonly error: unknown } | undefined;
  #stage: "parsing" | "binding" | "executing" | "copying" | "done" = "parsing";
  #rows = 0;
  #resolve!: (rows: number) => void;
  #reject!: (error: unknown) => void;

  /**
   * Creates the exchange.
   *
   * @param text The COPY command.
   * @param patience Milliseconds the server may take for each step; 0 for no limit.
   */
  constructor(text: string, patience: number) {
    super();
    this.text = text;
    this.patience = patience;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** Whether data may pass. */
  get copying(): boolean {
    return this.#stage === "copying";
  }

  /** The server is ready for data, or will send it, if the message says what this direction expects. */
  protected abstract opened(type: number): void;

  /** A message that only this direction knows; by default there is none. */
  protected data(type: number, _source: ByteSource, _offset: number, _end: number): void {
    throw this.outOfOrder(type);
  }

  /** The error for a statement that ran without copying in this direction. */
  protected abstract mistaken(): ValidationError;

  override write(_session: Session, writer: ByteWriter): WriteOutcome {
    writeParse(writer, "", this.text, []);
    endBind(writer, beginBind(writer, "", "", []), []);
    writeExecute(writer, "", 0);
    this.wait(this.patience);
    return "written";
  }

  override receive(type: number, source: ByteSource, offset: number, end: number): void {
    const stage = this.#stage;
    if (stage === "copying" && type !== BACKEND.CommandComplete) return this.data(type, source, offset, end);
    if (stage === "parsing" && type === BACKEND.ParseComplete) this.#stage = "binding";
    else if (stage === "binding" && type === BACKEND.BindComplete) this.#stage = "executing";
    else if (stage !== "executing" && stage !== "copying") throw this.outOfOrder(type);
    else this.#executed(type, source, offset, end);
  }

  #executed(type: number, source: ByteSource, offset: number, end: number): void {
    switch (type) {
      case BACKEND.CopyInResponse:
      case BACKEND.CopyOutResponse:
        this.#stage = "copying";
        this.wait(0);
        this.opened(type);
        return;
      case BACKEND.CommandComplete: {
        const tag = readCommandTag(source, offset, end);
        if (this.#stage === "executing") this.problem ??= { error: this.mistaken() };
        this.#rows = Number(/\d+$/.exec(tag)?.[0] ?? 0);
        this.#finish();
        return;
      }
      case BACKEND.EmptyQueryResponse:
        this.problem ??= { error: this.mistaken() };
        this.#finish();
        return;
      default:
        throw this.outOfOrder(type);
    }
  }

  #finish(): void {
    this.#stage = "done";
    this.wait(this.patience);
    this.end();
    this.complete = true;
  }

  protected override conclude(): boolean {
    if (this.problem !== undefined) this.reject(this.problem.error);
    else if (this.failure !== undefined) {
      this.reject(
        this.givenUp === undefined ? postgresError(this.failure, this.text) : this.givenUp(true),
      );
    } else {
      // Even if it was given up: it has happened.
      this.settled = true;
      this.ended();
      this.#resolve(this.#rows);
    }
    return true;
  }

  protected override fail(error: unknown): void {
    this.ended();
    this.#reject(error);
  }

  /** It is settled: nothing more is to be given or taken. */
  protected abstract ended(): void;
}
