/**
 * Has partitions of time be there before rows for them are.
 *
 * State: none here; what is there is read from the database each time.
 *
 * Invariants:
 * - Two calls for one table never run at once, in whatever processes they are: each holds the table's advisory lock from
 *   before it reads what is there until its transaction ends. So the second finds what the first created.
 * - What a partition covers already, of whatever length, is left to it: only what none covers is created.
 * - Nothing is detached or dropped unless `keep` says so, and never a partition that reaches into what is kept.
 *
 * @module
 */
import type { Executor } from "../../pool/executor.ts";
import { Sql } from "../../pool/sql/sql.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import { Column } from "../building/column.ts";
import type { Joinable } from "../building/source.ts";
import { shortened } from "../compiling/ddl/default_name.ts";
import { tableOf } from "../definition/table.ts";
import { inTransaction } from "../executing/transactional.ts";
import { creation, lockPartitions, type PartitionName } from "./creation.ts";
import { Partitions } from "./partitions.ts";
import { type Period, PERIODS, periodStart, periodSuffix } from "./periods.ts";
import { type ZoneClock, zoneClock } from "./zoned_time.ts";

/** Which partitions are to be there. */
export interface EnsurePartitionsOptions {
  /** How long a partition is. */
  readonly every: Period;
  /**
   * Where clocks show when a period begins: `"Europe/Vienna"`. For a `date` or `timestamp`, which hold what clocks show
   * already, it says no more than which period it is now. Default `"UTC"`.
   */
  readonly timeZone?: string;
  /** For how many periods after this one there are partitions. Default 3. */
  readonly ahead?: number;
  /** For how many periods before this one there are. Default 0. */
  readonly behind?: number;
  /** What becomes of old partitions. Default: they stay. */
  readonly keep?: KeepOptions;
  /** What is taken for now. Default: the server's clock. */
  readonly now?: Date;
}

/** Which partitions stay, and what becomes of the others. */
export interface KeepOptions {
  /** How many whole periods before this one stay. */
  readonly periods: number;
  /** Whether older partitions become tables of their own or are dropped with their rows. */
  readonly then: "detach" | "drop";
}

/** What {@link ensurePartitions} did. */
export interface EnsuredPartitions {
  /** The partitions it created, from the earliest on. */
  readonly created: readonly string[];
  /** Those it detached or dropped. */
  readonly removed: readonly string[];
}

const OPTIONS: readonly string[] = [
  "every",
  "timeZone",
  "ahead",
  "behind",
  "keep",
  "now",
] satisfies (keyof EnsurePartitionsOptions)[];
/** More would be a mistake: each takes a lock, and planning a query looks at all. */
const MAX_PARTITIONS = 10_000;

/**
 * Creates the partitions that are missing for this period and those to come, of a table that is divided by a range of one
 * `date`, `timestamp` or `timestamptz`. It can be called as often as wanted, by as many processes as wanted at once.
 *
 * @param executor What to run on: a pool or a transaction.
 * @param model The model.
 * @param options See {@link EnsurePartitionsOptions}.
 * @returns What it created and removed; empty where all was there.
 * @throws {ValidationError} When the table is divided otherwise, or an option is wrong, before anything is sent.
 *
 * @example
 * ```ts
 * import { column, createTables, ensurePartitions, model, Pool } from "@lifeguard/core";
 * const Event = model("events", { at: column.timestamptz().defaultNow(), text: column.text() }, {
 *   partitionBy: (t) => ({ range: [t.at] }),
 * });
 * await using pool = new Pool("pglite:");
 * await createTables([Event], pool);
 * const now = new Date("2026-11-23T09:45Z");
 * const { created } = await ensurePartitions(pool, Event, { every: "month", ahead: 2, now });
 * console.assert(created.join() === "events_2026_11,events_2026_12,events_2027_01");
 * console.assert((await ensurePartitions(pool, Event, { every: "month", ahead: 2, now })).created.length === 0);
 * ```
 */
export async function ensurePartitions(
  executor: Executor,
  model: Joinable,
  options: EnsurePartitionsOptions,
): Promise<EnsuredPartitions> {
  const partitions = new Partitions(model);
  const table = tableOf(model);
  const { tableName, schema, partitionKey } = table;
  const subject = `ensurePartitions() of model "${tableName}"`;
  const base = timeBase(subject, partitionKey!.strategy === "range" ? partitionKey!.parts : []);
  const { every, ahead, behind, keep, now, clock } = checked(subject, options);
  return await inTransaction(subject, executor, async (tx) => {
    await lockPartitions(table, tx);
    const there = await rangesOf(tx, table.fragment.text, base);
    const time = now?.getTime() ??
      1_000 * await tx.value<number>(new Sql(["select extract(epoch from clock_timestamp())::float8"], []));
    const wall = clock.wallOf(time);
    // Bounds of a date or a timestamp are what clocks show, those of a timestamptz the moments at which they do.
    const start = (offset: number): number => {
      const shown = periodStart(every, wall, offset);
      return base === "timestamptz" ? clock.momentOf(shown) : shown;
    };
    const named = (name: string): PartitionName => schema === undefined ? { name } : { name, schema };
    const created: string[] = [];
    for (let offset = -behind; offset <= ahead; offset++) {
      const whole = { from: start(offset), to: start(offset + 1) };
      const suffix = periodSuffix(every, periodStart(every, wall, offset));
      for (const gap of uncovered(whole, there)) {
        const isWhole = gap.from === whole.from && gap.to === whole.to;
        const piece = isWhole ? "" : `_${timeText("timestamp", gap.from).replaceAll(/\D/g, "")}`;
        const name = shortened(tableName, `_${suffix}${piece}`);
        const bounds = `for values from ('${timeText(base, gap.from)}') to ('${timeText(base, gap.to)}')`;
        for (const statement of creation(table, named(name), bounds)) await tx.execute(statement);
        created.push(name);
      }
    }
    const removed: string[] = [];
    const oldest = keep === undefined ? -Infinity : start(-keep.periods);
    for (const { name, schema: home, to } of there) {
      if (to > oldest) continue;
      if (keep!.then === "drop") await partitions.drop(tx, { name, schema: home });
      else await partitions.detach(tx, { name, schema: home });
      removed.push(name);
    }
    return { created, removed };
  });
}

