/**
 * Where a row stream gets its rows: a portal outside or inside a transaction.
 *
 * @module
 */
import { CursorExchange } from "./cursor_exchange.ts";
import { QueryTimeoutError } from "../errors.ts";
import { ClosePortalExchange, FetchExchange } from "./fetch_exchange.ts";
import { PortalReader, type PortalSink } from "./portal_reader.ts";
import type { Session } from "../session/session.ts";

/** A portal as a row stream sees it. */
export interface Portal {
  /** Asks for rows; the sink is told of them. Not called again before that. */
  fetch(limit: number): void;
  /** Gives the fetch under way up, if there is one; the sink need not hear of it any more. */
  abandon(reason: unknown): void;
  /** Closes it; resolves when the session is free of it. */
  close(): Promise<void>;
}

/** What is to be run, where, and for whom. */
export interface PortalOptions {
  /** The session; outside a transaction it serves nobody else until the portal is closed. */
  readonly session: Session;
  /** The SQL text with `$1` placeholders. */
  readonly text: string;
  /** One value for each placeholder. */
  readonly values: readonly unknown[];
  /** Milliseconds a fetch may take; 0 for no limit. */
  readonly timeout: number;
  /** Told of rows and of the failure. */
  readonly sink: PortalSink;
}

/** A portal that has the session for itself. */
export class ExclusivePortal implements Portal {
  readonly #options: PortalOptions;
  #exchange: CursorExchange | undefined;

  /** Creates the portal; nothing is sent before the first fetch. */
  constructor(options: PortalOptions) {
    this.#options = options;
  }

  fetch(limit: number): void {
    if (this.#exchange !== undefined) return this.#exchange.fetch(limit);
    const { session, sink, timeout } = this.#options;
    this.#exchange = new CursorExchange(this.#options, sink, { limit, timeout });
    this.#exchange.submitTo(session, timeout);
  }

  abandon(reason: unknown): void {
    this.#exchange?.abandon(reason, { atOnce: true });
  }

  async close(): Promise<void> {
    this.#exchange?.abandon(undefined);
    await this.#exchange?.released;
  }
}

/** Milliseconds after which nobody waits for a portal's end any more. */
const CLOSING = 10_000;

let portals = 0;

/** A portal between the other statements of a transaction. */
export class TransactionPortal implements Portal {
  readonly #options: PortalOptions;
  readonly #reader: PortalReader;
  #exchange: FetchExchange | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Creates the portal; nothing is sent before the first fetch. */
  constructor(options: PortalOptions) {
    this.#options = options;
    this.#reader = new PortalReader(`lgp${++portals}`, options.text, options.values);
  }

  fetch(limit: number): void {
    const { session, sink, timeout } = this.#options;
    const exchange = new FetchExchange(this.#reader, {
      batch: (...answer) => {
        clearTimeout(this.#timer);
        sink.batch(...answer);
      },
      failed: (error) => {
        clearTimeout(this.#timer);
        sink.failed(error);
      },
    }, { limit, first: this.#exchange === undefined });
    this.#exchange = exchange;
    if (timeout > 0) {
      this.#timer = setTimeout(
        () => session.giveUp(exchange, (confirmed) => new QueryTimeoutError(timeout, confirmed)),
        timeout,
      );
    }
    session.submit(exchange);
  }

  abandon(reason: unknown): void {
    if (this.#exchange !== undefined) this.#options.session.giveUp(this.#exchange, () => reason);
  }

  async close(): Promise<void> {
    const { session } = this.#options;
    if (this.#exchange === undefined || session.state !== "ready") return;
    const exchange = new ClosePortalExchange(this.#reader.name);
    // What is under way before it has its own limit.
    exchange.timeout = CLOSING;
    session.submit(exchange);
    await exchange.done;
  }
}
