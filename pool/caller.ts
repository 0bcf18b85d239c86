/**
 * Errors that show the caller's line although they are made when the server's answer arrives.
 *
 * An `async` method that catches an error after an `await` is, at that moment, called by the runtime on behalf of who
 * awaits it, and the runtime writes these callers into a stack captured there: nothing is paid while all goes well.
 *
 * @module
 */

import { LifeguardError } from "./wire/errors.ts";

interface StackCapturing {
  captureStackTrace?(target: object, below?: unknown): void;
}

/** Where the library itself is; its own frames say nothing to its user. */
const HOME: string = new URL("..", import.meta.url).href;
const OWN_PLACES: readonly string[] = [HOME, HOME.replace("file://", "")].flatMap((
  home,
) => [`${home}pool/`, `${home}orm/`]);

/**
 * Gives an error the stack of who awaits the calling method; call it in the `catch` of an `async` method.
 *
 * @param error What was caught; anything but an error of ours is returned as it is.
 * @returns The same error.
 */
export function atCaller(error: unknown): unknown {
  // What others made, an abort's reason or what a codec of theirs threw, is theirs.
  if (!(error instanceof LifeguardError)) return error;
  const holder: { stack?: string } = {};
  (Error as unknown as StackCapturing).captureStackTrace?.(holder, atCaller);
  return withFrames(error, holder.stack);
}

/**
 * Gives an error the stack of an earlier call, for what is told to somebody without one: the reader of a stream.
 *
 * @param error What went wrong; anything but an error of ours is returned as it is.
 * @param taken Made in that call.
 * @returns The same error.
 */
export function atTaker(error: unknown, taken: Error): unknown {
  return error instanceof LifeguardError ? withFrames(error, taken.stack) : error;
}

function withFrames(error: LifeguardError, stack: string | undefined): LifeguardError {
  const frames = callerFrames(stack);
  if (frames.length > 0) error.stack = `${error.name}: ${error.message}\n${frames.join("\n")}`;
  return error;
}

/** The line where an error was made, outside the library, for example `"file:///app/main.ts:3:7"`. */
export function wordLine(error: Error): string | undefined {
  return callerFrames(error.stack)[0]?.trim().replace(/^at /, "");
}

function callerFrames(stack: string | undefined): string[] {
  return (stack ?? "").split("\n").filter((line) => /^\s*at /.test(line) && !isOwn(line));
}

function isOwn(line: string): boolean {
  return OWN_PLACES.some((place) => line.includes(place));
}
