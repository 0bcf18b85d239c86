/**
 * What the reflector can do, in figures: `deno task bench:reflector`. bench/README.md says how to read and repeat it.
 *
 *     deno task bench:reflector [--source notify|logical|both] [--seconds S] [--changes N] [--only PART]…
 */
import { cpus, totalmem } from "node:os";
import { startServices } from "../../tests/services/running_services.ts";
import type { ServicesDescription } from "../../tests/services/description.ts";
import { keep } from "../report/json.ts";
import { median } from "../report/statistics.ts";
import { markdownTable } from "../report/table.ts";
import { type Failover, failover } from "./failover.ts";
import { freshness } from "./freshness.ts";
import { CACHED, Lab, ROWS, type Source } from "./lab.ts";
import { throughput } from "./throughput.ts";

const HELP = `deno task bench:reflector [options]

  --source NAME   notify, logical or both (both)
  --seconds S     how long each load lasts (10)
  --changes N     changes of rows of the load that memory is looked at under (3600000: those of an hour at 1,000 a
                  second); it ends after ten times --seconds all the same
  --rate N        writes a second of the load that freshness is looked at under (1000)
  --only PART     freshness, throughput, drain, memory or failover; may be repeated (all)
  --kills N       how often the leader is killed (3)
`;

const PARTS = ["freshness", "throughput", "drain", "memory", "failover"] as const;
type Part = typeof PARTS[number];

interface Options {
  readonly sources: readonly Source[];
  readonly seconds: number;
  readonly changes: number;
  readonly rate: number;
  readonly kills: number;
  readonly parts: ReadonlySet<Part>;
}

/** A line of the table. */
type Line = readonly [source: string, what: string, figure: string, goal: string];

