/**
 * One connection to a server: a FIFO of exchanges in flight.
 *
 * ## States
 *
 * `starting` (startup.ts has the conversation) → `ready` → `closing` (Terminate was sent; what is in flight is still
 * answered) → `closed`. A protocol violation, a FATAL error, the peer's end or `destroy` lead from anywhere to `closed`.
 * Being `ready` it has a transaction status: `I` idle, `T` in a transaction, `E` in a failed one, as the last
 * ReadyForQuery said.
 *
 * ## Where an exchange may be
 *
 *     submit → backlog → written (in the buffer) → sent (given to the transport) → settled
 *
 * It waits in the backlog while something before it does, while a statement is being prepared (`stalled`), while a
 * manual exchange is in flight (`barrier`), or while a CancelRequest is on its way (`held`). The session's own exchanges
 * (`isInternal`), for which a statement is stalled, wait only for a CancelRequest, in a queue before the backlog.
 *
 * ## Invariants
 *
 * - S1 Answers belong to the first exchange in flight; nothing is matched by anything but order.
 * - S2 Every exchange in flight has a group: the number of the Sync that ends it. Groups do not decrease along the
 *   FIFO, and a Sync is in the buffer for each group before the buffer is sent.
 * - S3 ReadyForQuery number n ends group n. What is then still in flight in that group was skipped by the server
 *   because of an error before it in the group; only `shared` exchanges share a group, so it is sent again.
 * - S4 While a CancelRequest is on its way nothing is written, so it can hit only what was in flight when it was
 *   asked for. Who among these is hit by mistake, outside a transaction, is sent again: its statement was rolled back.
 * - S5 Everything submitted settles: by its answer, by `giveUp`, or when the session closes, by the listener.
 * - S6 All exchanges written in one tick leave in one write.
 *
 * @module
 */
import type { Authenticator } from "./auth/authenticator.ts";
import type { ByteSource } from "./byte_source.ts";
import { ByteWriter } from "./byte_writer.ts";
import type { DatabaseKnowledge } from "./database_knowledge.ts";
import { Deque } from "./deque.ts";
import { ConnectionError, LifeguardError, ProtocolError, ValidationError } from "./errors.ts";
import type { Exchange } from "./exchange.ts";
import { Framer } from "./framer.ts";
import { type BackendKey, type ErrorFields, type Notification, readErrorFields } from "./message/backend.ts";
import { readNotification, readParameterStatus } from "./message/backend.ts";
import { writeFlush, writeSync, writeTerminate } from "./message/frontend.ts";
import { BACKEND, messageName } from "./message/names.ts";
import type { Plan } from "./plan.ts";
import { postgresError, SQLSTATE } from "./postgres_error.ts";
import { CloseExchange } from "./prepare_exchange.ts";
import { learnPlan } from "./learn_plan.ts";
import { Startup } from "./startup.ts";
import { type Statement, StatementCache } from "./statement_cache.ts";
import type { Transport } from "./transport.ts";

/** Whether a session takes work. */
export type SessionState = "starting" | "ready" | "closing" | "closed";
/** Idle, in a transaction, in a failed transaction. */
export type TransactionStatus = "I" | "T" | "E";

/** What a session tells its owner. Nothing here may throw. */
export interface SessionListener {
  /** Something settled in the last chunk of bytes, so there may be room for more work. */
  progress(session: Session): void;
  /**
   * The session is closed; called once. `unsettled` are the exchanges without an answer, in order: the owner settles
   * each, or submits it elsewhere.
   */
  closed(session: Session, error: ConnectionError, unsettled: readonly Exchange[]): void;
  /** NOTIFY. */
  notification?(notification: Notification): void;
  /** A notice or warning. */
  notice?(fields: ErrorFields): void;
  /** A setting the server reports has changed. */
  parameter?(name: string, value: string): void;
}

/** What a session is made of. */
export interface SessionOptions {
  /** The connected transport, on which nothing was sent. */
  readonly transport: Transport;
  /** What its database's connections share. */
  readonly shared: DatabaseKnowledge;
  /** The longest message accepted, in bytes. */
  readonly maxMessageSize: number;
  /** Sends a CancelRequest with the key; resolves when it cannot hit anything any more. */
  readonly cancel: (key: BackendKey) => Promise<void>;
  /** For messages: who it is connected to. */
  readonly address: string;
}

