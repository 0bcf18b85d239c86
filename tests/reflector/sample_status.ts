/** A status as a leading reflector has it, for what shows it. */
import { REFLECTOR_COUNTERS, type ReflectorCounter, type ReflectorStatus } from "../../reflector/status.ts";

/** Numbers for every counter: 0, or as given. */
export function counters(
  some: Partial<Record<ReflectorCounter, number>> = {},
): Record<ReflectorCounter, number> {
  const all = Object.fromEntries(REFLECTOR_COUNTERS.map((name) => [name, 0])) as Record<
    ReflectorCounter,
    number
  >;
  return { ...all, ...some };
}

/** A leading reflector without alarms; every part can be another. */
export function sampleStatus(other: Partial<ReflectorStatus> = {}): ReflectorStatus {
  return {
    name: "reflector-1:4711",
    state: "leading",
    since: new Date("2026-11-22T20:58:03.250Z"),
    leader: "reflector-1:4711",
    election: "postgres",
    source: "logical",
    store: "redis",
    storeAnswers: true,
    watermark: {
      term: 7,
      epoch: "a8Zk20fQpLm3xT9b",
      timeline: "7467001834511/1",
      database: "shop",
      lsn: "16/B374D848",
      seq: 48_210,
    },
    lag: { canary: 3.2, silence: 120, apply: 1.4, walBytes: 65_536, queueUsage: undefined },
    activeKeys: 1284,
    coverage: {
      hash: "f00dcafe",
      tables: ["public.users", "public.albums", "public.tracks"],
      refused: [{ name: "public.daily_sales", reason: "it is a materialized view" }],
    },
    counters: counters({ notifications: 918_273, rows: 1_200_345, refreshes: 40_112, ignored: 801_337 }),
    rates: counters({ notifications: 412.5, rows: 530.1, refreshes: 38.2, ignored: 370.9 }),
    alarms: [],
    faults: [],
    ...other,
  };
}
