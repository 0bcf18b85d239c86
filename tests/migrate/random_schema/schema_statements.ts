/**
 * A random schema as statements: what of it cannot be (an index on a column that has gone) is left out.
 */
import type { RandomColumn, RandomSchema, RandomTable } from "./random_schema.ts";

const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`;
const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;
const COMMENTS = [undefined, "a comment", 'it\'s "quoted"', "line\nbreak"];

/** The statements that create a random schema in an empty database of a server of that version. */
export function schemaStatements(schema: RandomSchema, serverVersion: number): string[] {
  return new Renderer(schema, serverVersion).render();
}

const NAMED = (table: RandomTable): string => `${quote(table.schema)}.${quote(table.name)}`;

/** Types with an order and a hash, that keys and indexes can be of. */
const ORDERED = [
  "integer",
  "bigint",
  "text",
  "character varying(40)",
  "numeric(10,2)",
  "date",
  "uuid",
  "enum",
];

class Renderer {
  readonly #schema: RandomSchema;
  readonly #version: number;
  readonly #out: string[] = [];

  constructor(schema: RandomSchema, version: number) {
    this.#schema = schema;
    this.#version = version;
  }

  render(): string[] {
    const { enums, domains, composites, ranges, sequences, tables } = this.#schema;
    if (tables.some(({ schema }) => schema === "App")) this.#out.push('create schema "App"');
    for (const { name, labels } of enums) {
      this.#out.push(`create type public.${quote(name)} as enum (${labels.map(literal).join(", ")})`);
    }
    for (const domain of domains) this.#domain(domain);
    for (const { name, attributes } of composites) {
      const types: Record<string, string> = { street: "text", Zip: "integer", n: "numeric", more: "date" };
      this.#out.push(
        `create type public.${quote(name)} as (${
          attributes.map((one) => `${quote(one)} ${types[one]}`).join(", ")
        })`,
      );
    }
    for (const { name, subtype } of ranges) {
      this.#out.push(`create type public.${quote(name)} as range (subtype = ${subtype})`);
    }
    for (const { name, increment, cycle } of sequences) {
      this.#out.push(`create sequence public.${quote(name)} increment ${increment}${cycle ? " cycle" : ""}`);
    }
    this.#functions();
    for (const table of tables) this.#table(table);
    for (const table of tables) this.#parts(table);
    this.#views();
    for (const table of tables) this.#rowSecurity(table);
    return this.#out;
  }

  #domain({ name, base, variant }: RandomSchema["domains"][number]): void {
    const isText = base === "text";
    const value = isText ? "'a'" : "1";
    const parts = [
      variant & 1 ? `default ${value}` : "",
      variant & 2 ? `constraint first check (value ${isText ? "<> ''" : "> 0"})` : "",
      variant & 4 ? `constraint "Second" check (value ${isText ? "<> 'b'" : "< 1000"})` : "",
    ];
    this.#out.push(`create domain public.${quote(name)} as ${base} ${parts.join(" ")}`);
  }

  #functions(): void {
    for (const { name, variant, comment } of this.#schema.functions) {
      const called = `public.${quote(name)}`;
      const text = [
        `(a integer) returns integer language sql immutable as 'select a * ${2 + variant}'`,
        "(a integer) returns integer language sql immutable return a * 2",
        "(b integer) returns integer language sql immutable as 'select b * 2'",
        "(a integer) returns bigint language sql immutable as 'select a * 2'",
        "(a integer, b integer default 1) returns integer language sql immutable as 'select a * b'",
        "(a integer) returns integer language plpgsql immutable as 'begin return a; end'",
      ][variant];
      this.#out.push(`create function ${called}${text}`);
      if (COMMENTS[comment] !== undefined) {
        const identity = variant === 4 ? "integer, integer" : "integer";
        this.#out.push(`comment on function ${called}(${identity}) is ${literal(COMMENTS[comment])}`);
      }
    }
    this.#out.push(
      "create function public.on_change() returns trigger language plpgsql as 'begin return new; end'",
    );
  }

  #type(column: RandomColumn): string {
    const [kind, name] = column.type.split(":");
    if (name === undefined) return kind;
    const all = { enum: "enums", domain: "domains", composite: "composites", range: "ranges" } as const;
    const isThere = this.#schema[all[kind as "enum"]].some((one) => one.name === name);
    return isThere ? `public.${quote(name)}` : "text";
  }

  /** The kind of a column's type: a built-in one or `enum`. */
  #family(column: RandomColumn): string {
    const type = this.#type(column);
    if (!type.startsWith("public.")) return type;
    return column.type.split(":")[0];
  }

  #default(column: RandomColumn): string | undefined {
    if (column.default === 0) return undefined;
    const [kind, name] = column.type.split(":");
    const type = this.#type(column);
    const first = column.default === 1;
    if (kind === "enum" && type !== "text") {
      const { labels } = this.#schema.enums.find((one) => one.name === name)!;
      return literal(labels[first ? 0 : labels.length - 1]);
    }
    if (type.startsWith("public.")) return undefined;
    const sequence = this.#schema.sequences[0];
    const twice = this.#schema.functions.find((one) => one.name === "twice");
    switch (type) {
      case "integer":
      case "bigint":
        if (sequence !== undefined && first) return `nextval('public.${quote(sequence.name)}')`;
        return twice !== undefined ? "public.twice(4)" : "42";
      case "text":
        return first ? "'x'" : "'it''s' || current_date";
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

  #column(table: RandomTable, column: RandomColumn): string {
    const isPartitioned = table.partitions !== undefined;
    const type = this.#type(column);
    const name = quote(column.name);
    const kind = isPartitioned && column.name === "id" ? "plain" : column.kind;
    const notNull = column.notNull ? " not null" : "";
    const canCollate = type === "text" && column.collation;
    switch (kind) {
      case "identity":
        if (type !== "integer" && type !== "bigint" || isPartitioned) break;
        return `${name} ${type} generated ${column.default === 1 ? "always" : "by default"} as identity${
          column.default === 2 ? " (start 10 increment 5)" : ""
        }`;
      case "serial":
        if (type !== "integer" && type !== "bigint" || isPartitioned) break;
        return `${name} ${type === "integer" ? "serial" : "bigserial"}`;
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
    return `${name} ${type}${canCollate ? ' collate "C"' : ""}${notNull}${
      value === undefined ? "" : ` default ${value}`
    }`;
  }

  #isGenerated(table: RandomTable, column: RandomColumn): boolean {
    return this.#column(table, column).includes("generated always as (");
  }

  #isVirtual(table: RandomTable, column: RandomColumn): boolean {
    return this.#column(table, column).endsWith(" virtual");
  }

  #table(table: RandomTable): void {
    const name = NAMED(table);
    const lines = table.columns.map((column) => this.#column(table, column));
    if (table.key) lines.push("primary key (id)");
    this.#out.push(
      `create ${table.unlogged ? "unlogged " : ""}table ${name} (${lines.join(", ")})${
        table.partitions === undefined ? "" : " partition by range (id)"
      }${table.fillfactor > 0 ? ` with (fillfactor = ${table.fillfactor})` : ""}`,
    );
    for (const column of table.columns) {
      const comment = COMMENTS[column.comment];
      if (comment !== undefined) {
        this.#out.push(`comment on column ${name}.${quote(column.name)} is ${literal(comment)}`);
      }
      if (column.storage && this.#type(column) === "text" && !this.#isVirtual(table, column)) {
        this.#out.push(`alter table ${name} alter ${quote(column.name)} set storage external`);
      }
    }
    const comment = COMMENTS[table.comment];
    if (comment !== undefined) this.#out.push(`comment on table ${name} is ${literal(comment)}`);
    for (const bound of table.partitions ?? []) {
      const part = quote(`${table.name}_p${bound % 4}`);
      if (bound === 4 && table.partitions!.includes(0)) continue;
      const values = bound === 3 ? "default" : `for values from (${bound * 100}) to (${bound * 100 + 50})`;
      this.#out.push(`create table ${quote(table.schema)}.${part} partition of ${name} ${values}`);
    }
    if (table.hasChild) {
      this.#out.push(
        `create table ${quote(table.schema)}.${quote(`${table.name}_child`)} (extra text) inherits (${name})`,
      );
    }
    if (table.replicaFull) this.#out.push(`alter table ${name} replica identity full`);
  }

  #parts(table: RandomTable): void {
    const name = NAMED(table);
    const ordered = table.columns.filter((column) =>
      ORDERED.includes(this.#family(column)) && !this.#isVirtual(table, column)
    );
    const at = (number: number): RandomColumn => ordered[number % ordered.length];
    const used = new Set<string>();
    for (const { what, a, b, variant } of table.parts) {
      const [one, two] = [at(a), at(b)];
      const called = `${table.name}_${what}_${variant}`;
      if (used.has(called)) continue;
      used.add(called);
      const add = `alter table ${name} add constraint ${quote(called)}`;
      const columns = [...new Set([one.name, two.name])].map(quote).join(", ");
      const isPartitioned = table.partitions !== undefined;
      switch (what) {
        case "unique":
          if (isPartitioned) break;
          this.#out.push(
            `${add} unique${variant === 1 ? " nulls not distinct" : ""} (${columns})${
              variant === 2 ? " deferrable initially deferred" : ""
            }`,
          );
          break;
        case "check": {
          const condition = `${quote(one.name)} is not null or id ${variant % 2 === 0 ? ">" : "<"} ${
            variant * 10
          }`;
          const end = variant === 3 && !isPartitioned
            ? " not valid"
            : variant === 4 && !isPartitioned
            ? " no inherit"
            : "";
          this.#out.push(`${add} check (${condition})${end}`);
          if (variant === 5) {
            this.#out.push(`comment on constraint ${quote(called)} on ${name} is 'why'`);
          }
          break;
        }
        case "reference": {
          const targets = this.#schema.tables.filter((target) =>
            target.key && target.partitions === undefined && (table.unlogged || !target.unlogged)
          );
          const integers = table.columns.filter((column) =>
            ["integer", "bigint"].includes(this.#type(column)) && !this.#isGenerated(table, column)
          );
          if (targets.length === 0 || isPartitioned) break;
          const target = targets[b % targets.length];
          const actions = [
            "",
            " on delete cascade",
            " on delete set null on update cascade",
            " deferrable",
            " not valid",
          ];
          this.#out.push(
            `${add} foreign key (${quote(integers[a % integers.length].name)}) references ${
              NAMED(target)
            } (id)${actions[variant % actions.length]}${
              this.#version >= 18 && variant === 7 ? " not enforced" : ""
            }`,
          );
          break;
        }
        case "exclude":
          if (isPartitioned) break;
          this.#out.push(
            `${add} exclude using btree (${quote(one.name)} with =)${variant > 4 ? " where (id > 5)" : ""}`,
          );
          break;
        case "index":
          this.#index(table, { one, columns, called, variant });
          break;
      }
    }
  }

  #index(
    table: RandomTable,
    { one, columns, called, variant }: {
      one: RandomColumn;
      columns: string;
      called: string;
      variant: number;
    },
  ): void {
    const create = `create index ${quote(called)} on ${NAMED(table)}`;
    const family = this.#family(one);
    const label = family === "enum"
      ? this.#schema.enums.find(({ name }) => one.type === `enum:${name}`)?.labels[0]
      : undefined;
    const texts = [
      `${create} (${columns})`,
      `${create} (${quote(one.name)} desc nulls last)`,
      `${create} (${columns}) where ${quote(one.name)} is not null`,
      `${create} using hash (${quote(one.name)})`,
      `${create} (${columns}) include (id)`,
      family === "text" ? `${create} (lower(${quote(one.name)}) text_pattern_ops)` : `${create} ((id + 1))`,
      label === undefined
        ? `${create} (id) with (fillfactor = 70)`
        : `${create} (id) where ${quote(one.name)} = ${literal(label)}`,
      this.#schema.functions[0] === undefined || this.#schema.functions[0].variant === 4
        ? `${create} (id, (id * 2))`
        : `${create} (public.${quote(this.#schema.functions[0].name)}(id))`,
    ];
    this.#out.push(texts[variant]);
    if (variant === 1) {
      this.#out.push(`comment on index ${quote(table.schema)}.${quote(called)} is 'for lists'`);
    }
  }

  #views(): void {
    const { tables } = this.#schema;
    let previous: string | undefined;
    for (const { name, table: number, columns, variant, materialized } of this.#schema.views) {
      const table = tables[number % tables.length];
      const chosen = table.columns.slice(0, columns).map((column) => quote(column.name));
      const called = `public.${quote(name)}`;
      const where = ["", " where id > 5", " where id is not null order by id", ""][variant];
      const from = variant === 3 && previous !== undefined
        ? `select count(*) as n from ${previous}`
        : `select ${chosen.join(", ")} from ${NAMED(table)}${where}`;
      this.#out.push(`create ${materialized ? "materialized view" : "view"} ${called} as ${from}`);
      if (materialized && !from.includes("count(*)") && table.columns[0].name === "id") {
        this.#out.push(`create unique index ${quote(`${name}_key`)} on ${called} (id)`);
      }
      if (!materialized && variant === 1) this.#out.push(`comment on view ${called} is 'seen'`);
      if (!materialized && variant === 2) {
        this.#out.push(`alter view ${called} set (security_barrier = true)`);
      }
      previous = called;
    }
  }

  #rowSecurity(table: RandomTable): void {
    const name = NAMED(table);
    if (table.rowSecurity > 0) {
      this.#out.push(`alter table ${name} enable row level security`);
      if (table.rowSecurity > 1) this.#out.push(`alter table ${name} force row level security`);
    }
    const column = quote(table.columns.at(-1)!.name);
    for (const variant of table.policies) {
      const text = [
        "for select using (id > 1)",
        `as restrictive using (${column} is not null)`,
        `for insert with check (id < 100 and ${column} is not null)`,
      ][variant];
      this.#out.push(`create policy ${quote(`p ${variant % 2}${table.name}`)} on ${name} ${text}`);
      if (variant === 0) break;
    }
    for (const variant of table.triggers) {
      const text = [
        "before insert or update",
        `after update of ${column}`,
        "before update",
      ][variant];
      const trigger = quote(`g${variant % 2}`);
      if (variant === 2 && table.triggers.includes(0)) continue;
      this.#out.push(
        `create trigger ${trigger} ${text} on ${name} for each row execute function public.on_change()`,
      );
      if (variant === 2) this.#out.push(`alter table ${name} disable trigger ${trigger}`);
    }
  }
}
