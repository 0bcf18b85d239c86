import assert from "node:assert/strict";
import { COMMANDS, parseCommandLine } from "../../../reflector/program/command_line.ts";
import {
  flagName,
  REFLECTOR_SETTINGS,
  SETTING_GROUPS,
} from "../../../reflector/configuration/reflector_settings.ts";
import packageFile from "../../../deno.json" with { type: "json" };
import { test } from "../../harness.ts";

function words(...args: string[]): { readonly code: number; readonly text: string } {
  const parsed = parseCommandLine(args, 100);
  assert("text" in parsed, JSON.stringify(parsed));
  return parsed;
}

test("parseCommandLine() runs when nothing else is said", () => {
  assert.deepEqual(parseCommandLine([]), {
    command: "run",
    tables: [],
    own: {},
    flags: {},
    configFile: undefined,
  });
});

test("parseCommandLine() takes settings before and behind a command, and only those that were given", () => {
  const expected = {
    command: "install",
    tables: ["users", "public.albums"],
    own: { cascades: "include" },
    flags: { refresh: false, httpPort: "0" },
    configFile: "other.toml",
  };
  const command = ["install", "users", "public.albums", "--cascades", "include"];
  const flags = ["--no-refresh", "--http-port", "0", "-c", "other.toml"];
  assert.deepEqual(parseCommandLine([...flags, ...command]), expected);
  assert.deepEqual(parseCommandLine([...command, ...flags]), expected);
  const turned = parseCommandLine(["--refresh", "--http"]);
  assert("flags" in turned);
  assert.deepEqual(turned.flags, { refresh: true, http: true });
});

test("parseCommandLine() prints help that names every command, group and flag, and the version", () => {
  const { code, text } = words("--help");
  assert.equal(code, 0);
  for (const command of COMMANDS) assert.match(text, new RegExp(`^  ${command} `, "m"));
  for (const group of SETTING_GROUPS) assert(text.includes(`\n${group}:\n`), group);
  for (const setting of REFLECTOR_SETTINGS) {
    if (setting.noFlag !== true) {
      assert(
        text.includes(setting.off === undefined ? `--${flagName(setting)} ` : `--no-${flagName(setting)} `),
        setting.key,
      );
    }
  }
  assert(!text.includes("--etcd-password"), "a flag can be read by other users of the machine");
  assert(!text.includes("`"), "Markdown in help");
  const long = text.split("\n").filter((line) => line.length > 100);
  assert.deepEqual(long, []);
  assert.deepEqual(words("--version"), { code: 0, text: `${packageFile.version}\n` });
});

test("parseCommandLine() refuses with code 2 what it does not understand, with advice", () => {
  const cases: readonly (readonly [readonly string[], string])[] = [
    [["--sltt", "x"], "unknown option '--sltt' (Did you mean --slot?)"],
    [["isntall"], 'there is no command "isntall", did you mean "install"?'],
    [["frobnicate"], 'there is no command "frobnicate", give "run", "install", "sql" or "audit"'],
    [["install"], "missing required argument 'tables'"],
    [["--slot"], "option '--slot <name>' argument missing"],
    [["--etcd-password", "x"], "unknown option '--etcd-password'"],
    [["audit", "x"], "too many arguments for 'audit'. Expected 0 arguments but got 1"],
  ];
  for (const [args, problem] of cases) {
    const { code, text } = words(...args);
    assert.equal(code, 2, text);
    assert(text.startsWith(`Cannot run lifeguard-reflector: ${problem}`), text);
    assert(text.endsWith("; see lifeguard-reflector --help\n"), text);
    assert.equal(text.trim().split("\n").length, 1, text);
  }
});
