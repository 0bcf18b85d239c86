import assert from "node:assert/strict";
import docs from "../../../docs/configuration.md" with { type: "text" };
import { resolvePoolOptions } from "../../../pool/configuration/resolve_pool_options.ts";
import {
  POOL_SETTINGS,
  SETTINGS,
  settingsTable,
  variableName,
} from "../../../pool/configuration/settings.ts";
import { CONNECT_SETTINGS } from "../../../pool/wire/configuration/connect_settings.ts";
import { parseSetting, snakeCase } from "../../../pool/wire/configuration/setting.ts";
import { test } from "../../harness.ts";
import { fakeEnvironment } from "../wire/configuration/fake_environment.ts";

/** A Markdown table without the padding that the formatter adds. */
function unpadded(table: string): string {
  return table.trim().replace(/ +/g, " ").replace(/-{3,}/g, "---");
}

function section(name: string): string {
  const match = new RegExp(`<!-- begin ${name} settings[^\\n]*-->([^]*?)<!-- end ${name} settings -->`).exec(
    docs,
  );
  assert(match !== null, `docs/configuration.md has no section "${name}"`);
  return match[1];
}

function example(language: string): string {
  const match = new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``).exec(docs);
  assert(match !== null);
  return match[1];
}

test("settingsTable() is what docs/configuration.md says", () => {
  for (const [name, settings] of [["connection", CONNECT_SETTINGS], ["pool", POOL_SETTINGS]] as const) {
    const table = settingsTable(settings);
    assert.equal(
      unpadded(section(name)),
      unpadded(table),
      `paste this into docs/configuration.md:\n${table}`,
    );
  }
});

test("SETTINGS have names of their own, and defaults that they would accept", () => {
  for (
    const names of [
      SETTINGS.map(({ key }) => key),
      SETTINGS.map(variableName),
      SETTINGS.flatMap(({ parameter }) => parameter ?? []),
      SETTINGS.flatMap(({ variable }) => variable ?? []),
    ]
  ) assert.deepEqual(names.filter((name, index) => names.indexOf(name) !== index), []);
  for (const setting of SETTINGS) {
    const { key, type, default: value } = setting;
    assert.match(setting.description, /[.]$/, key);
    if (value === undefined || ["list", "structure", "function"].includes(type)) continue;
    const raw = { name: key, value, source: "default", form: "option", printable: true } as const;
    assert.equal(parseSetting(setting, raw), value, key);
  }
});

test("SETTINGS of a pool are read under the same rules from options, URLs, variables and files", () => {
  const samples: Readonly<Record<string, string>> = { ratio: "0.5", text: "app.context", boolean: "false" };
  for (const setting of POOL_SETTINGS) {
    const { key, parameter, type, min = 0, choices } = setting;
    if (parameter === undefined) continue;
    const number = Math.max(min, 1);
    const text = choices?.at(-1) ?? samples[type] ?? String(number);
    const words = choices !== undefined || type === "text";
    const typed = type === "ratio" ? 0.5 : type === "boolean" ? false : words ? text : number;
    const quoted = typeof typed === "string" ? JSON.stringify(typed) : typed;
    const name = variableName(setting);
    // a larger backoffMax goes with any backoffMin, and a larger max with any min
    const around = { backoffMin: 1, backoffMax: 60_000, max: 9, replicaMax: 9 };
    const rest = Object.fromEntries(Object.entries(around).filter(([other]) => other !== key));
    const read = (
      options: Record<string, unknown>,
      variables: Record<string, string> = {},
      files: Record<string, string> = {},
    ) => resolvePoolOptions({ ...rest, ...options }, { environment: fakeEnvironment({ variables, files }) });
    const expected = read({ [key]: typed });
    const plain = ({ primary: _, ...others }: typeof expected) => others;
    assert.notDeepEqual(plain(expected), plain(read({})), `${key}: ${text} changes nothing`);
    const url = `postgres://localhost?${parameter}=${text}`;
    const file = `[database]\n${snakeCase(key)} = ${quoted}`;
    assert.deepEqual(plain(read({ url })), plain(expected), url);
    assert.deepEqual(plain(read({}, { [`LIFEGUARD__DATABASE__${name}`]: text })), plain(expected), name);
    assert.deepEqual(plain(read({}, {}, { "config/config.toml": file })), plain(expected), file);
  }
});

test("docs/configuration.md shows a file and variables that work", () => {
  const fromFile = resolvePoolOptions({}, {
    environment: fakeEnvironment({ files: { "config/config.toml": example("toml") } }),
  });
  assert.deepEqual([fromFile.size.max, fromFile.acquireTimeout, fromFile.replicas.length], [20, 5000, 2]);
  assert.deepEqual(fromFile.primary.connect.runtimeParameters, { TimeZone: "UTC" });
  const lines = example("sh").trim().split("\n").map((line) => /^(\w+)="?(.*?)"?$/.exec(line)!.slice(1));
  const fromVariables = resolvePoolOptions({}, {
    environment: fakeEnvironment({ variables: Object.fromEntries(lines) }),
  });
  assert.deepEqual(
    [fromVariables.size.max, fromVariables.acquireTimeout, fromVariables.replicas.length],
    [20, 5000, 2],
  );
  assert.deepEqual(fromVariables.primary.connect.runtimeParameters, { search_path: "app" });
});
