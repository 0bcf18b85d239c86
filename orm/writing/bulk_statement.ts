/**
 * Runs the statements of a bulk write and puts what they return in the order of what was given.
 *
 * @module
 */
import type { Executor } from "../../pool/executor.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import { namingColumn } from "../executing/column_error.ts";
import { type OpenRow, readRows, type RowReader } from "../hydrating/row_reader.ts";
import { atRow } from "./row_groups.ts";
import type { WriteStatement } from "./write_text.ts";

/** One statement of a bulk write. */
export interface BulkStatement {
  /** Where its rows stand in what was given. */
  readonly positions: readonly number[];
  /** Whether it may return fewer rows than it was given. */
  readonly mayOmit: boolean;
  /** How many parameters each row of a list has, where all have as many. */
  readonly parametersEach?: number;
  /** Writes it, late, so that one chunk's arrays can go before the next one's are made. */
  readonly write: () => WriteStatement;
}

/**
 * Runs statements one after the other.
 *
 * @param statements The statements.
 * @param columns How the rows they return are read; `undefined` when they return none.
 * @returns The rows in the order of their positions, or how many were affected.
 */
export async function runBulk(
  statements: readonly BulkStatement[],
  { executor, columns }: { readonly executor: Executor; readonly columns: RowReader | undefined },
): Promise<unknown[] | number> {
  let count = 0;
  const placed: unknown[] = [];
  const ordered = statements.every(({ mayOmit }) => !mayOmit);
  for (const { positions, parametersEach, write } of statements) {
    const { statement, parameters } = write();
    try {
      if (columns === undefined) {
        count += await executor.execute(statement);
        continue;
      }
      const rows = readRows<OpenRow>(columns, await executor.query(statement));
      if (ordered) { for (let i = 0; i < rows.length; i++) placed[positions[i]] = rows[i]; }
      else for (const row of rows) placed.push(row);
    } catch (error) {
      throw ofBulk(namingColumn(error, parameters()), { positions, parametersEach, error });
    }
  }
  return columns === undefined ? count : placed;
}

const ELEMENT = /^element (\d+): /;
const PARAMETER = /^parameter \$(\d+)\b/;

/** The error of a value, with its row: of an array the element's, of a list that of the parameter. */
function ofBulk(
  named: unknown,
  { positions, parametersEach, error }: {
    readonly positions: readonly number[];
    readonly parametersEach: number | undefined;
    readonly error: unknown;
  },
): unknown {
  if (!(named instanceof ValidationError) || !(error instanceof ValidationError) || named === error) {
    return named;
  }
  const problem = named.message.slice(`Cannot use ${named.subject}: `.length);
  const element = ELEMENT.exec(problem)?.[1];
  if (element !== undefined) {
    const rest = problem.replace(ELEMENT, "");
    return atRow(
      new ValidationError(named.subject, rest, { cause: named.cause }),
      positions[Number(element) - 1],
    );
  }
  const parameter = Number(PARAMETER.exec(error.subject)?.[1]);
  if (parametersEach === undefined) return named;
  return atRow(named, positions[Math.floor((parameter - 1) / parametersEach)]);
}
