/**
 * The order tables are created in: each after those it refers to.
 *
 * @module
 */
import type { QualifiedName, TableRecord } from "./schema_records.ts";

/** The tables in an order in which foreign keys lead back, but for those of a cycle. */
export function ordered(tables: readonly TableRecord[]): readonly TableRecord[] {
  const byName = new Map(tables.map((table) => [nameKey(table), table]));
  const result = new Set<TableRecord>();
  const visited = new Set<TableRecord>();
  const visit = (table: TableRecord): void => {
    if (visited.has(table)) return;
    visited.add(table);
    for (const constraint of table.constraints) {
      if (constraint.kind !== "foreign key") continue;
      const target = byName.get(nameKey(constraint.target));
      if (target !== undefined) visit(target);
    }
    result.add(table);
  };
  tables.forEach(visit);
  return [...result];
}

/** A name with its schema, as one text. */
export function nameKey({ name, schema }: QualifiedName): string {
  return JSON.stringify([schema ?? null, name]);
}
