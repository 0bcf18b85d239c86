/**
 * What a checker found out, as values and as text.
 *
 * @module
 */
import type { ReadEvent, ReadMode, ReadOrigin, WriteEvent } from "./history.ts";

/** A promise that was not kept. */
export interface Violation {
  /**
   * The promise: that of the read's mode; `"unwritten"`: it found what nobody had written yet; `"order"`: a write got a
   * number that was not above all that could be seen when it began.
   */
  readonly promise: ReadMode | "unwritten" | "order";
  readonly event: ReadEvent | WriteEvent;
  /** The least state that would have kept the promise; undefined where none would. */
  readonly needed: number | undefined;
  /** Milliseconds for which something newer had been acknowledged when the read was sent. */
  readonly staleness: number;
  /** What happened to that key around it, a line each. */
  readonly history: readonly string[];
}

/** The reads of one mode that came from one place. */
export interface ReadTally {
  readonly mode: ReadMode;
  readonly origin: ReadOrigin;
  readonly reads: number;
  /** Milliseconds for which something newer had been acknowledged when a read was sent: the worst of them. */
  readonly worst: number;
}

/** What was found out of some reads. */
export interface Judgement {
  /** How many reads were judged. */
  readonly judged: number;
  /** How many could not be: they met a loss, or took longer than the checker remembers. */
  readonly unjudged: number;
  readonly writes: number;
  readonly tallies: readonly ReadTally[];
  /** Share of the `mixed` and `strong` reads that were not answered from the cache, 0 to 1. */
  readonly bypassed: number;
  /** How many promises were not kept. */
  readonly broken: number;
  /** The first of them. */
  readonly violations: readonly Violation[];
}

/** Words a judgement. */
export function judgementText(judgement: Judgement): string {
  const { judged, unjudged, writes, tallies, bypassed, broken, violations } = judgement;
  const lines = [
    `${judged} reads judged, ${unjudged} not judged, ${writes} writes; ${
      percent(bypassed)
    } of the mixed and strong reads bypassed the cache`,
    ...tallies.map(({ mode, origin, reads, worst }) =>
      `  ${mode} from ${origin}: ${reads} reads, at worst ${worst.toFixed(0)} ms old`
    ),
    broken === 0 ? "no promise was broken" : `${broken} promises were broken`,
    ...violations.flatMap(violationText),
  ];
  return lines.join("\n");
}

/** Words what became of a promise, with the history of its key. */
export function violationText({ promise, event, needed, staleness, history }: Violation): string[] {
  const found = event.kind === "read" ? `read ${event.found}` : `wrote ${event.state}`;
  const least = needed === undefined ? "" : `, not ${needed} or newer`;
  return [
    `BROKEN "${promise}" at key ${event.key}: ${event.session} ${found}${least}; ${
      staleness.toFixed(0)
    } ms stale when it was sent`,
    ...history.map((line) => `    ${line}`),
  ];
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
