import assert from "node:assert/strict";
import { describeObject } from "../../../migrate/catalog/object_key.ts";
import type { Catalog } from "../../../migrate/catalog/objects.ts";
import { readCatalog } from "../../../migrate/catalog/read_catalog.ts";
import { type Diff, diffCatalogs } from "../../../migrate/diff/diff.ts";
import { reverseSteps, type StepsReversal } from "../../../migrate/steps/reverse.ts";
import type { Step } from "../../../migrate/steps/step.ts";
import { type Statement, writeStep } from "../../../migrate/steps/write_step.ts";
import { Pool } from "../../../pool/pool.ts";
import { sql } from "../../../pool/sql/sql.ts";
import { test } from "../../harness.ts";
import { rounds, SEED } from "../../random.ts";
import { freshDatabase, needs } from "../../services/client.ts";
import { neighbourOf, randomSchema } from "../random_schema/random_schema.ts";
import { schemaStatements } from "../random_schema/schema_statements.ts";

const VERSIONS = { primary: 18, pg15: 15 } as const;

/** Empties a database, then runs statements, all in one transaction. */
async function become(pool: Pool, statements: readonly string[]): Promise<void> {
  const empty = ['drop schema if exists "App" cascade', "drop schema public cascade", "create schema public"];
  await run(pool, [...empty, ...statements].map((text) => ({ text, transaction: true })));
}

/** Runs statements in as few transactions as they can be in. */
async function run(pool: Pool, statements: readonly Statement[]): Promise<void> {
  const rest = statements.filter(({ text }) => text.trim() !== "");
  while (rest.length > 0) {
    const apart = rest.findIndex(({ transaction }) => !transaction);
    const together = rest.splice(0, apart < 0 ? rest.length : apart);
    await pool.transaction(async (tx) => {
      for (const { text } of together) await execute(tx, text);
    });
    if (apart >= 0) await execute(pool, rest.shift()!.text);
  }
}

async function execute(executor: Pick<Pool, "execute">, text: string): Promise<void> {
  try {
    await executor.execute(sql.unsafe(text));
  } catch (error) {
    throw new Error(`${text}\n${(error as Error).message}`, { cause: error });
  }
}

function written(steps: readonly Step[], version: number): Statement[] {
  return steps.flatMap((step) => writeStep(step, version));
}

function assertEmpty(diff: Diff, what: string): void {
  const steps = diff.steps.map((step) =>
    JSON.stringify(step, (_, value) => typeof value === "bigint" ? `${value}` : value)
  );
  assert.deepEqual(steps, [], what);
  assert.deepEqual(diff.unknown.map(describeObject), [], what);
}

const DROP = { unknown: "drop" } as const;

for (const name of ["primary", "pg15"] as const) {
  const version = VERSIONS[name];
  test(
    `diffCatalogs() of random schemas: its steps lead from one to the other, and their reversals back (${name})`,
    { ...needs(name), timeout: rounds(120_000, 3_600_000) },
    async () => {
      const pairs = rounds(8, 1_000);
      await using one = await freshDatabase({ server: name });
      await using other = await freshDatabase({ server: name });
      await using a = new Pool(one.url);
      await using b = new Pool(other.url);
      let steps = 0;
      let refused = 0;
      const losses = new Set<string>();
      for (let pair = 0; pair < pairs; pair++) {
        const seed = SEED + pair * 7;
        const first = randomSchema(seed);
        const second = pair % 4 === 3 ? randomSchema(seed + 3) : neighbourOf(first, seed + 1);
        const what = `seed ${SEED}, pair ${pair}`;
        await become(a, schemaStatements(first, version));
        await become(b, schemaStatements(second, version));
        const from = await readCatalog(a);
        const to = await readCatalog(b);
        const diff = diffCatalogs(from, to, { ...DROP, replaceTables: true });
        refused += diff.findings.filter(({ severity }) => severity === "refused").length;
        const up = written(diff.steps, version);
        await shown(what, up, async () => {
          await run(a, up);
          assertEmpty(diffCatalogs(await readCatalog(a), to, DROP), `${what}: something is left to do`);
        });
        steps += diff.steps.length;
        const reversal = backwards(diff.steps, from, to);
        for (const loss of reversal.losses) losses.add(loss);
        const down = written(reversal.steps, version);
        await shown(`${what}, back`, [...up, { text: "-- back", transaction: true }, ...down], async () => {
          await run(a, down);
          assertEmpty(withoutLosses(await readCatalog(a), from), `${what}: not as it was`);
        });
      }
      console.log(
        `${pairs} pairs of random schemas on ${name}, seed ${SEED}: ${steps} steps there, all reversed, ` +
          `${refused} refused, ${losses.size} different losses said`,
      );
      assert.ok(steps > 0);
      assert.equal(refused, 0);
    },
  );
}

/** The reversal; where it says that it cannot be sure to work, the way back of the comparison. */
function backwards(
  steps: readonly Step[],
  from: Catalog,
  to: Catalog,
): Pick<StepsReversal, "steps" | "losses"> {
  const reversal = reverseSteps(steps);
  const isUnsure = reversal.losses.some((loss) => loss.startsWith("PostgreSQL cannot remove a label")) ||
    reversal.impossible.length > 0;
  return isUnsure
    ? { ...diffCatalogs(to, from, { ...DROP, replaceTables: true }), losses: reversal.losses }
    : reversal;
}

/** What is left to do after a reversal, but for what it says stays: a constraint that is valid. */
function withoutLosses(now: Catalog, before: Catalog): Diff {
  const objects = new Map([...before.objects].map(([key, object]) => {
    const other = now.objects.get(key);
    const isValidNow = object.kind === "constraint" && other?.kind === "constraint" && other.isValid;
    return [key, isValidNow ? { ...object, isValid: true } : object];
  }));
  return diffCatalogs(now, { ...before, objects }, DROP);
}

async function shown(
  what: string,
  statements: readonly Statement[],
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    console.log(`${what}:\n${statements.map(({ text }) => text).join(";\n")}`);
    throw error;
  }
}
