/** The first query of a new pool: connecting, logging in with SCRAM-SHA-256, preparing, answering. */
import { median } from "../report/statistics.ts";
import { assertItem } from "./pk_select.ts";
import { DRIVERS, type Run, type Scenario } from "./scenario.ts";

/** With a pool of one connection, and with one of four, which some clients open all at once. */
export const coldConnects: readonly Scenario[] = [1, 4].map((connections) => ({
  name: `cold-connect-${connections}`,
  title: `The first query of a new pool of ${connections === 1 ? "one connection" : "four connections"}`,
  subjects: DRIVERS,
  metrics: [
    { name: "p50", unit: "ms", better: "lower" },
    { name: "first", unit: "ms", better: "lower" },
  ],
  run: (run) => connectOften(run, connections),
}));

async function connectOften(
  { open, seconds }: Run,
  connections: number,
): Promise<Readonly<Record<string, number>>> {
  const times: number[] = [];
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end || times.length < 6) {
    const start = performance.now();
    const subject = await open(connections);
    const answer = await subject.select(123);
    times.push(performance.now() - start);
    assertItem(subject.item(answer), 123);
    await subject.close();
  }
  // The first of the process has yet to compile the client.
  const [first, ...others] = times;
  return { p50: median(others), first };
}
