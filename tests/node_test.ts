/** The same source on Node: packed by Bun, run by Node, against a server in clear and under TLS, and embedded. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { runtime, test } from "./harness.ts";
import { needs, server, services } from "./services/client.ts";

interface Packer {
  build(options: {
    entrypoints: string[];
    outdir: string;
    target: "node";
    external: string[];
    naming: string;
  }): Promise<{ success: boolean; logs: unknown[] }>;
}

const run = promisify(execFile);

async function reasonToIgnore(): Promise<string | undefined> {
  if (runtime !== "bun") return "Bun packs the source for Node, so Bun's run of the tests has it";
  const found = await run("node", ["--version"]).catch(() => undefined);
  return found === undefined ? '"node" is not on PATH' : undefined;
}

const ignore = await reasonToIgnore();

/** What Node runs; the first argument is the pool's options. Temporal is not in every Node. */
const PROGRAM = `
import { Pool, sql } from "${new URL("../mod.ts", import.meta.url).pathname}";
// Node 20 has no such function; 22 has.
Promise.withResolvers ??= () => {
  const made = {};
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made;
};
const pool = new Pool({ ...JSON.parse(process.argv[2]), dates: "string" });
const shown = [];
shown.push(await pool.one(sql\`select \${7n}::int8 = 7 as big, \${"x"}::text as text, \${null}::int as none\`));
shown.push(await pool.transaction((tx) => tx.transaction((inner) => inner.value(sql\`select 3\`))));
let sum = 0;
for await (const { n } of pool.stream(sql\`select n from generate_series(1, 2000) as n\`)) sum += n;
shown.push(sum);
await pool.transaction(async (tx) => {
  await tx.execute(sql\`create temp table points (x int) on commit drop\`);
  shown.push(await tx.copyFrom(sql\`copy points from stdin\`, ["1\\n", "2\\n"]));
  shown.push(await new Response(tx.copyTo(sql\`copy points to stdout\`)).text());
});
shown.push(await pool.query(sql\`select 1 / 0\`).catch((error) => error.sqlState));
const heard = Promise.withResolvers();
const subscription = await pool.listen("node_test", heard.resolve);
await pool.notify("node_test", "heard");
shown.push(await heard.promise);
await subscription.close();
if (process.argv[3] === "cancel") {
  shown.push(await pool.query(sql\`select pg_sleep(20)\`, { timeout: 100 }).catch((error) => error.code));
}
await pool.close();
console.log(JSON.stringify(shown));
`;

const EXPECTED = [{ big: true, text: "x", none: null }, 3, 2_001_000, 2, "1\n2\n", "22012", "heard"];

/** Packs the program; runs it by Node with some options for the pool, and returns what it showed. */
async function onNode(options: object, ...more: string[]): Promise<unknown> {
  const folder = mkdtempSync(join(tmpdir(), "lifeguard-node-"));
  try {
    writeFileSync(join(folder, "program.mjs"), PROGRAM);
    symlinkSync(new URL("../node_modules", import.meta.url).pathname, join(folder, "node_modules"));
    const { Bun } = globalThis as unknown as { Bun: Packer };
    const { success, logs } = await Bun.build({
      entrypoints: [join(folder, "program.mjs")],
      outdir: folder,
      target: "node",
      external: ["@electric-sql/pglite"],
      naming: "packed.mjs",
    });
    assert.ok(success, String(logs));
    const packed = [join(folder, "packed.mjs"), JSON.stringify(options), ...more];
    const { stdout } = await run("node", packed, { timeout: 50_000 });
    return JSON.parse(stdout);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("Pool on Node speaks to a server in clear and under verified TLS", {
  ...needs("primary"),
  ...(ignore === undefined ? {} : { ignore }),
  timeout: 60_000,
}, async () => {
  const { url } = server("primary");
  const { ca } = (await services())!.certificates;
  for (const tls of [{ sslmode: "disable" }, { sslmode: "verify-full", sslRootCert: ca }]) {
    assert.deepEqual(await onNode({ url, max: 2, ...tls }, "cancel"), [...EXPECTED, "QUERY_TIMEOUT"]);
  }
});

test("Pool on Node runs an embedded database", { ignore, timeout: 60_000 }, async () => {
  assert.deepEqual(await onNode({ url: "pglite:" }), EXPECTED);
});
