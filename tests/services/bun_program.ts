/** The Bun that tests and benchmarks run on. */
import { onPath } from "./installed_program.ts";
import { npmPackage } from "./npm_package.ts";

/** The Bun that is fetched where none is on PATH, and the packages of npm:bun that hold it. */
const BUN_VERSION = "1.4.5";
const BUN_PACKAGES: Readonly<Record<string, string>> = {
  "linux x86_64": "@oven/bun-linux-x64",
  "linux aarch64": "@oven/bun-linux-aarch64",
  "darwin x86_64": "@oven/bun-darwin-x64",
  "darwin aarch64": "@oven/bun-darwin-aarch64",
};

/** The path of Bun; it is fetched where none is on PATH. */
export async function findBun(): Promise<string> {
  const installed = await onPath("bun");
  if (installed !== undefined) return installed;
  const name = BUN_PACKAGES[`${Deno.build.os} ${Deno.build.arch}`];
  if (name === undefined) {
    throw new Error("Cannot fetch Bun for this machine; install it, or measure and test on Deno only");
  }
  return `${await npmPackage(name, BUN_VERSION)}/bin/bun`;
}
