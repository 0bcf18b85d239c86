/**
 * The server is stopped under light load and started again two seconds later: how long after it accepts again
 * does the first call succeed, and is every promise settled in the end?
 */
import { connect } from "node:net";
import { sequence, sleep } from "./closed_loop.ts";
import { DRIVERS, ITEMS, type Run, type Scenario } from "./scenario.ts";

/** Milliseconds between two calls, and between two looks whether the server accepts. */
const CALL_EVERY = 10;
const LOOK_EVERY = 5;
/** Milliseconds the server is down. */
const DOWN = 2_000;
/** Milliseconds after which a success is not waited for any longer, nor a promise. */
const PATIENCE = 15_000;

/** The scenario. */
export const recovery: Scenario = {
  name: "recovery",
  title: "A server restart under light load: from accepting again to the first success",
  subjects: DRIVERS,
  metrics: [
    { name: "first success", unit: "ms", better: "lower" },
    { name: "unsettled", unit: "promises", better: "lower" },
    { name: "failed", unit: "calls", better: "neither" },
    { name: "succeeded", unit: "calls", better: "neither" },
  ],
  run: restart,
};

async function restart({ open, url, controlUrl }: Run): Promise<Readonly<Record<string, number>>> {
  const subject = await open(4);
  const random = sequence(3);
  const counts = { issued: 0, failed: 0, succeeded: 0 };
  let firstSuccess: number | undefined;
  let stopped = Infinity;
  const call = async (): Promise<void> => {
    const issued = performance.now();
    counts.issued++;
    try {
      await subject.select(1 + Math.floor(random() * ITEMS));
      counts.succeeded++;
      // An answer of before the stop may be read after it, but not by a call that was made after it.
      if (issued > stopped) firstSuccess ??= performance.now();
    } catch {
      counts.failed++;
    }
  };
  await call();
  if (counts.succeeded !== 1) throw new Error("Cannot begin: the first call failed");
  const load = setInterval(call, CALL_EVERY);
  await sleep(500);
  await control(controlUrl, "stop");
  stopped = performance.now();
  await sleep(DOWN);
  const starting = control(controlUrl, "start");
  const accepted = await acceptance(new URL(url));
  const deadline = accepted + PATIENCE;
  while (firstSuccess === undefined && performance.now() < deadline) await sleep(1);
  await starting;
  await sleep(1_000);
  clearInterval(load);
  const end = performance.now() + PATIENCE;
  const unsettled = (): number => counts.issued - counts.failed - counts.succeeded;
  while (unsettled() > 0 && performance.now() < end) await sleep(20);
  const { failed, succeeded } = counts;
  return {
    "first success": firstSuccess === undefined ? PATIENCE : Math.max(1, firstSuccess - accepted),
    unsettled: unsettled(),
    failed,
    succeeded,
  };
}

async function control(url: string, operation: "stop" | "start"): Promise<void> {
  const response = await fetch(`${url}/postgres/primary/${operation}`, { method: "POST" });
  const text = await response.text();
  if (!response.ok) throw new Error(`Cannot ${operation} the server: ${text}`);
}

/** When the server first lets somebody log in. */
async function acceptance({ hostname, port }: URL): Promise<number> {
  const deadline = performance.now() + 60_000;
  while (performance.now() < deadline) {
    const looked = performance.now();
    if (await accepts(hostname, Number(port))) return looked;
    await sleep(LOOK_EVERY);
  }
  throw new Error("Cannot go on: the server did not start in 60 s");
}

/**
 * Whether a startup message is answered by `R` and not by an error such as "the database system is starting up".
 * https://www.postgresql.org/docs/18/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-STARTUPMESSAGE
 */
function accepts(host: string, port: number): Promise<boolean> {
  const parameters = new TextEncoder().encode("user\0trust_user\0database\0postgres\0\0");
  const message = new Uint8Array(8 + parameters.length);
  const view = new DataView(message.buffer);
  view.setInt32(0, message.length);
  view.setInt32(4, 196_608);
  message.set(parameters, 8);
  return new Promise((resolve) => {
    const socket = connect(port, host, () => socket.write(message));
    const answer = (isAccepted: boolean): void => {
      resolve(isAccepted);
      socket.destroy();
    };
    socket.on("data", (bytes: Uint8Array) => answer(bytes[0] === 0x52));
    socket.on("error", () => answer(false));
    socket.on("close", () => answer(false));
  });
}
