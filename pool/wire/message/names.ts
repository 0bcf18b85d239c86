/**
 * The messages a server sends, by type byte, with the protocol's names.
 * Source: https://www.postgresql.org/docs/18/protocol-message-formats.html
 *
 * @module
 */

/** Type bytes of the messages a server sends. */
export const BACKEND = {
  Authentication: 0x52,
  BackendKeyData: 0x4b,
  BindComplete: 0x32,
  CloseComplete: 0x33,
  CommandComplete: 0x43,
  CopyData: 0x64,
  CopyDone: 0x63,
  CopyInResponse: 0x47,
  CopyOutResponse: 0x48,
  CopyBothResponse: 0x57,
  DataRow: 0x44,
  EmptyQueryResponse: 0x49,
  ErrorResponse: 0x45,
  NegotiateProtocolVersion: 0x76,
  NoData: 0x6e,
  NoticeResponse: 0x4e,
  NotificationResponse: 0x41,
  ParameterDescription: 0x74,
  ParameterStatus: 0x53,
  ParseComplete: 0x31,
  PortalSuspended: 0x73,
  ReadyForQuery: 0x5a,
  RowDescription: 0x54,
} as const;

const NAMES: readonly (string | undefined)[] = (() => {
  const names: (string | undefined)[] = new Array(256);
  for (const [name, type] of Object.entries(BACKEND)) names[type] = name;
  return names;
})();

/** Whether a server may send a message of this type at all. */
export function isBackendMessage(type: number): boolean {
  return NAMES[type] !== undefined;
}

/** The protocol's name of a message type, for error messages. */
export function messageName(type: number): string {
  return NAMES[type] ?? `a message of unknown type 0x${type.toString(16).padStart(2, "0")}`;
}
