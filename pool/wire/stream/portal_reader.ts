/**
 * Reading a portal in batches: the messages that open it, and the rows of one Execute after the other.
 *
 * Stages: `parsing` → `describing parameters` → `describing rows` (these three only where statements have no names) →
 * `binding` → `rows` ⇄ `suspended` → `done`.
 *
 * @module
 */
import type { ByteSource } from "../byte_source.ts";
import type { ByteWriter } from "../byte_writer.ts";
import { isCopyText } from "./copy_text.ts";
import { DecodeError, LifeguardError, ProtocolError, ValidationError } from "../errors.ts";
import type { Exchange, WriteOutcome } from "../session/exchange.ts";
import { type Field, readCommandTag, readRowDescription } from "../message/backend.ts";
import { writeDescribe, writeExecute, writeParse } from "../message/frontend.ts";
import { BACKEND } from "../message/names.ts";
import type { Plan } from "../session/plan.ts";
import { SQLSTATE } from "../postgres_error.ts";
import { writeBind } from "../session/bind.ts";
import type { RowReader } from "../session/row_reader.ts";
import type { Session } from "../session/session.ts";
import type { Statement } from "../session/statement_cache.ts";

/** How often one statement is sent again because the server's or our idea of it was out of date. */
const MAX_ATTEMPTS = 3;

type Stage =
  | "parsing"
  | "describing parameters"
  | "describing rows"
  | "binding"
  | "rows"
  | "suspended"
  | "done";

/** A row as the codecs made it. */
export type StreamedRow = Record<string, unknown>;

/** What a portal's owner is told. Nothing here may throw. */
export interface PortalSink {
  /** The rows of one fetch, and the bytes they took on the wire; after the last there are no more. */
  batch(rows: StreamedRow[], bytes: number, isLast: boolean): void;
  /** It failed; nothing follows. */
  failed(error: unknown): void;
}

/** One portal, from its Bind to its last row. */
export class PortalReader {
  /** The SQL text. */
  readonly text: string;
  /** The portal's name; empty for the unnamed portal. */
  readonly name: string;
  /** The rows since the last {@link PortalReader.takeRows}. */
  #rows: StreamedRow[] = [];
  /** The bytes these rows took on the wire. */
  bytes = 0;
  /** Why rows cannot be read, once one could not. */
  error: LifeguardError | undefined;
  readonly #values: readonly unknown[];
  #plan: Plan | undefined;
  #read: RowReader | undefined;
  #stage: Stage = "binding";
  #isStale = false;
  /** The named statement it is bound to. */
  #statement: Statement | undefined;

  /**
   * Creates the reader.
   *
   * @param name The portal's name; empty for the unnamed portal.
   * @param text The SQL text with `$1` placeholders.
   * @param values One value for each placeholder.
   */
  constructor(name: string, text: string, values: readonly unknown[]) {
    this.name = name;
    this.text = text;
    this.#values = values;
  }

  /** The values bound, for the redaction of messages. */
  get values(): readonly unknown[] {
    return this.#values;
  }

  /** Whether there are no more rows. */
  get done(): boolean {
    return this.#stage === "done";
  }

