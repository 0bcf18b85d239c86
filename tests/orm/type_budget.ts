/**
 * Measures what the ORM's types cost the compiler: generates schemas of 100 and of 500 models of ten columns, each with
 * a select, an insert and a read by key, checks them with `tsc`, and prints instantiations and seconds. Fails when the
 * growth is not linear or a figure is over its budget.
 *
 * Run: `deno run -A --no-lock tests/orm/type_budget.ts`. The compiler is fetched for this run only, so that neither the
 * package nor its checks depend on it.
 */
import assert from "node:assert/strict";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** The compiler's interface, as far as it is used here. */
interface Compiler {
  readonly ScriptTarget: { readonly ESNext: number };
  readonly ModuleKind: { readonly ESNext: number };
  readonly ModuleResolutionKind: { readonly Bundler: number };
  createCompilerHost(options: unknown): Host;
  createProgram(files: readonly string[], options: unknown, host: Host): Program;
  getPreEmitDiagnostics(program: Program): readonly Diagnostic[];
  flattenDiagnosticMessageText(message: unknown, newLine: string): string;
}

interface Host {
  readFile(name: string): string | undefined;
  fileExists(name: string): boolean;
}

interface Program {
  getInstantiationCount(): number;
  getTypeCount(): number;
}

interface Diagnostic {
  readonly file?: { readonly fileName: string };
  readonly messageText: unknown;
}

const COMPILER = "npm:typescript@~6.0.2";
const { default: ts } = await import(COMPILER) as { default: Compiler };

/** Instantiations for 100 models, with a tenth of slack over the figure measured when this was written. */
const BUDGET_AT_100 = 105_000;
/** How many times the figure at 100 models the figure at 500 may be. */
const LINEAR_GROWTH = 5.5;

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");

/** The text of a module with `count` models. */
function schema(count: number): string {
  const lines = [
    `import { and, column, model } from "${root}/orm/mod.ts";`,
    `import type { Executor } from "${root}/pool/executor.ts";`,
    `import { sql } from "${root}/pool/sql/sql.ts";`,
    "declare const pool: Executor;",
  ];
  for (let i = 0; i < count; i++) {
    lines.push(
      `export const Model${i} = model("table_${i}", {`,
      "  id: column.identity().primaryKey(),",
      `  name${i}: column.text(),`,
      "  email: column.text().unique(),",
      "  age: column.integer().nullable(),",
      "  balance: column.numeric(12, 2).default('0'),",
      `  kind: column.enum("kind_${i}", ["a", "b", "c${i}"]),`,
      `  data: column.jsonb<{ readonly tag${i}: string }>().nullable(),`,
      "  visits: column.bigint().default(0n),",
      "  active: column.boolean().default(true),",
      "  createdAt: column.timestamptz().defaultNow(),",
      "});",
      `export async function use${i}() {`,
      `  const row = await Model${i}.insert({ name${i}: "x", email: "y", kind: "c${i}" }, pool);`,
      `  const same = await Model${i}.findById(row.id, pool);`,
      `  const rows = await Model${i}.find()`,
      `    .where(and(Model${i}.age.gte(18), Model${i}.kind.eq("a")))`,
      "    .where({ active: true })",
      `    .where(sql\`lower(\${Model${i}.email}) = \${"x"}\`)`,
      `    .orderBy(Model${i}.createdAt.desc(), Model${i}.id).limit(10).all(pool);`,
      `  const text: string | undefined = rows[0].data?.tag${i};`,
      `  const patch: typeof Model${i}.Update = { name${i}: text, kind: same?.kind };`,
      `  return { patch, total: rows.map((each) => each.visits) };`,
      "}",
    );
  }
  return lines.join("\n");
}

/** What checking one program took. */
interface Cost {
  readonly instantiations: number;
  readonly types: number;
  readonly seconds: number;
}

function check(text: string): Cost {
  const file = `${root}/tests/orm/generated_schema.ts`;
  const stub = `${root}/tests/orm/sql_template_tag_stub.d.ts`;
  const sources = new Map([
    [file, text],
    [
      stub,
      "export declare class Sql { readonly values: unknown[]; readonly strings: string[]; get text(): string; }",
    ],
  ]);
  const options = {
    strict: true,
    noEmit: true,
    target: ts.ScriptTarget.ESNext,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    allowImportingTsExtensions: true,
    lib: ["lib.esnext.d.ts", "lib.dom.d.ts"],
    types: [],
    paths: { "sql-template-tag": [stub] },
  };
  const host = ts.createCompilerHost(options);
  const readFile = host.readFile;
  host.readFile = (name) => sources.get(name) ?? readFile(name);
  const fileExists = host.fileExists;
  host.fileExists = (name) => sources.has(name) || fileExists(name);
  const program = ts.createProgram([file], options, host);
  const start = performance.now();
  const diagnostics = ts.getPreEmitDiagnostics(program);
  const seconds = (performance.now() - start) / 1000;
  for (const diagnostic of diagnostics.slice(0, 5)) {
    console.error(diagnostic.file?.fileName, ts.flattenDiagnosticMessageText(diagnostic.messageText, "\n"));
  }
  assert.equal(diagnostics.length, 0, "the generated schema must check");
  return { instantiations: program.getInstantiationCount(), types: program.getTypeCount(), seconds };
}

const none = check(schema(0));
const costs = new Map<number, Cost>();
for (const count of [100, 500]) {
  const cost = check(schema(count));
  costs.set(count, cost);
  console.log(
    `${count} models: ${cost.instantiations} instantiations, ${cost.types} types, ${
      cost.seconds.toFixed(2)
    } s`,
  );
}
const [hundred, fiveHundred] = [100, 500].map((count) =>
  costs.get(count)!.instantiations - none.instantiations
);
const growth = fiveHundred / hundred;
console.log(`without models: ${none.instantiations} instantiations, ${none.seconds.toFixed(2)} s`);
console.log(`growth from 100 to 500 models: ${growth.toFixed(2)} times`);
assert.ok(growth <= LINEAR_GROWTH, `growth must be at most ${LINEAR_GROWTH} times`);
assert.ok(hundred <= BUDGET_AT_100, `100 models must take at most ${BUDGET_AT_100} instantiations`);
