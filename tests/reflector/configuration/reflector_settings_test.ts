import assert from "node:assert/strict";
import docs from "../../../docs/configuration.md" with { type: "text" };
import { reflectorSettingsTable } from "../../../reflector/configuration/reflector_settings.ts";
import { resolveReflectorConfiguration } from "../../../reflector/configuration/resolve_reflector_configuration.ts";
import { test } from "../../harness.ts";
import { fakeEnvironment } from "../../pool/wire/configuration/fake_environment.ts";

/** A Markdown table without the padding that the formatter adds. */
function unpadded(table: string): string {
  return table.trim().replace(/ +/g, " ").replace(/-{3,}/g, "---");
}

test("reflectorSettingsTable() is what docs/configuration.md says", () => {
  const section = /<!-- begin reflector settings[^\n]*-->([^]*?)<!-- end reflector settings -->/.exec(docs);
  assert(section !== null);
  const table = reflectorSettingsTable();
  assert.equal(unpadded(section[1]), unpadded(table), `paste this into docs/configuration.md:\n${table}`);
});

test("docs/configuration.md shows a file of the reflector that works", () => {
  const [, toml] = /```toml\n(\[reflector\][^]*?)```/.exec(docs)!;
  const environment = fakeEnvironment({ files: { "config/config.toml": toml } });
  const { redis, source, http } = resolveReflectorConfiguration({ environment });
  assert.deepEqual([redis.mode, redis.urls.length, source, http?.host], [
    "sentinel",
    2,
    "logical",
    "0.0.0.0",
  ]);
});
