/**
 * Neighbours of random schemas.
 */
import { randomIntegers } from "../../random.ts";
import {
  COLUMNS,
  LABELS,
  pick,
  type Random,
  randomColumn,
  randomPart,
  randomPartitions,
  type RandomSchema,
  type RandomTable,
  randomTable,
  some,
  TABLES,
} from "./random_schema.ts";

/** A schema that differs from another in a few things. */
export function neighbourOf(schema: RandomSchema, seed: number): RandomSchema {
  const random = randomIntegers(seed);
  const next = structuredClone(schema);
  const changes = 1 + random(5);
  const mutateTable = (table: RandomTable): void => {
    const column = pick(random, table.columns);
    const fresh = randomTable(random, table.name, next);
    switch (random(9)) {
      case 0:
      case 1:
        if (column.name !== "id") Object.assign(column, randomColumn(random, column.name, next));
        else column.kind = pick(random, ["plain", "identity", "serial"]);
        return;
      case 2:
        if (column.name !== "id") table.columns.splice(table.columns.indexOf(column), 1);
        return;
      case 3: {
        const name = COLUMNS.find((one) => table.columns.every((other) => other.name !== one));
        if (name !== undefined) table.columns.splice(random(3), 0, randomColumn(random, name, next));
        return;
      }
      case 4:
        table.parts.splice(random(3), random(3), randomPart(random));
        return;
      case 5:
        table.key = !table.key;
        return;
      case 6:
        if (table.partitions !== undefined) table.partitions = randomPartitions(random, 5);
        else table.unlogged = fresh.unlogged;
        return;
      case 7:
        table.policies = fresh.policies;
        table.triggers = fresh.triggers;
        table.rowSecurity = fresh.rowSecurity;
        return;
      default:
        table.comment = fresh.comment;
        table.replicaFull = fresh.replicaFull;
        if (table.partitions === undefined) {
          table.fillfactor = fresh.fillfactor;
          table.heirs = fresh.heirs;
          table.rule = fresh.rule;
        }
        column.comment = random(4);
        column.notNull = !column.notNull;
        column.default = random(3);
        column.counting = random(6);
        column.collation = random(5);
    }
  };
  for (let change = 0; change < changes; change++) {
    switch (random(12)) {
      case 0:
        for (const one of next.enums) {
          one.labels = random(2) === 0
            ? LABELS.filter((l) => one.labels.includes(l) || random(3) === 0)
            : some(random, LABELS, 2);
        }
        break;
      case 1:
        for (const one of next.domains) {
          one.variant = random(8);
          if (random(3) === 0) one.base = pick(random, ["text", "integer", "numeric(8,2)"]);
        }
        break;
      case 2:
        for (const one of next.functions) one.variant = random(6);
        break;
      case 3:
        for (const one of next.sequences) {
          one.increment = 1 + random(4);
          one.type = random(3);
        }
        for (const one of next.composites) one.attributes = some(random, ["street", "Zip", "n", "more"], 1);
        for (const one of next.ranges) one.subtype = pick(random, ["integer", "numeric"]);
        break;
      case 4:
        for (const one of next.views) {
          one.columns = 1 + random(5);
          one.variant = random(4);
        }
        break;
      case 5: {
        const free = TABLES.find((name) => next.tables.every((table) => table.name !== name));
        if (free !== undefined && random(2) === 0) next.tables.push(randomTable(random, free, next));
        else if (next.tables.length > 1) next.tables.splice(random(next.tables.length), 1);
        break;
      }
      case 6:
        for (const one of next.collations) one.variant = random(4);
        for (const one of next.opaque) one.variant = random(3);
        if (random(3) === 0) next.extensions = some(random, next.extensions);
        if (random(3) === 0) next.opaque = some(random, next.opaque);
        break;
      default:
        mutateTable(pick(random, next.tables));
    }
  }
  rename(next, { random, first: schema });
  return next;
}

/** Gives a table, a column or a label another name. */
function rename(next: RandomSchema, { random, first }: { random: Random; first: RandomSchema }): void {
  const table = pick(random, next.tables);
  const old = first.tables.find(({ name }) => name === table.name);
  if (old === undefined) return;
  const column = pick(random, table.columns.slice(1));
  if (column !== undefined && random(3) === 0 && old.columns.some(({ name }) => name === column.name)) {
    column.was = column.name;
    column.name = `${column.name} New`;
  }
  if (random(5) === 0) {
    table.was = table.name;
    table.name = `${table.name}'s`;
  }
  const type = next.enums[0];
  if (type !== undefined && random(4) === 0 && first.enums[0].labels.includes(type.labels[0])) {
    type.renamed = { from: type.labels[0], to: "other" };
    type.labels[0] = "other";
  }
}
