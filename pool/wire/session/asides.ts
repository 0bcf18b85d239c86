/**
 * What a server may say between any two messages of an answer: notices, notifications, reports of settings.
 *
 * @module
 */
import type { ByteSource } from "../byte_source.ts";
import { ConnectionError, ProtocolError } from "../errors.ts";
import {
  type ErrorFields,
  type Notification,
  readErrorFields,
  readNotification,
  readParameterStatus,
} from "../message/backend.ts";
import { BACKEND } from "../message/names.ts";

/** The longest report of a setting that is believed, in bytes; the longest real one is a search_path. */
const MAX_PARAMETER_STATUS = 65_536;
/** The most settings that are believed; a server reports about fifteen. */
const MAX_PARAMETERS = 200;

/** Who is told of asides. */
export interface AsideListener {
  /** NOTIFY. */
  notification?(notification: Notification): void;
  /** A notice or warning. */
  notice?(fields: ErrorFields): void;
  /** A setting the server reports has changed. */
  parameter?(name: string, value: string): void;
}

/** The settings a server has reported, for example `server_version`. */
export type ReportedSettings = Map<string, string>;

/**
 * Takes an aside.
 *
 * @param message Its type, one of NoticeResponse, NotificationResponse and ParameterStatus, and where its body lies.
 * @param parameters The settings reported so far; a report is added to them.
 * @param context Who is told, and, for messages, who the server is.
 * @throws {ProtocolError} When it is malformed.
 * @throws {ConnectionError} When it says that texts would be garbled from now on.
 */
export function takeAside(
  message: {
    readonly type: number;
    readonly source: ByteSource;
    readonly offset: number;
    readonly end: number;
  },
  parameters: ReportedSettings,
  context: { readonly listener: AsideListener | undefined; readonly address: string },
): void {
  const { type, source, offset, end } = message;
  const { listener, address } = context;
  switch (type) {
    case BACKEND.NoticeResponse: {
      const fields = readErrorFields("NoticeResponse", source, offset, end);
      listener?.notice?.(fields);
      return;
    }
    case BACKEND.NotificationResponse: {
      const notification = readNotification(source, offset, end);
      listener?.notification?.(notification);
      return;
    }
    case BACKEND.ParameterStatus: {
      if (end - offset > MAX_PARAMETER_STATUS) {
        throw new ProtocolError("ParameterStatus", `it is longer than ${MAX_PARAMETER_STATUS} bytes`);
      }
      const [name, value] = readParameterStatus(source, offset, end);
      if (parameters.size > MAX_PARAMETERS && !parameters.has(name)) {
        throw new ProtocolError("ParameterStatus", `more than ${MAX_PARAMETERS} settings were reported`);
      }
      if (name === "client_encoding" && !/^(?:utf-?8|unicode)$/i.test(value)) {
        throw new ConnectionError(
          `Cannot go on with the connection to ${address}: its client_encoding was set to "${value}", in which texts would be garbled; leave it at UTF8`,
          { retryable: false },
        );
      }
      parameters.set(name, value);
      listener?.parameter?.(name, value);
      return;
    }
  }
}
