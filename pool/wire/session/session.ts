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
import type { Authenticator } from "../auth/authenticator.ts";
import type { ByteWriter } from "../byte_writer.ts";
import { Cancellation } from "./cancellation.ts";
import { DeadlineWatch } from "./deadline_watch.ts";
import type { DatabaseKnowledge } from "./database_knowledge.ts";
import { Deque } from "../deque.ts";
import { ConnectionError, LifeguardError } from "../errors.ts";
import type { Exchange } from "./exchange.ts";
import type { BackendKey } from "../message/backend.ts";
import { writeFlush, writeTerminate } from "../message/frontend.ts";
import { InFlight } from "./in_flight.ts";
import { Outbox } from "./outbox.ts";
import type { Plan } from "./plan.ts";
import { Reception } from "./reception.ts";
import { CloseExchange } from "./prepare_exchange.ts";
import { learnPlan, loadTypes } from "./learn_plan.ts";
import type { SessionListener, SessionOptions, SessionState, TransactionStatus } from "./session_options.ts";
import { Startup } from "./startup.ts";
import { type Statement, StatementCache } from "./statement_cache.ts";
import type { Transport } from "../transport/transport.ts";

/** Milliseconds after which a peer that does not take what is left is not waited for when closing. */
const CLOSING = 2_000;

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
  #state: SessionState = "starting";
  #startup: Startup | undefined;
  #key: BackendKey | undefined;
  #status: TransactionStatus = "I";
  readonly #transport: Transport;
  readonly #outbox: Outbox;
  readonly #cancellation: Cancellation;
  readonly #deadlines: DeadlineWatch;
  readonly #inFlight: InFlight;
  readonly #backlog = new Deque<Exchange>();
  /** Exchanges of the session's own that wait for a CancelRequest; always empty but while one is on its way. */
  readonly #urgent = new Deque<Exchange>();
  #listener: SessionListener | undefined;
  /** Whether an exchange is being written; its codecs and toJSON methods are a user's, who may submit in them. */
  #isWriting = false;
  /** What waits for its statement to be prepared, and everything behind it. */
  #stalled: Exchange | undefined;
  #barrier: Exchange | undefined;
  #fatal: LifeguardError | undefined;
  #closingTimer: ReturnType<typeof setTimeout> | undefined;
  #hasProgress = false;
  /** Whether reading was stopped while a CancelRequest is on its way. */
  #isHeldBack = false;
  #closed: Promise<void>;
  #resolveClosed!: () => void;

  /** Takes over a transport; see {@link SessionOptions}. Next comes `start`. */
  constructor(options: SessionOptions) {
    this.shared = options.shared;
    this.statements = new StatementCache(options.shared.statementLimit);
    this.address = options.address;
    this.#closed = new Promise((resolve) => this.#resolveClosed = resolve);
    this.#transport = options.transport;
    this.#outbox = new Outbox(options.transport);
    this.#inFlight = new InFlight({
      answered: (exchange) => this.#answered(exchange),
      hitByMistake: (exchange) => this.#cancellation.hitByMistake(exchange),
    });
    this.#deadlines = new DeadlineWatch(
      () => [...this.#inFlight, ...this.#backlog],
      (exchange) => this.giveUp(exchange, (confirmed) => exchange.timeoutError(confirmed)),
    );
    this.#cancellation = new Cancellation({
      request: () => this.#key === undefined ? undefined : options.cancel(this.#key),
      latestGroup: () => this.#outbox.latestGroup,
      done: () => {
        if (this.#isHeldBack) this.flow(true);
        this.#isHeldBack = false;
        this.#pump();
        this.#hasProgress = true;
        this.#reportProgress();
      },
      destroy: (error) => this.destroy(error),
      address: options.address,
    });
    const reception = new Reception({
      session: this,
      inFlight: this.#inFlight,
      listener: () => this.#listener,
      startup: () => this.#startup,
      groupsSent: () => this.#outbox.syncs,
      answered: (exchange) => this.#answered(exchange),
      headChanged: () => this.#cancellation.headChanged(this.#inFlight.head),
      statusReported: (status) => this.#status = status,
      groupEnded: (again) => this.#groupEnded(again),
      manualFailed: (exchange) => this.endManual(exchange),
      taken: () => this.#reportProgress(),
    }, options.maxMessageSize);
    options.transport.attach({
      data: (chunk) => {
        reception.take(chunk);
        if (this.#cancellation.isRunning) this.#holdBack();
      },
      drain: () => this.#outbox.unblock(),
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
      let asked = 0;
      const ask = (write: (writer: ByteWriter) => void): void => {
        asked = performance.now();
        this.send(write);
      };
      this.#startup = new Startup(parameters, authenticator, ask, this.address);
      this.#key = await this.#startup.done;
      this.#inFlight.roundTrip = performance.now() - asked;
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

  /** When the FIFO's head began to be the head, in monotonic milliseconds. */
  get headSince(): number {
    return this.#inFlight.headSince;
  }

  /** Milliseconds that everything in flight is expected to take. */
  get expected(): number {
    return this.#inFlight.expected;
  }

  /** Whether a statement in flight is slow now and then. */
  get isErratic(): boolean {
    return this.#inFlight.isErratic;
  }

  /** How many exchanges have been submitted and not settled. */
  get depth(): number {
    return this.#inFlight.length + this.#backlog.length;
  }

  /** The exchange the server is at, if any. */
  get head(): Exchange | undefined {
    return this.#inFlight.head;
  }

  /** Whether nothing is in flight, waiting, or being cancelled. */
  get idle(): boolean {
    return this.depth === 0 && !this.cancelling && this.#state === "ready";
  }

  /** Whether a statement that was given up has no answer yet: the server is still at it, or silent for good. */
  get owesAnswer(): boolean {
    for (const exchange of this.#inFlight) if (exchange.givenUp !== undefined) return true;
    return false;
  }

  /** Whether a CancelRequest is on its way. */
  get cancelling(): boolean {
    return this.#cancellation.isRunning;
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
    return this.#outbox.blocked;
  }

  /** Resolves when it is not `blocked` any more, or closed. */
  get drained(): Promise<void> {
    return this.#outbox.drained;
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
    const { escort } = exchange;
    escort?.before?.(this);
    exchange.session = this;
    // The time of waiting here, for a statement to be prepared say, is the query's too.
    if (exchange.deadline === 0 && exchange.timeout > 0) {
      exchange.deadline = performance.now() + exchange.timeout;
    }
    if (exchange.deadline > 0) this.#deadlines.watch(exchange.deadline);
    if (this.#isWriting) queueMicrotask(() => this.#pump());
    if (this.#mustWait) this.#backlog.push(exchange);
    else this.#write(exchange);
    escort?.after?.(this);
  }

  get #mustWait(): boolean {
    return this.#isWriting || this.#stalled !== undefined || this.#barrier !== undefined ||
      this.cancelling || this.#backlog.length > 0;
  }

  /** Writes an exchange, or stalls until its statement is prepared. */
  #write(exchange: Exchange): void {
    // What was skipped once goes with a Sync of its own, or a run of failing reads would be sent over and over.
    const policy = exchange.sync === "shared" && exchange.attempts > 0 ? "own" : exchange.sync;
    if (policy !== "shared") this.#outbox.endGroup();
    const { writer } = this.#outbox;
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
    exchange.group = this.#outbox.syncs + 1;
    this.#inFlight.add(exchange);
    if (policy === "own") this.#outbox.sync();
    else if (policy === "shared") this.#outbox.shareGroup();
    else if (policy === "query") this.#outbox.endQuery();
    else {
      this.#barrier = exchange;
      writeFlush(writer);
    }
    this.#outbox.appended(exchange);
  }

  /** Sends what a manual exchange has to say next, while it is in flight. */
  send(write: (writer: ByteWriter) => void): void {
    if (this.#state === "closed") return;
    write(this.#outbox.writer);
    this.#outbox.schedule();
  }

  /** Sends bytes at once behind everything written; returns false when the caller should await `drained`. */
  sendRaw(write: (writer: ByteWriter) => void): boolean {
    if (this.#state === "closed") return true;
    write(this.#outbox.writer);
    this.#outbox.flush();
    return !this.#outbox.blocked;
  }

  /** Ends the manual exchange in flight with its Sync; once for each. */
  endManual(exchange: Exchange): void {
    if (this.#barrier !== exchange || exchange.group !== this.#outbox.syncs + 1 || this.#state === "closed") {
      return;
    }
    this.#outbox.sync();
    this.#outbox.schedule();
  }

  /** Stops and starts reading from the server: back-pressure for streams. */
  flow(isOpen: boolean): void {
    if (this.#state === "closed") return;
    if (isOpen) this.#transport.resume();
    else this.#transport.pause();
  }

  /** Reads no more of what nobody waits for until its CancelRequest has arrived, which a flood of rows would delay. */
  #holdBack(): void {
    if (this.#isHeldBack || this.#inFlight.head?.givenUp === undefined) return;
    this.#isHeldBack = true;
    this.flow(false);
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
    } else if (this.cancelling) this.#urgent.push(exchange);
    else this.#write(exchange);
  }

  /** Writes what has waited in the backlog, as far as it may go. */
  #pump(): void {
    if (this.cancelling || this.#state !== "ready") return;
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

  /** Learns types from the catalogue by a deadline, in monotonic milliseconds or 0. */
  loadTypes(oids: readonly number[], deadline: number): Promise<void> {
    return loadTypes(this, oids, deadline);
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

  #reportProgress(): void {
    if (!this.#hasProgress) return;
    this.#hasProgress = false;
    this.#listener?.progress(this);
  }

  #answered(exchange: Exchange): void {
    this.#hasProgress = true;
    exchange.onAnswer?.();
    exchange.settle(this);
  }

  #groupEnded(again: readonly Exchange[]): void {
    if (this.#barrier !== undefined && this.#barrier.group <= this.#inFlight.groupsEnded) {
      this.#barrier = undefined;
    }
    for (const exchange of again) {
      exchange.onAnswer?.();
      exchange.onAnswer = undefined;
      if (!exchange.settled) this.resend(exchange);
    }
    this.#hasProgress = true;
    this.#cancellation.headChanged(this.#inFlight.head);
    this.#pump();
    if (this.#state === "closing" && this.#inFlight.length === 0) this.#leave();
  }

  /**
   * Gives an exchange up. What was not sent, or has others before it, is rejected at once; what the server is at is
   * cancelled there and rejected when the server has confirmed it, or does not in a moment.
   *
   * @param exchange What to give up; nothing happens when it is settled.
   * @param reason Makes what it rejects with, told whether the server confirmed the cancellation.
   */
  giveUp(exchange: Exchange, reason: (confirmed: boolean) => unknown): void {
    if (exchange.settled || exchange.givenUp !== undefined) return;
    if (this.#backlog.remove(exchange)) {
      exchange.reject(reason(true));
      // Nobody waits for its statement to be prepared either; a lock may keep the server from that.
      const head = this.#inFlight.head;
      if (this.#stalled === exchange && head?.isInternal) {
        head.givenUp ??= reason;
        this.#cancellation.headChanged(this.#inFlight.head);
      }
      this.#hasProgress = true;
      this.#reportProgress();
      return;
    }
    exchange.givenUp = reason;
    if (this.#inFlight.head === exchange) this.#cancellation.cancelHead(exchange);
    else exchange.reject(reason(false));
  }

  /** Gives up everything, as `giveUp` does it; unlike after a mere `cancel`, nothing is sent again. */
  giveUpAll(reason: (confirmed: boolean) => unknown): void {
    for (const exchange of [...this.#backlog, ...this.#inFlight]) this.giveUp(exchange, reason);
  }

  /** Asks the server to cancel what it is doing; what is in flight may be hit, nothing later (S4). */
  cancel(): Promise<void> {
    return this.#cancellation.cancel();
  }

  /** Sends Terminate after what was written, and closes when that was answered; resolves when closed. */
  close(): Promise<void> {
    if (this.#state === "starting") this.destroy();
    else if (this.#state === "ready") {
      this.#state = "closing";
      this.#outbox.endGroup();
      writeTerminate(this.#outbox.writer);
      this.#outbox.flushLast();
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
    this.#deadlines.stop();
    this.#outbox.close();
    clearTimeout(this.#closingTimer);
    const everything = [...this.#inFlight, ...this.#urgent, ...this.#backlog];
    this.#inFlight.clear();
    this.#urgent.clear();
    this.#backlog.clear();
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
}
