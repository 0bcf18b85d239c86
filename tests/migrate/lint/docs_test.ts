import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { blockedBy } from "../../../migrate/lint/rule.ts";
import { RULES } from "../../../migrate/lint/rules/rules.ts";
import { test } from "../../harness.ts";

test(
  "docs/migration-lints.md has a heading and a row for each rule, as the rule is",
  { allow: ["read"] },
  () => {
    const page = readFileSync(new URL("../../../docs/migration-lints.md", import.meta.url), "utf8");
    const headings = [...page.matchAll(/^## ([a-z-]+)$/gm)].map(([, id]) => id);
    assert.deepEqual(headings, RULES.map(({ id }) => id));
    assert.equal(new Set(headings).size, headings.length);
    const rows = [...page.matchAll(/^\| \[([a-z-]+)\]\(#\1\) *\|(.*)\|$/gm)].map(([, id, rest]) => [
      id,
      ...rest.split("|").map((cell) => cell.trim()),
    ]);
    assert.deepEqual(
      rows,
      RULES.map(({ id, severity, lock, rewrites }) => [
        id,
        severity,
        lock ?? "",
        lock === undefined ? "" : blockedBy(lock),
        rewrites === true ? "yes" : "",
      ]),
    );
  },
);
