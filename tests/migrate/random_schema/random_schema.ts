/**
 * Random schemas as plain records, and random neighbours of them: names come from small sets, so that two schemas of
 * different seeds have much of the same names and little of the same shape.
 */
import { randomIntegers } from "../../random.ts";

/** A column. */
export interface RandomColumn {
  name: string;
  /** Its name in the schema that this is a neighbour of. */
  was?: string;
  /** A built-in type, or `enum:…`, `domain:…`, `composite:…`, `range:…`, `extension:…`. */
  type: string;
  notNull: boolean;
  /** Which of its type's defaults; 0 is none. */
  default: number;
  kind: "plain" | "identity" | "serial" | "generated";
  /** 0 and 1: its type's; 2: "C"; more: one of the schema's own. */
  collation: number;
  comment: number;
  storage: boolean;
  /** Which options an identity has. */
  counting: number;
}

/** A table. */
export interface RandomTable {
  schema: string;
  name: string;
  /** Its name in the schema that this is a neighbour of. */
  was?: string;
  /** What names of its parts are made of. */
  stem: string;
  columns: RandomColumn[];
  key: boolean;
  /** By number: unique, check, foreign key, exclusion, index and statistics definitions. */
  parts: { what: typeof PARTS[number]; a: number; b: number; variant: number }[];
  policies: number[];
  triggers: number[];
  rowSecurity: number;
  unlogged: boolean;
  fillfactor: number;
  comment: number;
  replicaFull: boolean;
  /** Its partitions; `undefined` where it is not partitioned. */
  partitions?: RandomPartition[];
  /** How many tables inherit from it, each from the one before. */
  heirs: number;
  /** Which rule it has; 0 is none. */
  rule: number;
}

/** A partition. */
export interface RandomPartition {
  /** Which rows are in it. */
  bound: number;
  /** How it is split itself: 0 not at all, 1 by its key again, 2 by hash. */
  split: number;
}

/** A schema. */
export interface RandomSchema {
  extensions: string[];
  collations: { name: string; variant: number }[];
  /** With the label that had another name in the schema that this is a neighbour of. */
  enums: { name: string; labels: string[]; renamed?: { from: string; to: string } }[];
  domains: { name: string; base: string; variant: number }[];
  composites: { name: string; attributes: string[] }[];
  ranges: { name: string; subtype: string }[];
  sequences: { name: string; increment: number; cycle: boolean; type: number }[];
  functions: { name: string; variant: number; comment: number }[];
  /** What has no kind of its own: aggregates, casts, text search configurations, by variant. */
  opaque: { name: typeof OPAQUE[number]; variant: number }[];
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

/** What belongs to a table. */
export const PARTS = ["unique", "check", "reference", "exclude", "index", "statistics"] as const;

/** What has no kind of its own. */
export const OPAQUE = ["total", "Search", "cast", "===", "largest"] as const;

const EXTENSIONS = ["citext", "hstore", "pgcrypto"];
export const LABELS: readonly string[] = ["low", "mid", "it's", "High", "very high", "x"];
export const TABLES: readonly string[] = ["users", "Order", "line item", 'q"x', "select", "t_3"];
export const COLUMNS: readonly string[] = ["id", "name", "Total", "is on", "user", "a'b", "created_at", "v"];

export type Random = (below: number) => number;

export function pick<T>(random: Random, from: readonly T[]): T {
  return from[random(from.length)];
}

export function some<T>(random: Random, from: readonly T[], atLeast = 0): T[] {
  const chosen = from.filter(() => random(2) === 0);
  return chosen.length >= atLeast ? chosen : from.slice(0, atLeast);
}

function randomType(
  random: Random,
  schema: Pick<RandomSchema, "enums" | "domains" | "composites" | "ranges" | "extensions">,
): string {
  const own = [
    ...schema.enums.map(({ name }) => `enum:${name}`),
    ...schema.domains.map(({ name }) => `domain:${name}`),
    ...schema.composites.map(({ name }) => `composite:${name}`),
    ...schema.ranges.map(({ name }) => `range:${name}`),
    ...schema.extensions.filter((name) => name !== "pgcrypto").map((name) => `extension:${name}`),
  ];
  return own.length > 0 && random(3) === 0 ? pick(random, own) : pick(random, TYPES);
}

export function randomColumn(random: Random, name: string, schema: RandomSchema): RandomColumn {
  const kinds = ["plain", "plain", "plain", "plain", "identity", "serial", "generated"] as const;
  const kind = pick(random, kinds);
  return {
    name,
    type: kind === "identity" || kind === "serial"
      ? pick(random, ["integer", "bigint", "smallint"])
      : randomType(random, schema),
    notNull: random(3) === 0,
    default: random(3),
    kind,
    collation: random(5),
    comment: random(4),
    storage: random(6) === 0,
    counting: random(6),
  };
}

export function randomTable(random: Random, name: string, schema: RandomSchema): RandomTable {
  const isPartitioned = random(5) === 0;
  return {
    schema: random(4) === 0 ? "App" : "public",
    name,
    stem: name,
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
    ...isPartitioned ? { partitions: randomPartitions(random, 4) } : {},
    heirs: isPartitioned || random(6) > 0 ? 0 : 1 + random(2),
    rule: isPartitioned || random(8) > 0 ? 0 : 1 + random(2),
  };
}

/** Partitions of the first few bounds. */
export function randomPartitions(random: Random, bounds: number): RandomPartition[] {
  return some(random, [0, 1, 2, 3, 4].slice(0, bounds)).map((bound) => ({
    bound,
    split: Math.max(0, random(5) - 2),
  }));
}

export function randomPart(random: Random): RandomTable["parts"][number] {
  const what = pick(
    random,
    ["unique", "check", "reference", "reference", "exclude", "index", "index", "statistics"] as const,
  );
  return { what, a: random(8), b: random(8), variant: random(8) };
}

/** A random schema. */
export function randomSchema(seed: number): RandomSchema {
  const random = randomIntegers(seed);
  const schema: RandomSchema = {
    extensions: random(3) === 0 ? some(random, EXTENSIONS) : [],
    collations: some(random, ["de", "Any case"]).map((name) => ({ name, variant: random(4) })),
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
      type: random(3),
    })),
    functions: some(random, ["twice", "Label of", "touch"]).map((name) => ({
      name,
      variant: random(6),
      comment: random(3),
    })),
    opaque: some(random, OPAQUE).filter(() => random(2) === 0).map((name) => ({ name, variant: random(3) })),
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
