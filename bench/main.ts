/**
 * Runs us and the peers alternately on the same server and prints medians and ratios: `deno task bench`.
 *
 * Each subject runs in a process of its own, so that none profits or suffers from another's warm-up or garbage; rounds
 * alternate, so that a disturbance of the machine hits all.
 */
import { needs, server } from "../tests/services/client.ts";

/** Rounds, seconds of each after its warm-up, callers and connections. */
const ROUNDS = 5;
const SECONDS = 3;
const CALLERS = 64;
const CONNECTIONS = 4;
/** Rows of the table that is selected from. */
const ROWS = 10_000;

interface Subject {
  readonly name: string;
  readonly script: string;
  readonly config: string;
  readonly variant: string;
}

const SUBJECTS: readonly Subject[] = [
  {
    name: "lifeguard",
    script: "lifeguard.ts",
    config: "../deno.json",
    variant: "own",
  },
  {
    name: "lifeguard, reads share a Sync",
    script: "lifeguard.ts",
    config: "../deno.json",
    variant: "shared",
  },
  {
    name: "postgres.js",
    script: "postgres_js.ts",
    config: "deno.json",
    variant: "",
  },
];

const { ignore } = needs("primary");
if (ignore !== undefined) {
  console.error(`Cannot measure: ${ignore}`);
  Deno.exit(1);
}
const { url } = server("primary");

async function measure(subject: Subject): Promise<number> {
  const here = new URL(".", import.meta.url);
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--allow-all",
      "--config",
      new URL(subject.config, here).pathname,
      new URL(`subjects/${subject.script}`, here).pathname,
      JSON.stringify({
        url,
        callers: CALLERS,
        connections: CONNECTIONS,
        seconds: SECONDS,
        rows: ROWS,
        variant: subject.variant,
      }),
    ],
    stdout: "piped",
    stderr: "piped",
  }).output();
  const text = new TextDecoder().decode(stdout).trim();
  if (code !== 0 || !/^\d+(\.\d+)?$/.test(text)) {
    throw new Error(
      `Cannot measure ${subject.name}: ${text}\n${new TextDecoder().decode(stderr)}`,
    );
  }
  return Number(text);
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

console.log(
  `Primary-key select on Deno ${Deno.version.deno}: ${CALLERS} callers, ${CONNECTIONS} connections, ` +
    `${ROUNDS} rounds of ${SECONDS} s each, alternating; queries per second`,
);
const results = new Map<Subject, number[]>(
  SUBJECTS.map((subject) => [subject, []]),
);
for (let round = 0; round < ROUNDS; round++) {
  for (const subject of SUBJECTS) {
    results.get(subject)!.push(await measure(subject));
  }
}
const peer = median(results.get(SUBJECTS.at(-1)!)!);
for (const [{ name }, values] of results) {
  const all = values.map((value) => Math.round(value)).join(", ");
  console.log(
    `${name.padEnd(30)} ${Math.round(median(values)).toString().padStart(8)}  ${
      (median(values) / peer).toFixed(2)
    } × postgres.js   (${all})`,
  );
}
