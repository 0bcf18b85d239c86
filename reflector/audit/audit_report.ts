/**
 * What an audit found, as a value and as text.
 *
 * @module
 */

/** What became of the entries that were looked at again after a while. */
export interface AuditRound {
  /** Milliseconds after the primary had been read. */
  readonly after: number;
  /** Entries that a client would have been given. */
  readonly judged: number;
  /** Of these, how many were the same as the primary's rows, or newer. */
  readonly current: number;
  /** Of these, how many were older: each of them is older than `after`. */
  readonly older: number;
  /** Of these, how many were written so close to the comparison that nobody can tell. */
  readonly undecided: number;
  /** Entries that are gone, or that a client would not have believed: it reads PostgreSQL then. */
  readonly bypassed: number;
}

/** An entry that was older than promised. */
export interface OlderEntry {
  readonly key: string;
  /** Milliseconds by which it was older, at least. */
  readonly after: number;
  /** The position of the log its row was read at, and the primary's. */
  readonly version: string;
  readonly primaryVersion: string;
}

/** What an audit found. */
export interface AuditReport {
  /** Milliseconds a hit may be older than the database. */
  readonly promised: number;
  /** Keys of rows that were found in the store. */
  readonly found: number;
  /** Keys that were sampled. */
  readonly sampled: number;
  /** Why sampled keys were not compared, counted. */
  readonly skipped: Readonly<Record<string, number>>;
  readonly rounds: readonly AuditRound[];
  /** The first of those that were older than promised. */
  readonly older: readonly OlderEntry[];
  /** How many were, in all rounds. */
  readonly broken: number;
  /** How many entries were judged, in all rounds. */
  readonly judged: number;
  /** The share of older entries that the sample does not rule out, with 95 % confidence: 0 to 1. */
  readonly atMost: number;
}

/** One-sided 95 % bound of a share: the rule of three where nothing was found, Poisson's approximation elsewhere. */
export function shareAtMost(bad: number, all: number): number {
  if (all === 0) return 1;
  if (bad === 0) return Math.min(1, 3 / all);
  // Wilson and Hilferty's approximation of the chi-squared quantile.
  const degrees = bad + 1;
  const quantile = degrees * (1 - 1 / (9 * degrees) + 1.6449 / (3 * Math.sqrt(degrees))) ** 3;
  return Math.min(1, quantile / all);
}

/** Words a report. */
export function auditText(report: AuditReport): string {
  const { promised, found, sampled, skipped, rounds, older, broken, judged, atMost } = report;
  const lines = [
    `${sampled} of ${found} cached rows sampled`,
    ...Object.entries(skipped).map(([reason, count]) => `  ${count} not compared: ${reason}`),
    ...rounds.map((round) =>
      `after ${
        round.after / 1_000
      } s: ${round.judged} judged, ${round.current} as the primary has them or newer, ` +
      `${round.older} older, ${round.undecided} undecided, ${round.bypassed} not to be had from the cache`
    ),
    ...older.map(({ key, after, version, primaryVersion }) =>
      `OLDER than ${after / 1_000} s: "${key}", read at ${version}, the primary at ${primaryVersion}`
    ),
    judged === 0
      ? "nothing was judged, so nothing can be said"
      : `${broken} of ${judged} were more than ${promised / 1_000} s old; with 95 % confidence at most ${
        percent(atMost)
      } of such reads are (${
        broken === 0 ? `0 in ${judged} supports 3/${judged}` : "Poisson"
      }); nothing is said of anything else`,
  ];
  return lines.join("\n");
}

function percent(share: number): string {
  return `${(share * 100).toPrecision(2)} %`;
}
