/**
 * Registers the tests of docs/reliability.md and prints what they measured.
 *
 * Every one has the number of its line there, and prints each of its figures as a line that
 * `deno task faults` turns into the table:
 *
 *     figure: 5 | 16 MB row byte by byte, CPU against one read | 1.80 × | at most 3 ×
 *
 * A time is measured on a machine that may be busy with something else, and may stand still for a second or two, so
 * what it may take is asserted with {@link SLACK}, and {@link STANDSTILL} at least; the line says whether the bound
 * itself was kept. A count or a ratio is asserted as it is.
 */
import assert from "node:assert/strict";
import { test, type TestOptions } from "../harness.ts";

/** How many times its bound a time may take before the test fails. */
const SLACK = 4;
/** Milliseconds by which a time may exceed its bound in any case before the test fails. */
const STANDSTILL = 3_000;

/** What a figure may be. */
export interface Bound {
  /** The most it may be. */
  readonly most?: number;
  /** The least it may be. */
  readonly least?: number;
}

/** What a fault test tells of. */
export interface FaultReport {
  /** Prints a figure with its unit and fails when it is out of bounds. */
  figure(what: string, value: number, unit: string, bound?: Bound): void;
}

/** Units of time, whose bounds have slack, in milliseconds. */
const TIMES: ReadonlyMap<string, number> = new Map([["ms", 1], ["s", 1_000]]);

/**
 * Registers the test of one fault, named `fault NUMBER: WHAT`.
 *
 * @param number Its line in docs/reliability.md.
 * @param what What happens and what must come of it.
 * @param options As for `test`.
 * @param body The test, given where to tell its figures.
 */
export function fault(
  number: number,
  what: string,
  options: TestOptions,
  body: (report: FaultReport) => void | Promise<void>,
): void {
  test(`fault ${number}: ${what}`, options, async () => {
    let figures = 0;
    await body({
      figure(name, value, unit, bound = {}) {
        figures++;
        printFigure(number, { name, value, unit, bound });
      },
    });
    assert.ok(figures > 0, "it told no figure");
  });
}

function printFigure(
  number: number,
  { name, value, unit, bound }: { name: string; value: number; unit: string; bound: Bound },
): void {
  const { most = Infinity, least = -Infinity } = bound;
  const millisecond = TIMES.get(unit);
  const asserted = millisecond === undefined ? most : Math.max(most * SLACK, most + STANDSTILL / millisecond);
  const said = [
    ...(bound.most === undefined ? [] : [`at most ${most} ${unit}`]),
    ...(bound.least === undefined ? [] : [`at least ${least} ${unit}`]),
  ].join(", ");
  const isKept = value <= most && value >= least;
  const digits = Number.isInteger(value) || value >= 1000 ? 0 : value >= 10 ? 1 : 2;
  console.log(
    `figure: ${number} | ${name} | ${value.toFixed(digits)} ${unit} | ${said}${isKept ? "" : " (not kept)"}`,
  );
  assert.ok(
    value <= asserted && value >= least,
    `${name}: ${value} ${unit}; ${said}${asserted > most ? `, ${asserted} ${unit} on a busy machine` : ""}`,
  );
}