/** Milliseconds within which a cancelled statement's caller is answered, confirmed by the server or not. */
const CONFIRMATION = 80;
/** Milliseconds after which a server that does not answer a cancelled statement is taken for dead. */
const SILENCE = 5_000;
/** Milliseconds for which a statement nobody waits for any more may hold the others up before it is cancelled. */
const PATIENCE = 20;
/** Milliseconds after which a peer that does not take what is left is not waited for when closing. */
const CLOSING = 2_000;

/** How often one statement may be hit by cancels for others before its caller is told. */
const MAX_HITS = 5;

/** Statements that commit in their midst, so that a cancelled one may have done a part for good. */
const COMMITS_MIDWAY =
  /^(?:\s|\/\*.*?\*\/|--[^\n]*\n)*(?:call|do|vacuum|cluster|reindex|analyze)\b|\bconcurrently\b/is;

/** The longest report of a setting that is believed, in bytes; the longest real one is a search_path. */
const MAX_PARAMETER_STATUS = 65_536;

/** How many microtasks a write may be put off while more is being written in the same tick. */
const MAX_HOPS = 12;

/** A session; see the module's head for its states and invariants. */
export class Session {
  /** What the connections of its database share. */
  readonly shared: DatabaseKnowledge;
  /** The statements prepared here. */
  readonly statements: StatementCache;
  /** Settings the server has reported, for example `server_version`. */
  readonly parameters: Map<string, string> = new Map();
  /** Who it is connected to. */
  readonly address: string;
  /** When the FIFO's head began to be the head, in monotonic milliseconds. */
  headSince = 0;
  /** Milliseconds that everything in flight is expected to take. */
  expected = 0;
  #state: SessionState = "starting";
  #startup: Startup | undefined;
  #key: BackendKey | undefined;
  #status: TransactionStatus = "I";
  readonly #transport: Transport;
  readonly #framer: Framer;
  readonly #cancel: (key: BackendKey) => Promise<void>;
  readonly #inFlight = new Deque<Exchange>();
  readonly #backlog = new Deque<Exchange>();
  /** Exchanges of the session's own that wait for a CancelRequest; always empty but while one is on its way. */
  readonly #urgent = new Deque<Exchange>();
  readonly #writer = new ByteWriter(8192);
  #unsent: Exchange[] = [];
  #listener: SessionListener | undefined;
  #syncsSent = 0;
  #syncsReceived = 0;
  #isGroupOpen = false;
  #isFlushScheduled = false;
  #hops = 0;
  #seenLength = 0;
  #isBlocked = false;
  /** Whether an exchange is being written; its codecs and toJSON methods are a user's, who may submit in them. */
  #isWriting = false;
  /** What waits for its statement to be prepared, and everything behind it. */
  #stalled: Exchange | undefined;
  #barrier: Exchange | undefined;
  #cancelling: Promise<void> | undefined;
  #cancelHorizon = 0;
  #groupWithLateError = 0;
  #fatal: LifeguardError | undefined;
  #closingTimer: ReturnType<typeof setTimeout> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #timerAt = 0;
  #finished: Plan[] = [];
  #hasProgress = false;
  readonly #hop: () => void = () => this.#flushOrHop();
  #closed: Promise<void>;
  #resolveClosed!: () => void;
  #drained: Promise<void> | undefined;
  #resolveDrained!: () => void;

  /** Takes over a transport; see {@link SessionOptions}. Next comes `start`. */
  constructor(options: SessionOptions) {
    this.shared = options.shared;
    this.statements = new StatementCache(options.shared.statementLimit);
    this.address = options.address;
    this.#cancel = options.cancel;
    this.#framer = new Framer(
      options.maxMessageSize,
      (type, source, offset, end) => this.#message(type, source, offset, end),
    );
    this.#closed = new Promise((resolve) => this.#resolveClosed = resolve);
    this.#transport = options.transport;
    options.transport.attach({
      data: (chunk) => this.#data(chunk),
      drain: () => {
        this.#isBlocked = false;
        this.#flush();
        if (!this.#isBlocked) this.#unblock();
      },
      closed: (error) => this.#end(error),
    });
  }

