/** A program in a process of its own, that can be stopped and killed, and speaks in lines of JSON. */
import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { runtime } from "../../harness.ts";

/** The signals a test sends. */
export type Signal = "SIGSTOP" | "SIGCONT" | "SIGKILL" | "SIGTERM";

/** What a program is started with. */
export interface ChildOptions {
  /** Its file, from the root of the project. */
  readonly file: string;
  readonly args: readonly string[];
  /** Told each object that it says, on either stream. */
  readonly hear: (said: Readonly<Record<string, unknown>>) => void;
}

/** How much of what a program says is kept. */
const LINES_KEPT = 60;

/** A program in a process of its own; killed at the end of its scope. */
export class ChildProgram implements AsyncDisposable {
  /** What it said last, to be shown when something is wrong. */
  readonly lines: string[] = [];
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  #isEnded = false;

  /** Starts it. */
  constructor({ file, args, hear }: ChildOptions) {
    const program = fileURLToPath(new URL(`../../../${file}`, import.meta.url));
    const runs = runtime === "bun" ? ["run", program] : ["run", "-A", "--no-prompt", "--no-check", program];
    this.#child = spawn(process.execPath, [...runs, ...args], { stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [this.#child.stdout!, this.#child.stderr!]) {
      let rest = "";
      stream.on("data", (chunk: Uint8Array) => {
        const lines = (rest + new TextDecoder().decode(chunk)).split("\n");
        rest = lines.pop()!;
        for (const line of lines) this.#line(line, hear);
      });
    }
    this.#ended = new Promise((resolve) =>
      this.#child.on("close", () => {
        this.#isEnded = true;
        resolve();
      })
    );
  }

  #line(line: string, hear: ChildOptions["hear"]): void {
    this.lines.push(line);
    if (this.lines.length > LINES_KEPT) this.lines.shift();
    if (!line.startsWith("{")) return;
    try {
      hear(JSON.parse(line));
    } catch {
      // It is no line of ours; it is kept all the same.
    }
  }

  /** Its process. */
  get pid(): number {
    return this.#child.pid!;
  }

  /** Whether it has ended. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** Sends it a signal. */
  signal(signal: Signal): void {
    // Not by the child's own kill(), which Deno lets be called once only.
    if (!this.#isEnded) process.kill(this.#child.pid!, signal);
  }

  /** Waits until it has ended by itself. */
  async ended(): Promise<void> {
    await this.#ended;
  }

  /** Kills it, and waits until it is gone. */
  async kill(): Promise<void> {
    this.signal("SIGKILL");
    await this.#ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}
