/**
 * Timelines: `"{system identifier}/{timeline's number}"`. A server that is promoted begins a new one, and what the old
 * one had written after that moment is not on it.
 *
 * @module
 */

/** The parts of a timeline. */
export interface TimelineParts {
  /** What PostgreSQL's initdb gave the database for life; `"0"` where a server does not tell. */
  readonly system: string;
  /** Counts up with every promotion, from 1. */
  readonly number: number;
}

/** A system identifier where a server refuses to tell: its timelines compare by their numbers only. */
export const UNKNOWN_SYSTEM = "0";

const TIMELINE = /^(0|[1-9]\d{0,19})\/([1-9]\d{0,9})$/;

/** Reads a timeline; undefined when the text is none. */
export function parseTimeline(text: string): TimelineParts | undefined {
  const parts = TIMELINE.exec(text);
  return parts === null ? undefined : { system: parts[1], number: Number(parts[2]) };
}

/** Writes a timeline. */
export function formatTimeline({ system, number }: TimelineParts): string {
  return `${system}/${number}`;
}

/** The number of the timeline that a WAL file's name begins with. */
export function timelineOfWalFile(name: string): number {
  return parseInt(name.slice(0, 8), 16);
}
