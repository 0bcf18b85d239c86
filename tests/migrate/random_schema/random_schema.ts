/**
 * Random schemas as plain records, and random neighbours of them: names come from small sets, so that two schemas of
 * different seeds have much of the same names and little of the same shape.
 */
import { randomIntegers } from "../../random.ts";

/** A column. */
export interface RandomColumn {
  name: string;
  /** A built-in type, or `enum:…`, `domain:…`, `composite:…`, `range:…`. */
  type: string;
  notNull: boolean;
  /** Which of its type's defaults; 0 is none. */
  default: number;
  kind: "plain" | "identity" | "serial" | "generated";
  collation: boolean;
  comment: number;
  storage: boolean;
}

/** A table. */
export interface RandomTable {
  schema: string;
  name: string;
  columns: RandomColumn[];
  key: boolean;
  /** By number: unique, check, foreign key, exclusion and index definitions. */
  parts: {
    what: "unique" | "check" | "reference" | "exclude" | "index";
    a: number;
    b: number;
    variant: number;
  }[];
  policies: number[];
  triggers: number[];
  rowSecurity: number;
  unlogged: boolean;
  fillfactor: number;
  comment: number;
  replicaFull: boolean;
  /** Bounds of its partitions; `undefined` where it is not partitioned. */
  partitions?: number[];
  /** The number of its child that inherits. */
  hasChild: boolean;
}

/** A schema. */
export interface RandomSchema {
  enums: { name: string; labels: string[] }[];
  domains: { name: string; base: string; variant: number }[];
  composites: { name: string; attributes: string[] }[];
  ranges: { name: string; subtype: string }[];
  sequences: { name: string; increment: number; cycle: boolean }[];
  functions: { name: string; variant: number; comment: number }[];
  tables: RandomTable[];
  views: { name: string; table: number; columns: number; variant: number; materialized: boolean }[];
}

export const TYPES = [
  "integer",
  "bigint",
  "text",
  "character varying(40)",
  "numeric(10,2)",
  "boolean",
  "timestamp with time zone",
  "date",
  "jsonb",
  "text[]",
  "uuid",
  "double precision",
] as const;

const LABELS = ["low", "mid", "it's", "High", "very high", "x"];
const TABLES = ["users", "Order", "line item", 'q"x', "select", "t_3"];
const COLUMNS = ["id", "name", "Total", "is on", "user", "a'b", "created_at", "v"];

type Random = (below: number) => number;

function pick<T>(random: Random, from: readonly T[]): T {
  return from[random(from.length)];
}

function some<T>(random: Random, from: readonly T[], atLeast = 0): T[] {
  const chosen = from.filter(() => random(2) === 0);
  return chosen.length >= atLeast ? chosen : from.slice(0, atLeast);
}

function randomType(
  random: Random,
  schema: Pick<RandomSchema, "enums" | "domains" | "composites" | "ranges">,
): string {
  const own = [
    ...schema.enums.map(({ name }) => `enum:${name}`),
    ...schema.domains.map(({ name }) => `domain:${name}`),
    ...schema.composites.map(({ name }) => `composite:${name}`),
    ...schema.ranges.map(({ name }) => `range:${name}`),
  ];
  return own.length > 0 && random(3) === 0 ? pick(random, own) : pick(random, TYPES);
}

function randomColumn(random: Random, name: string, schema: RandomSchema): RandomColumn {
  const kinds = ["plain", "plain", "plain", "plain", "identity", "serial", "generated"] as const;
  const kind = pick(random, kinds);
  return {
    name,
    type: kind === "identity" || kind === "serial"
      ? pick(random, ["integer", "bigint"])
      : randomType(random, schema),
    notNull: random(3) === 0,
    default: random(3),
    kind,
    collation: random(6) === 0,
    comment: random(4),
    storage: random(6) === 0,
  };
}

function randomTable(random: Random, name: string, schema: RandomSchema): RandomTable {
  const isPartitioned = random(5) === 0;
  return {
    schema: random(4) === 0 ? "App" : "public",
    name,
    columns: [
      {
        ...randomColumn(random, "id", schema),
        type: "integer",
        kind: pick(random, ["plain", "identity", "serial"]),
      },
      ...some(random, COLUMNS.slice(1), 2).map((column) => randomColumn(random, column, schema)),
    ],
    key: random(4) > 0,
    parts: Array.from({ length: random(6) }, () => randomPart(random)),
    policies: some(random, [0, 1, 2]).slice(0, 2),
    triggers: some(random, [0, 1, 2]).slice(0, 2),
    rowSecurity: random(4) === 0 ? 1 + random(2) : 0,
    unlogged: !isPartitioned && random(8) === 0,
    fillfactor: isPartitioned || random(4) > 0 ? 0 : 50 + random(40),
    comment: random(3),
    replicaFull: random(8) === 0,
    ...isPartitioned ? { partitions: some(random, [0, 1, 2, 3]) } : {},
    hasChild: !isPartitioned && random(8) === 0,
  };
}

function randomPart(random: Random): RandomTable["parts"][number] {
  const what = pick(
    random,
    ["unique", "check", "reference", "reference", "exclude", "index", "index"] as const,
  );
  return { what, a: random(8), b: random(8), variant: random(8) };
}

/** A random schema. */
export function randomSchema(seed: number): RandomSchema {
  const random = randomIntegers(seed);
  const schema: RandomSchema = {
    enums: some(random, ["mood", "Size"]).map((name) => ({ name, labels: some(random, LABELS, 2) })),
    domains: some(random, ["email", "Price"]).map((name) => ({
      name,
      base: pick(random, ["text", "integer", "numeric(8,2)"]),
      variant: random(8),
    })),
    composites: some(random, ["address"]).map((name) => ({
      name,
      attributes: some(random, ["street", "Zip", "n"], 1),
    })),
    ranges: some(random, ["span"]).map((name) => ({ name, subtype: pick(random, ["integer", "numeric"]) })),
    sequences: some(random, ["codes", "Seq 2"]).map((name) => ({
      name,
      increment: 1 + random(3),
      cycle: random(2) === 0,
    })),
    functions: some(random, ["twice", "Label of", "touch"]).map((name) => ({
      name,
      variant: random(6),
      comment: random(3),
    })),
    tables: [],
    views: [],
  };
  schema.tables = some(random, TABLES, 1).map((name) => randomTable(random, name, schema));
  schema.views = some(random, ["v_one", "V two", "m_three"]).map((name) => ({
    name,
    table: random(6),
    columns: 1 + random(4),
    variant: random(4),
    materialized: random(3) === 0,
  }));
  return schema;
}

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
        if (table.partitions !== undefined) table.partitions = some(random, [0, 1, 2, 3, 4]);
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
          table.hasChild = fresh.hasChild;
        }
        column.comment = random(4);
        column.notNull = !column.notNull;
        column.default = random(3);
    }
  };
  for (let change = 0; change < changes; change++) {
    switch (random(11)) {
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
        for (const one of next.sequences) one.increment = 1 + random(4);
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
      default:
        mutateTable(pick(random, next.tables));
    }
  }
  return next;
}
