/**
 * Errors that show the caller's line although they are made when the server's answer arrives.
 *
 * An `async` method that catches an error after an `await` is, at that moment, called by the runtime on behalf of who
 * awaits it, and the runtime writes these callers into a stack captured there: nothing is paid while all goes well.
 *
 * @module
 */

import { callerFrames, showCaller, showFrames } from "./wire/caller_frames.ts";
import { LifeguardError } from "./wire/errors.ts";

/**
 * Gives an error the stack of who awaits the calling method; call it in the `catch` of an `async` method.
 *
 * @param error What was caught; anything but an error of ours is returned as it is.
 * @returns The same error.
 */
export function atCaller(error: unknown): unknown {
  // What others made, an abort's reason or what a codec of theirs threw, is theirs.
  if (!(error instanceof LifeguardError)) return error;
  showCaller(error, atCaller);
  return error;
}

/**
 * Gives an error the stack of an earlier call, for what is told to somebody without one: the reader of a stream.
 *
 * @param error What went wrong; anything but an error of ours is returned as it is.
 * @param taken Made in that call.
 * @returns The same error.
 */
export function atTaker(error: unknown, taken: Error): unknown {
  if (error instanceof LifeguardError) showFrames(error, taken.stack);
  return error;
}

/** The line where an error was made, outside the library, for example `"file:///app/main.ts:3:7"`. */
export function wordLine(error: Error): string | undefined {
  return callerFrames(error.stack)[0]?.trim().replace(/^at /, "");
}

/** The line that awaits the calling function, outside the library; frames of `below` and above it are left out. */
export function callerLine(below: unknown): string | undefined {
  const here = new Error();
  showCaller(here, below);
  return wordLine(here);
}
