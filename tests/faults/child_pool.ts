/** A pool in a process of its own, on the runtime that runs the test; see pool_process.ts. */
import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { until } from "../pool/tier/pools.ts";
import { runtime, type TestOptions } from "../harness.ts";

/** What a test with a child must be granted. */
export const CHILD: Pick<TestOptions, "allow" | "sanitize" | "timeout"> = {
  allow: ["run", "read", "env"],
  sanitize: false,
  timeout: 120_000,
};

/** How a process ended. */
export interface ChildEnd {
  /** Its exit code, or the signal that ended it. */
  readonly code: number | string | null;
  /** Monotonic milliseconds at which it was noticed. */
  readonly at: number;
}

/** A process of its own. */
export class ChildPool implements AsyncDisposable {
  /** Everything it said. */
  readonly said: Record<string, unknown>[] = [];
  readonly #child: ChildProcess;
  #errors = "";
  #end: ChildEnd | undefined;

  /** Starts a scenario of pool_process.ts; one of them has to know for how many seconds it will be stopped. */
  constructor(scenario: string, url: string, seconds = 0) {
    const program = fileURLToPath(new URL("pool_process.ts", import.meta.url));
    const args = runtime === "bun" ? ["run", program] : ["run", "--allow-net", "--no-prompt", program];
    this.#child = spawn(process.execPath, [...args, scenario, url, String(seconds)], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let rest = "";
    this.#child.stdout!.on("data", (chunk: Uint8Array) => {
      const lines = (rest + new TextDecoder().decode(chunk)).split("\n");
      rest = lines.pop()!;
      this.said.push(...lines.map((line) => JSON.parse(line)));
    });
    this.#child.stderr!.on("data", (chunk: Uint8Array) => this.#errors += new TextDecoder().decode(chunk));
    this.#child.on("close", (code, signal) => this.#end = { code: code ?? signal, at: performance.now() });
  }

  /** Waits until it has said something of this name, and returns what. */
  async hears(name: string): Promise<Record<string, unknown>> {
    const find = (): Record<string, unknown> | undefined => this.said.find((line) => name in line);
    await until(`it says "${name}"`, () => find() !== undefined || this.#end !== undefined, 100_000);
    const found = find();
    if (found === undefined) throw new Error(`The process ended without "${name}": ${this.#errors}`);
    return found;
  }

  /** Waits until it has ended. */
  async ends(): Promise<ChildEnd> {
    // Asked again and again: Deno may not wake up for what a child that was stopped says once it goes on.
    await until("it ends", () => this.#end !== undefined, 60_000);
    return this.#end!;
  }

  /** Sends it a signal. */
  signal(signal: "SIGSTOP" | "SIGCONT" | "SIGKILL"): void {
    // Not by the child's own kill(), which Deno lets be called once only.
    process.kill(this.#child.pid!, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#end === undefined) this.signal("SIGKILL");
    await this.ends();
  }
}
