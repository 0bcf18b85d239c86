/** Runs `runner_program.ts` as a process. */
import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { runtime } from "../../harness.ts";

/** A line that it printed. */
export interface PrintedEvent {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** A runner that runs. */
export interface RunnerProcess {
  readonly events: readonly PrintedEvent[];
  /** Resolves with the first line of a type; rejects when it ends without one. */
  event(type: string): Promise<PrintedEvent>;
  /** Resolves once so many lines were printed; false when it ends before. */
  count(events: number): Promise<boolean>;
  /** Ends it, at once where no other signal is given. */
  kill(signal?: "SIGTERM"): void;
  /** Its exit code and what it wrote on stderr. */
  readonly ended: Promise<{ readonly code: number | null; readonly err: string }>;
}

const PROGRAM = fileURLToPath(new URL("./runner_program.ts", import.meta.url));

/** Starts one. */
export function startRunner(url: string, dir: string, pauseAt?: number): RunnerProcess {
  const args = runtime === "deno" ? ["run", "-A", "--no-check", "--quiet", PROGRAM] : [PROGRAM];
  const child: ChildProcess = spawn(process.execPath, [
    ...args,
    url,
    dir,
    ...(pauseAt ? [String(pauseAt)] : []),
  ], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const events: PrintedEvent[] = [];
  const watchers = new Set<() => void>();
  let err = "";
  let hasEnded = false;
  const wake = (): void => watchers.forEach((watcher) => watcher());
  createInterface({ input: child.stdout! }).on("line", (line) => {
    events.push(JSON.parse(line) as PrintedEvent);
    wake();
  });
  child.stderr!.on("data", (chunk) => err += String(chunk));
  const ended = new Promise<{ code: number | null; err: string }>((resolve) =>
    child.once("close", (code) => {
      hasEnded = true;
      wake();
      resolve({ code, err });
    })
  );
  const until = <T>(find: () => T | undefined): Promise<T | undefined> =>
    new Promise((resolve) => {
      const look = (): void => {
        const found = find();
        if (found === undefined && !hasEnded) return;
        watchers.delete(look);
        resolve(found);
      };
      watchers.add(look);
      look();
    });
  return {
    events,
    async event(type) {
      const found = await until(() => events.find((event) => event.type === type));
      if (found === undefined) throw new Error(`the runner ended without "${type}": ${err}`);
      return found;
    },
    count: async (wanted) => await until(() => events.length >= wanted ? true : undefined) ?? false,
    kill: (signal) => void child.kill(signal ?? "SIGKILL"),
    ended,
  };
}
