/**
 * Faults 27–36, shortly: random reads and writes by several sessions and processes go on while each of them happens, and
 * every read is judged by what its mode promises. `deno task faults:cache` is the long version.
 */
import assert from "node:assert/strict";
import { judgementText } from "../../../reflector/audit/judgement.ts";
import { randomIntegers, SEED } from "../../random.ts";
import { needs } from "../../services/client.ts";
import { fault } from "../fault.ts";
import { type FaultRow, runCampaign, worstOf } from "./campaign.ts";
import { CACHE_FAULTS } from "./faults.ts";

/** Which faults the suite has time for, by number and a part of the name, and where changes come from. */
const SHORT: readonly (readonly [number, string, "notify" | "logical"])[] = [
  [27, "", "logical"],
  [29, "", "notify"],
  [30, "", "notify"],
  [31, "", "logical"],
  [32, "first reflector to redis silent", "notify"],
  [33, "", "logical"],
  [34, "flushed", "notify"],
  [34, "stopped", "logical"],
  [36, "volatile-ttl", "notify"],
];

/** Milliseconds a fault is held. */
const HOLD = 2_500;

for (const source of ["notify", "logical"] as const) {
  const faults = SHORT.filter(([, , of]) => of === source).map(([number, part]) =>
    CACHE_FAULTS.find((each) => each.number === number && each.name.includes(part))!
  );
  const numbers = [...new Set(faults.map(({ number }) => number))].join(", ");
  fault(
    faults[0].number,
    `faults ${numbers} while changes come by ${source} → no read is older than promised`,
    {
      ...needs("control"),
      ...needs("isolatedRedis"),
      once: true,
      allow: ["run", "read", "env"],
      sanitize: false,
      timeout: 300_000,
    },
    async (report) => {
      const rows = await runCampaign(faults, {
        ...{ source, keys: 100, random: randomIntegers(SEED), hold: HOLD },
        say: (line) => console.log(line),
      });
      for (const row of rows) assertKept(row);
      const sum = (of: (row: FaultRow) => number): number => rows.reduce((total, row) => total + of(row), 0);
      report.figure(
        `${source}: reads judged under faults ${numbers}`,
        sum(({ judgement }) => judgement.judged),
        "reads",
      );
      report.figure(
        `${source}: reads older than promised`,
        sum(({ judgement, stale }) => judgement.broken + stale.length),
        "reads",
        { most: 0 },
      );
      const worst = Math.max(...rows.map(({ judgement }) => worstOf(judgement, "mixed")));
      report.figure(`${source}: oldest mixed read`, worst, "ms", { most: 1_000 });
    },
  );
}

function assertKept({ fault, judgement, stale, recovery }: FaultRow): void {
  const name = `${fault.number} ${fault.name}`;
  assert.equal(judgement.broken, 0, `${name}: ${judgementText(judgement)}`);
  assert.deepEqual(stale, [], name);
  assert.ok(recovery !== undefined, `${name}: nobody trusts the cache again`);
  assert.ok(judgement.judged > 0, name);
}
