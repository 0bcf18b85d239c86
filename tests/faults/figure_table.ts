/** The figures that fault tests print, and the table that docs/reliability.md makes of them. */

/** A figure as a test printed it. */
export interface Figure {
  /** The fault's number. */
  readonly fault: number;
  /** What was measured. */
  readonly name: string;
  /** With its unit. */
  readonly value: string;
  /** What it may be, as text; empty where it is only told. */
  readonly bound: string;
}

/** A line of the table. */
export interface TableRow extends Omit<Figure, "value"> {
  /** The test's file, without folder. */
  readonly file: string;
  readonly deno: string;
  readonly bun: string;
}

const BEGIN = "<!-- figures: written by `deno task faults` -->";
const END = "<!-- end of figures -->";
const NOT_KEPT = " (not kept)";

/**
 * Finds the figures in what a run of fault tests printed.
 *
 * @param output All of it.
 */
export function parseFigures(output: string): Figure[] {
  return [...output.matchAll(/^figure: (\d+) \| (.+) \| (.+) \| (.*)$/gm)].map(
    ([, fault, name, value, said]) => {
      const isKept = !said.endsWith(NOT_KEPT);
      const bound = isKept ? said : said.slice(0, -NOT_KEPT.length);
      return { fault: Number(fault), name, value: isKept ? value : value + NOT_KEPT, bound: bound.trim() };
    },
  );
}

/**
 * Puts the figures of both runtimes side by side.
 *
 * @param file The test's file.
 * @param deno What Deno printed.
 * @param bun What Bun printed.
 * @throws Error when a figure was printed twice: its lines could not be told apart.
 */
export function pairFigures(file: string, deno: readonly Figure[], bun: readonly Figure[]): TableRow[] {
  const rows = new Map<string, TableRow>();
  for (const [runtime, figures] of [["deno", deno], ["bun", bun]] as const) {
    for (const { fault, name, value, bound } of figures) {
      const key = `${fault} | ${name}`;
      const row = rows.get(key) ?? { fault, name, bound, file, deno: "", bun: "" };
      if (row[runtime] !== "") throw new Error(`Figure "${key}" of ${file} was printed twice; name it apart`);
      rows.set(key, { ...row, [runtime]: value });
    }
  }
  return [...rows.values()];
}

/**
 * Replaces the table of a page.
 *
 * @param page The page's text.
 * @param rows The table's lines, in any order.
 * @param machine One sentence on where and when it was measured.
 * @throws Error when the page lacks the marks between which the table stands.
 */
export function writeTable(page: string, rows: readonly TableRow[], machine: string): string {
  const [before, rest] = page.split(BEGIN);
  const after = rest?.split(END)[1];
  if (after === undefined) throw new Error(`Cannot write the table: the page lacks "${BEGIN}" or "${END}"`);
  const lines = rows.toSorted((a, b) => a.fault - b.fault || a.file.localeCompare(b.file))
    .map(({ fault, file, name, bound, deno, bun }) =>
      `| ${fault} | ${name} | ${bound} | ${deno} | ${bun} | [${
        file.replace("_test.ts", "")
      }](../tests/faults/${file}) |`
    );
  const head = ["| fault | figure | bound | Deno | Bun | test |", "| --: | --- | --- | --: | --: | --- |"];
  return [before + BEGIN, "", machine, "", ...head, ...lines, "", END + after].join("\n");
}
