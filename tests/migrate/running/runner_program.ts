/**
 * A runner as a process of its own: applies a folder to a database and prints what happens, one JSON document a line.
 * With a number it waits, for its parent to kill it, before the event of that number is over.
 *
 *     runner_program.ts URL FOLDER [PAUSE_AT]
 */
import process from "node:process";
import { Migrator } from "../../../migrate/running/runner.ts";
import { Pool } from "../../../pool/pool.ts";

const [url, dir, pauseAt] = process.argv.slice(2);
let events = 0;

function print(value: object): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

const pool = new Pool({ url, max: 2, min: 0, applicationName: `runner ${process.pid}` });
const migrator = new Migrator(pool, {
  dir,
  lockTimeout: 2_000,
  retryPause: 50,
  onProgress(event) {
    print(event);
    // Nothing more is done in this process until it is killed.
    if (++events === Number(pauseAt)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  },
});
const { migrations } = await migrator.up();
print({ type: "ended", migrations: migrations.map(({ version }) => version), events });
await pool.close();
