/**
 * One connection for short questions, which is never made anew: who asks must know that it is still the same server.
 *
 * @module
 */
import { CodecRegistry } from "../../../pool/wire/codec/registry.ts";
import type { ResolvedConnectOptions } from "../../../pool/wire/configuration/connect_options.ts";
import { connectSession } from "../../../pool/wire/session/connect.ts";
import { DatabaseKnowledge } from "../../../pool/wire/session/database_knowledge.ts";
import { QueryExchange } from "../../../pool/wire/session/query_exchange.ts";
import type { Session } from "../../../pool/wire/session/session.ts";

/** Milliseconds a question may take. */
const TIMEOUT = 5_000;

/** One connection for short questions. */
export class SqlLine {
  readonly #session: Session;

  private constructor(session: Session) {
    this.#session = session;
  }

  /** Connects. */
  static async connect(connect: ResolvedConnectOptions, signal: AbortSignal): Promise<SqlLine> {
    const shared = new DatabaseKnowledge(new CodecRegistry({}), {
      prepare: "always",
      statementCacheSize: 20,
      planCacheSize: 20,
    });
    return new SqlLine(await connectSession({ ...connect, replication: false }, shared, signal));
  }

  /** Resolves when the connection is closed. */
  get closed(): Promise<void> {
    return this.#session.closed;
  }

  /**
   * Asks; what is asked for as text comes as text.
   *
   * @param text The SQL text with `$1` placeholders.
   * @param values One value for each.
   * @param signal Ends the wait.
   */
  async ask(
    text: string,
    values: readonly unknown[],
    signal?: AbortSignal,
  ): Promise<readonly Readonly<Record<string, unknown>>[]> {
    signal?.throwIfAborted();
    const exchange = new QueryExchange(text, values);
    exchange.timeout = TIMEOUT;
    const onAbort = (): void => this.#session.giveUp(exchange, () => signal!.reason);
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      this.#session.submit(exchange);
      return (await exchange.promise).rows;
    } finally {
      signal?.removeEventListener("abort", onAbort);
    }
  }

  /** Closes it; resolves when closed. */
  async close(): Promise<void> {
    await this.#session.close();
  }

  /** Closes it at once. */
  destroy(): void {
    this.#session.destroy();
  }
}
