/**
 * Finding out whether a connection lives: the network may have lost it without either side being told.
 *
 * @module
 */
import { muteError } from "./lost_errors.ts";
import { ProbeExchange } from "../wire/session/prepare_exchange.ts";
import type { Session } from "../wire/session/session.ts";

/** Milliseconds in which a connection must answer: so few that another can serve within five seconds. */
const PATIENCE = 3_000;
/** Milliseconds in which an answer that came in time is read at last. */
const LATE_ANSWER = 20;

/**
 * Waits for an answer that a living connection gives at once; destroys one that does not.
 *
 * @param session The connection.
 * @param answer Settles with the answer, or when the connection is gone.
 * @returns The answer.
 */
export async function answeredInTime<T>(session: Session, answer: Promise<T>): Promise<T> {
  let timer = setTimeout(() => {
    // Should this thread have been stopped meanwhile, an answer may be there that nobody has read yet.
    timer = setTimeout(() => session.destroy(muteError(session.address, PATIENCE)), LATE_ANSWER);
  }, PATIENCE);
  try {
    return await answer;
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Asks a connection for a sign of life; one that gives none is destroyed.
 *
 * @param session The connection.
 * @returns When it has answered; rejects when it is gone.
 */
export async function probe(session: Session): Promise<void> {
  const probe = new ProbeExchange();
  session.submit(probe);
  await answeredInTime(session, probe.promise);
}
