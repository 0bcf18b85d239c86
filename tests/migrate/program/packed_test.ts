/** `lifeguard` packed into one file, in projects that know nothing of where it came from. */
import assert from "node:assert/strict";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { sql } from "../../../mod.ts";
import { PERMISSIONS } from "../../../migrate/program/permissions.ts";
import { provideModules } from "../../../program/provide_modules.ts";
import { VERSION } from "../../../program/version.ts";
import { run } from "../../reflector/program/program_process.ts";
import { runtime, test } from "../../harness.ts";
import { needs } from "../../services/client.ts";
import { testVariable } from "../../variables.ts";
import { CORE, LIFEGUARD_KINDS, makeProject } from "./project.ts";

const [packed, deno] = LIFEGUARD_KINDS;
const options = { ignore: packed.ignore ?? needs("primary").ignore, timeout: 240_000 };
const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

const MODELS = `import { column, model } from "@lifeguard/core";
import { TABLE } from "words";
import { born } from "./parts/born.ts";
export const User = model(TABLE, { id: column.identity().primaryKey(), email: column.text(), ...born });
`;

test(
  "lifeguard packed by Bun reads models, whose library is the program's own whatever is installed",
  options,
  async () => {
    await using program = await packed.make();
    await using project = await makeProject(program);
    await project.write("models.ts", MODELS);
    await project.write(
      "parts/born.ts",
      `import { column } from "jsr:@lifeguard/core@^${VERSION}";
export const born = { born: column.date().nullable() };
`,
    );
    // What it needs beside is found as in any other program of Bun's.
    await project.write(
      "node_modules/words/package.json",
      '{ "name": "words", "type": "module", "exports": "./words.js" }',
    );
    await project.write("node_modules/words/words.js", "export const TABLE = 'users';\n");
    // Another copy, which must not be met.
    await project.write(
      "node_modules/@lifeguard/core/package.json",
      '{ "name": "@lifeguard/core", "type": "module", "exports": "./index.js" }',
    );
    await project.write("node_modules/@lifeguard/core/index.js", "throw new Error('another copy');\n");
    // Files that Bun would load by itself change nothing: the database is named as docs/command-line.md says.
    await project.write(".env", "LIFEGUARD_DATABASE_URL=postgres://nobody@127.0.0.1:9/nothing\n");
    await project.write("bunfig.toml", 'preload = ["./preload.ts"]\n');
    await project.write("preload.ts", "throw new Error('loaded');\n");
    const made = await project.json("diff", "--name", "users", "--type", "ts");
    assert.deepEqual([made.code, made.document.proof], [0, { left: [], leftBehindDown: [] }]);
    assert.equal((await project.lifeguard("migrate", "up")).code, 0);
    const compared = await project.lifeguard("compare");
    assert.deepEqual([compared.code, compared.err], [0, ""], compared.out);
    assert.equal(await project.pool.value(sql`select to_regclass('users') is not null`), true);

    // A seed meets the same models.
    await project.write(
      "seeds/1_users.ts",
      `import { User } from "../models.ts";
export const seed = (db: never, { factory }: { factory: CallableFunction }) =>
  factory(User, { email: "ada@example.org" }).createMany(3, db);
`,
    );
    const sown = await project.lifeguard("seed");
    assert.equal(sown.code, 0, sown.err);
    assert.equal(await project.pool.value(sql`select count(*)::int from users`), 3);
    // What was inferred is read, too, with what has no model form.
    await project.pool.execute(
      sql`create function twice(n int) returns int language sql immutable return n * 2`,
    );
    assert.equal((await project.lifeguard("infer", "--out", "models.ts")).code, 0);
    assert.match(await project.read("models.ts"), /declare/);
    const inferred = await project.lifeguard("diff", "--from", "database");
    assert.deepEqual([inferred.code, inferred.out], [0, "Nothing to do\n"], inferred.err);
  },
);

test("lifeguard packed by Bun says what to do about models of another copy", options, async () => {
  await using program = await packed.make();
  await using project = await makeProject(program);
  await project.write(
    "models.ts",
    `import { column, model } from "${CORE}";
export const User = model("users", { id: column.identity().primaryKey() });
`,
  );
  const foreign = await project.lifeguard("diff");
  assert.equal(foreign.code, 1);
  assert.match(
    foreign.err,
    /"User" .*made by another copy .*; import it as "@lifeguard\/core", and run lifeguard/,
  );
  await project.write(
    "models.ts",
    'import { column } from "jsr:@lifeguard/core@99";\nexport const x = column.text();\n',
  );
  const other = await project.lifeguard("diff");
  assert.equal(other.code, 1);
  assert.match(other.err, /@lifeguard.*; import it as "@lifeguard\/core", and run/);
  await project.write("models.ts", 'import { x } from "./nothing.ts";\nexport const y = x;\n');
  const missing = await project.lifeguard("diff");
  assert.match(missing.err, /nothing\.ts/);
  assert.doesNotMatch(missing.err, /@lifeguard\/core|changed=/);
});

test("provideModules() gives modules on Bun, and changes nothing elsewhere", async () => {
  const name = "@lifeguard-test/provided";
  const isProvided = provideModules(name, "1.2.3", { "": { one: 1 }, "/more": { two: 2 } });
  assert.equal(isProvided, runtime === "bun");
  const load = (specifier: string): Promise<Record<string, unknown>> => import(specifier);
  if (!isProvided) return await assert.rejects(load(name));
  assert.equal((await load(name)).one, 1);
  assert.equal((await load(`jsr:${name}@^1.2/more`)).two, 2);
  await assert.rejects(load(`jsr:${name}@^2`));
});

const denort = await testVariable("DENORT_BIN");

test(
  "lifeguard packed by Deno migrates by SQL, and says what to do about files that it would have to import",
  {
    ...options,
    ignore: options.ignore ?? deno.ignore ??
      (denort === undefined ? "no DENORT_BIN: deno compile would fetch its runtime" : undefined),
  },
  async () => {
    await using unpacked = await deno.make();
    const folder = await mkdtemp(join(tmpdir(), "lifeguard-packed-"));
    try {
      const file = join(folder, "lifeguard");
      const args = ["compile", "--quiet", ...PERMISSIONS, "--output", file, join(ROOT, "migrate/packed.ts")];
      const compiled = await run({ file: unpacked.file, args }, [], { DENORT_BIN: denort! });
      assert.equal(compiled.code, 0, compiled.err);
      await chmod(file, 0o755);
      const program = { file, args: [], [Symbol.asyncDispose]: () => Promise.resolve() };
      await using project = await makeProject(program);
      await project.write("migrations/20260101000000_users.sql", "create table users (id int);\n");
      const up = await project.lifeguard("migrate", "up");
      assert.equal(up.code, 0, up.err);
      await project.write("models.ts", "export const one = 1;\n");
      const { code, err } = await project.lifeguard("diff");
      assert.equal(code, 1);
      assert.match(err, /what deno compile packs imports no files: pack lifeguard with Bun|exports none/);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
);
