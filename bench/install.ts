/** Puts the peers and the compiler where Deno, Bun and `tsc` find them. */

/** Runs `deno install` in the folder of the bench; quick where nothing is missing. */
export async function installPeers(): Promise<void> {
  await deno(["install", "--quiet"]);
}

/** Runs Deno in the folder of the bench. */
export async function deno(args: readonly string[]): Promise<void> {
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: new URL(".", import.meta.url).pathname,
    stdin: "null",
  }).output();
  if (code === 0) return;
  throw new Error(`Cannot deno ${args.join(" ")}: ${new TextDecoder().decode(stderr).trim()}`);
}
