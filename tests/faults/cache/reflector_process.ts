/** The program `lifeguard-reflector` in a process of its own. */
import { readFile } from "node:fs/promises";
import type { ReflectorStatus } from "../../../reflector/status.ts";
import { ChildProgram, type Signal } from "./child_program.ts";

/** Where a reflector works. */
export interface ReflectorOptions {
  readonly name: string;
  /** Flags of the program, without dashes, and their values. */
  readonly flags: Readonly<Record<string, string>>;
}

const PROGRAM = "reflector/main.ts";

/** A reflector that can be stopped, killed and started again. */
export class ReflectorProcess implements AsyncDisposable {
  readonly name: string;
  readonly #args: readonly string[];
  #child: ChildProgram;
  #url: string | undefined;

  /** Starts it. */
  constructor({ name, flags }: ReflectorOptions) {
    this.name = name;
    this.#args = Object.entries({ ...flags, "http-port": "0" }).flatMap((
      [flag, value],
    ) => [`--${flag}`, value]);
    this.#child = this.#spawn();
  }

  #spawn(): ChildProgram {
    this.#url = undefined;
    return new ChildProgram({
      file: PROGRAM,
      args: this.#args,
      hear: ({ event, url }) => {
        if (event === "listening") this.#url = url as string;
      },
    });
  }

  /** What it says of itself; undefined when it does not answer within half a second. */
  async status(): Promise<ReflectorStatus | undefined> {
    if (this.#url === undefined || this.#child.isEnded) return undefined;
    try {
      const answer = await fetch(new URL("/status.json", this.#url), { signal: AbortSignal.timeout(500) });
      return await answer.json() as ReflectorStatus;
    } catch {
      return undefined;
    }
  }

  /** Whether it leads. */
  async leads(): Promise<boolean> {
    return (await this.status())?.state === "leading";
  }

  /** Bytes of memory it holds, and held at most. */
  async memory(): Promise<{ readonly now: number; readonly peak: number }> {
    const text = await readFile(`/proc/${this.#child.pid}/status`, "utf8");
    const kilobytes = (name: string): number =>
      Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(text)?.[1] ?? 0);
    return { now: kilobytes("VmRSS") * 1024, peak: kilobytes("VmHWM") * 1024 };
  }

  signal(signal: Signal): void {
    this.#child.signal(signal);
  }

  async kill(): Promise<void> {
    await this.#child.kill();
  }

  /** Starts it anew after it was killed. */
  restart(): void {
    if (this.#child.isEnded) this.#child = this.#spawn();
  }

  /** What it logged last. */
  get log(): readonly string[] {
    return this.#child.lines;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.signal("SIGCONT");
    await this.kill();
  }
}

/** Runs another command of the program to its end, and fails when it says nothing good. */
export async function runReflectorCommand(...args: readonly string[]): Promise<void> {
  const child = new ChildProgram({ file: PROGRAM, args, hear: () => {} });
  await child.ended();
  if (child.lines.some((line) => /"level":"error"|Cannot/.test(line))) {
    throw new Error(child.lines.join("\n"));
  }
}
