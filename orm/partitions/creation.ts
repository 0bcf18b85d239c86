/**
 * The statements that create and attach partitions, and what keeps two processes from creating the same.
 *
 * @module
 */
import type { Executor } from "../../pool/executor.ts";
import { Sql } from "../../pool/sql/sql.ts";
import { writeName } from "../compiling/ddl/write_table.ts";
import type { Table } from "../definition/table.ts";

/** The name of a partition. */
export interface PartitionName {
  /** Its name. */
  readonly name: string;
  /** Its schema. Default: its table's. */
  readonly schema?: string;
}

/** What a partition takes from its table by itself; keys, indexes, triggers and identities come with the attaching. */
const LIKE =
  "including defaults including constraints including generated including storage including compression " +
  "including comments";

/** Has others wait that create partitions of the same table, until the transaction ends. */
export async function lockPartitions(table: Table, tx: Executor): Promise<void> {
  await tx.execute(
    new Sql([
      "select pg_advisory_xact_lock(hashtextextended('lifeguard partitions ' || (",
      "::text::regclass::oid)::text, 0))",
    ], [table.fragment.text]),
  );
}

/** The statements that create a partition of checked bounds. */
export function creation(table: Table, named: PartitionName, bounds: string): readonly Sql[] {
  const name = writeName(named);
  const texts = [`create table ${name} (like ${table.fragment.text} ${LIKE})`];
  // Whoever asks the partition itself is not to see more than who asks the table.
  if (table.rowSecurity !== undefined) texts.push(`alter table ${name} enable row level security`);
  if (table.rowSecurity === "forced") texts.push(`alter table ${name} force row level security`);
  return [
    ...texts.map((text) => new Sql([text], [])),
    alteration(table, `attach partition ${name} ${bounds}`),
  ];
}

/** The statement that changes a table. */
export function alteration(table: Table, action: string): Sql {
  return new Sql([`alter table ${table.fragment.text} ${action}`], []);
}
