/** What several pages show is one file, which their other examples import. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "../harness.ts";

const DOCS = new URL("../../docs/", import.meta.url);

for (const page of ["moving-from-drizzle.md", "moving-from-prisma.md", "moving-from-typeorm.md"]) {
  test(`docs/${page} shows the models of docs/examples/blog.ts`, { allow: ["read"] }, async () => {
    const models = await readFile(new URL("examples/blog.ts", DOCS), "utf8");
    const text = await readFile(new URL(page, DOCS), "utf8");
    const shown = models.slice(models.indexOf("\n") + 1);
    assert.ok(text.includes("```ts\n" + shown + "```\n"), `${page} shows other models`);
  });
}
