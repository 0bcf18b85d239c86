/**
 * What a person at a terminal gets beside the result: questions, colours, a line that tells how far it is.
 *
 * @module
 */
import process from "node:process";
import { createInterface } from "node:readline/promises";
import type { Environment } from "../../pool/wire/configuration/environment.ts";

/** Colours, by what they mean. */
const CODES = { good: 32, bad: 31, warn: 33, faint: 2, strong: 1, name: 36 } as const;

/** What a text means, for its colour. */
export type Tone = keyof typeof CODES;

/** The terminal, or what stands in its place. */
export interface Terminal {
  /** Whether somebody can answer. */
  readonly isInteractive: boolean;
  /** Asks on the standard error stream; undefined where the answer is the end of the input. */
  ask(question: string, signal: AbortSignal): Promise<string | undefined>;
  /** A text in the colour of its meaning, where the result goes to a terminal. */
  tone(tone: Tone, text: string): string;
  /** Shows how far it is: one line that changes at a terminal, nothing elsewhere. Without text, takes it away. */
  progress(text?: string): void;
}

/** What a process says of its streams. */
export interface Streams {
  readonly inIsTerminal: boolean;
  readonly outIsTerminal: boolean;
  readonly errIsTerminal: boolean;
  readonly columns: number;
  err(text: string): void;
}

/** The streams of this process. */
export function processStreams(): Streams {
  return {
    inIsTerminal: process.stdin.isTTY === true,
    outIsTerminal: process.stdout.isTTY === true,
    errIsTerminal: process.stderr.isTTY === true,
    // Whoever works at a terminal may change its size.
    get columns() {
      return process.stderr.columns ?? 80;
    },
    err: (text) => void process.stderr.write(text),
  };
}

/** Makes what a person gets, from what the streams and variables say: `NO_COLOR`, `TERM=dumb`. */
export function makeTerminal(streams: Streams, environment: Pick<Environment, "variable">): Terminal {
  const isDumb = environment.variable("TERM") === "dumb";
  const noColor = environment.variable("NO_COLOR");
  const hasColors = streams.outIsTerminal && !isDumb && (noColor === undefined || noColor === "");
  const hasProgress = streams.errIsTerminal && !isDumb;
  let shown = false;
  return {
    isInteractive: streams.inIsTerminal && streams.errIsTerminal,
    async ask(question, signal) {
      this.progress();
      const lines = createInterface({ input: process.stdin, output: process.stderr });
      try {
        const closed = new Promise<undefined>((resolve) => lines.once("close", () => resolve(undefined)));
        // Ctrl-C at a question is read by readline, not sent as a signal.
        lines.once("SIGINT", () => lines.close());
        const answer = await Promise.race([lines.question(question, { signal }), closed]);
        // What comes next must not stand behind the question.
        if (answer === undefined) streams.err("\n");
        return answer;
      } catch (error) {
        streams.err("\n");
        throw error;
      } finally {
        lines.close();
      }
    },
    tone: (tone, text) => hasColors ? `\x1b[${CODES[tone]}m${text}\x1b[0m` : text,
    progress(text) {
      if (!hasProgress || (text === undefined && !shown)) return;
      shown = text !== undefined;
      streams.err(`\r\x1b[2K${text === undefined ? "" : text.slice(0, streams.columns - 1)}`);
    },
  };
}
