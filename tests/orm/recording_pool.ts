/** A real pool that keeps the texts of the statements it is given. */
import { Pool } from "../../pool/pool.ts";
import type { Sql } from "../../pool/sql/sql.ts";

/** Keeps what `query()` is given, in order. */
export class RecordingPool extends Pool {
  readonly texts: string[] = [];

  // deno-lint-ignore no-explicit-any -- both overloads of the pool's are passed on as they are
  override query(statement: Sql<any>, options?: any): Promise<any[]> {
    this.texts.push(statement.text);
    return super.query(statement, options);
  }

  /** The texts since the last call. */
  take(): string[] {
    return this.texts.splice(0);
  }
}
