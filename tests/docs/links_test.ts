/** Every page, heading and file that a page links to is there, and every page is linked to. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { test } from "../harness.ts";

const ROOT = new URL("../../", import.meta.url);

/** The pages, by their paths from the root. */
function readPages(): Map<string, string> {
  const docs = readdirSync(new URL("docs/", ROOT)).filter((name) => name.endsWith(".md"));
  const paths = ["README.md", "CHANGELOG.md", "bench/README.md", ...docs.map((name) => `docs/${name}`)];
  return new Map(paths.map((path) => [path, readFileSync(new URL(path, ROOT), "utf8")]));
}

/** A page without its blocks of code. */
function prose(page: string): string {
  return page.replace(/^```[^]*?^```/gm, "");
}

/** GitHub's anchors of a page's headings. */
function anchors(page: string): Set<string> {
  const headings = [...prose(page).matchAll(/^#+ (.*)$/gm)].map(([, text]) =>
    text.toLowerCase().replace(/[^\p{L}\p{N}\p{M}_\- ]/gu, "").trim().replaceAll(" ", "-")
  );
  return new Set(headings);
}

test(
  "Pages link to pages, headings and files that are there, and no page is forgotten",
  { allow: ["read"] },
  () => {
    const pages = readPages();
    const problems: string[] = [];
    const reached = new Set<string>(["README.md", "CHANGELOG.md"]);
    let links = 0;
    for (const [path, page] of pages) {
      for (const [, target] of prose(page).matchAll(/\]\(([^)\s]+)\)/g)) {
        if (/^[a-z]+:/.test(target)) continue;
        links++;
        const [file, hash] = target.split("#");
        const url = file === "" ? new URL(path, ROOT) : new URL(file, new URL(path, ROOT));
        const linked = url.href.slice(ROOT.href.length);
        if (linked !== path) reached.add(linked);
        if (!existsSync(url)) problems.push(`${path}: there is no ${target}`);
        else if (hash !== undefined && !anchors(pages.get(linked) ?? readFileSync(url, "utf8")).has(hash)) {
          problems.push(`${path}: ${linked} has no heading #${hash}`);
        }
      }
    }
    assert.deepEqual(problems, []);
    assert.deepEqual(
      [...pages.keys()].filter((path) => !reached.has(path)),
      [],
      "pages that nothing links to",
    );
    console.log(`${pages.size} pages, ${links} links`);
  },
);
