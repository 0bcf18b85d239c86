/**
 * What a model's write methods do: one object for each table, which the model and its bound forms share.
 *
 * @module
 */
import type { Executor } from "../../pool/executor.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import type { Joinable } from "../building/source.ts";
import type { Table } from "../definition/table.ts";
import { chooseExecutor } from "../executing/executor_argument.ts";
import { checkKey, type GivenValues } from "../executing/input.ts";
import { type Change, DeleteChange, deletion, TrashChange, UpdateChange } from "./change.ts";
import { and } from "../building/condition.ts";
import { equal } from "./conditions.ts";
import { deleteRows } from "./delete_many.ts";
import { insertRow } from "./insert.ts";
import { insertRows } from "./insert_many.ts";
import { InsertTexts } from "./insert_texts.ts";
import { mergeInto } from "./merge.ts";
import type { GivenMergeOptions } from "./merge_text.ts";
import { RowsWriteValue } from "./rows_write.ts";
import { updateRows } from "./update_many.ts";
import { type GivenUpsertOptions, upsertRows } from "./upsert.ts";
import { assertWritable } from "./write_columns.ts";

/** The last arguments of a call that may be given options: options and an executor, or either. */
export type LastArguments = readonly unknown[];

/** The writes of one table. `bound` is what its model is bound to. */
export class TableWrites {
  readonly #table: Table;
  readonly #texts: InsertTexts;

  /** Creates the writes of a table. */
  constructor(table: Table) {
    this.#table = table;
    this.#texts = new InsertTexts(table);
  }

  async insert(
    values: GivenValues,
    given: Executor | undefined,
    bound: Executor | undefined,
  ): Promise<unknown> {
    const executor = chooseExecutor(this.#table.name, given, bound);
    return await insertRow(this.#table, values, { texts: this.#texts, executor });
  }

  async insertMany(
    rows: readonly GivenValues[],
    last: LastArguments,
    bound: Executor | undefined,
  ): Promise<unknown[] | number> {
    return await insertRows(this.#table, rows, this.#last(last, bound));
  }

  update(values: GivenValues, bound: Executor | undefined): RowsWriteValue {
    return this.#rows(() => new UpdateChange(this.#table, values), bound);
  }

  async updateById(
    key: unknown,
    values: GivenValues,
    executors: { readonly given: Executor | undefined; readonly bound: Executor | undefined },
  ): Promise<unknown> {
    const condition = and(...equal(this.#table.key, checkKey(this.#table, key)));
    const write = this.update(values, executors.bound).keyed(key).where(condition);
    return (await write.returning(executors.given))[0];
  }

  async updateMany(
    rows: readonly GivenValues[],
    last: LastArguments,
    bound: Executor | undefined,
  ): Promise<unknown[]> {
    return await updateRows(this.#table, rows, this.#last(last, bound));
  }

  delete(bound: Executor | undefined): RowsWriteValue {
    return this.#rows(() => deletion(this.#table), bound);
  }

  forceDelete(bound: Executor | undefined): RowsWriteValue {
    return this.#rows(() => new DeleteChange(this.#table), bound, "with");
  }

  restore(bound: Executor | undefined): RowsWriteValue {
    if (this.#table.softDelete === undefined) {
      throw new ValidationError(
        `restore() of model "${this.#table.name}"`,
        "its rows are deleted for good; give its model the option softDelete",
      );
    }
    return this.#rows(() => new TrashChange(this.#table, "null"), bound, "only");
  }

  async deleteById(
    key: unknown,
    given: Executor | undefined,
    bound: Executor | undefined,
  ): Promise<boolean> {
    const condition = and(...equal(this.#table.key, checkKey(this.#table, key)));
    return await this.delete(bound).keyed(key).where(condition).run(given) > 0;
  }

  async deleteMany(
    keys: readonly unknown[],
    given: Executor | undefined,
    bound: Executor | undefined,
  ): Promise<number> {
    return await deleteRows(this.#table, keys, chooseExecutor(this.#table.name, given, bound));
  }

  async upsert(values: GivenValues, last: LastArguments, bound: Executor | undefined): Promise<unknown> {
    return (await upsertRows(this.#table, [values], this.#last<GivenUpsertOptions>(last, bound)))[0];
  }

  async upsertMany(
    rows: readonly GivenValues[],
    last: LastArguments,
    bound: Executor | undefined,
  ): Promise<unknown[]> {
    const call = this.#last<GivenUpsertOptions>(last, bound);
    return await upsertRows(this.#table, rows, { ...call, many: true });
  }

  async merge(
    source: readonly GivenValues[] | Joinable,
    last: LastArguments,
    bound: Executor | undefined,
  ): Promise<number | unknown[]> {
    return await mergeInto(this.#table, source, this.#last<GivenMergeOptions>(last, bound));
  }

  #rows(
    change: () => Change,
    executor: Executor | undefined,
    trash?: "with" | "only",
  ): RowsWriteValue {
    assertWritable(this.#table);
    return RowsWriteValue.of(this.#table, change(), { executor, ...(trash === undefined ? {} : { trash }) });
  }

  /** Tells options from an executor: an executor can query. */
  #last<Options extends object>(
    last: LastArguments,
    bound: Executor | undefined,
  ): { readonly options: Options; readonly executor: Executor } {
    const isExecutor = typeof (last[0] as Partial<Executor> | null | undefined)?.query === "function";
    const [options, given] = isExecutor ? [undefined, last[0]] : last;
    return {
      options: (options === undefined ? {} : options) as Options,
      executor: chooseExecutor(this.#table.name, given as Executor | undefined, bound),
    };
  }
}
