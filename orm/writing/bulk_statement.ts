/**
 * Runs the statements of a bulk write and puts what they return in the order of what was given.
 *
 * @module
 */
import type { Executor, QueryOptions } from "../../pool/executor.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import { namingColumn } from "../executing/column_error.ts";
import { type OpenRow, readRows, type RowReader } from "../hydrating/row_reader.ts";
import { atRow } from "./row_groups.ts";
import type { WriteStatement } from "./write_text.ts";

/** One statement of a bulk write. */
export interface BulkStatement {
  /** Where its rows stand in what was given. */
  readonly positions: readonly number[];
  /** How many parameters each row of a list has, where all have as many. */
  readonly parametersEach?: number;
  /** Writes it, late, so that one chunk's arrays can go before the next one's are made. */
  readonly write: () => WriteStatement;
}

/**
 * Runs statements one after the other.
 *
 * A statement may return fewer rows than it was given, since PostgreSQL leaves out those that conflict, and those that a
 * trigger skips; which, nobody knows. The others keep their order among themselves, and among those of statements whose
 * positions are all before its own or all behind.
 *
 * @param statements The statements.
 * @param columns How the rows they return are read; `undefined` when they return none.
 * @returns The rows in the order of their positions, or how many were affected.
 */
export async function runBulk(
  statements: readonly BulkStatement[],
  { executor, columns, options }: {
    readonly executor: Executor;
    readonly columns: RowReader | undefined;
    readonly options: QueryOptions | undefined;
  },
): Promise<unknown[] | number> {
  let count = 0;
  const placed: unknown[] = [];
  let omitted = false;
  for (const { positions, parametersEach, write } of statements) {
    const { statement, parameters } = write();
    try {
      if (columns === undefined) {
        count += await executor.execute(statement, options);
        continue;
      }
      const rows = readRows<OpenRow>(columns, await executor.query(statement, options));
      for (let i = 0; i < rows.length; i++) placed[positions[i]] = rows[i];
      omitted ||= rows.length < positions.length;
    } catch (error) {
      throw namingRow(namingColumn(error, parameters()), { positions, parametersEach });
    }
  }
  if (columns === undefined) return count;
  return omitted ? placed.filter((row) => row !== undefined) : placed;
}

const ELEMENT = /^element (\d+): /;
const PARAMETER = /^parameter \$(\d+)\b/;

/**
 * The error of a value of a bulk write, with its row: of an array that of the element, of a list that of the parameter.
 *
 * @param error The error, which already names its column.
 * @param positions Where the statement's rows stand in what was given.
 * @param parametersEach How many parameters each row of a list has, where all have as many.
 */
export function namingRow(
  error: unknown,
  { positions, parametersEach }: {
    readonly positions: readonly number[];
    readonly parametersEach?: number | undefined;
  },
): unknown {
  if (!(error instanceof ValidationError) || !(error.cause instanceof ValidationError)) return error;
  const { subject, cause } = error;
  const problem = error.message.slice(`Cannot use ${subject}: `.length);
  const element = ELEMENT.exec(problem)?.[1];
  if (element !== undefined) {
    const named = new ValidationError(subject, problem.replace(ELEMENT, ""), { cause });
    return atRow(named, positions[Number(element) - 1]);
  }
  const parameter = PARAMETER.exec(cause.subject)?.[1];
  if (parametersEach === undefined || parameter === undefined) return error;
  return atRow(error, positions[Math.floor((Number(parameter) - 1) / parametersEach)]);
}
