/**
 * A watermark as text. What scripts compare stands at fixed places, so that they cut it out rather than parse it; LSNs
 * are 20 decimal digits, which compare as text. Behind that stand lines: timeline, database, coverage, and one for
 * each table with a floor, its name and its floor with a tab between. Names are escaped: they hold neither.
 *
 *     term 16 · epoch 16 · run id 40 · lsn 20 · floor 20 · seq 16 · delay 8 · "\n" timeline "\n" database "\n" coverage
 *     ("\n" table "\t" floor)*
 *
 * @module
 */
import type { Watermark } from "./watermark.ts";

/** Where each field begins and ends: JavaScript's offsets; Lua's begin one later and end alike. */
export const WATERMARK_FIELDS = {
  term: [0, 16],
  epoch: [16, 32],
  runId: [32, 72],
  lsn: [72, 92],
  floor: [92, 112],
  seq: [112, 128],
  delay: [128, 136],
} as const;

const HEADER = 136;
const IDS = /^[\x21-\x7e]*$/;

/** An LSN as 20 decimal digits. */
export function lsnDigits(lsn: bigint): string {
  return lsn.toString().padStart(20, "0");
}

/**
 * A count, or milliseconds, as decimal digits.
 *
 * @param number A whole number, not below 0.
 * @param width How many digits.
 */
export function numberDigits(number: number, width: number): string {
  if (!Number.isSafeInteger(number) || number < 0) {
    throw new RangeError(`BUG: "${number}" is no watermark's number`);
  }
  return exactly(number.toString().padStart(width, "0"), width);
}

/** A watermark's text. */
export function formatWatermark(watermark: Watermark): string {
  const { term, epoch, timeline, database, lsn, floor, seq, delay, runId, coverage, tables } = watermark;
  if (!IDS.test(epoch + runId)) throw new RangeError(`BUG: "${epoch}" or "${runId}" is no id`);
  const header = numberDigits(term, 16) + exactly(epoch, 16) + exactly(runId, 40) + lsnDigits(lsn) +
    lsnDigits(floor) +
    numberDigits(seq, 16) + numberDigits(Math.ceil(delay), 8);
  const lines = [timeline, database, coverage].map(escapeLine);
  for (const [table, tableFloor] of tables) lines.push(`${escapeLine(table)}\t${lsnDigits(tableFloor)}`);
  return `${header}\n${lines.join("\n")}`;
}

/**
 * Reads a watermark's text.
 *
 * @returns The watermark; `undefined` where the text is no watermark's.
 */
export function parseWatermark(text: string): Watermark | undefined {
  if (text.length <= HEADER || text[HEADER] !== "\n") return undefined;
  const [timeline, database, coverage, ...tables] = text.slice(HEADER + 1).split("\n");
  if (coverage === undefined) return undefined;
  const field = (name: keyof typeof WATERMARK_FIELDS): string => text.slice(...WATERMARK_FIELDS[name]);
  return {
    term: Number(field("term")),
    epoch: field("epoch"),
    timeline: unescapeLine(timeline),
    database: unescapeLine(database),
    lsn: BigInt(field("lsn")),
    floor: BigInt(field("floor")),
    seq: Number(field("seq")),
    delay: Number(field("delay")),
    runId: field("runId"),
    coverage: unescapeLine(coverage),
    tables: new Map(tables.map((line) => {
      const tab = line.indexOf("\t");
      return [unescapeLine(line.slice(0, tab)), BigInt(line.slice(tab + 1))];
    })),
  };
}

/** A name as it stands in a watermark's text. */
export function escapeLine(name: string): string {
  return /[\\\n\t]/.test(name)
    ? name.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll("\t", "\\t")
    : name;
}

function unescapeLine(line: string): string {
  if (!line.includes("\\")) return line;
  return line.replaceAll(/\\(.)/g, (_, char) => char === "n" ? "\n" : char === "t" ? "\t" : char);
}

function exactly(text: string, width: number): string {
  if (text.length !== width) throw new RangeError(`BUG: "${text}" is not ${width} characters long`);
  return text;
}
