/**
 * The partitions of a model's table.
 *
 * @module
 */
import type { Executor } from "../../pool/executor.ts";
import { quoteIdentifier } from "../../pool/sql/identifier.ts";
import { Sql } from "../../pool/sql/sql.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import type { Joinable } from "../building/source.ts";
import { shortened } from "../compiling/ddl/default_name.ts";
import { writeName } from "../compiling/ddl/write_table.ts";
import type { PartitionKey } from "../definition/partition_key.ts";
import { type Table, tableOf } from "../definition/table.ts";
import { chooseExecutor } from "../executing/executor_argument.ts";
import { inTransaction } from "../executing/transactional.ts";
import { checkOptions } from "../writing/write_options.ts";
import { boundsSuffix, boundsText, type PartitionBounds } from "./bounds.ts";
import { alteration, creation, lockPartitions, type PartitionName } from "./creation.ts";

/** A partition that is there. */
export interface Partition extends PartitionName {
  /** Its schema. */
  readonly schema: string;
  /** Which rows it holds, as PostgreSQL says it: `FOR VALUES FROM ('2026-01-01') TO ('2026-02-01')` or `DEFAULT`. */
  readonly bounds: string;
  /** Whether it holds what no other does. */
  readonly isDefault: boolean;
  /** Whether it is divided itself. */
  readonly isDivided: boolean;
  /** Whether it is being detached concurrently and that was interrupted: see {@link DetachOptions.finalize}. */
  readonly isDetaching: boolean;
  /** How many bytes it takes with its indexes. */
  readonly bytes: bigint;
}

/** How a partition is created. */
export interface CreatePartitionOptions extends Partial<PartitionName> {
  /** Leaves a partition of the name alone that is there already. Default false. */
  readonly ifNotExists?: boolean;
}

/** How a partition is detached. */
export interface DetachOptions {
  /**
   * Whether the table can be read and written meanwhile. It is then no part of a transaction, and cannot be where there is
   * a default partition. Default false.
   */
  readonly concurrently?: boolean;
  /** Ends what an interrupted concurrent detaching began. Default false. */
  readonly finalize?: boolean;
}

/**
 * The partitions of a model whose option `partitionBy` says how its table is divided.
 *
 * @param model The model.
 * @throws {ValidationError} When its table is not divided.
 *
 * @example
 * ```ts
 * import { column, createTables, model, partitions, Pool } from "@lifeguard/core";
 * const Visit = model("visits", { country: column.text().primaryKey(), at: column.timestamptz().primaryKey() }, {
 *   partitionBy: (t) => ({ list: [t.country] }),
 * });
 * await using pool = new Pool("pglite:");
 * await createTables([Visit], pool);
 * const { name } = await partitions(Visit).create(pool, { values: ["de", "at"] });
 * await partitions(Visit).create(pool, "default", { name: "visits_of_others" });
 * await Visit.insert({ country: "de", at: Temporal.Now.instant() }, pool);
 * console.assert(name === "visits_de_at");
 * console.assert((await partitions(Visit).list(pool)).map((partition) => partition.bounds)[0] === "FOR VALUES IN ('de', 'at')");
 * await partitions(Visit).detach(pool, "visits_de_at");
 * console.assert(await Visit.find().count(pool) === 0);
 * ```
 */
export function partitions(model: Joinable): Partitions {
  return new Partitions(model);
}

/** The partitions of a table; see {@link partitions}. */
export class Partitions {
  readonly #table: Table;
  readonly #key: PartitionKey;

  /** Creates it; user code calls {@link partitions}. */
  constructor(model: Joinable) {
    this.#table = tableOf(model);
    const { partitionKey } = this.#table;
    if (partitionKey === undefined) {
      throw new ValidationError(
        `the partitions of model "${this.#table.tableName}"`,
        "its table is not divided; give the model the option partitionBy: (t) => ({ range: [t.createdAt] })",
      );
    }
    this.#key = partitionKey;
  }

