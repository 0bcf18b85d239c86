/** The command line of lifeguard: what is understood, what is refused, what help says. */
import assert from "node:assert/strict";
import { COMMAND_NAMES } from "../../../migrate/program/command_table.ts";
import { type CommandLine, parseCommandLine, type Words } from "../../../migrate/program/command_line.ts";
import { flagName, MIGRATE_SETTINGS } from "../../../migrate/program/migrate_settings.ts";
import { resolveSettings } from "../../../migrate/program/resolve_settings.ts";
import { test } from "../../harness.ts";
import { fakeEnvironment } from "../../pool/wire/configuration/fake_environment.ts";

function understood(...args: string[]): CommandLine {
  const line = parseCommandLine(args);
  if ("text" in line) throw new Error(`It was not understood: ${line.text}`);
  return line;
}

function words(...args: string[]): Words {
  const line = parseCommandLine(args, 100);
  if (!("text" in line)) throw new Error(`It was understood as ${line.command}`);
  return line;
}

test("parseCommandLine() understands every command with its flags and those of all", () => {
  for (const name of COMMAND_NAMES) {
    const rest = name === "migrate new" ? ["add users"] : [];
    const line = understood(...name.split(" "), ...rest, "--json", "-y", "--dir", "m", "--config", "c.toml");
    assert.deepEqual([line.command, line.json, line.yes, line.flags, line.configFile], [
      name,
      true,
      true,
      { dir: "m" },
      "c.toml",
    ]);
  }
  assert.deepEqual(understood("migrate", "up", "--to", "1", "--dry-run").own, {
    steps: undefined,
    to: "1",
    dryRun: true,
    outOfOrder: undefined,
    interrupted: undefined,
  });
  assert.deepEqual(understood("diff", "--rename", "a:b", "--rename", "c:d").own.rename, ["a:b", "c:d"]);
  assert.deepEqual(understood("seed", "one", "two").args, ["one", "two"]);
});

test("parseCommandLine() answers what it does not understand with code 2, advice, and where help is", () => {
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [["migrat"], /there is no command "migrat", did you mean "migrate"\?; see lifeguard --help/],
    [["migrat", "up"], /there is no command "migrat", did you mean "migrate up"\?; see lifeguard --help/],
    [["migrat", "up", "--dry-run"], /did you mean "migrate up"\?/],
    [["up"], /there is no command "up", did you mean "migrate up"\?/],
    [["statsu"], /there is no command "statsu", did you mean "migrate status"\?/],
    [["dif"], /did you mean "diff"\?/],
    [["fetch"], /there is no command "fetch", give "migrate", "diff", "compare"/],
    [["migrate", "upp"], /no command "upp" of "migrate", did you mean "up"\?; see lifeguard migrate --help/],
    [["migrate", "diff"], /no command "diff" of "migrate", did you mean "diff"\?/],
    [
      ["--steps", "2", "migrate", "up"],
      /'--steps', it is a flag of "migrate up".* and stands behind the command/,
    ],
    [["migrate", "up", "--status"], /'--status', it is a flag of "seed" or "data" and stands behind/],
    [["migrate", "new"], /missing required argument 'name'; see lifeguard migrate new --help/],
    [["migrate", "up", "more"], /too many arguments/],
    [["diff", "--nam", "x"], /unknown option '--nam' \(Did you mean --name\?\); see lifeguard diff --help/],
    [["migrate", "up", "--steps"], /argument missing/],
  ];
  for (const [args, message] of cases) {
    const { code, text } = words(...args);
    assert.equal(code, 2);
    assert.match(text, message);
    assert.match(text, /^Cannot run lifeguard: [^\n]+\n$/);
  }
  assert.equal(words().code, 2);
  assert.equal(words("migrate").code, 2);
});

