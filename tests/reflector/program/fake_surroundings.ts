/** A process that is none: what a program writes is kept, and a test sends it signals. */
import type { ENDING_SIGNALS, ExitCode, Surroundings } from "../../../program/surroundings.ts";
import {
  fakeEnvironment,
  type FakeEnvironmentOptions,
} from "../../pool/wire/configuration/fake_environment.ts";

/** The surroundings of a test. */
export interface FakeSurroundings extends Surroundings {
  readonly written: { out: string; err: string };
  /** The records of the log. */
  records(): Record<string, unknown>[];
  signal(name: typeof ENDING_SIGNALS[number]): void;
  /** The code of an exit at once. */
  readonly exited: ExitCode[];
}

/** Makes surroundings. */
export function fakeSurroundings(
  args: readonly string[],
  environment: FakeEnvironmentOptions = {},
): FakeSurroundings {
  const written = { out: "", err: "" };
  const listeners = new Set<(signal: typeof ENDING_SIGNALS[number]) => void>();
  const exited: ExitCode[] = [];
  return {
    args,
    environment: fakeEnvironment(environment),
    written,
    exited,
    out: (text) => void (written.out += text),
    err: (text) => void (written.err += text),
    isTerminal: false,
    columns: 100,
    records: () =>
      written.err.trim().split("\n").filter((line) => line !== "").map((line) => JSON.parse(line)),
    onEnding(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    signal(name) {
      for (const listener of listeners) listener(name);
    },
    exit: (code) => void exited.push(code),
  };
}
