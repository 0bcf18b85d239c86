/**
 * Has a materialized view compute its rows again.
 *
 * @module
 */
import type { Executor } from "../../pool/executor.ts";
import { Sql } from "../../pool/sql/sql.ts";
import { kindOf } from "../../pool/wire/codec/refusal.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import type { Table } from "../definition/table.ts";
import { chooseExecutor } from "./executor_argument.ts";

/** How a materialized view is refreshed. */
export interface RefreshOptions {
  /**
   * Whether it can be read meanwhile, which takes longer and needs a unique index on columns, without a condition.
   * Default false.
   */
  readonly concurrently?: boolean;
  /** Whether it has rows after; without, it cannot be read until it is refreshed again. Default true. */
  readonly data?: boolean;
}

/** What a materialized view does beside what a model does. */
export interface Refreshing {
  /**
   * Computes its rows again.
   *
   * @param executor What to run on.
   * @param options See {@link RefreshOptions}.
   */
  refresh(executor: Executor, options?: RefreshOptions): Promise<void>;
  /** Computes its rows again, where it is bound to what to run on. */
  refresh(options?: RefreshOptions): Promise<void>;
}

const OPTIONS: readonly string[] = ["concurrently", "data"] satisfies (keyof RefreshOptions)[];

/**
 * Refreshes a materialized view.
 *
 * @param table The view.
 * @param bound What its model is bound to.
 * @param args What `refresh()` was given.
 * @throws {ValidationError} When an option is unknown, or both are given that exclude each other.
 */
export async function refreshView(
  table: Table,
  bound: Executor | undefined,
  args: readonly unknown[],
): Promise<void> {
  const [first, second] = args;
  const isExecutor = typeof (first as Partial<Executor> | undefined)?.query === "function";
  const options = (isExecutor || first === undefined ? second : first) ?? {};
  const executor = chooseExecutor(table.name, isExecutor ? first as Executor : undefined, bound);
  const subject = `refresh() of model "${table.name}"`;
  for (const [option, value] of Object.entries(options)) {
    if (!OPTIONS.includes(option)) {
      throw new ValidationError(
        `option "${option}" of ${subject}`,
        `there is none; use ${OPTIONS.join(", ")}`,
      );
    }
    if (value !== undefined && typeof value !== "boolean") {
      throw new ValidationError(
        `option "${option}" of ${subject}`,
        `it is ${kindOf(value)}; give true or false`,
      );
    }
  }
  const { concurrently = false, data = true } = options as RefreshOptions;
  if (concurrently && !data) {
    throw new ValidationError(
      subject,
      "it cannot be emptied while it is read; leave concurrently or data out",
    );
  }
  const how = concurrently ? "concurrently " : "";
  await executor.execute(
    new Sql([`refresh materialized view ${how}${table.fragment.text}${data ? "" : " with no data"}`], []),
  );
}
