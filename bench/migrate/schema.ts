/** The schema that is measured: tables of eight columns with a key, a unique column, an index and a foreign key. */

/** How many columns the other side lacks. */
export const MISSING = 10;

/** The name of a table, by its number from 1 on. */
export function tableName(number: number): string {
  return `table_${String(number).padStart(4, "0")}`;
}

/** What makes a table; the first refers to itself. */
export function tableSql(number: number): readonly string[] {
  const name = tableName(number);
  return [
    `create table ${name} (
  id bigint generated always as identity primary key,
  name text not null,
  email varchar(200) constraint ${name}_email_key unique,
  total numeric(10, 2) not null default 0,
  active boolean not null default true,
  made timestamptz not null default now(),
  parent_id bigint constraint ${name}_parent_id_fkey references ${tableName(Math.max(1, number - 1))} (id),
  note jsonb
)`,
    `create index ${name}_name_made_idx on ${name} (name, made)`,
  ];
}

/** What makes so many tables. */
export function schemaSql(tables: number): readonly string[] {
  return Array.from({ length: tables }, (_, index) => tableSql(index + 1)).flat();
}

/** Takes the columns away that a comparison is to find. */
export function missingSql(): readonly string[] {
  return Array.from(
    { length: MISSING },
    (_, index) => `alter table ${tableName(2 * index + 1)} drop column note`,
  );
}

/** The tables of tiny migrations. */
export function tinySql(number: number): string {
  return `create table tiny_${number} (id int primary key)`;
}
