/** A campaign finds broken promises where there are some. */
import assert from "node:assert/strict";
import { test } from "../../harness.ts";
import { randomIntegers, SEED } from "../../random.ts";
import { needs } from "../../services/client.ts";
import { type CacheFault, type CampaignSetting, runCampaign } from "./campaign.ts";
import { stubborn } from "./stubborn_store.ts";

/** How many answers from the cache are enough. */
const ANSWERS = 3_000;

/** Nothing happens, until the cache has answered often enough. */
const calm: CacheFault = {
  number: 0,
  name: "nothing",
  async run(world) {
    const start = performance.now();
    while (performance.now() - start < 30_000) {
      const { all, fromDatabase } = world.reads();
      if (all - fromDatabase > ANSWERS && performance.now() - start > 3_000) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  },
};

const setting: CampaignSetting = {
  ...{ source: "notify", keys: 50, writes: 150, hold: 0, random: randomIntegers(SEED), say: () => {} },
  storeOf: stubborn,
};

test(
  "runCampaign() finds mixed and strong reads that are too old, and stale rows, with a store that keeps what was voided",
  {
    ...needs("control", "isolatedRedis"),
    once: true,
    allow: ["run", "read", "env"],
    sanitize: false,
    timeout: 120_000,
  },
  async () => {
    const [{ judgement, stale }] = await runCampaign([calm], setting);
    const promises = new Set(judgement.violations.map(({ promise }) => promise));
    assert.ok(judgement.broken > 0 && stale.length > 0, `${judgement.broken} broken, ${stale.length} stale`);
    assert.ok(promises.has("mixed") || promises.has("strong"), [...promises].join(", "));
    assert.ok(!promises.has("primary") && !promises.has("unwritten") && !promises.has("order"));
    console.log(
      `${judgement.broken} of ${judgement.judged} reads found older than promised, ${stale.length} rows stale`,
    );
  },
);
