/**
 * `deno task faults:cache`: random reads and writes under every fault of the cache and the reflector, all judged.
 *
 *     deno task faults:cache                        every fault once, with both sources
 *     deno task faults:cache --minutes 60           as often as that takes, in random order
 *     deno task faults:cache --seed 5 --only 30,34  some of them, as that seed has them
 *     deno task faults:cache --source logical       one source
 *     deno task faults:cache --keys 8 --writes 300  fewer keys than usual, and of 1,000 operations so many writes
 */
import { parseArgs } from "node:util";
import process from "node:process";
import { randomIntegers } from "../../random.ts";
import { campaignTable, type FaultRow, runCampaign } from "./campaign.ts";
import { CACHE_FAULTS } from "./faults.ts";

const { values } = parseArgs({
  args: process.argv.slice(2),
  options: {
    minutes: { type: "string" },
    seed: { type: "string", default: String(Math.floor(Math.random() * 2 ** 31)) },
    only: { type: "string" },
    source: { type: "string" },
    hold: { type: "string", default: "6000" },
    keys: { type: "string", default: "200" },
    writes: { type: "string", default: "60" },
    pause: { type: "string", default: "4" },
  },
});

const seed = Number(values.seed);
const random = randomIntegers(seed);
const numbers = values.only?.split(",").map(Number);
const faults = CACHE_FAULTS.filter(({ number }) => numbers === undefined || numbers.includes(number));
const sources = (["notify", "logical"] as const).filter((source) =>
  values.source === undefined || values.source === source
);
const end = performance.now() + Number(values.minutes ?? 0) * 60_000;

console.log(`seed ${seed}`);
const rows: FaultRow[] = [];
do {
  for (const source of sources) {
    const order = faults.map((fault) => ({ fault, place: random(1 << 30) })).sort((a, b) =>
      a.place - b.place
    );
    rows.push(
      ...await runCampaign(order.map(({ fault }) => fault), {
        ...{ source, random, hold: Number(values.hold), keys: Number(values.keys) },
        ...{ writes: Number(values.writes), pause: Number(values.pause) },
        say: (line) => console.log(`[${source}] ${line}`),
      }),
    );
  }
} while (performance.now() < end);

const table = campaignTable(rows);
console.log(table);
process.exit(rows.every(({ judgement, stale }) => judgement.broken === 0 && stale.length === 0) ? 0 : 1);
