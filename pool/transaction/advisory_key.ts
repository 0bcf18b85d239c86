/**
 * Advisory locks as statements.
 * Source: https://www.postgresql.org/docs/18/functions-admin.html#FUNCTIONS-ADVISORY-LOCKS
 *
 * @module
 */
import { type Sql, sql } from "../sql/sql.ts";
import { ValidationError } from "../wire/errors.ts";

/** What an advisory lock is on: a 64-bit integer, or text that is hashed to one. */
export type AdvisoryKey = bigint | number | string;

/** How a lock is taken. */
export interface AdvisoryLockChoice {
  /** Whether others may share it. Default false. */
  readonly shared?: boolean;
  /** Whether to wait for it. Default true. */
  readonly wait?: boolean;
  /** Until when it is held. */
  readonly scope: "session" | "transaction";
}

const LOWEST = -(2n ** 63n);
const HIGHEST = 2n ** 63n - 1n;

/** The lock's key as an SQL expression of type bigint. */
export function advisoryKeySql(key: AdvisoryKey): Sql {
  if (typeof key === "string") return sql`hashtextextended(${key}, 0)`;
  if (typeof key === "number" && !Number.isSafeInteger(key)) {
    throw new ValidationError(
      "the advisory lock's key",
      "a number that is not a safe integer was given; give a bigint",
    );
  }
  if (typeof key !== "bigint" && typeof key !== "number") {
    throw new ValidationError(
      "the advisory lock's key",
      `${typeof key} was given; give a bigint, an integer or text`,
    );
  }
  const value = BigInt(key);
  if (value < LOWEST || value > HIGHEST) {
    throw new ValidationError(
      "the advisory lock's key",
      "it does not fit 64 bits; give text, which is hashed",
    );
  }
  return sql`${value}::bigint`;
}

/** The statement that takes a lock; its one value says whether it was taken. */
export function advisoryLockSql(key: AdvisoryKey, choice: AdvisoryLockChoice): Sql {
  const name = `pg_${choice.wait === false ? "try_" : ""}advisory_${
    choice.scope === "transaction" ? "xact_" : ""
  }lock${choice.shared ? "_shared" : ""}`;
  const call = sql`${sql.unsafe(name)}(${advisoryKeySql(key)})`;
  // The waiting functions return void, which is never null.
  return choice.wait === false ? sql`select ${call} as locked` : sql`select ${call} is not null as locked`;
}

/** The statement that gives a session's lock back. */
export function advisoryUnlockSql(key: AdvisoryKey, isShared: boolean): Sql {
  return sql`select ${sql.unsafe(`pg_advisory_unlock${isShared ? "_shared" : ""}`)}(${
    advisoryKeySql(key)
  }) as unlocked`;
}