const whole = (value: number): string => Math.round(value).toLocaleString("en");
const tenth = (value: number): string => value.toFixed(1);
const megabytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MB`;

function parse(args: readonly string[]): Options {
  const values = new Map<string, string[]>();
  const rest = args.flatMap((arg) => arg.startsWith("--") ? arg.split("=", 2) : [arg]);
  for (let name = rest.shift(); name !== undefined; name = rest.shift()) {
    const value = rest.shift();
    if (
      !["--source", "--seconds", "--changes", "--rate", "--only", "--kills"].includes(name) ||
      value === undefined
    ) {
      throw new Error(`Cannot use "${name}"; see deno task bench:reflector --help`);
    }
    values.set(name, [...values.get(name) ?? [], value]);
  }
  const number = (name: string, usual: number): number => {
    const value = Number(values.get(name)?.[0] ?? usual);
    if (value > 0) return value;
    throw new Error(`Cannot use ${name} "${values.get(name)}"; give a number above 0`);
  };
  const source = values.get("--source")?.[0] ?? "both";
  if (source !== "both" && source !== "notify" && source !== "logical") {
    throw new Error(`Cannot use --source "${source}"; give notify, logical or both`);
  }
  const parts = (values.get("--only") ?? PARTS).map((name) => {
    const part = PARTS.find((part) => part === name);
    if (part === undefined) throw new Error(`Cannot measure "${name}"; name some of ${PARTS.join(", ")}`);
    return part;
  });
  return {
    sources: source === "both" ? ["notify", "logical"] : [source],
    seconds: number("--seconds", 10),
    changes: number("--changes", 3_600_000),
    rate: number("--rate", 1_000),
    kills: number("--kills", 3),
    parts: new Set(parts),
  };
}

async function measureSource(lab: Lab, { parts, seconds, rate, changes, kills }: Options): Promise<Line[]> {
  const lines: Line[] = [];
  const line = (what: string, figure: string, goal = ""): void => {
    console.log(`${lab.source.padEnd(8)} ${what}: ${figure}${goal === "" ? "" : ` (wanted: ${goal})`}`);
    lines.push([lab.source, what, figure, goal]);
  };
  if (parts.has("freshness")) {
    const { rate: made, p50, p99, longest, error, lost } = await freshness(lab, { rate, seconds });
    const what = `commit → fresh in Redis at ${whole(made)} writes a second`;
    line(`${what}, p50`, `${tenth(p50)} ms`);
    line(`${what}, p99`, `${tenth(p99)} ms`, "below 10 ms");
    line(`${what}, longest`, `${tenth(longest)} ms${lost === 0 ? "" : `, and ${lost} never`}`);
    line(
      "… of which may be the time between two looks, p50, p99 and longest",
      `${tenth(error.p50)}, ${tenth(error.p99)} and ${tenth(error.longest)} ms`,
    );
  }
  if (parts.has("throughput")) {
    for (const rows of [1, 100]) {
      const { written, applied, behind, canary, whole: all } = await throughput(lab, { rows, seconds });
      const what = rows === 1 ? "statements of one row" : `statements of ${rows} rows`;
      line(`${what}: changes a second applied (written)`, `${whole(applied)} (${whole(written)})`);
      line(
        `${what}: behind in the end, longest canary`,
        `${whole(behind)} ms, ${whole(canary)} ms${all === 0 ? "" : `; ${whole(all)} × as a whole table`}`,
      );
    }
  }
  if (parts.has("memory")) {
    const leader = (await lab.leader())!;
    const held = [(await leader.memory()).now];
    let made = 0;
    for (let quarter = 1; quarter <= 4; quarter++) {
      made += (await throughput(lab, { rows: 100, seconds: 2.5 * seconds, most: changes / 4 })).changes;
      held.push((await leader.memory()).now);
    }
    const { peak } = await leader.memory();
    line(
      `memory (RSS) before, and after each quarter of ${whole(made)} changes; at most`,
      `${held.map(megabytes).join(", ")}; ${megabytes(peak)}`,
      "no growth",
    );
  }
  if (parts.has("failover")) {
    await lab.startReflector();
    const runs: Failover[] = [];
    for (let kill = 0; kill < kills; kill++) runs.push(await failover(lab));
    const all = (name: keyof Failover): string =>
      `${whole(median(runs.map((run) => run[name])))} ms (at most ${
        whole(Math.max(...runs.map((run) => run[name])))
      })`;
    line("leader killed → trust lost", all("lost"), "within 1 s");
    line("leader killed → another leads, its canary came out", all("leads"), "lease 3 s + 1 s");
    line("leader killed → trusted again", all("back"));
  }
  return lines;
}

/** The share of `pg_recvlogical` in `logical_drain.ts`, which needs the run's services. */
async function drain(controlUrl: string, seconds: number): Promise<string> {
  const program = new URL("../logical_drain.ts", import.meta.url).pathname;
  const rows = String(Math.round(20_000 * Math.min(10, seconds)));
  const { stdout, stderr, success } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-A", program, "--rows", rows, "--rounds", "3"],
    env: { LIFEGUARD_TEST_CONTROL: controlUrl, NO_COLOR: "1" },
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr).trim().slice(-500));
  return new TextDecoder().decode(stdout).trim();
}

function document(lines: readonly Line[], { circumstances, drained }: {
  readonly circumstances: string;
  readonly drained: string | undefined;
}): string {
  return [
    "# The reflector in figures",
    circumstances,
    ...lines.length === 0 ? [] : [markdownTable([["source", "what", "measured", "wanted"], ...lines], 4)],
    ...drained === undefined ? [] : [
      "Draining a slot, beside `pg_recvlogical`, which only writes the bytes away (wanted: a share of 0.8):",
      "```text\n" + drained + "\n```",
    ],
  ].join("\n\n") + "\n";
}

async function main(): Promise<void> {
  if (Deno.args.includes("--help")) return console.log(HELP);
  const options = parse(Deno.args);
  await using services = await startServices(["--only", "primary,redis"]);
  const { servers, missing } = await (await fetch(services.url)).json() as ServicesDescription;
  const { primary, redis } = servers;
  if (primary === undefined || redis === undefined) {
    throw new Error(`Cannot measure: ${missing.primary ?? missing.redis}`);
  }
  const lines: Line[] = [];
  for (const source of options.sources) {
    await using lab = await Lab.open(source, { url: `${primary.url}?sslmode=disable`, redisUrl: redis.url });
    lines.push(...await measureSource(lab, options));
  }
  let drained: string | undefined;
  if (options.parts.has("drain") && options.sources.includes("logical")) {
    drained = await drain(services.url, options.seconds)
      .catch((error) => `not measured: ${error instanceof Error ? error.message : error}`);
    console.log(drained);
  }
  const { length: cores, 0: core } = cpus();
  const circumstances = `\`${["deno task bench:reflector", ...Deno.args].join(" ")}\` on ${
    new Date().toISOString().slice(0, 10)
  }: Deno ${Deno.version.deno}, PostgreSQL ${primary.version} (fsync off), Redis ${redis.version}; ${
    core?.model.trim() || Deno.build.arch
  }, ${cores} cores, ${Math.round(totalmem() / 2 ** 30)} GB, which servers, reflector and writers share. ${
    whole(ROWS)
  } rows, ${whole(CACHED)} of them cached; [README.md](../README.md) says how each figure is measured.`;
  await keep("reflector.md", document(lines, { circumstances, drained }));
}

try {
  await main();
  Deno.exit(0);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  Deno.exit(1);
}