  /**
   * Creates a partition. The table can be read and written meanwhile, since an empty table is created beside it and then
   * attached; only a default partition is locked, and searched for rows that would belong to the new one.
   *
   * @param executor What to run on: a pool or a transaction.
   * @param bounds Which rows it holds.
   * @param options Its name, by default made of the table's and the bounds, and whether it may be there already.
   * @returns Its name.
   * @throws {ValidationError} When the bounds do not fit the table, before anything is sent.
   */
  async create(
    executor: Executor,
    bounds: PartitionBounds,
    options: CreatePartitionOptions = {},
  ): Promise<PartitionName> {
    checkOptions(options, ["name", "schema", "ifNotExists"], "create() of a partition");
    const named = this.#named({
      name: options.name ?? shortened(this.#table.tableName, `_${boundsSuffix(bounds).slice(0, 40)}`),
      ...(options.schema === undefined ? {} : { schema: options.schema }),
    });
    const subject = `partition "${named.name}" of model "${this.#table.tableName}"`;
    const text = boundsText(subject, this.#key, bounds);
    await inTransaction(subject, executor, async (tx) => {
      if (options.ifNotExists === true) {
        await lockPartitions(this.#table, tx);
        const there = await this.list(tx);
        const schema = named.schema ?? there[0]?.schema;
        if (there.some((other) => other.name === named.name && other.schema === schema)) return;
      }
      for (const statement of creation(this.#table, named, text)) await tx.execute(statement);
    });
    return named;
  }

  /**
   * Makes a table that is there one of the partitions. It is searched for rows that do not belong, unless a check
   * constraint of its own says that there are none.
   *
   * @param executor What to run on.
   * @param table The table.
   * @param bounds Which rows it holds.
   */
  async attach(executor: Executor, table: string | PartitionName, bounds: PartitionBounds): Promise<void> {
    const named = this.#named(table);
    const subject = `partition "${named.name}" of model "${this.#table.tableName}"`;
    const text = boundsText(subject, this.#key, bounds);
    await chooseExecutor("attach()", executor, undefined).execute(
      alteration(this.#table, `attach partition ${writeName(named)} ${text}`),
    );
  }

  /**
   * Makes a partition a table of its own, with its rows.
   *
   * @param executor What to run on.
   * @param partition The partition.
   * @param options See {@link DetachOptions}.
   */
  async detach(
    executor: Executor,
    partition: string | PartitionName,
    options: DetachOptions = {},
  ): Promise<void> {
    checkOptions(options, ["concurrently", "finalize"], "detach() of a partition");
    const { concurrently = false, finalize = false } = options;
    if (concurrently && finalize) {
      throw new ValidationError(
        "the options of detach()",
        "both are given; finalize ends what was done concurrently, give it alone",
      );
    }
    const end = concurrently ? " concurrently" : finalize ? " finalize" : "";
    await chooseExecutor("detach()", executor, undefined).execute(
      alteration(this.#table, `detach partition ${writeName(this.#named(partition))}${end}`),
    );
  }

  /**
   * Drops a partition with its rows.
   *
   * @param executor What to run on.
   * @param partition The partition. A table that is not one, or no more, is not dropped.
   */
  async drop(executor: Executor, partition: string | PartitionName): Promise<void> {
    const named = this.#named(partition);
    await inTransaction("drop() of a partition", executor, async (tx) => {
      // Fails for a table that is none.
      await this.detach(tx, named);
      await tx.execute(new Sql([`drop table ${writeName(named)}`], []));
    });
  }

  /**
   * The partitions that are there, by their names.
   *
   * @param executor What to run on.
   */
  async list(executor: Executor): Promise<Partition[]> {
    const rows = await chooseExecutor("list()", executor, undefined).query<
      Omit<Partition, "bytes"> & { readonly bytes: string }
    >(
      new Sql([LIST[0], LIST[1]], [this.#table.fragment.text]),
    );
    return rows.map((row) => ({ ...row, bytes: BigInt(row.bytes) }));
  }

  #named(partition: string | PartitionName): PartitionName {
    const { name, schema = this.#table.schema } = typeof partition === "string"
      ? { name: partition }
      : partition;
    // Throws for what can be no name.
    quoteIdentifier(name);
    return schema === undefined ? { name } : { name, schema };
  }
}

const LIST: readonly [string, string] = [
  `select c.relname::text as "name", n.nspname::text as "schema",
  coalesce(pg_get_expr(c.relpartbound, c.oid), '') as "bounds",
  coalesce(pg_get_expr(c.relpartbound, c.oid) = 'DEFAULT', false) as "isDefault",
  c.relkind = 'p' as "isDivided", i.inhdetachpending as "isDetaching", pg_total_relation_size(c.oid)::text as "bytes"
from pg_inherits i join pg_class c on c.oid = i.inhrelid join pg_namespace n on n.oid = c.relnamespace
where i.inhparent = `,
  `::text::regclass order by c.relname, n.nspname`,
];
