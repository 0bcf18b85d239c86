/**
 * Packs `lifeguard` into one file that needs nothing else: `deno task lifeguard:compile` with Deno, which holds it to the
 * permissions it needs, `deno task lifeguard:compile:bun` with Bun.
 *
 *     deno run -A migrate/compile.ts deno|bun [FILE]
 *
 * @module
 */
import process from "node:process";
import { packProgram } from "../program/pack_program.ts";
import { PERMISSIONS } from "./program/permissions.ts";

const [packer = "", output = "dist/lifeguard"] = process.argv.slice(2);
const program = {
  main: "migrate/packed.ts",
  task: "lifeguard:compile",
  permissions: PERMISSIONS,
  // A PostgreSQL in the process is megabytes of WebAssembly: whoever wants scratch = "pglite" runs the program unpacked.
  external: ["@electric-sql/pglite"],
  importsFiles: true,
};
process.exit(await packProgram(program, { packer, output }));
