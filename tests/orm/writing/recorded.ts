/** An executor that runs on another and keeps the texts it was given, also inside the transactions it opens. */
import type { Executor, QueryOptions } from "../../../pool/executor.ts";
import type { Sql } from "../../../pool/sql/sql.ts";

/** What opens transactions. */
interface Transactional extends Executor {
  transaction<Result>(work: (tx: Transactional) => Promise<Result>): Promise<Result>;
}

/** Keeps texts, and whether any statement was sent as a read. */
export class Recorded {
  readonly #target: Transactional;
  readonly #texts: string[];
  /** How many statements were sent as reads. */
  reads = 0;

  constructor(target: Transactional, texts: string[] = []) {
    this.#target = target;
    this.#texts = texts;
  }

  query(statement: Sql, options?: QueryOptions): Promise<unknown[]> {
    this.#note(statement, options);
    return this.#target.query(statement, options);
  }

  one(statement: Sql, options?: QueryOptions): Promise<unknown> {
    this.#note(statement, options);
    return this.#target.one(statement, options);
  }

  execute(statement: Sql, options?: QueryOptions): Promise<number> {
    this.#note(statement, options);
    return this.#target.execute(statement, options);
  }

  transaction<Result>(work: (tx: Transactional) => Promise<Result>): Promise<Result> {
    this.#texts.push("begin");
    return this.#target.transaction((tx) => work(new Recorded(tx, this.#texts) as unknown as Transactional));
  }

  /** The texts since the last call. */
  take(): string[] {
    return this.#texts.splice(0);
  }

  /** The executor as the library sees it. */
  get executor(): Executor {
    return this as unknown as Executor;
  }

  #note(statement: Sql, options: QueryOptions | undefined): void {
    this.#texts.push(statement.text);
    if (options?.readOnly === true) this.reads++;
  }
}
