/** `lifeguard-reflector` as a process of its own: packed by Bun into one file or for Node, or run by Deno. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { bunCompileFlags } from "../../../program/pack_program.ts";
import { PERMISSIONS } from "../../../reflector/program/permissions.ts";
import { runtime } from "../../harness.ts";
import { testVariable } from "../../variables.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

/** A way to run the program. */
export interface ProgramKind {
  readonly name: string;
  /** Why it cannot be run here. */
  readonly ignore: string | undefined;
  /** Makes it ready. */
  make(): Promise<Program>;
}

/** The program, until the end of a scope. */
export interface Program extends AsyncDisposable {
  readonly file: string;
  readonly args: readonly string[];
}

/** How a process ended. */
export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A process that runs. */
export interface RunningProgram extends AsyncDisposable {
  /** Where it serves. */
  readonly url: string;
  kill(signal: NodeJS.Signals): void;
  readonly ended: Promise<Ended>;
}

const path = await testVariable("PATH");
const mayRun = await isGranted();

async function isGranted(): Promise<boolean> {
  if (runtime === "bun") return true;
  const { permissions } = (globalThis as unknown as {
    Deno: { permissions: { query(of: { name: string }): Promise<{ state: string }> } };
  }).Deno;
  const states = await Promise.all(
    ["run", "read", "write", "env"].map((name) => permissions.query({ name })),
  );
  return states.every(({ state }) => state === "granted");
}

function find(name: string): string | undefined {
  if (!mayRun || path === undefined) return undefined;
  return path.split(delimiter).map((folder) => join(folder, name)).find((file) => existsSync(file));
}

const bun = find("bun");
const deno = find("deno");
const node = find("node");
const missing = (name: string): string =>
  mayRun ? `no ${name} on PATH` : "run with --allow-run, read, write, env";

/** What Node 20 lacks; 22 has it. */
const NODE_20 = `data:text/javascript,${
  encodeURIComponent(
    "Promise.withResolvers ??= () => { const all = {}; " +
      "all.promise = new Promise((resolve, reject) => Object.assign(all, { resolve, reject })); return all; };",
  )
}`;

/** What is run. */
export interface ProgramSource {
  readonly name: string;
  /** Its module, from the root. */
  readonly main: string;
  /** What Deno lets it do. */
  readonly permissions: readonly string[];
  /** Whether it imports files of its user's. */
  readonly importsFiles?: boolean;
}

/** Packs a program by Bun. */
async function pack(
  main: string,
  name: string,
  how: readonly string[],
  program: (file: string) => Pick<Program, "file" | "args">,
): Promise<Program> {
  const folder = await mkdtemp(join(tmpdir(), "lifeguard-reflector-"));
  const file = join(folder, name);
  const args = [
    "build",
    main,
    ...how,
    "--external",
    "@electric-sql/pglite",
    "--outfile",
    file,
  ];
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  const { code, err } = await run({ file: bun!, args }, []);
  if (code !== 0) {
    await remove();
    throw new Error(`bun build failed: ${err}`);
  }
  return { ...program(file), [Symbol.asyncDispose]: remove };
}

/** All ways to run a program. */
export const programKinds = (
  { name: program, main, permissions, importsFiles = false }: ProgramSource,
): readonly ProgramKind[] => [
  {
    name: "compiled by Bun",
    ignore: bun === undefined ? missing("bun") : undefined,
    make: () => pack(main, program, bunCompileFlags({ importsFiles }), (file) => ({ file, args: [] })),
  },
  {
    name: "packed by Bun and run by Node",
    ignore: bun === undefined ? missing("bun") : node === undefined ? missing("node") : undefined,
    make: () =>
      pack(
        main,
        "main.mjs",
        ["--target=node"],
        (file) => ({ file: node!, args: ["--import", NODE_20, file] }),
      ),
  },
  {
    name: "run by Deno with the permissions of its task",
    ignore: deno === undefined ? missing("deno") : undefined,
    make: () =>
      Promise.resolve({
        file: deno!,
        args: ["run", "--quiet", "--no-check", ...permissions, join(ROOT, main)],
        [Symbol.asyncDispose]: () => Promise.resolve(),
      }),
  },
];

/** All ways to run `lifeguard-reflector`. */
export const PROGRAM_KINDS: readonly ProgramKind[] = programKinds({
  name: "lifeguard-reflector",
  main: "reflector/main.ts",
  permissions: PERMISSIONS,
});

/** What the program knows of its surroundings: no settings of the machine, but where Deno keeps packages. */
const VARIABLES: Readonly<Record<string, string>> = {
  PATH: path ?? "",
  NO_COLOR: "1",
  HOME: await testVariable("HOME") ?? "",
  ...await known("DENO_DIR"),
};

async function known(name: string): Promise<Record<string, string>> {
  const value = await testVariable(name);
  return value === undefined ? {} : { [name]: value };
}

/** Variables of a process. */
export type Variables = Readonly<Record<string, string>>;

function start(
  { file, args }: Pick<Program, "file" | "args">,
  rest: readonly string[],
  variables: Variables = {},
  cwd: string = ROOT,
): {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
} {
  const child = spawn(file, [...args, ...rest], {
    cwd,
    env: { ...VARIABLES, ...variables },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [out, err] = ["", ""];
  child.stdout!.on("data", (chunk) => void (out += chunk));
  child.stderr!.on("data", (chunk) => void (err += chunk));
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, out, err }));
  });
  return { child, ended };
}

/** Runs it to its end. */
export async function run(
  program: Pick<Program, "file" | "args">,
  args: readonly string[],
  variables?: Variables,
  cwd?: string,
): Promise<Ended> {
  return await start(program, args, variables, cwd).ended;
}

/** Starts it in a folder. */
export function spawned(
  program: Pick<Program, "file" | "args">,
  args: readonly string[],
  { variables, cwd }: { readonly variables?: Variables; readonly cwd?: string },
): { readonly child: ChildProcess; readonly ended: Promise<Ended> } {
  return start(program, args, variables, cwd);
}

/** Starts it, and waits until it serves. */
export async function serve(
  program: Program,
  args: readonly string[],
  variables?: Variables,
): Promise<RunningProgram> {
  const { child, ended } = start(program, [...args, "--http-port", "0", "--log-format", "json"], variables);
  let text = "";
  const url = await new Promise<string>((resolve, reject) => {
    child.stderr!.on("data", (chunk) => {
      text += chunk;
      const found = /"event":"listening".*?"url":"([^"]+)"/.exec(text);
      if (found !== null) resolve(found[1]);
    });
    void ended.then(({ code }) => reject(new Error(`It ended with ${code}: ${text}`)), reject);
  });
  return {
    url,
    ended,
    // Deno's child.kill() would tell the signal as the end, whatever the program made of it.
    kill: (signal) => void process.kill(child.pid!, signal),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}
