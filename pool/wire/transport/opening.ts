/**
 * Waiting for one stage of opening a connection: its outcome, an error, the peer's end or the caller's signal,
 * whichever is first, with every listener of the stage removed after.
 *
 * @module
 */

import type { Socket } from "node:net";

/** Whom a connection is opened to, and until when. */
export interface OpeningTarget {
  /** The address as errors print it. */
  readonly name: string;
  /** Ends the opening. */
  readonly signal: AbortSignal;
}

/**
 * Waits for one stage.
 *
 * @param socket The socket whose error or end fails the stage.
 * @param signal Fails the stage with its reason.
 * @param start Begins the stage; it calls `resolve` with the outcome.
 * @returns The outcome.
 */
export function opening<T>(
  socket: Socket,
  signal: AbortSignal,
  start: (resolve: (value: T) => void, reject: (error: unknown) => void) => void,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const settle = (): void => {
      socket.off("error", onError);
      socket.off("end", onEnd);
      socket.off("close", onEnd);
      signal.removeEventListener("abort", onAbort);
    };
    const fail = (error: unknown): void => {
      settle();
      reject(error);
    };
    const onError = (error: Error): void => fail(error);
    const onEnd = (): void => fail(new Error("the peer closed the connection"));
    const onAbort = (): void => fail(signal.reason);
    if (signal.aborted) return fail(signal.reason);
    socket.on("error", onError);
    socket.on("end", onEnd);
    socket.on("close", onEnd);
    signal.addEventListener("abort", onAbort);
    start((value) => {
      settle();
      resolve(value);
    }, fail);
  });
}

/**
 * Says in a clause what became of a stage.
 *
 * @param error What the stage failed with.
 * @param stage The stage, for example `"the TLS handshake"`.
 */
export function describeCause(error: unknown, stage: string): string {
  if (error instanceof AggregateError && error.errors.length > 0) {
    return `${stage} failed (${error.errors.map(textOf).join(", ")})`;
  }
  const { name } = error as { name?: unknown };
  if (name === "TimeoutError") return `${stage} did not finish in time`;
  if (name === "AbortError") return `${stage} was aborted`;
  return `${stage} failed (${textOf(error)})`;
}

function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as { code?: unknown };
  const text = error.message.trim();
  if (typeof code !== "string" || text.includes(code)) return text === "" ? error.name : text;
  return text === "" ? code : `${code}: ${text}`;
}
