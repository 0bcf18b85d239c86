/**
 * Agreeing to what destroys something: by `--yes`, or at a terminal by an answer. Never by silence.
 *
 * @module
 */
import { type CommandContext, RefusedError } from "./command.ts";

/** Asks, and returns when the answer is yes; throws otherwise. */
export async function agree(
  { line, terminal, signal }: CommandContext,
  { act, consequence, otherwise = "" }: {
    readonly act: string;
    readonly consequence: string;
    /** What else may be said than yes, where nobody is asked. */
    readonly otherwise?: string;
  },
): Promise<void> {
  if (line.yes) return;
  if (!terminal.isInteractive) {
    throw new RefusedError(
      `Cannot ${act}: ${consequence}, and nobody is there to ask; say --yes${otherwise}`,
    );
  }
  const answer = await terminal.ask(
    `${consequence[0].toUpperCase()}${consequence.slice(1)}. Go on? [y/N] `,
    signal,
  );
  if (/^\s*y(es)?\s*$/i.test(answer ?? "")) return;
  throw new RefusedError(`Cannot ${act}: you did not agree; nothing was changed`);
}
