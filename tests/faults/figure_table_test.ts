import assert from "node:assert/strict";
import { test } from "../harness.ts";
import { pairFigures, parseFigures, writeTable } from "./figure_table.ts";

const PRINTED = `
figure: 12 | names read back | 500 names | at least 500 names
figure: 3 | longest wait | 812.5 ms | at most 500 ms (not kept)
fault 3: … ok (1s)
figure: 3 | sockets | 0 sockets | `;

test("parseFigures() reads names, values and bounds, and what was not kept", () => {
  assert.deepEqual(parseFigures(PRINTED), [
    { fault: 12, name: "names read back", value: "500 names", bound: "at least 500 names" },
    { fault: 3, name: "longest wait", value: "812.5 ms (not kept)", bound: "at most 500 ms" },
    { fault: 3, name: "sockets", value: "0 sockets", bound: "" },
  ]);
});

test("writeTable() replaces what stands between the marks, ordered by fault", () => {
  const page =
    "before\n<!-- figures: written by `deno task faults` -->\nold\n<!-- end of figures -->\nafter\n";
  const figures = parseFigures(PRINTED);
  const rows = pairFigures("mute_test.ts", figures, figures.slice(0, 2));
  const written = writeTable(page, rows, "Measured.");
  assert.match(written, /^before\n[^]*Measured\.[^]*\nafter\n$/);
  assert.ok(!written.includes("old"));
  assert.deepEqual(written.match(/^\| \d.*$/gm), [
    "| 3 | longest wait | at most 500 ms | 812.5 ms (not kept) | 812.5 ms (not kept) | [mute](../tests/faults/mute_test.ts) |",
    "| 3 | sockets |  | 0 sockets |  | [mute](../tests/faults/mute_test.ts) |",
    "| 12 | names read back | at least 500 names | 500 names | 500 names | [mute](../tests/faults/mute_test.ts) |",
  ]);
  assert.equal(writeTable(written, rows, "Measured."), written);
});

test("pairFigures() and writeTable() refuse figures of one name and a page without marks", () => {
  const figure = parseFigures(PRINTED)[0];
  assert.throws(() => pairFigures("mute_test.ts", [figure, figure], []), /was printed twice/);
  assert.throws(() => writeTable("no marks", [], ""), /lacks/);
});
