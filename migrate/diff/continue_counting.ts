/**
 * Sequences that come to a table with rows.
 *
 * @module
 */
import type { TableName } from "../catalog/objects.ts";
import type { Step } from "../steps/step.ts";
import { quoteIdentifier } from "../../pool/sql/identifier.ts";
import { qualified } from "./compare_objects.ts";

/** Lets a new sequence begin after the rows that are there. */
export function continueCounting(table: TableName, column: string, increment: bigint): Step {
  const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;
  const end = increment < 0n ? "min" : "max";
  const quoted = quoteIdentifier(column);
  const sequence = `pg_get_serial_sequence(${literal(qualified(table))}, ${literal(column)})`;
  return {
    kind: "sql",
    text: `select setval(${sequence}, ${end}(${quoted}) ${increment < 0n ? "-" : "+"} 1, false) from ${
      qualified(table)
    } having ${end}(${quoted}) is not null;`,
    down: "",
  };
}
