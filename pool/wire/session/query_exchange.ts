/**
 * A statement run to its end, with all its rows collected.
 *
 * Stages: `parsing` → `describing parameters` → `describing rows` (these three only where the connection does not have
 * the statement yet) → `binding` → `rows` → `done`. An ErrorResponse may end any of them.
 *
 * @module
 */
import type { ByteSource } from "../byte_source.ts";
import type { ByteWriter } from "../byte_writer.ts";
import { LifeguardError, ProtocolError, ValidationError } from "../errors.ts";
import { writeBind, writeBindOf } from "./bind.ts";
import { Exchange, type SyncPolicy, type WriteOutcome } from "./exchange.ts";
import { type Field, readCommandTag, readRowDescription } from "../message/backend.ts";
import { writeDescribe, writeExecute, writeParse } from "../message/frontend.ts";
import { OversizeError } from "../message_size.ts";
import { BACKEND } from "../message/names.ts";
import { KeptRows } from "./kept_rows.ts";
import type { Plan } from "./plan.ts";
import { postgresError, SQLSTATE } from "../postgres_error.ts";
import type { RowReader } from "./row_reader.ts";
import type { Session } from "./session.ts";
import type { Statement } from "./statement_cache.ts";

const PARSING = 0;
const DESCRIBING_PARAMETERS = 1;
const DESCRIBING_ROWS = 2;
const BINDING = 3;
const ROWS = 4;
const DONE = 5;

/** The most parameters: their number travels in 16 bits, and beyond them it would silently be another. */
const MAX_PARAMETERS = 65_535;
/** Milliseconds for which the types learned are not doubted. */
const TRUSTED = 100;
/** COPY with data over the connection, which would leave it waiting for that data. */
const COPY_DATA = /^\s*copy\b[^;]*\b(?:from\s+stdin|to\s+stdout)\b/i;
/** How often one query is sent again for reasons its caller need not know. */
const MAX_ATTEMPTS = 3;

/** How a query is run. */
export interface QueryExchangeOptions {
  /** The caller's promise that it writes nothing and takes no locks. Default false. */
  readonly readOnly?: boolean;
  /** A plan that is certain without asking the server: for commands without parameters and result. */
  readonly plan?: Plan;
  /**
   * Whether its rows stay as they travelled: each is the body of its DataRow, a copy, in the columns and formats of the
   * exchange's plan. For reads only. Default false.
   */
  readonly raw?: boolean;
  /** Whether it is rejected when its connection is lost, since its caller has somewhere else to send it. Default false. */
  readonly once?: boolean;
}

/** Copies a row's bytes instead of reading them. */
const copyRow: RowReader = (source, offset, end) =>
  source.copy(offset, end - offset) as unknown as Record<string, unknown>;

/** What a finished query has. */
export interface QueryResult {
  /** Its rows, in order. */
  readonly rows: Record<string, unknown>[];
  /** The command tag, for example `"UPDATE 3"`; empty for an empty statement. */
  readonly tag: string;
}

/** The error of rows whose columns were others each time they were asked for. */
function changingColumns(): ProtocolError {
  return new ProtocolError("RowDescription", "the statement's columns change again and again");
}

/** A statement with its values, on its way to its rows. */
export class QueryExchange extends Exchange implements QueryResult {
  readonly sync: SyncPolicy;
  readonly text: string;
  rows: Record<string, unknown>[] = [];
  tag = "";
  /** Settles with the exchange itself. */
  readonly promise: Promise<QueryResult>;
  readonly #values: readonly unknown[];
  readonly #certain: Plan | undefined;
  readonly #isRaw: boolean;
  readonly #isOnce: boolean;
  #stage: number = BINDING;
  /** The named statement it is bound to. */
  #statement: Statement | undefined;
  #reader: RowReader | undefined;
  #error: LifeguardError | undefined;
  #isStale = false;
  /** Its rows, while their types are not known. */
  #kept: KeptRows | undefined;
  #isRelearned = false;
  /** How often it failed only because an idea of the statement was out of date. */
  #failures = 0;
  #resolve!: (result: QueryResult) => void;
  #reject!: (error: unknown) => void;

  /**
   * Creates the exchange.
   *
   * @param text The SQL text with `$1` placeholders.
   * @param values One value for each placeholder.
   * @param options How it is run; see {@link QueryExchangeOptions}.
   */
  constructor(text: string, values: readonly unknown[], options: QueryExchangeOptions = {}) {
    super();
    this.text = text;
    this.#values = values;
    this.sync = options.readOnly ? "shared" : "own";
    this.#certain = options.plan;
    this.#isRaw = options.raw === true;
    this.#isOnce = options.once === true;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  override get repeatable(): boolean {
    return this.sync === "shared";
  }

