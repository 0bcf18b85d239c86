/**
 * Who takes part in an election: the name by which people find it, and the options that every election has.
 *
 * @module
 */
import { hostname } from "node:os";
import process from "node:process";
import { ConfigError } from "../../pool/wire/errors.ts";
import type { ReflectorLogger } from "../reflector_log.ts";

/** What every election is told. */
export interface ElectionOptions {
  /** Those of one name elect one leader among themselves. */
  readonly name: string;
  /** Milliseconds after which a leader that is gone without a word is succeeded. Default 3,000; at least 1,000. */
  readonly lease?: number;
  /** Told what failed and is tried again. */
  readonly logger?: ReflectorLogger | undefined;
}

/** The default of {@link ElectionOptions.lease}, in milliseconds. */
const DEFAULT_LEASE = 3_000;
/** The shortest lease: below it a busy machine deposes a leader that is well. */
const SHORTEST_LEASE = 1_000;
/** The longest, a minute: so long would nobody lead. */
const LONGEST_LEASE = 60_000;
/** The longest name of a host that is shown: an application_name of PostgreSQL holds 63 bytes in all. */
const HOST_LENGTH = 30;

/**
 * Checks what every election is told.
 *
 * @throws {ConfigError} When the name is empty or the lease is out of range.
 */
export function checkedElection(
  { name, lease = DEFAULT_LEASE }: ElectionOptions,
): { name: string; lease: number } {
  if (typeof name !== "string" || !/^[\w.:\-/]{1,100}$/.test(name)) {
    throw new ConfigError(
      "name",
      "it must be 1 to 100 letters, digits, dots, colons, slashes, dashes or underscores",
    );
  }
  if (!Number.isInteger(lease) || lease < SHORTEST_LEASE || lease > LONGEST_LEASE) {
    throw new ConfigError(
      "lease",
      `it must be ${SHORTEST_LEASE} to ${LONGEST_LEASE} milliseconds, a whole number`,
    );
  }
  return { name, lease };
}

/**
 * The name of this process among the candidates.
 *
 * @returns Such as `web-3:4711`.
 */
export function candidateName(): string {
  let host = "unknown";
  try {
    host = hostname().replace(/[^\w.-]/g, "_").slice(0, HOST_LENGTH);
  } catch {
    // Deno was not allowed to ask the system.
  }
  return `${host}:${process.pid}`;
}

/**
 * The name of a leader: who, and since when.
 *
 * @param candidate As {@link candidateName} has it.
 * @returns Such as `web-3:4711:2026-01-31T12:00:00Z`.
 */
export function leaderName(candidate: string): string {
  return `${candidate}:${new Date().toISOString().replace(/\.\d+/, "")}`;
}
