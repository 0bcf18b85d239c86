/**
 * How results are written for people.
 *
 * @module
 */

/** Rows in columns, two blanks between them. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, widthOf(cell));
  }
  return rows.map((row) =>
    row.map((cell, at) => at === row.length - 1 ? cell : cell + " ".repeat(widths[at] - widthOf(cell)))
      .join("  ").trimEnd()
  ).join("\n");
}

/** How wide a text is shown: colours have no width. */
function widthOf(text: string): number {
  // deno-lint-ignore no-control-regex -- what begins a colour is a control character
  return text.replace(/\x1b\[\d+m/g, "").length;
}

/** A duration in milliseconds for people: `340 ms`, `12.4 s`, `3 min 5 s`. */
export function durationText(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  const seconds = milliseconds / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

/** A number and what it counts: `1 migration`, `2 migrations`. */
export function counted(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}
