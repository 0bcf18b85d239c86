/**
 * A random schema as statements: what of it cannot be (an index on a column that has gone) is left out.
 */
import type { RandomSchema } from "./random_schema.ts";
import { COMMENTS, literal, named, quote } from "./sql_text.ts";
import { TableStatements } from "./table_statements.ts";

/** The statements that create a random schema in an empty database of a server of that version. */
export function schemaStatements(schema: RandomSchema, serverVersion: number): string[] {
  const { tables } = schema;
  const out: string[] = [];
  if (tables.some((table) => table.schema === "App")) out.push('create schema "App"');
  for (const name of schema.extensions) out.push(`create extension ${name} schema public`);
  for (const { name, variant } of schema.collations) {
    const options = [
      "provider = icu, locale = 'de-DE'",
      "provider = icu, locale = 'de-DE', deterministic = false",
      "provider = libc, locale = 'C'",
      "provider = icu, locale = 'und-u-ks-level2', deterministic = false",
    ][variant];
    out.push(`create collation public.${quote(name)} (${options})`);
  }
  out.push(...typeStatements(schema), ...functionStatements(schema), ...opaqueStatements(schema));
  const renderer = new TableStatements(schema, serverVersion);
  for (const table of tables) out.push(...renderer.table(table));
  for (const table of tables) out.push(...renderer.parts(table));
  out.push(...viewStatements(schema));
  for (const table of tables) out.push(...renderer.rowSecurity(table));
  return out;
}

function typeStatements({ enums, domains, composites, ranges, sequences }: RandomSchema): string[] {
  const out: string[] = [];
  for (const { name, labels } of enums) {
    out.push(`create type public.${quote(name)} as enum (${labels.map(literal).join(", ")})`);
  }
  for (const { name, base, variant } of domains) {
    const isText = base === "text";
    const value = isText ? "'a'" : "1";
    const parts = [
      variant & 1 ? `default ${value}` : "",
      variant & 2 ? `constraint first check (value ${isText ? "<> ''" : "> 0"})` : "",
      variant & 4 ? `constraint "Second" check (value ${isText ? "<> 'b'" : "< 1000"})` : "",
    ];
    out.push(`create domain public.${quote(name)} as ${base} ${parts.join(" ")}`);
  }
  for (const { name, attributes } of composites) {
    const types: Record<string, string> = { street: "text", Zip: "integer", n: "numeric", more: "date" };
    out.push(
      `create type public.${quote(name)} as (${
        attributes.map((one) => `${quote(one)} ${types[one]}`).join(", ")
      })`,
    );
  }
  for (const { name, subtype } of ranges) {
    out.push(`create type public.${quote(name)} as range (subtype = ${subtype})`);
  }
  for (const { name, increment, cycle, type } of sequences) {
    out.push(
      `create sequence public.${quote(name)} as ${
        ["bigint", "integer", "smallint"][type]
      } increment ${increment}${cycle ? " cycle" : ""}`,
    );
  }
  return out;
}

function functionStatements({ functions }: RandomSchema): string[] {
  const out: string[] = [];
  for (const { name, variant, comment } of functions) {
    const called = `public.${quote(name)}`;
    const text = [
      `(a integer) returns integer language sql immutable as 'select a * ${2 + variant}'`,
      "(a integer) returns integer language sql immutable return a * 2",
      "(b integer) returns integer language sql immutable as 'select b * 2'",
      "(a integer) returns bigint language sql immutable as 'select a * 2'",
      "(a integer, b integer default 1) returns integer language sql immutable as 'select a * b'",
      "(a integer) returns integer language plpgsql immutable as 'begin return a; end'",
    ][variant];
    out.push(`create function ${called}${text}`);
    if (COMMENTS[comment] !== undefined) {
      const identity = variant === 4 ? "integer, integer" : "integer";
      out.push(`comment on function ${called}(${identity}) is ${literal(COMMENTS[comment])}`);
    }
  }
  out.push("create function public.on_change() returns trigger language plpgsql as 'begin return new; end'");
  return out;
}

function opaqueStatements({ opaque, enums }: RandomSchema): string[] {
  const type = enums.length === 0 ? undefined : `public.${quote(enums[0].name)}`;
  return opaque.flatMap(({ name, variant }) => {
    switch (name) {
      case "total":
        return [
          `create aggregate public.total(integer) (sfunc = int4pl, stype = integer${
            variant === 0 ? "" : `, initcond = '${variant}'`
          })`,
        ];
      case "largest":
        return [
          `create aggregate public.largest(text) (sfunc = text_larger, stype = text${
            variant === 0 ? "" : ", combinefunc = text_larger"
          })`,
        ];
      case "Search":
        return [
          `create text search configuration public."Search" (copy = ${
            ["simple", "english", "german"][variant]
          })`,
        ];
      case "===":
        return [
          `create operator public.=== (leftarg = integer, rightarg = integer, function = int4eq${
            ["", ", commutator = operator(public.===)", ", restrict = eqsel"][variant]
          })`,
        ];
      case "cast":
        return type === undefined ? [] : [
          `create cast (${type} as bytea) with inout${["", " as assignment", ""][variant]}`,
        ];
      default:
        throw new TypeError(`BUG: no statement for ${JSON.stringify(name satisfies never)}`);
    }
  });
}

function viewStatements({ tables, views, opaque }: RandomSchema): string[] {
  const out: string[] = [];
  let previous: string | undefined;
  for (const { name, table: number, columns, variant, materialized } of views) {
    const table = tables[number % tables.length];
    const chosen = table.columns.slice(0, columns).map((column) => quote(column.name));
    const called = `public.${quote(name)}`;
    const where = ["", " where id > 5", " where id is not null order by id", ""][variant];
    const hasTotal = opaque.some((one) => one.name === "total");
    const from = variant === 3 && previous !== undefined
      ? `select ${hasTotal ? "public.total(1)" : "count(*)"} as n from ${previous}`
      : `select ${chosen.join(", ")} from ${named(table)}${where}`;
    out.push(`create ${materialized ? "materialized view" : "view"} ${called} as ${from}`);
    if (materialized && !from.includes(" as n ") && table.columns[0].name === "id") {
      out.push(`create unique index ${quote(`${name}_key`)} on ${called} (id)`);
    }
    if (!materialized && variant === 1) out.push(`comment on view ${called} is 'seen'`);
    if (!materialized && variant === 2) out.push(`alter view ${called} set (security_barrier = true)`);
    previous = called;
  }
  return out;
}
