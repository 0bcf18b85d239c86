/**
 * Packs a program into one file that needs nothing else: with Deno, which holds it to the permissions it needs, or with
 * Bun.
 *
 * @module
 */
import { spawn } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** A program that can be packed. */
export interface PackedProgram {
  /** The module that runs it, from the root. */
  readonly main: string;
  /** The task that packs it with Deno; with `:bun` behind it, with Bun. */
  readonly task: string;
  /** What Deno lets it do. */
  readonly permissions: readonly string[];
  /** Packages that are left out; what needs them says so when it runs. */
  readonly external: readonly string[];
  /** Whether it imports files of its user's, which find their packages as in any other program. */
  readonly importsFiles: boolean;
}

/** How Bun compiles a program. What lies about where it is run changes nothing in it: no `.env`, no `bunfig.toml`. */
export function bunCompileFlags({ importsFiles }: Pick<PackedProgram, "importsFiles">): readonly string[] {
  return [
    "--compile",
    "--no-compile-autoload-dotenv",
    "--no-compile-autoload-bunfig",
    ...(importsFiles ? ["--compile-autoload-package-json", "--compile-autoload-tsconfig"] : []),
  ];
}

interface Packer {
  readonly args: (program: PackedProgram, output: string) => readonly string[];
  /** What may be missing, beside what it printed. */
  readonly hint: (program: PackedProgram) => string;
}

const PACKERS: Readonly<Record<string, Packer>> = {
  deno: {
    args: ({ main, permissions }, output) => [
      "compile",
      "--quiet",
      ...permissions,
      "--output",
      output,
      main,
    ],
    hint: ({ task }) =>
      "deno compile packs a runtime that it fetches from dl.deno.land once; where that cannot be reached, name a copy of " +
      `denort of the same version in the variable "DENORT_BIN", or use deno task ${task}:bun`,
  },
  bun: {
    args: ({ main, external, importsFiles }, output) => [
      "build",
      main,
      ...bunCompileFlags({ importsFiles }),
      ...external.flatMap((name) => ["--external", name]),
      "--outfile",
      output,
    ],
    hint: () => "Bun has to be on PATH, and the packages in node_modules: deno install",
  },
};

/**
 * Packs a program, and says where it is.
 *
 * @param program What is packed.
 * @param how The packer, `deno` or `bun`, and the file to make, from the root.
 * @returns The exit code: 0 done, 1 failed, 2 not understood.
 */
export async function packProgram(
  program: PackedProgram,
  how: { readonly packer: string; readonly output: string },
): Promise<number> {
  const packer = Object.hasOwn(PACKERS, how.packer) ? PACKERS[how.packer] : undefined;
  if (packer === undefined) {
    console.error(`Cannot compile: "${how.packer}" is no compiler; give "deno" or "bun"`);
    return 2;
  }
  const output = resolve(ROOT, how.output);
  await mkdir(dirname(output), { recursive: true });
  const code = await new Promise<number>((settle) => {
    const child = spawn(how.packer, packer.args(program, output), { cwd: ROOT, stdio: "inherit" });
    child.once("error", (error) => {
      console.error(error.message);
      settle(1);
    });
    child.once("close", (code) => settle(code ?? 1));
  });
  console.error(
    code === 0
      ? `Compiled ${output}`
      : `Cannot compile with ${how.packer}: see above; ${packer.hint(program)}`,
  );
  return code === 0 ? 0 : 1;
}
