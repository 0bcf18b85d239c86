/** The promises of the documentation that a reader would have to check by hand: they are checked here. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { ERROR_CODES } from "../pool/wire/errors.ts";
import { test } from "./harness.ts";

/** A test that docs/features.md names as a proof. */
interface Proof {
  readonly file: string;
  readonly name: string;
}

/** A line of the table. */
interface Feature {
  readonly id: string;
  /** Pages it says to read, relative to `docs/`. */
  readonly pages: readonly string[];
  /** What it says, without what is said to come. */
  readonly claims: readonly { readonly text: string; readonly proofs: readonly Proof[] }[];
}

/** The lines that must be there and be proved. */
const REQUIRED: readonly string[] = [
  ["A", 12],
  ["B", 11],
  ["C", 6],
  ["D", 4],
  ["E", 7],
  ["F", 8],
  ["G", 4],
  [
    "H",
    4,
  ],
  ["I", 5],
  ["J", 6],
  ["K", 1],
  [
    "L",
    3,
  ],
  ["M", 1],
].flatMap((
  [area, count],
) => Array.from({ length: Number(count) }, (_, index) => `${area}${index + 1}`));

const ROOT = new URL("..", import.meta.url);

function read(path: string): string {
  return readFileSync(new URL(path, ROOT), "utf8");
}

function parseFeatures(text: string): Feature[] {
  return text.split(/^### /m).slice(1).map((section) => {
    const id = /^([A-Z]\d+)\. \S/.exec(section)?.[1];
    assert.ok(id !== undefined, `a heading without an id: ${section.split("\n", 1)}`);
    const body = section.split(/^## /m, 1)[0];
    const pages = [...(/^Read: ([^]*?)\n\n/m.exec(body)?.[1] ?? "").matchAll(/\]\(([^)]+)\)/g)].map((
      [, page],
    ) => page);
    const claims = body.split(/^- /m).slice(1).map((claim) => {
      // The formatter breaks long lines.
      const [first, ...rest] = claim.split(/^ {2}- /m).map((item) => item.trim().replace(/\s+/g, " "));
      const proofs = rest.map((item) => {
        const match = /^`(tests\/[\w/]+(?:_test|contract)\.ts)`: "(.+)"$/.exec(item);
        assert.ok(match !== null, `${id}: this is no proof: ${item}`);
        return { file: match[1], name: match[2] };
      });
      return { text: first, proofs };
    });
    return { id, pages, claims };
  });
}

/** The name as it stands in the source: a string, or a template whose holes are written as `…`. */
function inSource(name: string): RegExp {
  const escape = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  if (!name.includes("…")) return new RegExp(`(["'\`])${escape(name).replaceAll('"', '\\\\?"')}\\1`);
  const parts = name.split("…").map(escape);
  return new RegExp(`\`${parts.join("(?:\\$\\{[^`]*?\\}|…)")}\``);
}

/** GitHub's anchor of a heading. */
function anchor(heading: string): string {
  return heading.toLowerCase().replace(/[^\w\- ]/g, "").trim().replaceAll(" ", "-");
}

test(
  "docs/features.md has every line of what there is, each claim with a proof",
  {
    allow: ["read"],
  },
  () => {
    const features = parseFeatures(read("docs/features.md"));
    const ids = features.map(({ id }) => id);
    assert.deepEqual(ids.filter((id, index) => ids.indexOf(id) !== index), [], "lines that are there twice");
    assert.deepEqual(REQUIRED.filter((id) => !ids.includes(id)), [], "lines that are missing");
    for (const { id, claims, pages } of features) {
      assert.ok(pages.length > 0, `${id} does not say where to read about it`);
      assert.ok(claims.some(({ proofs }) => proofs.length > 0), `${id} has no proof`);
      for (const { text, proofs } of claims) {
        assert.ok(proofs.length > 0 || /: to come\b/.test(text), `${id}: nothing proves "${text}"`);
      }
    }
    const count = features.flatMap(({ claims }) => claims.flatMap(({ proofs }) => proofs)).length;
    console.log(`docs/features.md: ${features.length} lines, ${count} proofs`);
  },
);

test("docs/features.md names tests that exist", { allow: ["read"] }, () => {
  const sources = new Map<string, string>();
  const problems: string[] = [];
  for (const { id, claims } of parseFeatures(read("docs/features.md"))) {
    for (const { file, name } of claims.flatMap(({ proofs }) => proofs)) {
      if (!sources.has(file)) sources.set(file, existsSync(new URL(file, ROOT)) ? read(file) : "");
      const source = sources.get(file)!;
      if (source === "") problems.push(`${id}: there is no file ${file}`);
      else if (!inSource(name).test(source)) problems.push(`${id}: ${file} has no test "${name}"`);
    }
  }
  assert.deepEqual(problems, []);
});

test("docs/features.md links to pages and headings that exist", { allow: ["read"] }, () => {
  const problems: string[] = [];
  for (const { id, pages } of parseFeatures(read("docs/features.md"))) {
    for (const page of pages) {
      const [path, hash] = page.split("#");
      const file = new URL(path, new URL("docs/", ROOT));
      if (!existsSync(file)) problems.push(`${id}: there is no page ${path}`);
      else if (hash !== undefined) {
        const headings = [...readFileSync(file, "utf8").matchAll(/^#+ (.*)$/gm)].map(([, text]) =>
          anchor(text)
        );
        if (!headings.includes(hash)) problems.push(`${id}: ${path} has no heading #${hash}`);
      }
    }
  }
  assert.deepEqual(problems, []);
});

test("docs/errors.md has a heading for each code of an error", { allow: ["read"] }, () => {
  const text = read("docs/errors.md");
  const headings = [...text.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading);
  assert.deepEqual(headings.toSorted(), [...ERROR_CODES].toSorted());
  for (const code of ERROR_CODES) {
    const section = text.split(`## ${code}\n`)[1].split(/^## /m, 1)[0];
    assert.match(section, /`\w+Error`/, `${code} does not name its class`);
  }
});
