/**
 * Inserting rows by COPY, when nothing is to be returned.
 *
 * @module
 */
import type { Executor } from "../../pool/executor.ts";
import type { Table } from "../definition/table.ts";
import type { RowGroup } from "./row_groups.ts";

/** Whether rows can be copied, and are worth it. */
export function canCopy(
  _table: Table,
  _groups: readonly RowGroup[],
  _how: { readonly onConflict: string | undefined; readonly executor: Executor },
): boolean {
  return false;
}

/** Copies rows; returns how many. */
export function copyRowsInto(_table: Table, _group: RowGroup, _executor: Executor): Promise<number> {
  return Promise.reject(new Error("BUG: nothing is copied"));
}
