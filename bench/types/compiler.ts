/** The compiler, as a process of its own for each program. */
import { fileURLToPath } from "node:url";

/** What checking a program took. */
export interface Cost {
  readonly instantiations: number;
  readonly types: number;
  /** Seconds of checking alone, and of everything that the compiler did. */
  readonly checkSeconds: number;
  readonly seconds: number;
  /** Megabytes. */
  readonly memory: number;
}

const CONFIG = fileURLToPath(new URL("../deno.json", import.meta.url));
const NODE_MODULES = fileURLToPath(new URL("../node_modules", import.meta.url));
/** Megabytes that V8 may use; its own limit is too low for the largest programs. */
const HEAP = 12_000;

const OPTIONS = {
  strict: true,
  noEmit: true,
  skipLibCheck: true,
  target: "esnext",
  module: "esnext",
  moduleResolution: "bundler",
  allowImportingTsExtensions: true,
  erasableSyntaxOnly: true,
  lib: ["esnext", "dom"],
  types: ["node"],
};

/** How a program is checked. */
export interface CompileOptions {
  /** The declarations of our own package. */
  readonly lifeguard: string;
  /** Seconds after which the compiler is ended. */
  readonly limitSeconds: number;
}

/**
 * Checks a program with `tsc --extendedDiagnostics`.
 *
 * @throws {Error} When it has a type error, or takes longer than the limit.
 */
export async function compile(source: string, { lifeguard, limitSeconds }: CompileOptions): Promise<Cost> {
  const folder = await Deno.makeTempDir({ prefix: "lifeguard-types-" });
  try {
    await Deno.symlink(NODE_MODULES, `${folder}/node_modules`);
    await Deno.writeTextFile(`${folder}/program.ts`, source);
    const paths = { "@lifeguard/core": [lifeguard] };
    const config = { compilerOptions: { ...OPTIONS, paths }, files: ["program.ts"] };
    await Deno.writeTextFile(`${folder}/tsconfig.json`, JSON.stringify(config));
    return costIn(await tsc(["--project", folder, "--extendedDiagnostics"], limitSeconds));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/**
 * Runs the compiler in a process of its own.
 *
 * @returns What it printed.
 * @throws {Error} With its first complaints, or when it takes longer than the limit.
 */
export async function tsc(args: readonly string[], limitSeconds: number = 120): Promise<string> {
  const signal = AbortSignal.timeout(limitSeconds * 1000);
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--allow-all", "--config", CONFIG, `--v8-flags=--max-old-space-size=${HEAP}`],
      ...[`npm:typescript@${await compilerVersion()}/tsc`, ...args],
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    env: { NO_COLOR: "1" },
    signal,
  }).output();
  const output = new TextDecoder().decode(stdout);
  if (signal.aborted) throw new Error(`it was ended after ${limitSeconds} s`);
  if (code !== 0) {
    throw new Error(diagnosticsIn(output) || new TextDecoder().decode(stderr).trim().slice(-2_000));
  }
  return output;
}

function costIn(output: string): Cost {
  const value = (name: string): number => {
    const found = new RegExp(`^${name}:\\s+([\\d.]+)`, "m").exec(output);
    if (found === null) throw new Error(`Cannot read what tsc printed: it has no line "${name}"`);
    return Number(found[1]);
  };
  return {
    instantiations: value("Instantiations"),
    types: value("Types"),
    checkSeconds: value("Check time"),
    seconds: value("Total time"),
    memory: Math.round(value("Memory used") / 1024),
  };
}

/** What tsc complains of, without its figures. */
function diagnosticsIn(output: string): string {
  return output.split("\n").filter((line) => line.includes("error TS")).slice(0, 5).join("\n");
}

/** The compiler's version. */
export async function compilerVersion(): Promise<string> {
  return JSON.parse(await Deno.readTextFile(`${NODE_MODULES}/typescript/package.json`)).version;
}
