/**
 * CancelRequest: asking a server, over a connection of its own, to cancel what another connection runs.
 *
 * @module
 */

import { ByteWriter } from "../byte_writer.ts";
import { ConnectionError } from "../errors.ts";
import type { OpenedTransport } from "./open_transport.ts";
import { describeCause } from "./opening.ts";

/** https://www.postgresql.org/docs/18/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-CANCELREQUEST */
const CANCEL_REQUEST_CODE = 80_877_102;

/** The longest key of protocol 3.2, in bytes. */
const MAX_SECRET_KEY = 256;

/**
 * Sends a CancelRequest and waits until the server has dealt with it.
 *
 * The server says nothing; it closes the connection after it has signalled the process. Waiting for that is what
 * keeps a cancel from hitting a later query of the same session.
 *
 * @param open Opens a transport to the same server, with the same protection as the session's.
 * @param processId The process to cancel, from BackendKeyData.
 * @param secretKey The session's secret key, from BackendKeyData; four bytes, or more in protocol 3.2.
 * @param signal Ends the wait; the cancel may still take effect if it was sent.
 * @throws {ConnectionError} When the request cannot be sent or the server does not close in time.
 */
export async function sendCancelRequest(
  open: () => Promise<OpenedTransport>,
  processId: number,
  secretKey: Uint8Array,
  signal: AbortSignal,
): Promise<void> {
  if (secretKey.length > MAX_SECRET_KEY) {
    throw new ConnectionError(`Cannot send a cancel request: the secret key has ${secretKey.length} bytes`, {
      retryable: false,
      neverSent: true,
    });
  }
  const { transport } = await open();
  await new Promise<void>((resolve, reject) => {
    const onAbort = (): void => {
      transport.destroy();
      reject(
        new ConnectionError(
          `Cannot be sure that the cancel request was handled: ${
            describeCause(signal.reason, "waiting for the server to close the connection")
          }; close the session before anything else is sent on it`,
          { cause: signal.reason },
        ),
      );
    };
    if (signal.aborted) return onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    transport.attach({
      data: () => {}, // A server that says something anyway still closes.
      drain: () => {},
      // However it closes, with a reset even, it has read the request or never will.
      closed: () => {
        signal.removeEventListener("abort", onAbort);
        resolve();
      },
    });
    transport.write(cancelRequest(processId, secretKey));
  });
}

function cancelRequest(processId: number, secretKey: Uint8Array): Uint8Array {
  const writer = new ByteWriter(16 + secretKey.length);
  writer.i32(12 + secretKey.length);
  writer.i32(CANCEL_REQUEST_CODE);
  writer.i32(processId);
  writer.raw(secretKey);
  return writer.take();
}
