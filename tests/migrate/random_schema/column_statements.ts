/**
 * Columns of random schemas as SQL.
 */
import type { RandomColumn, RandomSchema, RandomTable } from "./random_schema.ts";
import { literal, quote } from "./sql_text.ts";

/** Types with an order and a hash, that keys and indexes can be of. */
const ORDERED = [
  "integer",
  "bigint",
  "smallint",
  "text",
  "character varying(40)",
  "numeric(10,2)",
  "date",
  "uuid",
  "enum",
  "citext",
];

const INTEGERS = ["integer", "bigint", "smallint"];

const COUNTING = [
  "",
  " (start 10 increment 5)",
  " (start with -5 increment by -1 minvalue -100 maxvalue -1)",
  " (maxvalue 1000 cache 7 cycle)",
  " (minvalue 5 start 7)",
  " (increment by -2)",
];

/** Writes the columns of a schema's tables. */
export class ColumnStatements {
  readonly #schema: RandomSchema;
  readonly #version: number;

  constructor(schema: RandomSchema, version: number) {
    this.#schema = schema;
    this.#version = version;
  }

  /** A column's type as SQL; `text` where it is one that the schema does not have. */
  type(column: RandomColumn): string {
    const [kind, name] = column.type.split(":");
    if (name === undefined) return kind;
    if (kind === "extension") {
      return this.#schema.extensions.includes(name) ? `public.${quote(name)}` : "text";
    }
    const all = { enum: "enums", domain: "domains", composite: "composites", range: "ranges" } as const;
    const isThere = this.#schema[all[kind as "enum"]].some((one) => one.name === name);
    return isThere ? `public.${quote(name)}` : "text";
  }

  /** The kind of a column's type: a built-in one, that of an extension, `enum` … */
  family(column: RandomColumn): string {
    const type = this.type(column);
    if (!type.startsWith("public.")) return type;
    const [kind, name] = column.type.split(":");
    return kind === "extension" ? name : kind;
  }

  /** The columns that keys, indexes and constraints can be of. */
  ordered(table: RandomTable): RandomColumn[] {
    return table.columns.filter((column) =>
      ORDERED.includes(this.family(column)) && !this.isVirtual(table, column)
    );
  }

  /** The columns that refer to others. */
  referring(table: RandomTable): RandomColumn[] {
    return table.columns.filter((column) =>
      INTEGERS.includes(this.type(column)) && !this.isGenerated(table, column)
    );
  }

  /** Whether it is computed. */
  isGenerated(table: RandomTable, column: RandomColumn): boolean {
    return this.column(table, column).includes("generated always as (");
  }

  /** Whether it is computed when it is read. */
  isVirtual(table: RandomTable, column: RandomColumn): boolean {
    return this.column(table, column).endsWith(" virtual");
  }

  /** A column as in `create table`. */
  column(table: RandomTable, column: RandomColumn): string {
    const isPartitioned = table.partitions !== undefined;
    const type = this.type(column);
    const name = quote(column.name);
    const kind = isPartitioned && column.name === "id" ? "plain" : column.kind;
    const notNull = column.notNull ? " not null" : "";
    switch (kind) {
      case "identity": {
        if (!INTEGERS.includes(type) || isPartitioned) break;
        const generation = column.default === 1 ? "always" : "by default";
        return `${name} ${type} generated ${generation} as identity${COUNTING[column.counting]}`;
      }
      case "serial":
        if (!INTEGERS.includes(type) || isPartitioned) break;
        return `${name} ${{ integer: "serial", bigint: "bigserial", smallint: "smallserial" }[type]}`;
      case "generated": {
        const isVirtual = this.#version >= 18 && column.default === 1;
        const twice = this.#schema.functions.find((one) => one.name === "twice");
        const call = twice === undefined || isVirtual ? "id * 2" : "public.twice(id)";
        const expression: Record<string, string> = {
          integer: column.default === 2 ? "id + 1" : twice?.variant === 3 ? "id * 3" : call,
          bigint: "id::bigint + 5",
          text: column.default === 2 ? "'x' || id::text" : "id::text",
          "double precision": "id / 2.0",
        };
        if (expression[type] === undefined || isPartitioned) break;
        return `${name} ${type} generated always as (${expression[type]}) ${
          isVirtual ? "virtual" : "stored"
        }`;
      }
      case "plain":
        break;
    }
    const value = this.#default(column);
    return `${name} ${type}${this.#collation(column)}${notNull}${
      value === undefined ? "" : ` default ${value}`
    }`;
  }

  #collation(column: RandomColumn): string {
    const number = column.collation - 3;
    if (this.type(column) !== "text" || number < -1) return "";
    const own = this.#schema.collations[number];
    return own === undefined ? ' collate "C"' : ` collate public.${quote(own.name)}`;
  }

  #default(column: RandomColumn): string | undefined {
    if (column.default === 0) return undefined;
    const [kind, name] = column.type.split(":");
    const type = this.type(column);
    const first = column.default === 1;
    if (kind === "enum" && type !== "text") {
      const { labels } = this.#schema.enums.find((one) => one.name === name)!;
      return literal(labels[first ? 0 : labels.length - 1]);
    }
    if (type === 'public."citext"') return first ? "'Some'" : undefined;
    if (type === 'public."hstore"') return first ? "'a=>1'" : undefined;
    if (type.startsWith("public.")) return undefined;
    const sequence = this.#schema.sequences[0];
    const twice = this.#schema.functions.find((one) => one.name === "twice");
    const hasCrypto = this.#schema.extensions.includes("pgcrypto");
    switch (type) {
      case "integer":
      case "bigint":
      case "smallint":
        if (sequence !== undefined && first) return `nextval('public.${quote(sequence.name)}')`;
        return twice !== undefined ? "public.twice(4)" : "42";
      case "text":
        if (first) return hasCrypto ? "encode(public.digest('x', 'sha1'), 'hex')" : "'x'";
        return "'it''s' || current_date";
      case "numeric(10,2)":
        return first ? "0" : "1.5";
      case "boolean":
        return first ? "true" : "false";
      case "timestamp with time zone":
        return first ? "now()" : "'2020-01-01 00:00Z'";
      case "jsonb":
        return first ? "'{}'" : `'{"a": [1]}'`;
      case "text[]":
        return first ? "'{}'" : "array['a', 'b']";
      default:
        return undefined;
    }
  }
}
