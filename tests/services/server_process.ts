/**
 * One server program and its children, as processes: started, signalled, paused and ended.
 *
 * A process is `stopped`, `running` or `paused` (every process of the tree stopped by SIGSTOP); its output is
 * appended to a log file by the shell that becomes the program, so that a paused supervisor blocks nobody.
 */
import { join } from "node:path";
import type { Account } from "./account.ts";
import { until } from "./wait.ts";

/** How a program is run. */
export interface ProgramOptions {
  readonly program: string;
  readonly arguments: readonly string[];
  /** The file that takes what it prints; it lies in a folder that the account may write. */
  readonly log: string;
  /** A file that takes the process id, for a program that writes none of its own. */
  readonly pidFile?: string;
  readonly account: Account;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** The shell becomes the program, so that its process id is the program's. */
const SHELL_START = `log=$1 pid=$2; shift 2; [ -z "$pid" ] || echo $$ >"$pid"; exec "$@" >>"$log" 2>&1`;

/** A server program that may be started again after it ended. */
export class ServerProcess {
  readonly #options: ProgramOptions;
  #child: Deno.ChildProcess | undefined;
  #paused = false;

  constructor(options: ProgramOptions) {
    this.#options = options;
  }

  get state(): "running" | "paused" | "stopped" {
    return this.#child === undefined ? "stopped" : this.#paused ? "paused" : "running";
  }

  /** The process id; undefined when stopped. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Starts the program; that it answers is for the caller to find out. */
  spawn(): void {
    const { program, arguments: args, log, pidFile = "", account, env = {}, cwd = "/" } = this.#options;
    const child = new Deno.Command("/bin/sh", {
      args: ["-c", SHELL_START, "sh", log, pidFile, program, ...args],
      ...account,
      cwd,
      env: { LC_ALL: "C", ...env },
      stdin: "null",
      stdout: "null",
      stderr: "inherit",
    }).spawn();
    this.#child = child;
    this.#paused = false;
    child.status.then(() => {
      if (this.#child === child) this.#child = undefined;
    });
  }

  /** Signals the program and waits till it has ended; what does not end in time is killed, which is an error. */
  async end(signal: Deno.Signal, timeout = 20_000): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    if (this.#paused) await this.resume();
    const tree = await processTree(child.pid);
    for (const pid of signal === "SIGKILL" ? tree : [child.pid]) send(pid, signal);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<true>((resolve) => timer = setTimeout(() => resolve(true), timeout));
    const isLate = await Promise.race([child.status.then(() => false), late]);
    clearTimeout(timer);
    if (isLate) {
      for (const pid of await processTree(child.pid)) send(pid, "SIGKILL");
      await child.status;
    }
    // Its children notice its death within a moment; the next start must not meet them.
    await until("The end of the server's processes", () => tree.some(isAlive) ? undefined : true, 10_000);
    if (isLate) throw new Error(`The server did not end within ${timeout} ms of ${signal} and was killed`);
  }

  /** Sends a signal to the main process only. */
  signal(signal: Deno.Signal): void {
    if (this.#child !== undefined) send(this.#child.pid, signal);
  }

  /** Stops every process of the program in its tracks, the main one first, so that no child escapes. */
  async pause(): Promise<void> {
    if (this.#child === undefined || this.#paused) return;
    send(this.#child.pid, "SIGSTOP");
    for (const pid of await processTree(this.#child.pid)) send(pid, "SIGSTOP");
    this.#paused = true;
  }

  /** Lets every process go on. */
  async resume(): Promise<void> {
    if (this.#child === undefined || !this.#paused) return;
    for (const pid of (await processTree(this.#child.pid)).reverse()) send(pid, "SIGCONT");
    this.#paused = false;
  }

  /** The last characters of what the program printed. */
  async logTail(characters = 2000): Promise<string> {
    return (await Deno.readTextFile(this.#options.log).catch(() => "")).slice(-characters).trim();
  }
}

function send(pid: number, signal: Deno.Signal): void {
  try {
    Deno.kill(pid, signal);
  } catch {
    // It ended by itself meanwhile.
  }
}

function isAlive(pid: number): boolean {
  try {
    if (Deno.build.os === "linux") return statusOf(pid)?.state !== "Z" && statusOf(pid) !== undefined;
    Deno.kill(pid, "SIGCONT");
    return true;
  } catch {
    return false;
  }
}

/** A process and all below it, parents before children. */
async function processTree(root: number): Promise<number[]> {
  const parents = Deno.build.os === "linux" ? await parentsFromProc() : await parentsFromPs();
  const tree = [root];
  for (let index = 0; index < tree.length; index++) {
    for (const [pid, parent] of parents) if (parent === tree[index]) tree.push(pid);
  }
  return tree;
}

async function parentsFromProc(): Promise<Map<number, number>> {
  const parents = new Map<number, number>();
  for await (const { name } of Deno.readDir("/proc")) {
    const status = /^\d+$/.test(name) ? statusOf(Number(name)) : undefined;
    if (status !== undefined) parents.set(Number(name), status.parent);
  }
  return parents;
}

function statusOf(pid: number): { state: string; parent: number } | undefined {
  try {
    const stat = Deno.readTextFileSync(join("/proc", String(pid), "stat"));
    const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return { state, parent: Number(parent) };
  } catch {
    return undefined;
  }
}

async function parentsFromPs(): Promise<Map<number, number>> {
  const { stdout } = await new Deno.Command("ps", { args: ["-A", "-o", "pid=,ppid="] }).output();
  const lines = new TextDecoder().decode(stdout).trim().split("\n");
  return new Map(lines.map((line) => line.trim().split(/\s+/).map(Number) as [number, number]));
}
