/**
 * Who a session is connected to, as attributes.
 *
 * @module
 */
import type { Attributes } from "@opentelemetry/api";
import { ATTRIBUTE } from "./attributes.ts";

/** The attributes of an address as sessions word it: `host:port`, `[::1]:port`, a socket's path, or `pglite:`. */
export function serverAttributes(address: string): Attributes {
  if (address.startsWith("pglite:")) return {};
  const match = /^(?:\[([^\]]+)\]|([^/:]+)):(\d+)$/.exec(address);
  if (match === null) return { [ATTRIBUTE.serverAddress]: address };
  return {
    [ATTRIBUTE.serverAddress]: match[1] ?? match[2],
    [ATTRIBUTE.serverPort]: Number(match[3]),
  };
}
