/**
 * Runs the statements of a bulk write and puts what they return in the order of what was given.
 *
 * @module
 */
import type { Executor, QueryOptions } from "../../pool/executor.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import type { AnyColumn } from "../building/column.ts";
import { fragmentOf } from "../building/composition.ts";
import { namingColumn } from "../executing/column_error.ts";
import type { GivenValues } from "../executing/input.ts";
import { type OpenRow, readRows, type RowReader } from "../hydrating/row_reader.ts";
import { atRow } from "./row_groups.ts";
import type { WriteStatement } from "./write_text.ts";
import { writtenValue } from "./written_value.ts";

/** One statement of a bulk write. */
export interface BulkStatement {
  /** Where its rows stand in what was given. */
  readonly positions: readonly number[];
  /** Its rows, where these are a list of values, to name the one that a value is of. */
  readonly list?: ListedRows;
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
  for (const { positions, list, write } of statements) {
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
      throw namingRow(namingColumn(error, parameters()), { positions, list });
    }
  }
  if (columns === undefined) return count;
  return omitted ? placed.filter((row) => row !== undefined) : placed;
}

const ELEMENT = /^element (\d+): /;
const PARAMETER = /^parameter \$(\d+)\b/;

/** Rows that were written as a list of values. */
export interface ListedRows {
  /** The rows. */
  readonly rows: readonly GivenValues[];
  /** The columns of each. */
  readonly columns: readonly AnyColumn[];
  /** Whether a row has null for what it does not give, instead of a default. */
  readonly padded: boolean;
}

/**
 * The error of a value of a bulk write, with its row: of an array that of the element, of a list that of the parameter.
 *
 * @param error The error, which already names its column.
 * @param positions Where the statement's rows stand in what was given.
 * @param list The rows where they are a list of values.
 */
export function namingRow(
  error: unknown,
  { positions, list }: { readonly positions: readonly number[]; readonly list?: ListedRows | undefined },
): unknown {
  if (!(error instanceof ValidationError) || !(error.cause instanceof ValidationError)) return error;
  const { subject, problem, cause } = error;
  const parameter = PARAMETER.exec(cause.subject)?.[1];
  if (list !== undefined && parameter !== undefined) {
    const index = rowOf(Number(parameter), list);
    return index === undefined ? error : atRow(error, positions[index]);
  }
  const element = ELEMENT.exec(problem)?.[1];
  if (element === undefined) return error;
  return atRow(
    new ValidationError(subject, problem.replace(ELEMENT, ""), { cause }),
    positions[Number(element) - 1],
  );
}

/** Which row a parameter is of: each value is one, an expression as many as it has. */
function rowOf(parameter: number, { rows, columns, padded }: ListedRows): number | undefined {
  let seen = 0;
  for (let index = 0; index < rows.length; index++) {
    const row = rows[index];
    for (const column of columns) {
      if (!padded && !Object.hasOwn(row, column.property)) continue;
      seen += fragmentOf(writtenValue(column, row[column.property] ?? null))?.values.length ?? 1;
    }
    if (parameter <= seen) return index;
  }
  return undefined;
}
