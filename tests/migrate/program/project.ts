/** A project as a user has one: a folder, a database, and `lifeguard` run in it. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Pool } from "../../../mod.ts";
import { PERMISSIONS } from "../../../migrate/program/permissions.ts";
import {
  type Ended,
  type Program,
  type ProgramKind,
  programKinds,
  run,
  spawned,
  type Variables,
} from "../../reflector/program/program_process.ts";
import { freshDatabase } from "../../services/client.ts";

const kindsOf = (main: string): readonly ProgramKind[] =>
  programKinds({ name: "lifeguard", main, permissions: PERMISSIONS, importsFiles: true });

/** The ways to run `lifeguard`: compiled by Bun, run by Deno. Node loads TypeScript, as migrations may be, from 22.18 on. */
export const LIFEGUARD_KINDS: readonly ProgramKind[] = [
  ...kindsOf("migrate/packed.ts").filter(({ name }) => name === "compiled by Bun"),
  ...kindsOf("migrate/main.ts").filter(({ name }) => name.startsWith("run by Deno")),
];

/** Where a model finds its functions. */
export const CORE: string = new URL("../../../mod.ts", import.meta.url).href;

/** A project, until the end of a scope. */
export interface Project extends AsyncDisposable {
  readonly folder: string;
  readonly pool: Pool;
  readonly url: string;
  /** Runs the program in the folder, with the database named by a variable. */
  lifeguard(...args: string[]): Promise<Ended>;
  /** The same with `--json`, and its document. */
  json(...args: string[]): Promise<{ readonly code: number | null; readonly document: Document }>;
  start(...args: string[]): ReturnType<typeof spawned>;
  write(path: string, text: string): Promise<void>;
  read(path: string): Promise<string>;
  files(folder: string): Promise<readonly string[]>;
}

/** What `--json` prints. */
// deno-lint-ignore no-explicit-any -- each command has a shape of its own, and each test says it
export type Document = Record<string, any>;

/** Makes a project. */
export async function makeProject(
  program: Program,
  { variables = {}, server }: {
    readonly variables?: Variables;
    readonly server?: "primary" | "pg15";
  } = {},
): Promise<Project> {
  const database = await freshDatabase(server === undefined ? {} : { server });
  const pool = new Pool(database.url);
  const folder = await mkdtemp(join(tmpdir(), "lifeguard-project-"));
  const known = { DATABASE_URL: database.url, ...variables };
  const lifeguard = (...args: string[]): Promise<Ended> => run(program, args, known, folder);
  return {
    folder,
    pool,
    url: database.url,
    lifeguard,
    async json(...args) {
      const { code, out, err } = await lifeguard(...args, "--json");
      try {
        return { code, document: JSON.parse(out) };
      } catch {
        throw new Error(`It printed no JSON document but ${JSON.stringify(out)}, beside ${err}`);
      }
    },
    start: (...args) => spawned(program, args, { variables: known, cwd: folder }),
    async write(path, text) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), text);
    },
    read: (path) => readFile(join(folder, path), "utf8"),
    files: async (path) => (await readdir(join(folder, path))).toSorted(),
    async [Symbol.asyncDispose]() {
      await pool.close();
      await database.drop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