  /** Appends what opens the portal and fetches the first rows. */
  open(session: Session, writer: ByteWriter, limit: number): WriteOutcome {
    const statement = session.statements.get(this.text);
    if (statement === undefined && (isCopyText(this.text, "in") || isCopyText(this.text, "out"))) {
      throw new ValidationError("COPY in a row stream", "its data are no rows; use copyFrom() or copyTo()");
    }
    // A statement with a name is described on this very connection first, so that its rows are never misread.
    if (statement === undefined && session.named) return "unprepared";
    const plan = statement?.plan ?? session.shared.plans.get(this.text);
    if (plan === undefined) return "unprepared";
    this.#plan = plan;
    this.#statement = statement;
    this.#read = plan.reader;
    this.#stage = "binding";
    if (statement === undefined) {
      writeParse(writer, "", this.text, plan.parameterOids);
      writeDescribe(writer, "S", "");
      this.#stage = "parsing";
    }
    writeBind(writer, this.name, statement?.name ?? "", plan, this.#values);
    writeExecute(writer, this.name, limit);
    return "written";
  }

  /** Appends what fetches the next rows. */
  fetch(writer: ByteWriter, limit: number): void {
    this.#stage = "rows";
    writeExecute(writer, this.name, limit);
  }

  /** Hands the rows over. */
  takeRows(): StreamedRow[] {
    const rows = this.#rows;
    this.#rows = [];
    this.bytes = 0;
    return rows;
  }

  /** Makes it as new, to be opened again. */
  reset(): void {
    this.takeRows();
    this.#statement = undefined;
    this.error = undefined;
    this.#isStale = false;
    this.#stage = "binding";
  }

  /** Takes one message; says whether the fetch goes on. Throws ProtocolError for one that may not come now. */
  receive(
    exchange: Exchange,
    type: number,
    source: ByteSource,
    offset: number,
    end: number,
    session: Session,
  ): "more" | "suspended" | "done" {
    switch (type) {
      case BACKEND.DataRow:
        this.#expect("rows", exchange, type);
        if (!exchange.settled) this.#row(source, offset, end);
        return "more";
      case BACKEND.PortalSuspended:
        this.#expect("rows", exchange, type);
        return this.#stage = "suspended";
      case BACKEND.CommandComplete:
        this.#expect("rows", exchange, type);
        readCommandTag(source, offset, end);
        return this.#stage = "done";
      case BACKEND.EmptyQueryResponse:
        this.#expect("rows", exchange, type);
        return this.#stage = "done";
      case BACKEND.BindComplete:
        this.#expect("binding", exchange, type);
        this.#stage = "rows";
        // Another exchange's Parse, on its way when this was bound, may have found other columns than the plan's.
        if (this.#statement?.changed !== undefined) this.#check(this.#statement.changed, session);
        return "more";
      case BACKEND.ParseComplete:
        this.#expect("parsing", exchange, type);
        this.#stage = "describing parameters";
        return "more";
      case BACKEND.ParameterDescription:
        this.#expect("describing parameters", exchange, type);
        this.#stage = "describing rows";
        return "more";
      case BACKEND.RowDescription:
      case BACKEND.NoData:
        this.#expect("describing rows", exchange, type);
        this.#stage = "binding";
        this.#check(type === BACKEND.NoData ? [] : readRowDescription(source, offset, end), session);
        return "more";
      case BACKEND.CopyInResponse:
      case BACKEND.CopyOutResponse:
        throw new ValidationError(
          "COPY in a row stream",
          "its data are no rows; use copyFrom() or copyTo(). The connection was closed",
        );
      default:
        throw exchange.outOfOrder(type);
    }
  }

  /**
   * Whether a failure was only that the statement is lost or out of date, and it may be sent again. What is out of
   * date is forgotten.
   */
  isOutdated(exchange: Exchange, session: Session): boolean {
    const plan = this.#plan;
    if (this.#statement?.changed !== undefined) this.#check(this.#statement.changed, session);
    const state = exchange.failure?.get("C");
    if (plan === undefined || state === undefined) return false;
    const isBinding = this.#stage === "binding";
    if (isBinding && state === SQLSTATE.invalidStatementName) session.lostStatement(plan);
    else if (
      isBinding && state === SQLSTATE.cannotCompleteCachedPlan &&
      exchange.failure!.get("R") === "RevalidateCachedQuery"
    ) session.forget(plan);
    else if (this.#stage === "parsing" || (isBinding && this.#isStale)) session.forget(plan);
    else return false;
    return session.transactionStatus === "I" && exchange.attempts < MAX_ATTEMPTS;
  }

  #expect(stage: Stage, exchange: Exchange, type: number): void {
    if (this.#stage !== stage) throw exchange.outOfOrder(type);
  }

  #check(fields: readonly Field[], session: Session): void {
    if (this.#isStale || this.#plan!.matches(fields)) return;
    this.#isStale = true;
    this.#read = this.#plan!.readerFor(fields, session.shared.registry);
    if (this.#read !== undefined) {
      session.forget(this.#plan!);
      return;
    }
    this.error = new DecodeError(
      "record",
      "the columns have changed since the statement was first run; start the stream again",
      undefined,
      { retryable: true },
    );
    session.forget(this.#plan!);
  }

  #row(source: ByteSource, offset: number, end: number): void {
    if (this.error !== undefined) return;
    try {
      this.#rows.push(this.#read!(source, offset, end));
      this.bytes += end - offset;
    } catch (error) {
      if (error instanceof ProtocolError || !(error instanceof LifeguardError)) throw error;
      this.error = error;
    }
  }
}
