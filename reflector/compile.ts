/**
 * Packs `lifeguard-reflector` into one file that needs nothing else: `deno task reflector:compile` with Deno, which
 * holds it to the permissions it needs, `deno task reflector:compile:bun` with Bun.
 *
 *     deno run -A reflector/compile.ts deno|bun [FILE]
 *
 * @module
 */
import { spawn } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { PERMISSIONS } from "./program/permissions.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const MAIN = "reflector/main.ts";

interface Compiler {
  readonly args: (output: string) => readonly string[];
  /** What may be missing, beside what it printed. */
  readonly hint: string;
}

const COMPILERS: Readonly<Record<string, Compiler>> = {
  deno: {
    args: (output) => ["compile", "--quiet", ...PERMISSIONS, "--output", output, MAIN],
    hint:
      "deno compile packs a runtime that it fetches from dl.deno.land once; where that cannot be reached, name a copy of " +
      'denort of the same version in the variable "DENORT_BIN", or use deno task reflector:compile:bun',
  },
  bun: {
    // A PostgreSQL inside of the reflector would have no use: nobody else could reach it.
    args: (output) => ["build", MAIN, "--compile", "--external", "@electric-sql/pglite", "--outfile", output],
    hint: "Bun has to be on PATH, and the packages in node_modules: deno install",
  },
};

async function compile(name: string, output: string): Promise<number> {
  const compiler = Object.hasOwn(COMPILERS, name) ? COMPILERS[name] : undefined;
  if (compiler === undefined) {
    console.error(`Cannot compile: "${name}" is no compiler; give "deno" or "bun"`);
    return 2;
  }
  await mkdir(dirname(output), { recursive: true });
  const code = await new Promise<number>((settle) => {
    const child = spawn(name, compiler.args(output), { cwd: ROOT, stdio: "inherit" });
    child.once("error", (error) => {
      console.error(error.message);
      settle(1);
    });
    child.once("close", (code) => settle(code ?? 1));
  });
  console.error(
    code === 0 ? `Compiled ${output}` : `Cannot compile with ${name}: see above; ${compiler.hint}`,
  );
  return code === 0 ? 0 : 1;
}

const [name = "", output = "dist/lifeguard-reflector"] = process.argv.slice(2);
process.exit(await compile(name, resolve(ROOT, output)));
