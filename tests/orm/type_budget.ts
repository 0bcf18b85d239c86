/**
 * What the ORM's types may cost the compiler: checks the programs that `deno task bench types` compares with peers', of
 * 100 and of 500 models, and fails when one takes more instantiations than `type_budget.json` beside this allows, or
 * when they grow faster than the number of models.
 *
 *     deno task type-budget              measures and compares
 *     deno task type-budget --update     makes what was measured the budget
 */
import { installPeers } from "../../bench/install.ts";
import { compile, compilerVersion } from "../../bench/types/compiler.ts";
import { emitDeclarations } from "../../bench/types/declarations.ts";
import { lifeguard } from "../../bench/types/lifeguard.ts";

/** How much more than the budget is let pass: other work on the same types moves the figure a little. */
const SLACK = 0.05;
/** How many times the instantiations at 100 models those at 500 may be. */
const LINEAR_GROWTH = 5.5;
/** Seconds after which the compiler is ended. */
const LIMIT = 120;

/** What `type_budget.json` says. */
interface Budget {
  /** The compiler that counted; another one counts otherwise. */
  readonly typescript: string;
  /** Instantiations by the number of models. */
  readonly instantiations: Readonly<Record<string, number>>;
}

const FILE = new URL("type_budget.json", import.meta.url);
const COUNTS = ["100", "500"] as const;

await installPeers();
using declarations = await emitDeclarations();
const typescript = await compilerVersion();
const instantiations: Record<string, number> = {};
for (const count of COUNTS) {
  const cost = await compile(lifeguard.source(Number(count)), {
    lifeguard: declarations.file,
    limitSeconds: LIMIT,
  });
  instantiations[count] = cost.instantiations;
  console.log(
    `${count} models: ${cost.instantiations} instantiations, ${cost.types} types, ${cost.checkSeconds} s of checking, ${cost.memory} MB`,
  );
}

const failures: string[] = [];
const growth = instantiations["500"] / instantiations["100"];
console.log(`from 100 to 500 models: ${growth.toFixed(2)} times the instantiations`);
if (growth > LINEAR_GROWTH) {
  failures.push(`they may grow ${LINEAR_GROWTH} times from 100 to 500 models at most`);
}

if (Deno.args.includes("--update")) {
  await Deno.writeTextFile(FILE, `${JSON.stringify({ typescript, instantiations }, undefined, 2)}\n`);
} else {
  const budget: Budget = JSON.parse(await Deno.readTextFile(FILE));
  if (budget.typescript !== typescript) {
    failures.push(
      `the budget was counted by TypeScript ${budget.typescript}, not ${typescript}; measure both with --update`,
    );
  }
  for (const count of COUNTS) {
    const [is, may] = [instantiations[count], budget.instantiations[count]];
    const percent = (is / may - 1) * 100;
    console.log(
      `${count} models: ${Math.abs(percent).toFixed(1)} % ${
        percent > 0 ? "over" : "under"
      } the budget of ${may}`,
    );
    if (percent > SLACK * 100) {
      failures.push(
        `${count} models take ${is} instantiations, ${may} is the budget; make the types cheaper`,
      );
    }
  }
}
for (const failure of failures) console.error(`Cannot pass the types: ${failure}`);
Deno.exitCode = failures.length === 0 ? 0 : 1;
