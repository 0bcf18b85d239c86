/**
 * Starts the test services, answers their control endpoint, and ends everything again: on SIGINT or SIGTERM,
 * when nobody asked anything for the lease, when its parent goes away (`--with-parent`), and, should this
 * process be killed, by a watchdog that outlives it.
 *
 *     deno run -A tests/services/supervisor.ts [--with-parent] [--lease MINUTES] [--only primary,redis]
 */
import { Control } from "./control.ts";
import { CONTROL_PORTS, STARTABLE, type Startable } from "./description.ts";
import { Services } from "./services.ts";
import { sleep } from "./wait.ts";

/** The line that tells the parent where the control endpoint is. */
const READY = "control endpoint: ";

/** Ends the servers of a supervisor that could not do it itself: each leaves its process id in its folder. */
const WATCHDOG = `
trap '' INT TERM HUP
cat >/dev/null
[ -d "$1" ] || exit 0
for file in "$1"/*/data/postmaster.pid; do
  [ -s "$file" ] && pid=$(head -n 1 "$file") && kill -CONT "$pid" && kill -QUIT "$pid"
done
for file in "$1"/*/pid; do
  [ -s "$file" ] && kill -KILL "$(cat "$file")"
done
sleep 2
rm -rf "$1"
`;

async function main(args: string[]): Promise<void> {
  const hasParent = args.includes("--with-parent");
  const lease = leaseOf(args) * 60_000;
  const only = onlyOf(args);
  const ended = Promise.withResolvers<string>();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    Deno.addSignalListener(signal, () => ended.resolve(signal));
  }
  if (hasParent) endWithInput(ended.resolve);

  const services = await Services.open();
  const watchdog = new Deno.Command("/bin/sh", {
    args: ["-c", WATCHDOG, "watchdog", services.folder],
    stdin: "piped",
    stdout: "null",
    stderr: "null",
  }).spawn();
  watchdog.unref();
  const control = new Control(services);
  let lastAsked = performance.now();
  let asking = 0;
  let leaseCheck: ReturnType<typeof setInterval> | undefined;
  let server: Deno.HttpServer<Deno.NetAddr> | undefined;
  try {
    const starting = services.start(only);
    const isEarly = await Promise.race([starting.then(() => false), ended.promise.then(() => true)]);
    if (isEarly) await Promise.race([starting, sleep(10_000)]);
    else {
      server = listen(hasParent ? [0] : [...CONTROL_PORTS, 0], async (request) => {
        asking++;
        try {
          return await control.answer(request);
        } finally {
          asking--;
          lastAsked = performance.now();
        }
      });
      lastAsked = performance.now();
      leaseCheck = setInterval(() => {
        const idle = performance.now() - lastAsked;
        if (asking === 0 && lease > 0 && idle > lease) ended.resolve("idle for too long");
      }, 1_000);
      announce(services, { url: `http://127.0.0.1:${server.addr.port}`, lease, hasParent });
    }
    console.log(`Ending the test services: ${await ended.promise}`);
  } finally {
    clearInterval(leaseCheck);
    await control.close();
    // What cannot be ended here, the watchdog ends.
    await services.close().catch((error) => console.error(`Cannot end every service: ${error}`));
    await server?.shutdown();
    await watchdog.stdin.close();
  }
}

function leaseOf(args: string[]): number {
  const index = args.indexOf("--lease");
  const minutes = index === -1 ? 60 : Number(args[index + 1]);
  if (!(minutes >= 0)) {
    throw new Error(`Cannot use the lease "${args[index + 1]}"; give minutes, 0 for no end`);
  }
  return minutes;
}

function onlyOf(args: string[]): Set<Startable> {
  const index = args.indexOf("--only");
  if (index === -1) return new Set(STARTABLE);
  const names = (args[index + 1] ?? "").split(",") as Startable[];
  const unknown = names.find((name) => !STARTABLE.includes(name));
  if (unknown === undefined) return new Set(names);
  throw new Error(`Cannot start "${unknown}"; name some of ${STARTABLE.join(",")}`);
}

async function endWithInput(end: (reason: string) => void): Promise<void> {
  const reader = Deno.stdin.readable.getReader();
  while (!(await reader.read().catch(() => ({ done: true }))).done);
  end("the parent went away");
}

function listen(
  ports: readonly number[],
  answer: (request: Request) => Promise<Response>,
): Deno.HttpServer<Deno.NetAddr> {
  for (const port of ports) {
    try {
      return Deno.serve({ hostname: "127.0.0.1", port, onListen() {} }, answer);
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
  throw new Error("Cannot open the control endpoint: no port is free");
}

function announce(
  services: Services,
  { url, lease, hasParent }: { url: string; lease: number; hasParent: boolean },
): void {
  const { servers, missing, isolated } = services.describe();
  for (const { name, version, url } of Object.values(servers)) {
    console.log(`${name.padEnd(10)} ${version.padEnd(8)} ${url}`);
  }
  for (const [name, reason] of Object.entries(missing)) console.log(`${name.padEnd(10)} missing: ${reason}`);
  if (isolated.length > 0) console.log(`Each test may have its own of: ${isolated.join(", ")}`);
  if (!hasParent) {
    console.log("Tests find these by themselves: deno test --allow-net, or bun test");
    const idle = lease > 0 ? `, or ${lease / 60_000} minutes after a test file last asked` : "";
    console.log(`They end on Ctrl-C${idle}. docs/testing.md says what can be done to them.`);
  }
  console.log(READY + url);
}

await main(Deno.args);
Deno.exit(0);
