/** Puts the peers and the compiler where Deno, Bun and `tsc` find them. */

/** Runs `deno install` in the folder of the bench; quick where nothing is missing. */
export async function installPeers(): Promise<void> {
  await deno(["install", "--quiet"]);
}

let prisma: Promise<string | undefined> | undefined;

/** Installs Prisma and generates its client, once; resolves with why that failed, or with nothing. */
export function installPrisma(): Promise<string | undefined> {
  return prisma ??= generatePrisma().then(() => undefined, (error) => String(error.message));
}

/**
 * Prisma's program would fetch its schema engine from a server of its own, which only migrations run. Where another
 * file is named as that engine it fetches nothing.
 */
async function generatePrisma(): Promise<void> {
  const folder = "subjects/prisma/";
  await deno(["install", "--quiet"], { folder });
  await deno(["run", "--allow-all", "--quiet", "npm:prisma", "generate", "--schema", "schema.prisma"], {
    folder,
    env: { PRISMA_SCHEMA_ENGINE_BINARY: Deno.execPath(), CHECKPOINT_DISABLE: "1" },
  });
}

/** Runs Deno in the folder of the bench, or in one of its folders. */
export async function deno(
  args: readonly string[],
  { folder = ".", env = {} }: { readonly folder?: string; readonly env?: Record<string, string> } = {},
): Promise<void> {
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: new URL(folder, import.meta.url).pathname,
    env,
    stdin: "null",
  }).output();
  if (code === 0) return;
  throw new Error(`Cannot deno ${args.join(" ")}: ${new TextDecoder().decode(stderr).trim()}`);
}
