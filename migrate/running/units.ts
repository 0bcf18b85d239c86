/**
 * What of a migration is done at once or not at all.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { sha256 } from "../files/checksum.ts";
import type { MigrationStatement } from "../files/migration_statement.ts";

/** Statements that one transaction has, or a single one that none may have. */
export interface Unit {
  /** The index, in the migration, of its first statement. */
  readonly first: number;
  readonly statements: readonly MigrationStatement[];
  readonly transaction: boolean;
}

/** Procedures may end transactions: where each statement is by itself, so are they. */
const MAY_COMMIT = /^(?:call|do)\b/;

/**
 * Cuts a migration into units, in its order.
 *
 * @param statements All of its statements.
 * @param from How many are done.
 * @param transaction Whether neighbours share a transaction.
 */
export function cutIntoUnits(
  statements: readonly MigrationStatement[],
  from: number,
  transaction: boolean,
): readonly Unit[] {
  const units: Unit[] = [];
  for (let first = from; first < statements.length;) {
    let end = first + 1;
    const isInside = statements[first].transaction;
    while (transaction && isInside && end < statements.length && statements[end].transaction) end++;
    const own = statements.slice(first, end);
    const isAlone = !isInside || (!transaction && MAY_COMMIT.test(own[0].firstWords));
    units.push({ first, statements: own, transaction: !isAlone });
    first = end;
  }
  return units;
}

/** What tells one statement from another: comments and blanks do not. */
export function hashStatement({ normal }: Pick<MigrationStatement, "normal">): string {
  return sha256(normal);
}

/** What tells the first statements of a migration from others: asked for as a run goes on, for ever more of them. */
export class FirstHashes {
  readonly #statements: readonly Pick<MigrationStatement, "normal">[];
  #hash = createHash("sha256");
  #count = 0;

  constructor(statements: readonly Pick<MigrationStatement, "normal">[]) {
    this.#statements = statements;
  }

  /** Of so many of them. */
  of(count: number): string {
    if (count < this.#count) {
      this.#hash = createHash("sha256");
      this.#count = 0;
    }
    for (; this.#count < Math.min(count, this.#statements.length); this.#count++) {
      this.#hash.update(`${this.#count === 0 ? "" : "\n"}${hashStatement(this.#statements[this.#count])}`);
    }
    return this.#hash.copy().digest("hex");
  }
}
