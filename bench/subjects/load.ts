/**
 * The load that every subject carries: callers that each wait for one primary-key select before they send the next.
 */

/** What a subject is told on its command line. */
export interface Load {
  readonly url: string;
  readonly callers: number;
  readonly connections: number;
  readonly seconds: number;
  readonly rows: number;
  readonly variant: string;
}

/** The load of this process. */
export const load: Load = JSON.parse(Deno.args[0]);

/** Makes the table anew. */
export const SETUP: readonly string[] = [
  "create table if not exists bench_items (id int primary key, name text not null, price numeric not null)",
  `insert into bench_items select i, 'item ' || i, i / 100.0 from generate_series(1, ${load.rows}) i on conflict do nothing`,
];

/** Prints how many times a second `select` finished, after a warm-up of a third of the time. */
export async function run(
  select: (id: number) => Promise<{ length: number }>,
): Promise<void> {
  let count = 0;
  let isOver = false;
  const caller = async () => {
    while (!isOver) {
      const rows = await select(1 + Math.floor(Math.random() * load.rows));
      if (rows.length !== 1) {
        throw new Error(`Cannot go on: ${rows.length} rows`);
      }
      count++;
    }
  };
  const callers = Array.from({ length: load.callers }, caller);
  await new Promise((resolve) => setTimeout(resolve, load.seconds * 333));
  const before = count;
  const start = performance.now();
  await new Promise((resolve) => setTimeout(resolve, load.seconds * 1000));
  const rate = (count - before) / (performance.now() - start) * 1000;
  isOver = true;
  await Promise.all(callers);
  console.log(rate.toFixed(1));
}
