import assert from "node:assert/strict";
import docs from "../../../docs/observability.md" with { type: "text" };
import { metricsTable } from "../../../reflector/telemetry/metrics_table.ts";
import { PROGRAM_EVENTS } from "../../../reflector/log/log_writer.ts";
import { REFLECTOR_EVENTS } from "../../../reflector/reflector_log.ts";
import { test } from "../../harness.ts";

/** A Markdown table without the padding that the formatter adds. */
function unpadded(table: string): string {
  return table.trim().replace(/ +/g, " ").replace(/-{3,}/g, "---");
}

test("metricsTable() is what docs/observability.md says", () => {
  const section = /<!-- begin reflector metrics[^\n]*-->([^]*?)<!-- end reflector metrics -->/.exec(docs);
  assert(section !== null);
  const table = metricsTable();
  assert.equal(unpadded(section[1]), unpadded(table), `paste this into docs/observability.md:\n${table}`);
});

test("docs/observability.md has every event of the reflector's log", () => {
  const [, section] = docs.split("### Its log");
  for (const event of [...REFLECTOR_EVENTS, ...PROGRAM_EVENTS]) {
    assert.match(section, new RegExp(`^\\| \`${event}\` `, "m"), event);
  }
});
