/**
 * Sequences.
 *
 * @module
 */
import type { Executor } from "../../pool/executor.ts";
import { Sql } from "../../pool/sql/sql.ts";
import { kindOf } from "../../pool/wire/codec/refusal.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import { type AnyColumn, Column } from "../building/column.ts";
import { Expression } from "../building/expression.ts";
import { constantStrings } from "../building/operators/constant.ts";
import { quoteLiteral } from "../building/inlined.ts";
import { quoteIdentifier } from "../../pool/sql/identifier.ts";
import { TO_BIGINT } from "../definition/column_type.ts";
import { ownerOf } from "../definition/column_owner.ts";
import { chooseExecutor } from "./executor_argument.ts";

/** A sequence by its name, or by the column that counts by it: an identity or a serial. */
export type SequenceName = string | AnyColumn | {
  /** Its name. */
  readonly name: string;
  /** Its schema. Default: the search path decides. */
  readonly schema?: string;
};

/**
 * The next value of a sequence as an expression, for inserts, updates and `default()`: `nextval('order_numbers')`. A
 * statement that holds it is not sent as a read.
 *
 * @param sequence Its name, or the column that counts by it.
 * @throws {ValidationError} When it is neither.
 *
 * @example
 * ```ts
 * import { column, model, nextval } from "@lifeguard/core";
 * const Order = model("orders", {
 *   id: column.identity().primaryKey(),
 *   number: column.bigint().default(nextval("order_numbers")),
 * });
 * console.assert(nextval("order_numbers").text === `nextval('"order_numbers"')`);
 * console.assert(nextval(Order.id).text === `nextval(pg_get_serial_sequence('"orders"', 'id'))`);
 * ```
 */
export function nextval(sequence: SequenceName): Expression<bigint> {
  return new Expression<bigint>(
    { ...constantStrings(`nextval(${sequenceText(sequence)})`), pure: false },
    { conversion: TO_BIGINT },
  );
}

/**
 * Takes the next value of a sequence.
 *
 * @param executor What to run on: a pool or a transaction. The value is taken for good, whatever becomes of a transaction.
 * @param sequence Its name, or the column that counts by it.
 * @param options `count`: how many values to take at once, as an array.
 * @returns The value, or so many of them, each greater than the one before where the sequence counts upwards.
 * @throws {ValidationError} When it is neither, before anything is sent.
 *
 * @example
 * ```ts
 * import { nextValue, Pool, sql } from "@lifeguard/core";
 * await using pool = new Pool("pglite:");
 * await pool.execute(sql`create sequence tickets start 100`);
 * console.assert(await nextValue(pool, "tickets") === 100n);
 * console.assert((await nextValue(pool, "tickets", { count: 3 })).join() === "101,102,103");
 * ```
 */
export function nextValue(executor: Executor, sequence: SequenceName): Promise<bigint>;
/** Takes several values of a sequence at once: see the other form. */
export function nextValue(
  executor: Executor,
  sequence: SequenceName,
  options: { readonly count: number },
): Promise<bigint[]>;
export async function nextValue(
  executor: Executor,
  sequence: SequenceName,
  options?: { readonly count: number },
): Promise<bigint | bigint[]> {
  const text = sequenceText(sequence);
  const target = chooseExecutor("nextValue()", executor, undefined);
  const count = options === undefined ? 1 : options.count;
  if (!Number.isSafeInteger(count) || count < 0) {
    throw new ValidationError("nextValue()", "its count is no whole number from 0; give one");
  }
  const rows = await target.query<{ value: string }>(
    new Sql([`select nextval(${text})::text as value from generate_series(1, `, "::integer)"], [count]),
  );
  const values = rows.map(({ value }) => BigInt(value));
  return options === undefined ? values[0] : values;
}

/** A sequence as `nextval` takes it. */
function sequenceText(sequence: SequenceName): string {
  if (sequence instanceof Column) {
    const owner = ownerOf(sequence);
    if (owner === undefined || !("identity" in sequence.settings || sequence.settings.serial === true)) {
      throw new ValidationError(
        `the sequence of ${sequence.subject}`,
        "it has none of its own; give an identity or serial column of a model, or the sequence's name",
      );
    }
    return `pg_get_serial_sequence(${quoteLiteral(owner.fragment.text)}, ${
      quoteLiteral(sequence.columnName)
    })`;
  }
  const { name, schema } = typeof sequence === "string" ? { name: sequence } : sequence ?? {} as never;
  if (typeof name !== "string" || name === "") {
    throw new ValidationError(
      "a sequence",
      `its name is ${kindOf(name)}; give its name or the column that counts by it`,
    );
  }
  const front = schema === undefined ? "" : `${quoteIdentifier(schema)}.`;
  return quoteLiteral(`${front}${quoteIdentifier(name)}`);
}
