/**
 * Running a COPY … FROM STDIN: from a source to the server, as fast as the server takes it.
 *
 * Invariants: the source is read only when there is room for what it gives; it is cancelled exactly when the COPY
 * ends before it does; the call settles even when the source never answers.
 *
 * @module
 */
import { setImmediate } from "node:timers";
import { watchAbort } from "./abort.ts";
import { CopiedRows, encodeRows } from "./copied_rows.ts";
import { CopyBuffer } from "./copy_buffer.ts";
import type { CopyOptions } from "./copy_exchange.ts";
import { CopyInExchange } from "./copy_in_exchange.ts";
import { type CopyReader, type CopySource, readCopySource } from "./copy_source.ts";
import { assertCopyText } from "./copy_text.ts";
import type { Session } from "../session/session.ts";

/** Bytes sent after which timers and sockets get their turn: a source and a drained socket may only cost microtasks. */
const TURN = 131_072;

/**
 * Copies data into the server. The session serves nobody else meanwhile. It is free when the call settles, or,
 * where a server does not confirm a cancellation in time, when it is `idle`.
 *
 * @param session The session.
 * @param text The command, of the form `COPY … FROM STDIN …`.
 * @param source The data, in the format the command names. An error in it ends the COPY, of which nothing remains.
 * @param options See {@link CopyOptions}.
 * @returns How many rows were copied.
 * @throws {ValidationError} When the text is no such command.
 * @throws {PostgresError} When the server refuses the data; the source is cancelled.
 */
export async function copyIn(
  session: Session,
  text: string,
  source: CopySource,
  options: CopyOptions = {},
): Promise<number> {
  assertCopyText(text, "in");
  options.signal?.throwIfAborted();
  if (source instanceof CopiedRows) {
    const { ending, chunks } = await encodeRows(source, session, options.timeout ?? 0);
    return await copyIn(session, text + ending, chunks, options);
  }
  const reader = readCopySource(source);
  let isExhausted = false;
  const exchange: CopyInExchange = new CopyInExchange(text, {
    opened: () => {
      pump(exchange, reader).then((isAll) => isExhausted = isAll, (error) => exchange.cancel(error));
    },
    ended: (error) => {
      if (!isExhausted) reader.cancel(error);
    },
  }, options.timeout ?? 0);
  exchange.submitTo(session, options.timeout ?? 0);
  const unwatch = watchAbort(options.signal, (reason) => exchange.cancel(reason));
  try {
    return await exchange.promise;
  } finally {
    unwatch();
  }
}

/** Sends the source's data; returns whether that was all, rather than all that was wanted. */
async function pump(exchange: CopyInExchange, reader: CopyReader): Promise<boolean> {
  let sinceTurn = 0;
  const buffer = new CopyBuffer((piece) => {
    if (!exchange.accepting) return undefined;
    const room = exchange.send(piece);
    sinceTurn += piece.length;
    if (sinceTurn < TURN) return room;
    sinceTurn = 0;
    return room === undefined ? nextTurn() : room.then(nextTurn);
  });
  while (exchange.accepting) {
    const next = reader.next();
    const chunk = next instanceof Promise ? await next : next;
    if (!exchange.accepting) return chunk === undefined;
    if (chunk === undefined) {
      await buffer.flush();
      exchange.finish();
      return true;
    }
    const room = buffer.add(chunk);
    if (room !== undefined) await room;
  }
  return false;
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
