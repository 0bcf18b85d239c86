/** Programs that no npm package holds: found on PATH, or installed with the system's package manager. */

/** A program's path, or the reason why there is none. */
export type FoundProgram = { readonly path: string } | { readonly reason: string };

/**
 * Finds a program, and as root on Debian and its kin installs its package when it is not there.
 *
 * @param program The file's name.
 * @param debianPackage The package that holds it.
 */
export async function findProgram(program: string, debianPackage: string): Promise<FoundProgram> {
  const found = await onPath(program);
  if (found !== undefined) return { path: found };
  const apt = await onPath("apt-get");
  if (Deno.build.os !== "linux" || apt === undefined || Deno.uid() !== 0) {
    return {
      reason: `"${program}" is not on PATH; install it (on Debian: apt-get install ${debianPackage})`,
    };
  }
  console.log(`Installing ${debianPackage} with apt-get (no service of it is started)`);
  let failure = await install(apt, debianPackage);
  if (failure !== undefined) {
    console.log("Bringing the list of packages up to date with apt-get update");
    failure = await run(apt, ["update", "-q"]) ?? await install(apt, debianPackage);
  }
  const installed = await onPath(program);
  if (installed !== undefined) return { path: installed };
  return { reason: `apt-get could not install ${debianPackage}: ${failure ?? "the program is not in it"}` };
}

async function install(apt: string, debianPackage: string): Promise<string | undefined> {
  return await run(apt, ["install", "-y", "-q", "--no-install-recommends", debianPackage]);
}

/** Runs a package command; returns the end of what it printed when it failed. */
async function run(program: string, args: string[]): Promise<string | undefined> {
  const { code, stderr } = await new Deno.Command(program, {
    args: ["-o", "DPkg::Lock::Timeout=60", "-o", "Acquire::Retries=1", ...args],
    // At run level 1 Debian's package scripts start no daemon.
    env: { DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
    signal: AbortSignal.timeout(180_000),
  }).output();
  return code === 0 ? undefined : new TextDecoder().decode(stderr).trim().slice(-300) || `exit code ${code}`;
}

/** The full path of a program, as a shell would find it; daemons of some systems are in a `sbin` folder. */
export async function onPath(program: string): Promise<string | undefined> {
  const folders = [...(Deno.env.get("PATH") ?? "").split(":"), "/usr/local/sbin", "/usr/sbin", "/sbin"];
  for (const folder of folders.filter((folder) => folder !== "")) {
    const path = `${folder}/${program}`;
    const info = await Deno.stat(path).catch(() => undefined);
    if (info?.isFile && ((info.mode ?? 0) & 0o111) !== 0) return path;
  }
  return undefined;
}
