import assert from "node:assert/strict";
import { Pool } from "../../../pool/pool.ts";
import { test } from "../../harness.ts";
import { rounds, SEED } from "../../random.ts";
import { freshDatabase, needs } from "../../services/client.ts";
import { neighbourOf } from "../random_schema/neighbour.ts";
import { randomSchema } from "../random_schema/random_schema.ts";
import { type Ground, type Pair, roundTrip, RoundTripError } from "../random_schema/round_trip.ts";
import { schemaStatements } from "../random_schema/schema_statements.ts";
import { shrink } from "../random_schema/shrink.ts";

const VERSIONS = { primary: 18, pg15: 15 } as const;

for (const name of ["primary", "pg15"] as const) {
  const version = VERSIONS[name];
  test(
    `diffCatalogs() of random schemas: its steps lead from one to the other, and their reversals back (${name})`,
    { ...needs(name), timeout: rounds(180_000, 3_600_000) },
    async () => {
      const pairs = rounds(8, 300);
      await using one = await freshDatabase({ server: name });
      await using other = await freshDatabase({ server: name });
      await using pool = new Pool(one.url);
      await using goal = new Pool(other.url);
      const seen = { steps: 0, rows: 0, emptied: 0, reversed: 0 };
      const losses = new Set<string>();
      for (let number = 0; number < pairs; number++) {
        const seed = SEED + number * 7;
        const first = randomSchema(seed);
        const second = number % 4 === 3 ? randomSchema(seed + 3) : neighbourOf(first, seed + 1);
        const trip = await tried({ first, second, seed }, { pool, goal, version });
        seen.steps += trip.steps;
        seen.rows += trip.rows;
        seen.emptied += trip.emptied;
        if (trip.isReversed) seen.reversed++;
        for (const loss of trip.losses) losses.add(loss);
      }
      console.log(
        `${pairs} pairs of random schemas on ${name}, seed ${SEED}: ${seen.steps} steps there, ${seen.reversed} pairs ` +
          `reversed and ${
            pairs - seen.reversed
          } compared back, ${losses.size} different losses said; ${seen.rows} rows ` +
          `kept, ${seen.emptied} tables emptied because their rows did not fit`,
      );
      assert.ok(seen.steps > 0);
      assert.ok(seen.rows > 0);
      assert.ok(seen.reversed > 0);
    },
  );
}

/** A round trip; the smallest one like it that fails is printed. */
async function tried(pair: Pair, ground: Ground): Promise<Awaited<ReturnType<typeof roundTrip>>> {
  try {
    return await roundTrip(pair, ground);
  } catch (error) {
    const kind = kindOf(error);
    let last = error;
    const smallest = await shrink(pair, async (smaller) => {
      try {
        await roundTrip(smaller, ground);
        return false;
      } catch (again) {
        if (kindOf(again) !== kind) return false;
        last = again;
        return true;
      }
    }, rounds(45_000, 300_000));
    const print = (text: readonly string[]): string => text.map((line) => `${line};`).join("\n");
    console.log(
      `Seed ${pair.seed} fails. The smallest pair like it, of ${JSON.stringify(smallest)}:\n-- from\n${
        print(schemaStatements(smallest.first, ground.version))
      }\n-- to\n${print(schemaStatements(smallest.second, ground.version))}\n-- steps\n${
        last instanceof RoundTripError ? print(last.statements) : ""
      }`,
    );
    throw last;
  }
}

/** What is wrong, without names. */
function kindOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const code = /SQLSTATE \w+/.exec(text)?.[0];
  return code === undefined ? text.split("\n")[0].replace(/".*"/g, "") : `${text.slice(0, 5)} ${code}`;
}
