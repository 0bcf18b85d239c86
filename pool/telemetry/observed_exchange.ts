/**
 * A statement that is observed. Where nobody observes, statements are plain `QueryExchange`s, which know nothing of it.
 *
 * @module
 */
import type { ByteWriter } from "../wire/byte_writer.ts";
import { countOf } from "../command_tag.ts";
import type { Observation } from "./observation.ts";
import type { WriteOutcome } from "../wire/session/exchange.ts";
import {
  QueryExchange,
  type QueryExchangeOptions,
  type QueryResult,
} from "../wire/session/query_exchange.ts";
import type { Session } from "../wire/session/session.ts";
import type { Sql } from "../sql/sql.ts";

/** A statement with its values, observed on its way to its rows. */
export class ObservedExchange extends QueryExchange {
  readonly #observation: Observation;

  /** Creates the exchange of a statement; `observation` has begun. */
  constructor(statement: Sql<unknown>, observation: Observation, options?: QueryExchangeOptions) {
    super(statement.text, statement.values, options);
    this.#observation = observation;
  }

  /** As {@link ObservedExchange.outcome}; call it when it was given to its tier: if no connection took it, it waits. */
  whenGiven(): Promise<QueryResult> {
    if (this.session === undefined) this.#observation.waits();
    return this.outcome();
  }

  override write(session: Session, writer: ByteWriter): WriteOutcome {
    this.#observation.given();
    return super.write(session, writer);
  }

  override settle(session: Session): void {
    super.settle(session);
    if (this.settled) this.#end();
  }

  override reject(error: unknown): void {
    if (this.settled) return;
    super.reject(error);
    this.#end({ error });
  }

  #end(failure?: { readonly error: unknown }): void {
    this.#observation.end({
      rows: failure === undefined ? countOf(this.tag) ?? this.rows.length : undefined,
      address: this.session?.address,
      resent: this.attempts,
      failure,
    });
  }

  /** What its promise comes to, told of when it took too long. */
  outcome(): Promise<QueryResult> {
    return this.#observation.mayBeReported ? this.#reported() : this.promise;
  }

  async #reported(): Promise<QueryResult> {
    try {
      return await this.promise;
    } finally {
      this.#observation.report();
    }
  }
}