test("parseCommandLine() prints help that names every command, and each command's flags, within the columns", () => {
  const { code, text } = words("--help");
  assert.equal(code, 0);
  for (const name of COMMAND_NAMES) {
    assert.ok(text.includes(`  ${name} `), `${name} is not in the help`);
    const own = words(...name.split(" "), "--help");
    assert.equal(own.code, 0);
    assert.match(own.text, new RegExp(`^Usage: lifeguard ${name}`));
    for (const line of [...text.split("\n"), ...own.text.split("\n")]) assert.ok(line.length <= 100, line);
  }
  assert.match(words("--version").text, /^\d+\.\d+\.\d+\n$/);
});

test("parseCommandLine() takes common flags in front of the command, and help as a word", () => {
  for (const name of COMMAND_NAMES) {
    const rest = name === "migrate new" ? ["users"] : [];
    const [first, ...others] = name.split(" ");
    const flags = ["--json", "-y", "--dir", "m", "--database-url=postgres://x", "-c", "c.toml"];
    for (const args of [[...flags, first, ...others], [first, ...flags, ...others]]) {
      const line = understood(...args, ...rest);
      assert.deepEqual([line.command, line.args, line.json, line.yes, line.flags, line.configFile], [
        name,
        rest,
        true,
        true,
        { databaseUrl: "postgres://x", dir: "m" },
        "c.toml",
      ]);
    }
    const help = words(...name.split(" "), "--help");
    assert.deepEqual(words("help", ...name.split(" ")), help);
    if (others.length > 0) assert.deepEqual(words(first, "help", ...others), help);
  }
  assert.deepEqual(words("help"), words("--help"));
  assert.deepEqual(words("help", "migrate"), words("migrate", "--help"));
  assert.ok(!words("--help").text.includes("--lock-timeout"));
});

test("resolveSettings() takes the database from the flag, the variables and the file, in this order", () => {
  const files = { "config/config.toml": '[migrate]\ndatabase_url = "postgres://file"\ndir = "sql"\n' };
  const variables = {
    LIFEGUARD_DATABASE_URL: "postgres://own",
    LIFEGUARD__MIGRATE__DATABASE_URL: "postgres://prefixed",
    DATABASE_URL: "postgres://common",
  };
  const flags = { databaseUrl: "postgres://flag" };
  const urls: (string | undefined)[] = [];
  const look = (given: Record<string, string>, left: Record<string, string>): void => {
    const environment = fakeEnvironment({ variables: left, files });
    urls.push(resolveSettings({ flags: given, configFile: undefined, environment }).database.url);
  };
  look(flags, variables);
  look({}, variables);
  look({}, { LIFEGUARD__MIGRATE__DATABASE_URL: "postgres://prefixed", DATABASE_URL: "postgres://common" });
  look({}, { DATABASE_URL: "postgres://common" });
  look({}, { DATABASE_URL: "" });
  assert.deepEqual(urls, ["flag", "own", "prefixed", "common", "file"].map((name) => `postgres://${name}`));
  const settings = resolveSettings({
    flags: {},
    configFile: undefined,
    environment: fakeEnvironment({ files: { "config/config.toml": '[database]\nhost = "db"\n' } }),
  });
  assert.deepEqual([settings.database, settings.dir, settings.lockTimeout], [{}, "migrations", 4000]);
});

test("resolveSettings() refuses what it does not know, and never repeats a password", () => {
  const refused = (toml: string, message: RegExp): void => {
    const environment = fakeEnvironment({ files: { "config/config.toml": `[migrate]\n${toml}\n` } });
    assert.throws(() => resolveSettings({ flags: {}, configFile: undefined, environment }), message);
  };
  refused('dirr = "x"', /did you mean "dir"/);
  refused('unknown = "remove"', /give "keep" or "drop"/);
  refused('lock_timeout = "soon"', /is not a duration/);
  const environment = fakeEnvironment({ variables: { LIFEGUARD__MIGRATE__DIRR: "x" } });
  assert.throws(() => resolveSettings({ flags: {}, configFile: undefined, environment }), /MIGRATE__DIRR/);
  for (const setting of MIGRATE_SETTINGS) assert.match(flagName(setting), /^[a-z-]+$/);
});