  /**
   * Has the first conversation with the server.
   *
   * @param parameters The startup parameters, `user` first.
   * @param authenticator What answers for us.
   * @returns When the server is ready for queries.
   * @throws {ConnectionError} When the server refuses or goes away.
   */
  async start(
    parameters: readonly (readonly [string, string])[],
    authenticator: Authenticator,
  ): Promise<void> {
    try {
      if (this.#state !== "starting") throw this.#failure(undefined);
      this.#startup = new Startup(parameters, authenticator, (write) => this.send(write), this.address);
      this.#key = await this.#startup.done;
      if (this.state !== "starting") throw this.#failure(undefined);
      this.#startup = undefined;
      this.#state = "ready";
    } catch (error) {
      this.destroy(error instanceof LifeguardError ? error : undefined);
      throw error;
    }
  }

  /** The server process's id; 0 where the server did not tell. */
  get processId(): number {
    return this.#key?.processId ?? 0;
  }

  /** Who is told of what happens. */
  set listener(listener: SessionListener) {
    this.#listener = listener;
  }

  /** Whether it takes work. */
  get state(): SessionState {
    return this.#state;
  }

  /** The transaction status of the last ReadyForQuery. */
  get transactionStatus(): TransactionStatus {
    return this.#status;
  }

  /** How many exchanges have been submitted and not settled. */
  get depth(): number {
    return this.#inFlight.length + this.#backlog.length;
  }

  /** The exchange the server is at, if any. */
  get head(): Exchange | undefined {
    return this.#inFlight.peek();
  }

  /** Whether nothing is in flight, waiting, or being cancelled. */
  get idle(): boolean {
    return this.depth === 0 && this.#cancelling === undefined && this.#state === "ready";
  }

  /** Whether a CancelRequest is on its way. */
  get cancelling(): boolean {
    return this.#cancelling !== undefined;
  }

  /** Whether statements are prepared under names here. */
  get named(): boolean {
    return this.shared.named;
  }

  /** Resolves when it is closed. */
  get closed(): Promise<void> {
    return this.#closed;
  }

  /** Whether bytes it has written wait for the peer to take them. */
  get blocked(): boolean {
    return this.#isBlocked;
  }

  /** Resolves when it is not `blocked` any more, or closed. */
  get drained(): Promise<void> {
    if (!this.#isBlocked || this.#state === "closed") return Promise.resolve();
    return this.#drained ??= new Promise((resolve) => this.#resolveDrained = resolve);
  }

  #unblock(): void {
    if (this.#drained === undefined) return;
    this.#drained = undefined;
    this.#resolveDrained();
  }

  /** Puts an exchange into the FIFO. It settles in any case. */
  submit(exchange: Exchange): void {
    if (this.#state !== "ready") {
      exchange.reject(
        new ConnectionError(`Cannot run the statement: the connection to ${this.address} is ${this.#state}`, {
          neverSent: true,
        }),
      );
      return;
    }
    exchange.session = this;
    // The time of waiting here, for a statement to be prepared say, is the query's too.
    if (exchange.deadline === 0 && exchange.timeout > 0) {
      exchange.deadline = performance.now() + exchange.timeout;
    }
    if (exchange.deadline > 0) this.#watch(exchange.deadline);
    if (this.#isWriting) queueMicrotask(() => this.#pump());
    if (this.#mustWait) this.#backlog.push(exchange);
    else this.#write(exchange);
  }

  get #mustWait(): boolean {
    return this.#isWriting || this.#stalled !== undefined || this.#barrier !== undefined ||
      this.#cancelling !== undefined ||
      this.#backlog.length > 0;
  }

  /** Writes an exchange, or stalls until its statement is prepared. */
  #write(exchange: Exchange): void {
    // What was skipped once goes with a Sync of its own, or a run of failing reads would be sent over and over.
    const policy = exchange.sync === "shared" && exchange.attempts > 0 ? "own" : exchange.sync;
    if (policy !== "shared") this.#endGroup();
    const writer = this.#writer;
    const start = writer.length;
    this.#isWriting = true;
    try {
      if (exchange.write(this, writer) === "unprepared") {
        writer.truncate(start);
        this.#backlog.unshift(exchange);
        this.#stall(exchange);
        return;
      }
    } catch (error) {
      writer.truncate(start);
      exchange.reject(error);
      this.#hasProgress = true;
      queueMicrotask(() => this.#reportProgress());
      return;
    } finally {
      this.#isWriting = false;
    }
    exchange.group = this.#syncsSent + 1;
    exchange.expected = exchange.plan?.estimate ?? 0;
    this.expected += exchange.expected;
    if (this.#inFlight.length === 0) this.headSince = performance.now();
    this.#inFlight.push(exchange);
    this.#unsent.push(exchange);
    if (policy === "own") this.#sync();
    else if (policy === "shared") this.#isGroupOpen = true;
    else {
      this.#barrier = exchange;
      writeFlush(writer);
    }
    this.#scheduleFlush();
  }

  /** Sends what a manual exchange has to say next, while it is in flight. */
  send(write: (writer: ByteWriter) => void): void {
    if (this.#state === "closed") return;
    write(this.#writer);
    this.#scheduleFlush();
  }

  /** Sends bytes at once behind everything written; returns false when the caller should await `drained`. */
  sendRaw(write: (writer: ByteWriter) => void): boolean {
    if (this.#state === "closed") return true;
    write(this.#writer);
    this.#flush();
    return !this.#isBlocked;
  }

  /** Ends the manual exchange in flight with its Sync; once for each. */
  endManual(exchange: Exchange): void {
    if (this.#barrier !== exchange || exchange.group !== this.#syncsSent + 1 || this.#state === "closed") {
      return;
    }
    this.#sync();
    this.#scheduleFlush();
  }

  /** Stops and starts reading from the server: back-pressure for streams. */
  flow(isOpen: boolean): void {
    if (this.#state === "closed") return;
    if (isOpen) this.#transport.resume();
    else this.#transport.pause();
  }

  #sync(): void {
    writeSync(this.#writer);
    this.#syncsSent++;
  }

  #endGroup(): void {
    if (!this.#isGroupOpen) return;
    this.#isGroupOpen = false;
    this.#sync();
  }

  #stall(exchange: Exchange): void {
    this.#stalled = exchange;
    learnPlan(this, exchange.text, (problem) => {
      this.#stalled = undefined;
      if (problem !== undefined && this.#backlog.remove(exchange)) exchange.reject(problem);
      this.#pump();
      this.#hasProgress = true;
      queueMicrotask(() => this.#reportProgress());
    });
  }

  /** Writes an exchange of the session's own, past the backlog; only while stalled. */
  submitInternal(exchange: Exchange): void {
    exchange.isInternal = true;
    if (this.#state !== "ready") {
      exchange.reject(
        new ConnectionError(`Cannot prepare: the connection to ${this.address} is ${this.#state}`, {
          neverSent: true,
        }),
      );
    } else if (this.#cancelling !== undefined) this.#urgent.push(exchange);
    else this.#write(exchange);
  }

  /** Writes what has waited in the backlog, as far as it may go. */
  #pump(): void {
    if (this.#cancelling !== undefined || this.#state !== "ready") return;
    for (let exchange = this.#urgent.shift(); exchange !== undefined; exchange = this.#urgent.shift()) {
      if (!exchange.settled) this.#write(exchange);
    }
    while (this.#backlog.length > 0 && this.#stalled === undefined && this.#barrier === undefined) {
      const exchange = this.#backlog.shift()!;
      if (!exchange.settled) this.#write(exchange);
    }
  }

  /** Keeps a statement that is being parsed under a name. */
  remember(name: string, plan: Plan): Statement {
    for (const gone of this.statements.add(name, plan)) this.#discard(gone.name);
    return this.statements.get(plan.text)!;
  }

  /** Forgets a plan that proved out of date, here and for all connections. */
  forget(plan: Plan): void {
    this.shared.plans.delete(plan);
    const statement = this.statements.remove(plan);
    if (statement !== undefined) this.#discard(statement.name);
  }

  /** Forgets a statement that the server does not have any more. */
  lostStatement(plan: Plan): void {
    // Somebody dropped one, so probably all: they are parsed again when they are needed.
    this.statements.remove(plan);
    this.statements.clear();
  }

  #discard(name: string): void {
    if (this.#state === "ready") {
      const close = new CloseExchange(name);
      close.isInternal = true;
      queueMicrotask(() => this.#state === "ready" && this.submit(close));
    }
  }

  /** Sends an exchange again behind what is waiting. */
  resend(exchange: Exchange): void {
    exchange.reset(this);
    if (exchange.isInternal) this.submitInternal(exchange);
    else if (this.#state !== "ready") {
      exchange.reject(
        new ConnectionError(`Cannot run the statement: the connection to ${this.address} is ${this.#state}`),
      );
    } else this.submit(exchange);
  }

  #scheduleFlush(): void {
    if (this.#isFlushScheduled) return;
    this.#isFlushScheduled = true;
    this.#hops = 0;
    this.#seenLength = -1;
    queueMicrotask(this.#hop);
  }

  /** Lets the tick's other work write first: flushes when nothing was added for one hop. */
  #flushOrHop(): void {
    if (this.#writer.length !== this.#seenLength && this.#hops++ < MAX_HOPS) {
      this.#seenLength = this.#writer.length;
      queueMicrotask(this.#hop);
      return;
    }
    this.#isFlushScheduled = false;
    this.#flush();
  }

  #flush(): void {
    if (this.#isBlocked || this.#state === "closed") return;
    this.#endGroup();
    if (this.#writer.length === 0) return;
    const unsent = this.#unsent;
    for (let index = 0; index < unsent.length; index++) unsent[index].sent = true;
    unsent.length = 0;
    if (!this.#transport.write(this.#writer.take())) this.#isBlocked = true;
  }

  #data(chunk: Uint8Array): void {
    if (this.#state === "closed") return;
    try {
      this.#framer.push(chunk);
    } catch (error) {
      this.#violation(error);
      return;
    }
    if (this.#finished.length > 0) this.#measure();
    this.#reportProgress();
  }

  /** Shares the time since the last completion among what completed in this chunk. */
  #measure(): void {
    const now = performance.now();
    const each = (now - this.headSince) / this.#finished.length;
    this.headSince = now;
    for (let index = 0; index < this.#finished.length; index++) this.#finished[index].measured(each);
    this.#finished.length = 0;
  }

  #reportProgress(): void {
    if (!this.#hasProgress) return;
    this.#hasProgress = false;
    this.#listener?.progress(this);
  }

  #violation(error: unknown): void {
    this.destroy(
      error instanceof LifeguardError
        ? error
        : new ProtocolError("a message", String(error), { cause: error }),
    );
  }

  /** Takes one message; returns false when nothing more is to be read. */
  #message(type: number, source: ByteSource, offset: number, end: number): boolean {
    switch (type) {
      case BACKEND.ReadyForQuery:
        if (this.#startup !== undefined) this.#startup.receive(type, source, offset, end);
        else this.#readyForQuery(source, offset, end);
        break;
      case BACKEND.ErrorResponse:
        if (this.#startup !== undefined) this.#startup.receive(type, source, offset, end);
        else this.#errorResponse(readErrorFields("ErrorResponse", source, offset, end));
        break;
      case BACKEND.NoticeResponse: {
        const fields = readErrorFields("NoticeResponse", source, offset, end);
        this.#listener?.notice?.(fields);
        break;
      }
      case BACKEND.NotificationResponse: {
        const notification = readNotification(source, offset, end);
        this.#listener?.notification?.(notification);
        break;
      }
      case BACKEND.ParameterStatus: {
        if (end - offset > MAX_PARAMETER_STATUS) {
          throw new ProtocolError("ParameterStatus", `it is longer than ${MAX_PARAMETER_STATUS} bytes`);
        }
        const [name, value] = readParameterStatus(source, offset, end);
        if (this.parameters.size > 200 && !this.parameters.has(name)) {
          throw new ProtocolError("ParameterStatus", "more than 200 settings were reported");
        }
        if (name === "client_encoding" && !/^(?:utf-?8|unicode)$/i.test(value)) {
          throw new ConnectionError(
            `Cannot go on with the connection to ${this.address}: its client_encoding was set to "${value}", in which texts would be garbled; leave it at UTF8`,
            { retryable: false },
          );
        }
        this.parameters.set(name, value);
        this.#listener?.parameter?.(name, value);
        break;
      }
      default: {
        if (this.#startup !== undefined) {
          this.#startup.receive(type, source, offset, end);
          break;
        }
        const head = this.#inFlight.peek();
        if (!this.#isBeingAnswered(head) || head.complete || head.failure !== undefined) {
          throw new ProtocolError(messageName(type), "it came out of order");
        }
        head.receive(type, source, offset, end, this);
        if (head.complete) this.#completed(head);
      }
    }
    return this.#state !== "closed";
  }

  /** Whether the server is at this exchange, and not still at the end of the group before (S1, S3). */
  #isBeingAnswered(head: Exchange | undefined): head is Exchange {
    return head !== undefined && head.group === this.#syncsReceived + 1;
  }

  /** An exchange has all of its answer but the ReadyForQuery. */
  #completed(head: Exchange): void {
    if (head.plan !== undefined) this.#finished.push(head.plan);
    // A read cannot fail any more when its group ends, so its caller need not wait for those behind it.
    if (head.sync === "shared") {
      this.#inFlight.shift();
      this.#settle(head);
      this.#headChanged();
    }
  }

  /** Sees to it that a statement nobody waits for any more does not hold up those behind it. */
  #headChanged(): void {
    const head = this.#inFlight.peek();
    if (head?.givenUp === undefined || head.onAnswer !== undefined) return;
    const timer = setTimeout(() => this.#cancelHead(head), PATIENCE);
    head.onAnswer = () => clearTimeout(timer);
  }

  #settle(exchange: Exchange): void {
    this.expected = this.#inFlight.length === 0 ? 0 : this.expected - exchange.expected;
    this.#hasProgress = true;
    exchange.onAnswer?.();
    exchange.settle(this);
  }

  #readyForQuery(source: ByteSource, offset: number, end: number): void {
    const status = end - offset === 1 ? String.fromCharCode(source.u8(offset)) : "";
    if (status !== "I" && status !== "T" && status !== "E") {
      throw new ProtocolError("ReadyForQuery", "its transaction status is none of I, T, E");
    }
    if (this.#syncsReceived === this.#syncsSent) {
      throw new ProtocolError("ReadyForQuery", "it came out of order");
    }
    const group = ++this.#syncsReceived;
    this.#status = status;
    let hadFailure = false;
    const skipped: Exchange[] = [];
    for (
      let head = this.#inFlight.peek();
      head !== undefined && head.group <= group;
      head = this.#inFlight.peek()
    ) {
      if (!head.complete && head.failure === undefined) {
        if (!hadFailure) {
          throw new ProtocolError("ReadyForQuery", "it came before the statement was complete");
        }
        this.#inFlight.shift();
        this.expected -= head.expected;
        skipped.push(head);
        continue;
      }
      this.#inFlight.shift();
      hadFailure ||= head.failure !== undefined;
      if (this.#wasHitByMistake(head)) {
        head.hits++;
        this.expected -= head.expected;
        skipped.push(head);
      } else this.#settle(head);
    }
    if (this.#barrier !== undefined && this.#barrier.group <= group) this.#barrier = undefined;
    for (const exchange of skipped) {
      if (exchange.settled) continue;
      this.resend(exchange);
    }
    this.#hasProgress = true;
    this.#headChanged();
    this.#pump();
    if (this.#state === "closing" && this.#inFlight.length === 0) this.#leave();
  }

  /** Whether a CancelRequest for another exchange ended this one (S4). */
  #wasHitByMistake(exchange: Exchange): boolean {
    if (exchange.failure === undefined || this.#cancelHorizon < exchange.group) return false;
    return exchange.failure.get("C") === SQLSTATE.queryCanceled && exchange.givenUp === undefined &&
      this.#status === "I" && exchange.hits < MAX_HITS && exchange.sync !== "manual" && !exchange.settled &&
      !COMMITS_MIDWAY.test(exchange.text);
  }

  #errorResponse(fields: ErrorFields): void {
    const severity = fields.get("V") ?? fields.get("S");
    if (severity === "FATAL" || severity === "PANIC") {
      const cause = postgresError(fields, this.#inFlight.peek()?.text);
      this.destroy(
        new ConnectionError(`Cannot go on with the connection to ${this.address}: ${cause.message}`, {
          cause,
          sqlState: cause.sqlState,
        }),
      );
      return;
    }
    const head = this.#inFlight.peek();
    if (!this.#isBeingAnswered(head)) {
      // The reads of a group are settled before it ends. That it could not be committed in the end (serializable
      // isolation may say so even of reads) concerns nobody in flight.
      const group = this.#syncsReceived + 1;
      if (group <= this.#syncsSent && this.#groupWithLateError !== group) {
        this.#groupWithLateError = group;
        return;
      }
      throw new ProtocolError("ErrorResponse", "it came out of order");
    }
    if (head.failure !== undefined) {
      throw new ProtocolError("ErrorResponse", "it came out of order");
    }
    // A failing read leaves the server deaf until its group's Sync, which is certainly on its way.
    head.failure = fields;
    if (head.sync === "manual") this.endManual(head);
    if (head.plan !== undefined) this.#finished.push(head.plan);
  }

  /**
   * Gives an exchange up. What was not sent, or has others before it, is rejected at once; what the server is at is
   * cancelled there and rejected when the server has confirmed it, or after {@link CONFIRMATION} milliseconds.
   *
   * @param exchange What to give up; nothing happens when it is settled.
   * @param reason Makes what it rejects with, told whether the server confirmed the cancellation.
   */
  giveUp(exchange: Exchange, reason: (confirmed: boolean) => unknown): void {
    if (exchange.settled || exchange.givenUp !== undefined) return;
    if (this.#backlog.remove(exchange)) {
      exchange.reject(reason(true));
      // Nobody waits for its statement to be prepared either; a lock may keep the server from that.
      const head = this.#inFlight.peek();
      if (this.#stalled === exchange && head?.isInternal) {
        head.givenUp ??= reason;
        this.#headChanged();
      }
      this.#hasProgress = true;
      this.#reportProgress();
      return;
    }
    exchange.givenUp = reason;
    if (this.#inFlight.peek() === exchange) this.#cancelHead(exchange);
    else exchange.reject(reason(false));
  }

  /** Gives up everything, as `giveUp` does it; unlike after a mere `cancel`, nothing is sent again. */
  giveUpAll(reason: (confirmed: boolean) => unknown): void {
    for (const exchange of [...this.#backlog, ...this.#inFlight]) this.giveUp(exchange, reason);
  }

  /** Cancels the statement that the server is at, for which nobody waits any more. */
  #cancelHead(exchange: Exchange): void {
    if (this.#state === "closed") return;
    // A request may overtake the statement it is meant for, and is lost on an idle server; so it is repeated.
    let impatient: ReturnType<typeof setTimeout>;
    const insist = (patience: number): void => {
      impatient = setTimeout(() => {
        exchange.reject(exchange.givenUp?.(false));
        insist(patience * 4);
        this.cancel();
      }, patience);
    };
    insist(CONFIRMATION);
    // A server that says nothing even then has lost the connection, or us.
    const dead = setTimeout(() => {
      this.destroy(
        new ConnectionError(
          `Cannot go on with the connection to ${this.address}: no answer to a cancelled statement for ${SILENCE} ms`,
        ),
      );
    }, SILENCE);
    exchange.onAnswer = () => {
      clearTimeout(impatient);
      clearTimeout(dead);
    };
    this.cancel();
  }

  /** Asks the server to cancel what it is doing; what is in flight may be hit, nothing later (S4). */
  cancel(): Promise<void> {
    if (this.#key === undefined) return Promise.resolve();
    this.#cancelling ??= this.#cancel(this.#key).then(
      () => this.#cancelled(),
      // Whether and when it arrives is unknown, so nothing may be sent here any more.
      (error) => this.destroy(error instanceof LifeguardError ? error : new ConnectionError(String(error))),
    );
    this.#cancelHorizon = Infinity;
    return this.#cancelling;
  }

  #cancelled(): void {
    // What was in flight meanwhile; a group still open in the buffer has the next number.
    this.#cancelHorizon = this.#syncsSent + (this.#isGroupOpen ? 1 : 0);
    this.#cancelling = undefined;
    this.#pump();
    this.#hasProgress = true;
    this.#reportProgress();
  }

  /** Watches deadlines with one timer for all. */
  #watch(deadline: number): void {
    if (this.#timer !== undefined && this.#timerAt <= deadline) return;
    clearTimeout(this.#timer);
    this.#timerAt = deadline;
    this.#timer = setTimeout(() => this.#expire(), Math.max(0, deadline - performance.now()));
  }

  #expire(): void {
    this.#timer = undefined;
    const now = performance.now();
    let next = Infinity;
    for (const exchange of [...this.#inFlight, ...this.#backlog]) {
      if (exchange.settled || exchange.deadline === 0) continue;
      if (exchange.deadline <= now + 0.5) {
        exchange.deadline = 0;
        this.giveUp(exchange, (confirmed) => exchange.timeoutError(confirmed));
      } else next = Math.min(next, exchange.deadline);
    }
    if (next < Infinity && this.#state !== "closed") this.#watch(next);
  }

  /** Sends Terminate after what was written, and closes when that was answered; resolves when closed. */
  close(): Promise<void> {
    if (this.#state === "starting") this.destroy();
    else if (this.#state === "ready") {
      this.#state = "closing";
      this.#endGroup();
      writeTerminate(this.#writer);
      this.#isBlocked = false;
      this.#flush();
      // A stream or COPY could not be ended any more, so there is nothing to wait for.
      if (this.#inFlight.length === 0 || this.#barrier !== undefined) this.#leave();
      else if ([...this.#inFlight].every((exchange) => exchange.settled || exchange.isInternal)) {
        this.#closingTimer ??= setTimeout(() => this.destroy(), CLOSING);
      }
    }
    return this.#closed;
  }

  #leave(): void {
    this.#closingTimer ??= setTimeout(() => this.destroy(), CLOSING);
    this.#transport.close();
  }

  /** Closes at once. What is unsettled goes to the listener with `error`. */
  destroy(error?: LifeguardError): void {
    if (this.#state === "closed") return;
    this.#fatal ??= error;
    this.#transport.destroy();
    this.#end(undefined);
  }

  #end(error: Error | undefined): void {
    if (this.#state === "closed") return;
    const problem = this.#failure(error);
    this.#state = "closed";
    clearTimeout(this.#timer);
    clearTimeout(this.#closingTimer);
    const everything = [...this.#inFlight, ...this.#urgent, ...this.#backlog];
    this.#inFlight.clear();
    this.#urgent.clear();
    this.#backlog.clear();
    this.#unsent.length = 0;
    const unsettled: Exchange[] = [];
    for (const exchange of everything) {
      exchange.onAnswer?.();
      if (exchange.settled) continue;
      // These concern nobody else: the one belongs to this connection, of the other nobody wants an answer any more.
      if (exchange.isInternal) exchange.reject(problem);
      else if (exchange.givenUp !== undefined) exchange.reject(exchange.givenUp(false));
      else unsettled.push(exchange);
    }
    this.#startup?.fail(problem);
    if (this.#listener === undefined) { for (const exchange of unsettled) exchange.reject(problem); }
    else this.#listener.closed(this, problem, unsettled);
    this.#resolveClosed();
  }

  /** Why it ends, or has ended. */
  #failure(error: Error | undefined): ConnectionError {
    const fatal = this.#fatal;
    if (fatal instanceof ConnectionError) return fatal;
    const cause = fatal ?? error;
    return new ConnectionError(
      cause === undefined
        ? `Cannot go on with the connection to ${this.address}: ${
          this.#state === "closing" ? "it is closed" : "the server closed it"
        }`
        : `Cannot go on with the connection to ${this.address}: ${cause.message}`,
      { cause },
    );
  }

  /** Refuses work that needs the session for itself while something else is in flight. */
  assertExclusive(what: string): void {
    if (this.#barrier !== undefined) {
      throw new ValidationError(
        what,
        "another stream or COPY is running on this connection; finish it first",
      );
    }
  }
}
