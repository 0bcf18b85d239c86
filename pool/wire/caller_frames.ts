/**
 * The frames of a stack that say something to who calls the library: neither its own nor the runtime's.
 *
 * @module
 */

interface StackCapturing {
  captureStackTrace?(target: object, below?: unknown): void;
  stackTraceLimit?: number;
}

/** Deep enough to see who awaits a call through the library's frames; runtimes stop after ten. */
const DEPTH = 50;

/** Where the library itself is, whatever folder below `pool` this file is in. */
const HOME: string = import.meta.url.slice(0, import.meta.url.lastIndexOf("/pool/") + 1);
const OWN_PLACES: readonly string[] = [HOME, HOME.replace("file://", "")].flatMap((
  home,
) => [`${home}pool/`, `${home}orm/`, `${home}testkit/`]);

/** Frames of the runtimes' event loops, which Deno, Node and Bun name so, and of built-ins such as `Array.map`. */
const OF_RUNTIME = /(^|[\s(])(ext|node|native|bun):|\(<anonymous>\)$/;

/** The lines of a stack outside the library and the runtime; none when there are none. */
export function callerFrames(stack: string | undefined): string[] {
  return (stack ?? "").split("\n").filter((line) =>
    /^\s*at /.test(line) && !OF_RUNTIME.test(line) && !OWN_PLACES.some((place) => line.includes(place))
  );
}

/**
 * Lets an error's stack begin at the line that called, or awaits, the library; as it is where that is not known.
 *
 * @param error The error.
 * @param below Frames of this function and those above it are left out.
 */
export function showCaller(error: Error, below?: unknown): void {
  const runtime = Error as unknown as StackCapturing;
  const holder: { stack?: string } = {};
  const depth = runtime.stackTraceLimit;
  try {
    runtime.stackTraceLimit = DEPTH;
    runtime.captureStackTrace?.(holder, below);
    showFrames(error, holder.stack);
  } finally {
    if (depth !== undefined) runtime.stackTraceLimit = depth;
  }
}

/** Gives an error the caller's frames of a stack, if there are any. */
export function showFrames(error: Error, stack: string | undefined): void {
  const frames = callerFrames(stack);
  if (frames.length > 0) error.stack = `${error.name}: ${error.message}\n${frames.join("\n")}`;
}
