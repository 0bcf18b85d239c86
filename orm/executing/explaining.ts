/**
 * How PostgreSQL runs a query.
 *
 * @module
 */
import type { Executor, QueryOptions } from "../../pool/executor.ts";
import { Sql } from "../../pool/sql/sql.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import type { SelectQuery } from "../building/select_query.ts";

/** What is explained: https://www.postgresql.org/docs/18/sql-explain.html. */
export interface ExplainOptions {
  /** Runs the query, and tells what it took. One that may write or lock is only run in a transaction. Default false. */
  readonly analyze?: boolean;
  /** Tells which blocks were read. Default: with `analyze` from PostgreSQL 18 on. */
  readonly buffers?: boolean;
  /** Tells more of each step, such as its output columns. Default false. */
  readonly verbose?: boolean;
  /** Tells settings that differ from their defaults. Default false. */
  readonly settings?: boolean;
  /** Tells how much was written to the log. Default false; only with `analyze`. */
  readonly wal?: boolean;
  /** Tells how long each step took. Default true with `analyze`. */
  readonly timing?: boolean;
  /** Tells estimates of cost. Default true. */
  readonly costs?: boolean;
  /** In which form. Default `"text"`. */
  readonly format?: "text" | "json";
}

/** {@link ExplainOptions} for a plan as data. */
export interface ExplainJsonOptions extends ExplainOptions {
  /** As data. */
  readonly format: "json";
}

/** A step of a plan. PostgreSQL adds properties by the kind of step. */
export interface PlanNode {
  /** What is done: `"Seq Scan"`. */
  readonly "Node Type": string;
  /** The steps it takes rows from. */
  readonly Plans?: readonly PlanNode[];
  /** Whatever else is told of it. */
  readonly [property: string]: unknown;
}

/** A plan as data. */
export interface ExplainedPlan {
  /** The last step. */
  readonly Plan: PlanNode;
  /** Milliseconds it took to plan, where it was told. */
  readonly "Planning Time"?: number;
  /** Milliseconds it took to run, with `analyze`. */
  readonly "Execution Time"?: number;
  /** Whatever else is told. */
  readonly [property: string]: unknown;
}

const FLAGS = ["analyze", "buffers", "verbose", "settings", "wal", "timing", "costs"] as const;

/** What a pool has and no transaction or session. */
interface PoolLike {
  reserve(): unknown;
  transaction<T>(work: (tx: Executor) => Promise<T>, options: { readonly readOnly: boolean }): Promise<T>;
}

/**
 * Explains a query.
 *
 * @param query The query.
 * @param given What to explain.
 * @param executor What to run on.
 * @param options The query's own options.
 */
export async function explainQuery(
  query: SelectQuery,
  given: ExplainOptions,
  { executor, options }: { readonly executor: Executor; readonly options: QueryOptions | undefined },
): Promise<unknown> {
  const subject = `explain() of ${query.subject}`;
  const head = explainHead(given, subject);
  const { strings, values, text } = query.statement("all");
  const statement = new Sql([head + strings[0], ...strings.slice(1)], values, head + text);
  const run = async (target: Executor): Promise<unknown> => {
    const rows = await target.query<Record<string, unknown>>(
      statement as Sql<Record<string, unknown>>,
      options,
    );
    const lines = rows.map((row) => Object.values(row)[0]);
    if (given.format !== "json") return lines.join("\n");
    const plans = typeof lines[0] === "string" ? JSON.parse(lines[0]) as unknown : lines[0];
    return (plans as readonly unknown[])[0];
  };
  if (given.analyze !== true || query.shape.pure || isTransaction(executor)) return await run(executor);
  if (isPool(executor) && !query.shape.parts.some(({ clause }) => clause === "lock")) {
    return await executor.transaction(run, { readOnly: true });
  }
  throw new ValidationError(
    subject,
    "analyze runs the query, which locks rows or may write; run it in a transaction, and throw to undo it",
  );
}

function explainHead(given: ExplainOptions, subject: string): string {
  const words: string[] = [];
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    if (name === "format") {
      if (value !== "text" && value !== "json") {
        throw new ValidationError(subject, 'its format is none; use "text" or "json"');
      }
      words.push(`format ${value}`);
    } else {
      if (!FLAGS.includes(name as typeof FLAGS[number])) {
        throw new ValidationError(subject, `it has no option "${name}"; use ${FLAGS.join(", ")} or format`);
      }
      if (typeof value !== "boolean") {
        throw new ValidationError(subject, `"${name}" is neither true nor false; use one`);
      }
      words.push(`${name} ${value}`);
    }
  }
  return words.length === 0 ? "explain " : `explain (${words.join(", ")}) `;
}

function isPool(executor: Executor | PoolLike): executor is Executor & PoolLike {
  return typeof (executor as Partial<PoolLike>).reserve === "function";
}

function isTransaction(executor: Executor): boolean {
  return !isPool(executor) && typeof (executor as { afterCommit?: unknown }).afterCommit === "function";
}
