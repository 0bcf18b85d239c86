/** `lifeguard` at a real terminal: questions, colours, progress. `script` makes the terminal, and we type. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { sql } from "../../../mod.ts";
import { test } from "../../harness.ts";
import { needs } from "../../services/client.ts";
import { testVariable } from "../../variables.ts";
import { CORE, LIFEGUARD_KINDS, makeProject, type Project } from "./project.ts";
import type { Program } from "../../reflector/program/program_process.ts";

const [, deno] = LIFEGUARD_KINDS;
const SCRIPT = "/usr/bin/script";
const hasScript = deno.ignore === undefined && existsSync(SCRIPT);
const ignore = deno.ignore ?? needs("primary").ignore ??
  (hasScript ? undefined : "no script of util-linux to make a terminal with");
const options = { ...(ignore === undefined ? {} : { ignore }), timeout: 120_000, once: true };
const path = await testVariable("PATH");
const home = await testVariable("HOME");
const cache = await testVariable("DENO_DIR");

interface Typed {
  readonly code: number | null;
  /** What the terminal showed. */
  readonly shown: string;
}

/** Runs the program at a terminal; each answer is typed when its question is shown. */
async function typed(
  project: Project,
  program: Program,
  { args, answers, variables = {} }: {
    readonly args: readonly string[];
    readonly answers: readonly (readonly [question: RegExp, answer: string])[];
    readonly variables?: Readonly<Record<string, string>>;
  },
): Promise<Typed> {
  const command = [program.file, ...program.args, ...args].map((word) => `'${word}'`).join(" ");
  const child = spawn(SCRIPT, ["-qefc", command, "/dev/null"], {
    cwd: project.folder,
    env: {
      PATH: path ?? "",
      HOME: home ?? "",
      TERM: "xterm",
      DATABASE_URL: project.url,
      ...(cache === undefined ? {} : { DENO_DIR: cache }),
      ...variables,
    },
    stdio: ["pipe", "pipe", "inherit"],
  });
  let shown = "";
  let from = 0;
  const left = [...answers];
  child.stdout.on("data", (chunk) => {
    shown += chunk;
    const [next] = left;
    if (next === undefined || !next[0].test(shown.slice(from))) return;
    left.shift();
    from = shown.length;
    child.stdin.write(next[1]);
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  return { code, shown };
}

async function made(project: Project): Promise<void> {
  await project.write(
    "migrations/20260101000000_users.sql",
    "-- up\ncreate table users (id int primary key);\n-- down\ndrop table users;\n",
  );
  assert.equal((await project.lifeguard("migrate", "up")).code, 0);
}

const isThere = (project: Project): Promise<boolean> =>
  project.pool.value<boolean>(sql`select to_regclass('users') is not null`);

test(
  "lifeguard asks at a terminal before it destroys something, and no is the answer of silence",
  options,
  async () => {
    await using program = await deno.make();
    await using project = await makeProject(program);
    await made(project);
    const down = ["migrate", "down"];
    const no = await typed(project, program, { args: down, answers: [[/\[y\/N\] /, "\n"]] });
    assert.equal(no.code, 1, no.shown);
    assert.match(no.shown, /20260101000000_users would be taken back[\s\S]*Go on\? \[y\/N\]/);
    assert.match(no.shown, /you did not agree; nothing was changed/);
    assert.equal(await isThere(project), true);
    const ended = await typed(project, program, { args: down, answers: [[/\[y\/N\] /, "\x03"]] });
    assert.equal(ended.code, 1, ended.shown);
    // The refusal has a line of its own, behind the question that nobody answered.
    assert.match(ended.shown, /\[y\/N\] .*\r?\n[^\n]*Cannot take migrations back: you did not agree/);
    assert.equal(await isThere(project), true);
    const yes = await typed(project, program, { args: down, answers: [[/\[y\/N\] /, "y\n"]] });
    assert.equal(yes.code, 0, yes.shown);
    assert.equal(await isThere(project), false);
  },
);

test("lifeguard has colours at a terminal, and none with NO_COLOR or TERM=dumb", options, async () => {
  await using program = await deno.make();
  await using project = await makeProject(program);
  await made(project);
  const args = ["migrate", "status"];
  const colours = await typed(project, program, { args, answers: [] });
  assert.ok(colours.shown.includes("\x1b[32mapplied\x1b[0m"), colours.shown);
  const ways: readonly Readonly<Record<string, string>>[] = [{ NO_COLOR: "1" }, { TERM: "dumb" }];
  for (const variables of ways) {
    const plain = await typed(project, program, { args, answers: [], variables });
    assert.match(plain.shown, /applied {2}2026/);
    assert.ok(!plain.shown.includes("\x1b[32m"), plain.shown);
  }
  const document = await typed(project, program, { args: [...args, "--json"], answers: [] });
  assert.equal(JSON.parse(document.shown).migrations.length, 1);
});

test("lifeguard diff asks at a terminal whether what has gone is what has come", options, async () => {
  await using program = await deno.make();
  await using project = await makeProject(program);
  const models = (name: string): string =>
    `import { column, model } from "${CORE}";
export const User = model("users", { id: column.identity().primaryKey(), ${name}: column.text() });
`;
  await project.write("models.ts", models("mail"));
  assert.equal((await project.lifeguard("diff", "--name", "users")).code, 0);
  await project.write("models.ts", models("email"));
  const { code, shown } = await typed(project, program, {
    args: ["diff", "--name", "email"],
    answers: [[/mail.* to email a rename\? \[y\/N\] /, "y\n"]],
  });
  assert.equal(code, 0, shown);
  const [, second] = await project.files("migrations");
  assert.match(await project.read(`migrations/${second}`), /rename column "?mail"? to "?email"?/);
});
