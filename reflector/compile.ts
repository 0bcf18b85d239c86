/**
 * Packs `lifeguard-reflector` into one file that needs nothing else: `deno task reflector:compile` with Deno, which
 * holds it to the permissions it needs, `deno task reflector:compile:bun` with Bun.
 *
 *     deno run -A reflector/compile.ts deno|bun [FILE]
 *
 * @module
 */
import process from "node:process";
import { packProgram } from "../program/pack_program.ts";
import { PERMISSIONS } from "./program/permissions.ts";

const [packer = "", output = "dist/lifeguard-reflector"] = process.argv.slice(2);
const program = {
  main: "reflector/main.ts",
  task: "reflector:compile",
  permissions: PERMISSIONS,
  // A PostgreSQL inside of the reflector would have no use: nobody else could reach it.
  external: ["@electric-sql/pglite"],
  importsFiles: false,
};
process.exit(await packProgram(program, { packer, output }));
