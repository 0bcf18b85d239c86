/**
 * How fast the logical source drains a slot, beside `pg_recvlogical`, which only writes the bytes away: the server's
 * part, decoding the WAL, is the same for both.
 *
 *     deno run -A bench/logical_drain.ts [--rows 200000] [--rounds 3]
 *
 * It needs the test services (`deno task services`) and `pg_recvlogical` on PATH. For transactions of several sizes
 * it writes rows first, then reads them from two slots, one after the other, in alternating order.
 */
import { spawn } from "node:child_process";
import process from "node:process";
import { isolatedServer } from "../tests/services/client.ts";
import { liveSession, run } from "../tests/pool/wire/session/live_session.ts";
import { LogicalSource } from "../reflector/source/logical/logical_source.ts";
import { publicationSql } from "../reflector/install/publication.ts";

const value = (name: string, usual: number): number => {
  const at = Deno.args.indexOf(name);
  return at < 0 ? usual : Number(Deno.args[at + 1]);
};
const ROWS = value("--rows", 200_000);
const ROUNDS = value("--rounds", 3);
const SIZES = [1, 10, 100, 1_000, 10_000];

await using server = await isolatedServer({ settings: { synchronous_commit: "off", max_wal_size: "4GB" } });
await using sql = await liveSession(server.url);
const ask = async (text: string): Promise<Record<string, unknown>[]> => await run(sql.session, text);

await ask("create table users (id bigint generated always as identity primary key, email text, note text)");
await ask(publicationSql([{ schema: "public", table: "users" }]));
await ask(`create procedure write(total int, size int) language plpgsql as $$
begin
  for part in 1 .. total / size loop
    insert into users (email, note) select 'user' || i || '@example.com', repeat('n', 100) from generate_series(1, size) i;
    commit;
  end loop;
end $$`);

/** Milliseconds that pg_recvlogical takes to read a slot up to a position. */
async function drainByProgram(slot: string, end: string): Promise<number> {
  const start = performance.now();
  const program = spawn("pg_recvlogical", [
    ...["-d", server.url, "--slot", slot, "--start", "--endpos", end, "-f", "/dev/null", "--no-loop"],
    ...["-o", "proto_version=2", "-o", "publication_names=lifeguard", "-o", "messages=true"],
  ], { stdio: ["ignore", "inherit", "inherit"] });
  const code = await new Promise((resolve) => program.on("close", resolve));
  if (code !== 0) throw new Error(`pg_recvlogical ended with ${code}`);
  return performance.now() - start;
}

/** Milliseconds that the source takes until a canary behind everything comes out; and the CPU time of it. */
async function drainBySource(slot: string): Promise<{ readonly time: number; readonly cpu: number }> {
  await using source = new LogicalSource({
    connection: server.url,
    slot,
    tables: [{ name: "public.users", key: ["id"], lookups: [["email"]] }],
  });
  const start = performance.now();
  const cpu = process.cpuUsage();
  await source.open(AbortSignal.timeout(10_000));
  await source.canary("end", AbortSignal.timeout(10_000));
  const abort = new AbortController();
  for await (const batch of source.batches(abort.signal)) {
    source.applied(batch);
    if (batch.canaries.includes("end")) break;
  }
  const time = performance.now() - start;
  const after = process.cpuUsage();
  return { time, cpu: (after.user + after.system - cpu.user - cpu.system) / 1_000 };
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1];

console.log(`${ROWS} rows, medians of ${ROUNDS} rounds`);
console.log("rows per transaction   pg_recvlogical rows/s   source rows/s   share   source's own CPU");
for (const size of SIZES) {
  const rows = Math.min(ROWS, size === 1 ? ROWS / 4 : ROWS);
  const program: number[] = [];
  const source: number[] = [];
  const cpu: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    for (const slot of ["by_program", "by_source"]) {
      await ask(`select pg_create_logical_replication_slot('${slot}', 'pgoutput')::text`);
    }
    await ask(`call write(${rows}, ${size})`);
    await ask("select pg_logical_emit_message(true, 'end', '')::text");
    const [{ end }] = await ask(`select pg_current_wal_insert_lsn()::text as "end"`);
    await ask("checkpoint");
    const byProgram = async () => void program.push(await drainByProgram("by_program", String(end)));
    const bySource = async () => {
      const { time, cpu: used } = await drainBySource("by_source");
      source.push(time);
      cpu.push(used);
    };
    for (const drain of round % 2 === 0 ? [byProgram, bySource] : [bySource, byProgram]) await drain();
    for (const slot of ["by_program", "by_source"]) {
      for (let tries = 0; tries < 50; tries++) {
        try {
          await ask(`select pg_drop_replication_slot('${slot}')::text`);
          break;
        } catch {
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
      }
    }
  }
  const per = (times: readonly number[]): number => Math.round(rows / median(times) * 1_000);
  console.log(
    `${String(size).padStart(8)}   ${String(per(program)).padStart(20)}   ${
      String(per(source)).padStart(20)
    }   ${(per(source) / per(program)).toFixed(2)}   ${Math.round(median(cpu) / median(source) * 100)} %`,
  );
}
