/**
 * The leader is killed: when another applies changes, and what a client sees meanwhile, which reads all the time, since one
 * that does not is not interested. It is asked every few milliseconds whether it trusts the cache.
 */
import { sleep } from "../scenarios/closed_loop.ts";
import { type Lab, until } from "./lab.ts";

/** Milliseconds from the moment the leader was killed. */
export interface Failover {
  /** Until the client trusted nothing. */
  readonly lost: number;
  /** Until the other had taken the store over, and its first canary had come out. */
  readonly leads: number;
  /** Until the client trusted the cache again. */
  readonly back: number;
}

/** Kills the leader, with another at hand, and waits until all is well again. */
export async function failover(lab: Lab): Promise<Failover> {
  const reading = setInterval(() => void lab.read(1), 20);
  try {
    return await killed(lab);
  } finally {
    clearInterval(reading);
  }
}

async function killed(lab: Lab): Promise<Failover> {
  await until("the cache is trusted", () => lab.cache.stats().trusted);
  const leader = (await lab.leader())!;
  const start = performance.now();
  await leader.kill();
  const since = (): number => performance.now() - start;
  const wait = async (what: string, isTrue: () => boolean | Promise<boolean>): Promise<number> => {
    await until(what, isTrue, 5);
    return since();
  };
  const lost = await wait("trust is lost", () => !lab.cache.stats().trusted);
  const leads = await wait("another leads", async () => {
    const other = await lab.leader();
    return other !== undefined && ((await other.status())?.counters.canaries ?? 0) > 0;
  });
  const back = await wait("it is trusted again", () => lab.cache.stats().trusted);
  leader.restart();
  await sleep(2_000);
  await until("the other stands by", async () => await leader.status() !== undefined);
  return { lost, leads, back };
}
