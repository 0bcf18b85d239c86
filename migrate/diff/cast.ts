/**
 * How values of a column become another type: by themselves, or with a cast that must be written.
 *
 * @module
 */

/** Families of types within which PostgreSQL casts by assignment, both ways. `\dC` of psql, PostgreSQL 18. */
const FAMILIES: readonly (readonly string[])[] = [
  ["smallint", "integer", "bigint", "real", "double precision", "numeric"],
  ["text", "character varying", "character", '"char"', "name", "bpchar"],
  ["json", "jsonb"],
  ["date", "timestamp without time zone", "timestamp with time zone"],
  ["inet", "cidr"],
  ["macaddr", "macaddr8"],
  ["bit", "bit varying"],
];

/** Casts that are there, but only when they are written. */
const WRITTEN: ReadonlySet<string> = new Set([
  "integer boolean",
  "boolean integer",
  "integer bit",
  "bigint bit",
]);

/** The type without what is in parentheses, and without array brackets. */
function baseOf(type: string): string {
  return type.replace(/\[\]$/, "").replace(/\([^)]*\)/, "").trim();
}

function isText(base: string): boolean {
  return FAMILIES[1].includes(base);
}

/**
 * The expression that makes values of one type another; `undefined` where PostgreSQL does it by itself.
 *
 * @param column The column, quoted.
 * @param types Both types, as `format_type` writes them. Domains are given by the types they are based on.
 */
export function castOf(
  column: string,
  types: { readonly from: string; readonly to: string; readonly target?: string },
): string | undefined {
  const { from, to, target = to } = types;
  const isArray = from.endsWith("[]");
  const a = baseOf(from);
  const b = baseOf(to);
  if (isArray === to.endsWith("[]")) {
    if (a === b) return undefined;
    if (FAMILIES.some((family) => family.includes(a) && family.includes(b))) return undefined;
    if (isText(b) && !isArray) return undefined;
    if (WRITTEN.has(`${a} ${b}`)) return `${column}::${target}`;
    if (isText(a)) return `${column}::${target}`;
    return `${column}::text${isArray ? "[]" : ""}::${target}`;
  }
  if (!isArray) {
    return `case when ${column} is null then null else array[${column}::text::${target.slice(0, -2)}] end`;
  }
  return `${column}[1]::text::${target}`;
}
