/**
 * How much may happen in one exploration. A state space is finite because writes, canaries, looks and faults are counted;
 * evictions and stops are not: they may come at any moment.
 *
 * @module
 */
import type { Rule } from "./rules.ts";
import type { Budget } from "./state.ts";

/** Bounds of an exploration. */
export interface Scenario {
  readonly about: string;
  /** How often each of the two readers looks. */
  readonly looks: readonly [number, number];
  /** Whether the key is filled at the start. */
  readonly filled: boolean;
  /** Whether readers read from a replica, too; `"ahead"`: one that may show a commit before the primary does. */
  readonly replica: false | "behind" | "ahead";
  /** Whether the log may be flushed up to the record before the last only, so that versions are lower. */
  readonly flushesLate: boolean;
  /** Whether a void key that was active is read again by the reflector. */
  readonly refresh: boolean;
  /** Whether a take-over goes on where the change stream was confirmed, and keeps the epoch. */
  readonly resumes: boolean;
  /** What may be evicted, or expire. */
  readonly evicts: readonly ("entry" | "tombstone" | "ticket" | "watermark")[];
  readonly budget: Budget;
}

const NOTHING: Budget = {
  writes: 0,
  voids: 0,
  canaries: 0,
  takeOvers: 0,
  gaps: 0,
  failovers: 0,
  restarts: 0,
  polls: 0,
};

const PLAIN: Scenario = {
  about: "",
  looks: [1, 1],
  filled: false,
  replica: false,
  flushesLate: false,
  refresh: false,
  resumes: false,
  evicts: [],
  budget: NOTHING,
};

const SLOT = ["entry", "tombstone", "ticket"] as const;

/** What the scenarios are called. */
export type ScenarioName =
  | "fills"
  | "writes"
  | "replica"
  | "readings"
  | "takeOver"
  | "resumed"
  | "server"
  | "trust"
  | "fencing";

/** The scenarios of the test. */
export const SCENARIOS: Readonly<Record<ScenarioName, Scenario>> = {
  fills: {
    ...PLAIN,
    about: "two readers fill, the writer voids, the reflector refreshes, any part of the key is evicted",
    looks: [2, 1],
    refresh: true,
    evicts: SLOT,
    budget: { ...NOTHING, writes: 1, voids: 1, canaries: 1 },
  },
  writes: {
    ...PLAIN,
    about: "two writes, a reader, the reflector's refresh",
    looks: [1, 0],
    refresh: true,
    evicts: SLOT,
    budget: { ...NOTHING, writes: 2, voids: 1, canaries: 1 },
  },
  replica: {
    ...PLAIN,
    about: "a reader fills from a replica or the primary, another from the primary",
    looks: [1, 1],
    replica: "ahead",
    evicts: SLOT,
    budget: { ...NOTHING, writes: 1, voids: 1, canaries: 1 },
  },
  readings: {
    ...PLAIN,
    about: "sessions read the write from a replica that lags, or is ahead of the primary",
    looks: [1, 0],
    replica: "ahead",
    budget: { ...NOTHING, writes: 1, canaries: 2 },
  },
  takeOver: {
    ...PLAIN,
    about: "a standby takes over, the old leader is stopped and resumed, a link is lost",
    looks: [1, 0],
    filled: true,
    budget: { ...NOTHING, writes: 1, canaries: 2, takeOvers: 1, gaps: 1 },
  },
  resumed: {
    ...PLAIN,
    about: "a standby resumes the change stream where its slot was confirmed, and keeps the epoch",
    looks: [1, 0],
    filled: true,
    resumes: true,
    budget: { ...NOTHING, writes: 2, canaries: 1, takeOvers: 1 },
  },
  server: {
    ...PLAIN,
    about: "the cache fails over and loses its last write, or restarts empty",
    looks: [1, 0],
    filled: true,
    budget: { ...NOTHING, writes: 1, canaries: 1, takeOvers: 1, failovers: 1, restarts: 1 },
  },
  trust: {
    ...PLAIN,
    about: "a client polls, advances are late",
    looks: [1, 0],
    filled: true,
    budget: { ...NOTHING, writes: 1, canaries: 2, polls: 3 },
  },
  fencing: {
    ...PLAIN,
    about: "the old leader's advance is late, the watermark is evicted",
    looks: [1, 0],
    evicts: ["watermark"],
    budget: { ...NOTHING, writes: 1, canaries: 1, takeOvers: 1 },
  },
};

/** What a deep run explores: more of everything. */
export const DEEP: Readonly<Record<ScenarioName, Scenario>> = {
  fills: {
    ...SCENARIOS.fills,
    flushesLate: true,
    looks: [2, 2],
    budget: { ...SCENARIOS.fills.budget, canaries: 2 },
  },
  writes: { ...SCENARIOS.writes, looks: [2, 0], budget: { ...SCENARIOS.writes.budget, voids: 1 } },
  replica: { ...SCENARIOS.replica, looks: [2, 1], refresh: true },
  readings: {
    ...SCENARIOS.readings,
    looks: [1, 1],
    evicts: SLOT,
    budget: { ...SCENARIOS.readings.budget, voids: 1 },
  },
  takeOver: {
    ...SCENARIOS.takeOver,
    evicts: SLOT,
    refresh: true,
    budget: { ...SCENARIOS.takeOver.budget, canaries: 1, takeOvers: 2 },
  },
  resumed: {
    ...SCENARIOS.resumed,
    refresh: true,
    evicts: ["entry"],
    budget: { ...SCENARIOS.resumed.budget, canaries: 2 },
  },
  server: {
    ...SCENARIOS.server,
    evicts: ["entry", "tombstone", "watermark"],
    budget: { ...SCENARIOS.server.budget, canaries: 2, takeOvers: 2 },
  },
  trust: { ...SCENARIOS.trust, budget: { ...SCENARIOS.trust.budget, takeOvers: 1, polls: 2 } },
  fencing: { ...SCENARIOS.fencing, budget: { ...SCENARIOS.fencing.budget, canaries: 2, polls: 2 } },
};

/** The scenario in which each rule is missed. */
export const MISSED: Readonly<Record<Rule, ScenarioName>> = {
  R1: "fills",
  R2: "fills",
  R3: "fills",
  R4: "fills",
  R5: "fills",
  R6: "replica",
  R7: "fills",
  R8: "fills",
  R9: "server",
  R11: "writes",
  R12: "fencing",
  floor: "replica",
  upper: "readings",
  epoch: "takeOver",
  number: "trust",
  acknowledged: "trust",
  leadership: "fencing",
};
