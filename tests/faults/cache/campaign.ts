/**
 * Runs faults one after another under a load of random reads and writes, and judges every read.
 *
 * Each fault begins when every client trusts the cache, and is over when all of them trust it again, or do not in time.
 * Then the writers rest, and every key is read by every client and compared with the primary: what is stale then is
 * stale for good.
 */
import { auditText } from "../../../reflector/audit/audit_report.ts";
import { HistoryChecker } from "../../../reflector/audit/checker.ts";
import type { ReadMode } from "../../../reflector/audit/history.ts";
import { type Judgement, judgementText } from "../../../reflector/audit/judgement.ts";
import { Driver, type DriverFigures } from "./driver.ts";
import { World, type WorldKind, type WorldOptions } from "./world.ts";

/** How long a fault lasts, and chance. */
export interface FaultSetting {
  /** Milliseconds for which it is held. */
  readonly hold: number;
  readonly random: (below: number) => number;
}

/** A fault of docs/reliability.md. */
export interface CacheFault {
  readonly number: number;
  readonly name: string;
  /** The world it needs, of which nothing is left afterwards. Default: the plain one. */
  readonly kind?: WorldKind;
  /** Makes it, holds it, and heals it; resolves when it is healed. */
  run(world: World, setting: FaultSetting): Promise<void>;
}

/** What became of one fault. */
export interface FaultRow {
  readonly fault: CacheFault;
  readonly judgement: Judgement;
  readonly figures: DriverFigures;
  /** Share of the reads that the cache could have answered and PostgreSQL did, 0 to 1. */
  readonly bypassed: number;
  /** Milliseconds from when it was healed until every client trusted the cache again; undefined: they did not in time. */
  readonly recovery: number | undefined;
  /** Milliseconds from when it began until some client trusted the cache no more; undefined: all of them always did. */
  readonly distrust: number | undefined;
  /** Keys that a client read wrongly when everything rested, each in a line. */
  readonly stale: readonly string[];
}

/** What a campaign is of. */
export interface CampaignOptions {
  readonly world: World;
  readonly checker: HistoryChecker;
  readonly driver: Driver;
  readonly random: (below: number) => number;
  /** Milliseconds a fault is held. */
  readonly hold: number;
  /** Told how it goes on. */
  readonly say: (line: string) => void;
}

/** Milliseconds within which clients must trust the cache again. */
const RECOVERY = 30_000;
/** Milliseconds a replica may lag, with what passes until that is noticed. */
const REPLICA_BOUND = 2_000;
/** Milliseconds that writers rest before everything is compared. */
const REST = 2_000;

/**
 * Runs one fault.
 *
 * @param fault The fault.
 * @param options What it befalls.
 */
export async function runFault(fault: CacheFault, options: CampaignOptions): Promise<FaultRow> {
  const { world, checker, driver, hold, random, say } = options;
  if (await trusted(world, RECOVERY) === undefined) {
    say(`before fault ${fault.number} nobody trusts the cache`);
  }
  await sleep(500);
  driver.settle();
  const calm = checker.take();
  if (calm.broken > 0) say(judgementText(calm));
  driver.takeFigures();
  const before = world.reads();

  let distrust: number | undefined;
  const begun = performance.now();
  const watch = setInterval(() => {
    if (distrust === undefined && !isTrusted(world)) distrust = performance.now() - begun;
    if (world.isRecorded) driver.settle();
  }, 50);
  let recovery: number | undefined;
  try {
    await fault.run(world, { hold, random });
    recovery = await trusted(world, RECOVERY);
    await sleep(1_000);
  } finally {
    clearInterval(watch);
  }
  const stale = await restedComparison(options);
  driver.settle();
  const judgement = checker.take();
  const after = world.reads();
  const row: FaultRow = {
    ...{ fault, judgement, recovery, distrust, stale, figures: driver.takeFigures() },
    bypassed: share(after.fromDatabase - before.fromDatabase, after.all - before.all),
  };
  say(rowText(row));
  if (recovery === undefined) say(await world.describe());
  return row;
}

/** Lets writers rest, and compares what every client reads with the primary. */
async function restedComparison({ world, driver }: CampaignOptions): Promise<string[]> {
  await using _resting = await driver.rest();
  await sleep(REST);
  const stale: string[] = [];
  const right = await world.rows();
  for (const client of world.clients) {
    for (const mode of ["mixed", "strong"] as const) {
      await client.session(() =>
        Promise.all(
          Array.from({ length: world.keys }, async (_, index) => {
            const found = await client.read(index + 1, mode).catch(() => undefined);
            if (found === undefined || found.state === right.get(index + 1)) return;
            stale.push(
              `${client.name} reads ${found.state} of key ${index + 1} in ${mode} mode, not ${
                right.get(index + 1)
              }`,
            );
          }),
        )
      );
    }
  }
  return stale;
}

/** A whole campaign. */
export interface CampaignSetting extends Pick<CampaignOptions, "random" | "hold" | "say"> {
  readonly source: World["source"];
  readonly keys: number;
  readonly storeOf?: WorldOptions["storeOf"];
  /** Of a thousand operations, how many write. */
  readonly writes?: number;
  /** Milliseconds between two operations of a session, at most. */
  readonly pause?: number;
}

