/**
 * Tables of random schemas, and what belongs to them, as SQL.
 */
import { ColumnStatements } from "./column_statements.ts";
import type { RandomColumn, RandomPartition, RandomSchema, RandomTable } from "./random_schema.ts";
import { COMMENTS, literal, named, quote } from "./sql_text.ts";

/** Writes the tables of a schema. */
export class TableStatements {
  readonly #schema: RandomSchema;
  readonly #version: number;
  readonly #columns: ColumnStatements;

  constructor(schema: RandomSchema, version: number) {
    this.#schema = schema;
    this.#version = version;
    this.#columns = new ColumnStatements(schema, version);
  }

  /** The table with its partitions and heirs. */
  table(table: RandomTable): string[] {
    const out: string[] = [];
    const name = named(table);
    const lines = table.columns.map((column) => this.#columns.column(table, column));
    if (table.key) lines.push("primary key (id)");
    out.push(
      `create ${table.unlogged ? "unlogged " : ""}table ${name} (${lines.join(", ")})${
        table.partitions === undefined ? "" : " partition by range (id)"
      }${table.fillfactor > 0 ? ` with (fillfactor = ${table.fillfactor})` : ""}`,
    );
    for (const column of table.columns) {
      const comment = COMMENTS[column.comment];
      if (comment !== undefined) {
        out.push(`comment on column ${name}.${quote(column.name)} is ${literal(comment)}`);
      }
      const isLong = this.#columns.type(column) === "text" && !this.#columns.isVirtual(table, column);
      if (column.storage && isLong) {
        out.push(`alter table ${name} alter ${quote(column.name)} set storage external`);
      }
    }
    const comment = COMMENTS[table.comment];
    if (comment !== undefined) out.push(`comment on table ${name} is ${literal(comment)}`);
    for (const partition of table.partitions ?? []) out.push(...this.#partition(table, partition));
    for (let heir = 1, parent = name; heir <= table.heirs; heir++) {
      const child = named({ schema: table.schema, name: `${table.stem}_child${heir}` });
      const columns = heir === 1 ? "extra text" : "more integer, id integer default 9";
      out.push(`create table ${child} (${columns}) inherits (${parent})`);
      parent = child;
    }
    if (table.replicaFull) out.push(`alter table ${name} replica identity full`);
    return out;
  }

  #partition(table: RandomTable, { bound, split }: RandomPartition): string[] {
    if (bound === 4 && table.partitions!.some((other) => other.bound === 0)) return [];
    const part = (end = ""): string =>
      named({ schema: table.schema, name: `${table.stem}_p${bound % 4}${end}` });
    const [from, to] = [bound * 100, bound * 100 + 50];
    const values = bound === 3 ? "default" : `for values from (${from}) to (${to})`;
    const create = `create table ${part()} partition of ${named(table)} ${values}`;
    switch (split) {
      case 0:
        return [create];
      case 1:
        return [
          `${create} partition by range (id)`,
          `create table ${part("_a")} partition of ${part()} for values from (${from}) to (${from + 25})`,
          `create table ${part("_rest")} partition of ${part()} default`,
        ];
      default:
        return [
          `${create} partition by hash (id)`,
          `create table ${part("_a")} partition of ${part()} for values with (modulus 2, remainder 0)`,
          `create table ${part("_b")} partition of ${part()} for values with (modulus 2, remainder 1)`,
        ];
    }
  }

  /** Its constraints, indexes, statistics and rules. */
  parts(table: RandomTable): string[] {
    const ordered = this.#columns.ordered(table);
    const at = (number: number): RandomColumn => ordered[number % ordered.length];
    const used = new Set<string>();
    const out: string[] = [];
    for (const part of table.parts) {
      const called = `${table.stem}_${part.what}_${part.variant}`;
      if (used.has(called)) continue;
      used.add(called);
      out.push(...this.#part(table, part, { called, one: at(part.a), two: at(part.b) }));
    }
    if (table.rule > 0) {
      const event = table.rule === 1 ? "delete to" : "insert to";
      out.push(
        `create rule ${quote(`quiet ${table.stem}`)} as on ${event} ${named(table)} where ${
          table.rule === 1 ? "old" : "new"
        }.id = -1 do instead nothing`,
      );
    }
    return out;
  }

  #part(
    table: RandomTable,
    { what, a, b, variant }: RandomTable["parts"][number],
    { called, one, two }: { readonly called: string; readonly one: RandomColumn; readonly two: RandomColumn },
  ): string[] {
    const name = named(table);
    const add = `alter table ${name} add constraint ${quote(called)}`;
    const columns = [...new Set([one.name, two.name])].map(quote).join(", ");
    const isPartitioned = table.partitions !== undefined;
    switch (what) {
      case "unique": {
        const keys = isPartitioned ? [...new Set(["id", one.name])].map(quote).join(", ") : columns;
        return [
          `${add} unique${variant === 1 ? " nulls not distinct" : ""} (${keys})${
            variant === 2 ? " deferrable initially deferred" : variant === 3 ? " with (fillfactor = 80)" : ""
          }`,
        ];
      }
      case "check": {
        const sign = variant % 2 === 0 ? ">" : "<";
        const condition = `${quote(one.name)} is not null or id ${sign} ${variant * 10}`;
        const end = isPartitioned ? "" : ["", "", "", " not valid", " no inherit"][variant] ?? "";
        const comment = `comment on constraint ${quote(called)} on ${name} is 'why'`;
        return [`${add} check (${condition})${end}`, ...variant === 5 ? [comment] : []];
      }
      case "reference":
        return this.#reference(table, { a, b, variant, add });
      case "exclude":
        if (isPartitioned) return [];
        return [
          `${add} exclude using btree (${quote(one.name)} with =)${variant > 4 ? " where (id > 5)" : ""}`,
        ];
      case "statistics": {
        const kinds = ["", " (ndistinct)", " (dependencies)", " (mcv)", " (ndistinct, mcv)"][variant] ?? "";
        const of = variant < 6 && one !== two ? columns : `${quote(one.name)}, (id + 1)`;
        return [
          `create statistics ${named({ schema: table.schema, name: called })}${kinds} on ${of} from ${name}`,
        ];
      }
      case "index":
        return this.#index(table, { one, columns, called, variant });
      default:
        throw new TypeError(`BUG: no statement for ${JSON.stringify(what satisfies never)}`);
    }
  }

  #reference(
    table: RandomTable,
    { a, b, variant, add }: { a: number; b: number; variant: number; add: string },
  ): string[] {
    const isPartitioned = table.partitions !== undefined;
    const targets = this.#schema.tables.filter((target) =>
      target.key && (table.unlogged || !target.unlogged)
    );
    const columns = this.#columns.referring(table);
    if (targets.length === 0 || columns.length === 0) return [];
    const target = targets[b % targets.length];
    const isWhole = !isPartitioned && target.partitions === undefined;
    const actions = [
      "",
      " on delete cascade",
      " on delete set null on update cascade",
      " deferrable",
      isWhole ? " not valid" : "",
    ];
    const isUnenforced = this.#version >= 18 && variant === 7 && isWhole;
    return [
      `${add} foreign key (${quote(columns[a % columns.length].name)}) references ${named(target)} (id)${
        actions[variant % actions.length]
      }${isUnenforced ? " not enforced" : ""}`,
    ];
  }

  #index(
    table: RandomTable,
    { one, columns, called, variant }: {
      one: RandomColumn;
      columns: string;
      called: string;
      variant: number;
    },
  ): string[] {
    const create = `create index ${quote(called)} on ${named(table)}`;
    const family = this.#columns.family(one);
    const label = family === "enum"
      ? this.#schema.enums.find(({ name }) => one.type === `enum:${name}`)?.labels[0]
      : undefined;
    const [called0] = this.#schema.functions;
    const texts = [
      `${create} (${columns})`,
      `${create} (${quote(one.name)} desc nulls last)`,
      `${create} (${columns}) where ${quote(one.name)} is not null`,
      `${create} using hash (${quote(one.name)})`,
      `${create} (${columns}) include (id)`,
      family === "text"
        ? `${create} (lower(${quote(one.name)}) collate "C" text_pattern_ops)`
        : `${create} ((id + 1))`,
      label === undefined
        ? `${create} (id) with (fillfactor = 70)`
        : `${create} (id) where ${quote(one.name)} = ${literal(label)}`,
      called0 === undefined || called0.variant === 4
        ? `${create} (id, (id * 2))`
        : `${create} (public.${quote(called0.name)}(id))`,
    ];
    const comment = `comment on index ${named({ schema: table.schema, name: called })} is 'for lists'`;
    return [texts[variant], ...variant === 1 ? [comment] : []];
  }

  /** Its policies and triggers. */
  rowSecurity(table: RandomTable): string[] {
    const out: string[] = [];
    const name = named(table);
    if (table.rowSecurity > 0) {
      out.push(`alter table ${name} enable row level security`);
      if (table.rowSecurity > 1) out.push(`alter table ${name} force row level security`);
    }
    const last = table.columns.at(-1)!;
    const column = quote(last.name);
    const label = this.#columns.family(last) === "enum"
      ? this.#schema.enums.find(({ name }) => last.type === `enum:${name}`)?.labels[0]
      : undefined;
    for (const variant of table.policies) {
      const text = [
        label === undefined
          ? "for select using (id > 1)"
          : `for select using (${column} <> ${literal(label)})`,
        `as restrictive using (${column} is not null)`,
        `for insert with check (id < 100 and ${column} is not null)`,
      ][variant];
      out.push(`create policy ${quote(`p ${variant % 2}${table.stem}`)} on ${name} ${text}`);
      if (variant === 0) break;
    }
    for (const variant of table.triggers) {
      const text = ["before insert or update", `after update of ${column}`, "before update"][variant];
      const trigger = quote(`g${variant % 2}`);
      if (variant === 2 && table.triggers.includes(0)) continue;
      out.push(
        `create trigger ${trigger} ${text} on ${name} for each row execute function public.on_change()`,
      );
      if (variant === 2) out.push(`alter table ${name} disable trigger ${trigger}`);
    }
    return out;
  }
}
