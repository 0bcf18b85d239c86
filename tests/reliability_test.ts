/**
 * docs/reliability.md has a line for each fault, and each has a proof and a figure.
 *
 * A fault is proved by a test of tests/faults registered with its number, by a fault of the campaign with its number, or
 * by any test that the page names beside it. Its figure is in the table of the tests or in that of the campaigns.
 */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { test } from "./harness.ts";
import { CACHE_FAULTS } from "./faults/cache/faults.ts";

/** The faults that must be survived. */
const FAULTS: readonly number[] = Array.from({ length: 40 }, (_, index) => index + 1);
/** The one whose figures are in what its tests print only. */
const WITHOUT_FIGURE: readonly number[] = [25];

const ROOT = new URL("..", import.meta.url);
const FOLDER = new URL("faults/", import.meta.url);

/** What the page says of a fault. */
interface Described {
  readonly number: number;
  /** Tests that it names as proofs: `- `tests/…_test.ts`: "name"`. */
  readonly tests: readonly { readonly file: string; readonly name: string }[];
  /** Faults of the campaign that it names: `- campaign: "name"`. */
  readonly campaign: readonly string[];
}

function readPage(): string {
  return readFileSync(new URL("../docs/reliability.md", import.meta.url), "utf8");
}

function readDescribed(): Described[] {
  const [faults] = readPage().split(/^## The figures$/m);
  return faults.split(/^(?=\*\*\d+\.\*\* )/m).slice(1).map((section) => {
    const items = section.split(/^#/m)[0].split(/^- /m).slice(1).map((item) =>
      item.trim().replace(/\s+/g, " ")
    );
    const tests: { file: string; name: string }[] = [];
    const campaign: string[] = [];
    for (const item of items) {
      const proof = /^`(tests\/[\w/]+\.ts)`: "(.+)"$/.exec(item);
      if (proof !== null) tests.push({ file: proof[1], name: proof[2] });
      else {
        assert.match(item, /^campaign: "/, `this is no proof: ${item}`);
        campaign.push(...[...item.matchAll(/"([^"]+)"/g)].map(([, name]) => name));
      }
    }
    return { number: Number(/^\*\*(\d+)/.exec(section)![1]), tests, campaign };
  });
}

/** The fault tests, by file name from their folder. */
function readSources(): Map<string, string> {
  const files = readdirSync(FOLDER, { recursive: true }).map((file) => String(file).replaceAll("\\", "/"));
  return new Map(
    files.filter((file) => file.endsWith("_test.ts")).map((file) => [
      file,
      readFileSync(new URL(file, FOLDER), "utf8"),
    ]),
  );
}

/** The faults that are not among these numbers. */
function missing(numbers: readonly (string | number)[]): number[] {
  const found = new Set(numbers.map(Number));
  return FAULTS.filter((fault) => !found.has(fault));
}

/** Whether a source has a test's name, whose holes are written as `…`. */
function hasName(source: string, name: string): boolean {
  const parts = name.split("…").map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`["'\`]${parts.join("(?:\\$\\{[^`]*?\\}|…)")}["'\`]`).test(source);
}

test("docs/reliability.md describes every fault, and each has a test", { allow: ["read"] }, () => {
  const described = readDescribed();
  assert.deepEqual(described.map(({ number }) => number), FAULTS, "what is described, in order");
  const registered = [...readSources().values()].flatMap((text) =>
    [...text.matchAll(/\bfault\(\s*(\d+),/g)].map(([, number]) => number)
  );
  const named = described.filter(({ tests }) => tests.length > 0).map(({ number }) => number);
  const campaign = CACHE_FAULTS.map(({ number }) => number);
  assert.deepEqual(missing([...registered, ...named, ...campaign]), [], "faults without a test");
});

test("docs/reliability.md names tests that exist, and every fault of the campaign", {
  allow: ["read"],
}, () => {
  const described = readDescribed();
  const problems: string[] = [];
  for (const { number, tests } of described) {
    for (const { file, name } of tests) {
      const path = new URL(file, ROOT);
      if (!existsSync(path)) problems.push(`${number}: there is no file ${file}`);
      else if (!hasName(readFileSync(path, "utf8"), name)) {
        problems.push(`${number}: ${file} has no test "${name}"`);
      }
    }
  }
  for (const fault of CACHE_FAULTS) {
    // A cut link has three names, of which the page gives the link and the ways.
    const name = fault.number === 32 ? fault.name.replace(/ \w+$/, "") : fault.name;
    const isNamed = described.some(({ campaign }) => campaign.some((each) => each.startsWith(name)));
    if (!isNamed) problems.push(`${fault.number}: the page does not name "${name}" of the campaign`);
  }
  const names = CACHE_FAULTS.map(({ name }) => name);
  for (const { number, campaign } of described) {
    const unknown = campaign.filter((each) => !names.some((name) => name.includes(each)));
    problems.push(...unknown.map((each) => `${number}: the campaign has no "${each}"`));
  }
  assert.deepEqual(problems, []);
});

test("docs/reliability.md has figures of every fault, from tests that exist", { allow: ["read"] }, () => {
  const sources = readSources();
  const page = readPage();
  const rows = [...page.matchAll(/^\|\s*(\d+) \|.*\(\.\.\/tests\/faults\/([\w/]+\.ts)\)/gm)];
  const [, campaigns = ""] = /^### Of campaigns$([^]*?)^### /m.exec(page) ?? [];
  const judged = [...campaigns.matchAll(/^\|\s*(\d+) \|\s*\d+ \|\s*[\d,]+ \|\s*0 \|/gm)];
  const numbers = [...rows, ...judged].map(([, number]) => number);
  assert.deepEqual(missing([...numbers, ...WITHOUT_FIGURE]), [], "faults without a figure");
  for (const [, number, file] of rows) {
    // One test of a campaign tells the figures of several faults, under the number of the first of them.
    const call = file.startsWith("cache/") ? /\bfault\(/ : new RegExp(`\\bfault\\(\\s*${number},`);
    assert.match(sources.get(file) ?? "", call, `${file} has no fault ${number}`);
  }
  for (const [, number] of judged) {
    assert.ok(CACHE_FAULTS.some((fault) => fault.number === Number(number)), `no campaign has ${number}`);
  }
});
