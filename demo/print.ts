/**
 * What the demo prints: headings, tables, SQL and timings, coloured only on a terminal.
 *
 * @module
 */
import process from "node:process";

const isColored = process.stdout.isTTY === true && (process.env.NO_COLOR ?? "") === "";

const paint = (code: number) => (text: string): string => isColored ? `\x1b[${code}m${text}\x1b[0m` : text;

/** Makes text bold on a terminal. */
export const bold: (text: string) => string = paint(1);
/** Makes text faint on a terminal. */
export const faint: (text: string) => string = paint(2);
/** Makes text cyan on a terminal. */
export const cyan: (text: string) => string = paint(36);
/** Makes text green on a terminal. */
export const green: (text: string) => string = paint(32);

let sections = 0;

/** Begins a section: its number, its name, and what it shows. */
export function heading(name: string, what: string): void {
  console.log(`\n${bold(cyan(`${++sections}  ${name}`))}  ${faint(what)}`);
}

/** Prints a line of the current section. */
export function say(text: string): void {
  console.log(`   ${text}`);
}

/** Prints a statement: its text as PostgreSQL gets it, and its values. */
export function showSql(statement: { readonly text: string; readonly values: readonly unknown[] }): void {
  const lines = statement.text.replace(/^(\s*\n)+/, "").trimEnd().split("\n");
  const margin = Math.min(...lines.map((line) => line.length - line.trimStart().length));
  for (const line of lines) {
    for (const part of wrap(line.slice(margin))) say(faint(`│ ${part}`));
  }
  if (statement.values.length === 0) return;
  say(faint(`│ ${statement.values.map((value, index) => `$${index + 1} = ${format(value)}`).join(", ")}`));
}

/** Prints rows as an aligned table; numbers are aligned to the right. */
export function table(rows: readonly object[]): void {
  const names = Object.keys(rows[0] ?? {});
  const cells = rows.map((row) => names.map((name) => format((row as Record<string, unknown>)[name])));
  const isNumber = names.map((_, index) => cells.every((row) => /^-?\d[\d,.]*$/.test(row[index])));
  const widths = names.map((name, index) => Math.max(name.length, ...cells.map((row) => row[index].length)));
  const line = (values: readonly string[]): string =>
    values.map((value, index) =>
      isNumber[index] ? value.padStart(widths[index]) : value.padEnd(widths[index])
    )
      .join("   ").trimEnd();
  say(bold(line(names)));
  for (const row of cells) say(line(row));
}

/** Prints how long something took, in milliseconds since `started`. */
export function took(what: string, started: number): void {
  say(`${green("✓")} ${what} ${faint(`in ${duration(performance.now() - started)}`)}`);
}

/** A duration in milliseconds, as a person reads it. */
export function duration(milliseconds: number): string {
  if (milliseconds >= 1000) return `${(milliseconds / 1000).toFixed(1)} s`;
  return `${milliseconds.toFixed(milliseconds < 10 ? 1 : 0)} ms`;
}

/** A whole number with separators. */
export function count(value: number | bigint): string {
  return value.toLocaleString("en-US");
}

/** Cuts a line that is wider than a page at spaces; what follows is indented. */
function wrap(line: string): string[] {
  const lines = [""];
  for (const word of line.split(/(?<=\S)(?= )/)) {
    if (lines.at(-1)!.length + word.length > 96) lines.push(`  ${word}`);
    else lines[lines.length - 1] += word;
  }
  return lines;
}

function format(value: unknown): string {
  if (typeof value === "bigint" || Number.isInteger(value)) return count(value as number);
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return `an array of ${count(value.length)}`;
  return value === null ? "null" : String(value);
}
