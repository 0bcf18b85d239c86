/** Waiting for something to become true, with a deadline. */

/** Resolves after so many milliseconds. */
export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/**
 * Asks again every 20 ms until the answer is something else than `undefined`.
 *
 * @param what What is waited for, for the message of the error.
 * @param ask A question; one that throws counts as not yet true.
 * @param timeout Milliseconds.
 */
export async function until<Value>(
  what: string,
  ask: () => Promise<Value | undefined> | Value | undefined,
  timeout = 30_000,
): Promise<Value> {
  const deadline = performance.now() + timeout;
  let last: unknown;
  while (performance.now() < deadline) {
    try {
      const answer = await ask();
      if (answer !== undefined) return answer;
      last = undefined;
    } catch (error) {
      if (error instanceof HopelessError) throw error;
      last = error;
    }
    await sleep(20);
  }
  const reason = last instanceof Error ? `: ${last.message}` : "";
  throw new Error(`${what} did not happen within ${timeout} ms${reason}`);
}

/** Thrown by a question whose answer will never be yes; it ends the wait at once. */
export class HopelessError extends Error {
  override readonly name: string = "HopelessError";
}

/** A free port of the loopback interface, below the range from which the system takes ports for clients. */
export function freePort(): number {
  for (let attempt = 0; attempt < 200; attempt++) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    try {
      Deno.listen({ hostname: "127.0.0.1", port }).close();
      return port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
  throw new Error("Cannot find a free port of 127.0.0.1 between 20000 and 32000; end what holds them");
}
