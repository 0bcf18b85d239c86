/** Runs of migrations that end at each of their messages to the server, and those that come after them. */
import assert from "node:assert/strict";
import { Migrator } from "../../migrate/running/runner.ts";
import { sql } from "../../pool/mod.ts";
import { Pool } from "../../pool/pool.ts";
import { test } from "../harness.ts";
import { migrationFolder, needsFolder } from "../migrate/running/migration_folder.ts";
import { type Kind, KINDS, outcome } from "../migrate/running/twenty_statements.ts";
import { rounds, SEED } from "../random.ts";
import { freshDatabase } from "../services/client.ts";
import { type Cut, CUTS, MessageCutter } from "./message_cutter.ts";

/** A database and a folder with a migration of a kind. */
interface Lab extends AsyncDisposable {
  readonly url: string;
  /** Runs the migration its way. */
  run(pool: Pool): Promise<unknown>;
  /** Takes away what was there, and prepares for its way. */
  prepare(): Promise<void>;
}

async function makeLab(server: "primary" | "pg15", kind: Kind): Promise<Lab> {
  await using stack = new AsyncDisposableStack();
  const database = stack.use(await freshDatabase({ server }));
  const folder = stack.use(await migrationFolder({ [kind.file]: kind.text }));
  const migrator = (pool: Pool): Migrator => new Migrator(pool, { dir: folder.dir, lockDeadline: 20_000 });
  const moved = stack.move();
  return {
    url: database.url,
    run: async (pool) => await migrator(pool)[kind.direction](),
    async prepare() {
      await using pool = new Pool({ url: database.url, max: 1, min: 0 });
      await pool.execute(sql`drop schema if exists public, app, other, lifeguard_migrate cascade`);
      await pool.execute(sql`create schema public`);
      if (kind.direction === "down") await migrator(pool).up();
    },
    [Symbol.asyncDispose]: () => moved.disposeAsync(),
  };
}

/** Runs through a link that ends; returns whether it did, and how often something was asked for. */
async function runCut(lab: Lab, at?: number, cut?: Cut): Promise<MessageCutter> {
  await using cutter = await MessageCutter.open(lab.url, at, cut);
  await using pool = new Pool({
    url: cutter.url(lab.url),
    max: 3,
    min: 0,
    acquireTimeout: 2_000,
    logger: {},
  });
  const failure = await lab.run(pool).then(() => undefined, (error: unknown) => error);
  // What came behind the last message that counts is not waited for.
  if (failure !== undefined) assert.ok(cutter.isCut, String(failure));
  return cutter;
}

for (const server of ["primary", "pg15"] as const) {
  // The older server has all of them in the long run, and in the suite what most depends on a server.
  for (const kind of server === "primary" ? KINDS : KINDS.slice(rounds(1, 0), rounds(2, KINDS.length))) {
    test(
      `Migrator on ${server} goes on where any of its messages was the last: twenty statements ${kind.name} (seed ${SEED})`,
      { ...needsFolder(server), timeout: rounds(120_000, 3_600_000), once: true },
      async () => {
        await using whole = await makeLab(server, kind);
        await whole.prepare();
        const { asked } = await runCut(whole);
        const expected = await outcome(whole.url);
        const step = rounds(53, 1);
        const moments = Array.from({ length: asked }, (_, index) => index + 1)
          .filter((moment) => (moment + SEED) % step === 0);
        const all = moments.length;
        let cuts = 0;
        const work = async (): Promise<void> => {
          await using lab = await makeLab(server, kind);
          for (let moment = moments.shift(); moment !== undefined; moment = moments.shift()) {
            const cut = CUTS[(moment + Math.floor(SEED / step)) % CUTS.length];
            await lab.prepare();
            const { isCut } = await runCut(lab, moment, cut);
            if (isCut) cuts++;
            await using pool = new Pool({ url: lab.url, max: 2, min: 0 });
            await lab.run(pool);
            await pool.close();
            assert.deepEqual(await outcome(lab.url), expected, `message ${moment} of ${asked} was ${cut}`);
          }
        };
        // Two at a time: a machine has two cores.
        await Promise.all([work(), work()]);
        console.log(`${cuts} of ${all} cuts at ${asked} messages ended a run, each ended as if undisturbed`);
        assert.ok(cuts > 0);
      },
    );
  }
}
