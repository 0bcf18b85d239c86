/**
 * Names and literals of random schemas as SQL.
 */

/** A name in quotes. */
export function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A text in quotes. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** The name of something in a schema. */
export function named({ schema, name }: { readonly schema: string; readonly name: string }): string {
  return `${quote(schema)}.${quote(name)}`;
}

/** Comments by number; 0 is none. */
export const COMMENTS: readonly (string | undefined)[] = [
  undefined,
  "a comment",
  'it\'s "quoted"',
  "line\nbreak",
];