/**
 * Makes worlds, and runs faults in them.
 *
 * @param faults The faults, in order.
 * @param setting How.
 */
export async function runCampaign(
  faults: readonly CacheFault[],
  setting: CampaignSetting,
): Promise<FaultRow[]> {
  const kinds = [
    faults.filter(({ kind }) => kind === undefined),
    ...faults.filter(({ kind }) => kind !== undefined).map((one) => [one]),
  ];
  const rows: FaultRow[] = [];
  for (const some of kinds) if (some.length > 0) rows.push(...await runInWorld(some, setting));
  return rows;
}

async function runInWorld(
  faults: readonly CacheFault[],
  { source, keys, writes = 60, pause = 4, random, hold, say, storeOf }: CampaignSetting,
): Promise<FaultRow[]> {
  const rows: FaultRow[] = [];
  const { kind = "plain" } = faults[0];
  await using world = await World.open({ source, keys, kind, ...(storeOf === undefined ? {} : { storeOf }) });
  const checker = new HistoryChecker({ mixedBound: 1_000, replicaBound: REPLICA_BOUND });
  const begun = performance.now();
  for (let id = 1; id <= keys; id++) {
    checker.add({
      ...{ kind: "write", session: "first", key: String(id), state: 1, absent: false },
      ...{ sent: begun - 1, ended: begun, outcome: "acknowledged" },
    });
  }
  world.record = (event) => checker.add(event);
  await world.leader();
  await using driver = new Driver({ clients: world.clients, checker, random, keys, writes, pause });
  const options = { world, checker, driver, random, hold, say };
  for (const fault of faults) rows.push(await runFault(fault, options));
  if (kind !== "plain") return rows;
  const audit = await world.audit();
  say(auditText(audit));
  if (audit.broken > 0) throw new Error(`The audit found what the checker did not: ${auditText(audit)}`);
  return rows;
}

/** Waits until every client trusts the cache; the milliseconds it took, or undefined. */
async function trusted(world: World, timeout: number): Promise<number | undefined> {
  const start = performance.now();
  while (performance.now() - start < timeout) {
    if (isTrusted(world)) return performance.now() - start;
    await sleep(10);
  }
  return undefined;
}

function isTrusted(world: World): boolean {
  return world.clients.every((client) => client.isTrusting);
}

/** The worst staleness of a mode, in milliseconds. */
export function worstOf({ tallies }: Judgement, mode: ReadMode): number {
  return Math.max(0, ...tallies.filter((tally) => tally.mode === mode).map(({ worst }) => worst));
}

/** A fault's line, and what was wrong. */
function rowText({ fault, judgement, recovery, distrust, stale, figures, bypassed }: FaultRow): string {
  const time = (value: number | undefined): string =>
    value === undefined ? "–" : `${(value / 1_000).toFixed(1)} s`;
  const worst = (["mixed", "strong", "replica"] as const).map((mode) =>
    `${mode} ${worstOf(judgement, mode).toFixed(0)} ms`
  );
  const lines = [
    `${fault.number} ${fault.name}: ${judgement.judged} reads judged, ${
      (bypassed * 100).toFixed(0)
    } % bypassed; worst ${
      worst.join(", ")
    }; ${judgement.broken} broken, ${stale.length} stale at rest; distrust after ${
      time(distrust)
    }, recovered after ${time(recovery)}; longest mixed read ${figures.longest.mixed.toFixed(0)} ms`,
    ...errorLines("reads", figures.failedReads),
    ...errorLines("writes", figures.failedWrites),
    ...stale.slice(0, 10),
  ];
  if (judgement.broken > 0) lines.push(judgementText(judgement));
  return lines.join("\n");
}

function errorLines(what: string, counts: Readonly<Record<string, number>>): string[] {
  return Object.entries(counts).map(([name, count]) => `    failed ${what}: ${count} × ${name}`);
}

/** The table of a campaign. */
export function campaignTable(rows: readonly FaultRow[]): string {
  const head = [
    "fault",
    "reads judged",
    "bypassed",
    "mixed",
    "strong",
    "replica",
    "broken",
    "stale",
    "distrust",
    "recovery",
  ];
  const time = (value: number | undefined): string =>
    value === undefined ? "–" : `${(value / 1_000).toFixed(1)} s`;
  const cells = rows.map(({ fault, judgement, bypassed, recovery, distrust, stale }) => [
    `${fault.number} ${fault.name}`,
    String(judgement.judged),
    `${(bypassed * 100).toFixed(0)} %`,
    ...(["mixed", "strong", "replica"] as const).map((mode) => `${worstOf(judgement, mode).toFixed(0)} ms`),
    String(judgement.broken),
    String(stale.length),
    time(distrust),
    time(recovery),
  ]);
  const widths = head.map((name, column) => Math.max(name.length, ...cells.map((row) => row[column].length)));
  const line = (row: readonly string[]): string =>
    `| ${
      row.map((cell, column) => column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column])).join(
        " | ",
      )
    } |`;
  const total = rows.reduce((sum, { judgement }) => sum + judgement.judged, 0);
  const broken = rows.reduce((sum, { judgement, stale }) => sum + judgement.broken + stale.length, 0);
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  return [line(head), rule, ...cells.map(line), "", `${total} reads judged; ${broken} older than promised`]
    .join("\n");
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
