/** The commands that write models of a database, as a user runs them, from their start to their end. */
import { join } from "node:path";
import { expectCount } from "./measurement.ts";

const BENCH = new URL("..", import.meta.url).pathname;
const DEADLINE = 600_000;

/** Runs one and looks at what it wrote. */
export async function pull(subject: string, url: string, tables: number): Promise<number> {
  const folder = await Deno.makeTempDir({ prefix: "lifeguard-bench-pull-" });
  try {
    const started = performance.now();
    const { args, file, pattern } = subject === "lifeguard" ? ours(folder, url) : await drizzle(folder, url);
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args,
      cwd: folder,
      env: { NO_COLOR: "1" },
      stdin: "null",
      stdout: "null",
      stderr: "piped",
      signal: AbortSignal.timeout(DEADLINE),
    }).output();
    const taken = performance.now() - started;
    if (code !== 0) throw new Error(new TextDecoder().decode(stderr).trim().slice(-1_000));
    expectCount("models", (await Deno.readTextFile(join(folder, file))).match(pattern)?.length, tables);
    return taken;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

interface Program {
  readonly args: string[];
  readonly file: string;
  /** What is there once for each table. */
  readonly pattern: RegExp;
}

function ours(folder: string, url: string): Program {
  const args = ["run", "--quiet", "-A", "--config", join(BENCH, "..", "deno.json")];
  args.push(
    join(BENCH, "..", "migrate", "main.ts"),
    "infer",
    "--database-url",
    url,
    "--out",
    join(folder, "models.ts"),
  );
  return { args, file: "models.ts", pattern: /= model\(/g };
}

async function drizzle(folder: string, url: string): Promise<Program> {
  const config = { dialect: "postgresql", out: folder, dbCredentials: { url } };
  await Deno.writeTextFile(join(folder, "drizzle.config.json"), JSON.stringify(config));
  const args = ["run", "--quiet", "-A", "--config", join(BENCH, "deno.json")];
  args.push(join(BENCH, "node_modules", "drizzle-kit", "bin.cjs"), "pull", "--config", "drizzle.config.json");
  return { args, file: "schema.ts", pattern: /= pgTable\(/g };
}
