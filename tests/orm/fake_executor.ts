/** An executor that records statements and answers with rows given beforehand. */
import type { Executor, QueryOptions } from "../../pool/executor.ts";
import type { Sql } from "../../pool/sql/sql.ts";

/** One statement as it came to the executor. */
export interface Recorded {
  readonly text: string;
  readonly values: readonly unknown[];
  readonly readOnly: boolean;
}

/** Answers every statement with the rows given last. */
export class FakeExecutor {
  readonly statements: Recorded[] = [];
  rows: Record<string, unknown>[] = [];

  get last(): Recorded {
    return this.statements[this.statements.length - 1];
  }

  query(statement: Sql, options: QueryOptions = {}): Promise<unknown[]> {
    const { text, values } = statement;
    this.statements.push({ text, values, readOnly: options.readOnly === true });
    return Promise.resolve(this.rows.map((row) => ({ ...row })));
  }

  async one(statement: Sql, options?: QueryOptions): Promise<unknown> {
    return (await this.query(statement, options))[0];
  }

  async maybeOne(statement: Sql, options?: QueryOptions): Promise<unknown> {
    return (await this.query(statement, options))[0];
  }

  async value(statement: Sql, options?: QueryOptions): Promise<unknown> {
    return Object.values(await this.one(statement, options) as object)[0];
  }

  execute(): Promise<number> {
    throw new Error("BUG: no model calls execute()");
  }

  /** The executor as the library sees it. */
  get executor(): Executor {
    return this as unknown as Executor;
  }
}
