/**
 * A candidate in a process of its own, to be killed or stopped. Run as a program it campaigns, and says what happens on
 * its output: `won`, `lost`.
 */
import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { EtcdElection } from "../../../reflector/election/etcd.ts";
import { PostgresElection } from "../../../reflector/election/postgres.ts";

/** What a candidate is made with. */
export type CandidateSetting =
  | { readonly kind: "postgres"; readonly name: string; readonly lease: number; readonly database: string }
  | {
    readonly kind: "etcd";
    readonly name: string;
    readonly lease: number;
    readonly endpoints: readonly string[];
  };

/** A process that campaigns. */
export class CandidateProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  readonly #words = new Set<string>();
  #heard: () => void = () => {};
  #output = "";

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#ended = new Promise((resolve) => child.on("exit", () => resolve()));
    child.stdout!.on("data", (chunk: Uint8Array) => {
      this.#output += new TextDecoder().decode(chunk);
      for (const line of this.#output.split("\n").slice(0, -1)) this.#words.add(line);
      this.#heard();
    });
  }

  /** Starts it. */
  static start(setting: CandidateSetting): Promise<CandidateProcess> {
    const program = fileURLToPath(import.meta.url);
    const flags = "Deno" in globalThis ? ["run", "-A", program] : [program];
    const child = spawn(process.execPath, [...flags, JSON.stringify(setting)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    return Promise.resolve(new CandidateProcess(child));
  }

  /** Resolves when it has said a word. */
  async said(word: string): Promise<void> {
    while (!this.#words.has(word)) await new Promise<void>((resolve) => this.#heard = resolve);
  }

  signal(signal: "SIGKILL" | "SIGSTOP" | "SIGCONT"): void {
    process.kill(this.#child.pid!, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#ended;
  }
}

async function main(setting: CandidateSetting): Promise<void> {
  const election = setting.kind === "postgres" ? new PostgresElection(setting) : new EtcdElection(setting);
  const leadership = await election.campaign(new AbortController().signal);
  console.log("won");
  const alive = setInterval(() => {}, 1_000);
  leadership.lost.addEventListener("abort", () => {
    console.log("lost");
    clearInterval(alive);
  });
}

if (import.meta.main) await main(JSON.parse(process.argv[2]) as CandidateSetting);