  override get requeues(): boolean {
    return !this.#isOnce;
  }

  override write(session: Session, writer: ByteWriter): WriteOutcome {
    if (this.#values.length > MAX_PARAMETERS) {
      throw new ValidationError(
        "the statement's values",
        `${this.#values.length} were given, at most ${MAX_PARAMETERS} can be sent; give an array to unnest() instead`,
      );
    }
    const statement = session.statements.get(this.text);
    const plan = statement?.plan ?? session.shared.plans.get(this.text) ?? this.#certain;
    if (plan === undefined) {
      if (COPY_DATA.test(this.text)) {
        throw new ValidationError("COPY in a query", "its data needs a stream; use copyFrom() or copyTo()");
      }
      return "unprepared";
    }
    this.plan = plan;
    this.#stage = BINDING;
    let name = "";
    if (statement !== undefined) name = statement.name;
    else {
      if (session.named) name = session.statements.nextName();
      writeParse(writer, name, this.text, plan.parameterOids);
      writeDescribe(writer, "S", name);
      this.#stage = PARSING;
    }
    try {
      // Rows that cannot be read are better not asked for.
      if (this.#isRaw) this.#reader = copyRow;
      else if (plan.fields.length > 0) this.#reader = plan.reader;
      if (statement === undefined) writeBind(writer, "", name, plan, this.#values);
      else writeBindOf(writer, statement, this.#values);
    } catch (error) {
      if (error instanceof OversizeError || !this.#doubts(plan)) throw error;
      session.forget(plan);
      return "unprepared";
    }
    writeExecute(writer, "", 0);
    this.#statement = statement;
    if (statement === undefined && session.named) this.#statement = session.remember(name, plan);
    return "written";
  }

  /** Whether a refusal may be due to types or columns that have changed since, which is worth one look. */
  #doubts(plan: Plan): boolean {
    if (this.#isRelearned || plan === this.#certain || performance.now() - plan.learned < TRUSTED) {
      return false;
    }
    return this.#isRelearned = this.#values.length === plan.parameterOids.length;
  }

  override receive(type: number, source: ByteSource, offset: number, end: number, session: Session): void {
    switch (type) {
      case BACKEND.DataRow:
        if (this.#stage !== ROWS) throw this.outOfOrder(type);
        this.#row(source, offset, end);
        return;
      case BACKEND.BindComplete:
        if (this.#stage !== BINDING) throw this.outOfOrder(type);
        this.#stage = ROWS;
        this.#adapt(session);
        return;
      case BACKEND.CommandComplete:
        if (this.#stage !== ROWS) throw this.outOfOrder(type);
        this.tag = readCommandTag(source, offset, end);
        this.#finish();
        return;
      case BACKEND.EmptyQueryResponse:
        if (this.#stage !== ROWS) throw this.outOfOrder(type);
        this.#finish();
        return;
      case BACKEND.ParseComplete:
        if (this.#stage !== PARSING) throw this.outOfOrder(type);
        this.#stage = DESCRIBING_PARAMETERS;
        return;
      case BACKEND.ParameterDescription:
        if (this.#stage !== DESCRIBING_PARAMETERS) throw this.outOfOrder(type);
        this.#stage = DESCRIBING_ROWS;
        return;
      case BACKEND.RowDescription:
      case BACKEND.NoData:
        if (this.#stage !== DESCRIBING_ROWS) throw this.outOfOrder(type);
        this.#described(type === BACKEND.NoData ? [] : readRowDescription(source, offset, end), session);
        return;
      case BACKEND.CopyInResponse:
      case BACKEND.CopyOutResponse:
        throw new ValidationError(
          "COPY in a query",
          "its data needs a stream; use copyFrom() or copyTo(). The connection was closed",
        );
      default:
        throw this.outOfOrder(type);
    }
  }

  #described(fields: readonly Field[], session: Session): void {
    this.#stage = BINDING;
    if (this.plan!.matches(fields)) return;
    session.forget(this.plan!);
    if (this.#statement !== undefined) this.#statement.changed = fields;
    else this.#adaptTo(fields, session);
  }

  /** Notices that the statement it was bound to turned out to have other columns than the plan. */
  #adapt(session: Session): void {
    const changed = this.#statement?.changed;
    if (changed !== undefined && !this.#isStale) this.#adaptTo(changed, session);
  }

  /** The plan was learned before the schema changed: rows asked for in its formats must not be read by it. */
  #adaptTo(fields: readonly Field[], session: Session): void {
    this.#isStale = true;
    // Whoever is to read them takes the plan's columns for theirs.
    if (this.#isRaw) return;
    this.#reader = this.plan!.readerFor(fields, session.shared.registry);
    this.#kept = this.#reader === undefined ? new KeptRows(this.plan!, fields) : undefined;
  }

  #row(source: ByteSource, offset: number, end: number): void {
    if (this.settled || this.#error !== undefined) return;
    if (this.#kept !== undefined) return this.#kept.add(source, offset, end);
    try {
      const reader = this.#reader ??= this.plan!.reader;
      const row = reader(source, offset, end);
      // An array that begins with its only row takes a tenth of the memory of one that it is pushed to.
      if (this.rows.length === 0) this.rows = [row];
      else this.rows.push(row);
    } catch (error) {
      if (error instanceof ProtocolError || !(error instanceof LifeguardError)) throw error;
      this.#error = error;
    }
  }

  #finish(): void {
    this.#stage = DONE;
    this.complete = true;
  }

  override settle(session: Session): void {
    if (this.plan?.isPassing) session.forget(this.plan);
    if (this.settled) return;
    if (this.failure !== undefined) {
      if (this.givenUp !== undefined) return this.reject(this.givenUp(true));
      if (this.#repeats(session)) return;
      this.reject(postgresError(this.failure, this.text, this.#values));
    } else if (this.#isRaw && this.#isStale) {
      if (!this.#again(session)) this.reject(changingColumns());
    } else if (this.#kept !== undefined) {
      if (this.repeatable && this.#again(session)) return;
      this.#readLater(this.#kept, session);
    } else if (this.#error !== undefined) {
      if (!this.#relearns(session)) this.reject(this.#error);
    } else {
      this.#settled();
    }
  }

  #settled(): void {
    this.settled = true;
    this.watch?.stop();
    this.#resolve(this);
  }

  /** Reads its rows once their types are known; whoever gives it up meanwhile is told at once. */
  #readLater(kept: KeptRows, session: Session): void {
    kept.read(session, this.deadline).then((rows) => {
      for (const row of rows) this.rows.push(row);
      if (!this.settled) this.#settled();
    }).catch((error) => this.reject(error));
  }

  /** Rows that cannot be read may be of a type that has changed: it is learned anew, and a read is sent again. */
  #relearns(session: Session): boolean {
    const plan = this.plan!;
    const isOutdated = session.shared.registry.missing(plan.fields.map((field) => field.type)).length > 0;
    if (!isOutdated) return false;
    session.forget(plan);
    return this.repeatable && session.transactionStatus === "I" && this.#again(session);
  }

  /** Sends it again where the failure was only that the server's or our idea of the statement was out of date. */
  #repeats(session: Session): boolean {
    this.#adapt(session);
    const state = this.failure!.get("C");
    const plan = this.plan!;
    const isLost = state === SQLSTATE.invalidStatementName && this.#stage === BINDING;
    const isOutdated = state === SQLSTATE.cannotCompleteCachedPlan && this.#stage === BINDING &&
      this.failure!.get("R") === "RevalidateCachedQuery";
    // A text parsed with types learned elsewhere may fail only because these are out of date.
    const wasGuessed = (this.#stage === PARSING || this.#isStale) && plan !== this.#certain;
    if (!isLost && !isOutdated && !wasGuessed) {
      if (this.#stage <= DESCRIBING_ROWS) session.forget(plan);
      return false;
    }
    if (isLost) session.lostStatement(plan);
    else session.forget(plan);
    return session.transactionStatus === "I" && this.#again(session);
  }

  #again(session: Session): boolean {
    if (++this.#failures > MAX_ATTEMPTS) return false;
    session.resend(this);
    return true;
  }

  override reset(session: Session | undefined): void {
    // What was skipped before it was parsed is not prepared.
    if (this.#stage === PARSING && this.plan !== undefined) session?.statements.remove(this.plan);
    super.reset(session);
    this.rows = [];
    this.#statement = undefined;
    this.#reader = undefined;
    this.#error = undefined;
    this.#isStale = false;
    this.#kept = undefined;
  }

  override reject(error: unknown): void {
    if (this.settled) return;
    this.settled = true;
    this.watch?.stop();
    this.#reject(error);
  }
}