type TimeBase = "date" | "timestamp" | "timestamptz";

/** Times in milliseconds: not before `from`, before `to`. */
interface Span {
  readonly from: number;
  readonly to: number;
}

function timeBase(subject: string, parts: readonly Sql[]): TimeBase {
  const [part] = parts;
  if (parts.length === 1 && part instanceof Column) {
    const { base, dimensions } = part.settings.type;
    if (dimensions === 0 && (base === "date" || base === "timestamp" || base === "timestamptz")) return base;
  }
  throw new ValidationError(
    subject,
    "its table is not divided by a range of one date, timestamp or timestamptz; create its partitions with partitions()",
  );
}

function checked(
  subject: string,
  options: EnsurePartitionsOptions,
): EnsurePartitionsOptions & { readonly ahead: number; readonly behind: number; readonly clock: ZoneClock } {
  for (const option of Object.keys(options ?? {})) {
    if (!OPTIONS.includes(option)) {
      throw new ValidationError(
        `option "${option}" of ${subject}`,
        `there is none; use ${OPTIONS.join(", ")}`,
      );
    }
  }
  const { every, timeZone = "UTC", ahead = 3, behind = 0, keep, now } = options ?? {};
  const clock = zoneClock(timeZone);
  if (clock === undefined) {
    throw new ValidationError(
      `option "timeZone" of ${subject}`,
      `there is no zone "${timeZone}"; give a name such as "Europe/Vienna"`,
    );
  }
  if (!PERIODS.includes(every)) {
    throw new ValidationError(`option "every" of ${subject}`, `it is no period; use ${PERIODS.join(", ")}`);
  }
  for (const [option, value] of Object.entries({ ahead, behind, keep: keep?.periods ?? 0 })) {
    if (Number.isSafeInteger(value) && value >= 0 && value <= MAX_PARTITIONS) continue;
    throw new ValidationError(
      `option "${option}" of ${subject}`,
      `it is no number of periods; give a whole number from 0 to ${MAX_PARTITIONS}`,
    );
  }
  if (
    keep !== undefined && (keep?.periods === undefined || (keep.then !== "detach" && keep.then !== "drop"))
  ) {
    throw new ValidationError(
      `option "keep" of ${subject}`,
      'it does not say what becomes of old partitions; give { periods, then: "detach" } or { periods, then: "drop" }',
    );
  }
  if (now !== undefined && !(now instanceof Date && Number.isFinite(now.getTime()))) {
    throw new ValidationError(
      `option "now" of ${subject}`,
      "it is no date; leave it out for the server's clock",
    );
  }
  return { ...options, ahead, behind, clock };
}

/** What the partitions cover that are there; the default covers nothing. */
async function rangesOf(
  tx: Executor,
  parent: string,
  base: TimeBase,
): Promise<readonly (Span & { readonly name: string; readonly schema: string })[]> {
  // The text is read with the settings it was printed with, so neither time zone nor date style matter.
  const epoch = (group: number): string =>
    `extract(epoch from ${
      base === "timestamptz"
        ? `bound[${group}]::timestamptz`
        : `bound[${group}]::timestamp at time zone 'UTC'`
    })::float8`;
  const rows = await tx.query<{ name: string; schema: string; from: number | null; to: number | null }>(
    new Sql([
      `select name, schema, ${epoch(1)} as "from", ${epoch(2)} as "to" from (
  select c.relname::text as name, n.nspname::text as schema, regexp_match(pg_get_expr(c.relpartbound, c.oid),
    '^FOR VALUES FROM \\((?:MINVALUE|''([^'']*)'')\\) TO \\((?:MAXVALUE|''([^'']*)'')\\)$') as bound
  from pg_inherits i join pg_class c on c.oid = i.inhrelid join pg_namespace n on n.oid = c.relnamespace
  where i.inhparent = `,
      `::text::regclass and not i.inhdetachpending) as ranges
where bound is not null order by "from" nulls first`,
    ], [parent]),
  );
  return rows.map(({ name, schema, from, to }) => ({
    name,
    schema,
    from: from === null ? -Infinity : from * 1_000,
    to: to === null ? Infinity : to * 1_000,
  }));
}

/** The parts of a span that none of the others covers; the others are in order. */
function uncovered({ from, to }: Span, others: readonly Span[]): readonly Span[] {
  const gaps: Span[] = [];
  let start = from;
  for (const other of others) {
    if (other.to <= start || other.from >= to) continue;
    if (other.from > start) gaps.push({ from: start, to: other.from });
    start = Math.max(start, other.to);
  }
  if (start < to) gaps.push({ from: start, to });
  return gaps;
}

/** A time as a constant of a type. */
function timeText(base: TimeBase, time: number): string {
  const text = new Date(time).toISOString().replace("T", " ").replace("Z", "");
  return base === "date" ? text.slice(0, 10) : base === "timestamp" ? text : `${text}+00`;
}
