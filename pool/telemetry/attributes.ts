/**
 * The names of attributes, and what errors are called in them, by the OpenTelemetry conventions for PostgreSQL
 * (https://opentelemetry.io/docs/specs/semconv/database/postgresql/, 1.38); what these do not have begins with
 * `lifeguard.`.
 *
 * @module
 */
import { LifeguardError } from "../wire/errors.ts";
import { PostgresError } from "../wire/postgres_error.ts";

/** The names of attributes. */
export const ATTRIBUTE = {
  system: "db.system.name",
  namespace: "db.namespace",
  operation: "db.operation.name",
  batchSize: "db.operation.batch.size",
  text: "db.query.text",
  summary: "db.query.summary",
  sqlState: "db.response.status_code",
  errorType: "error.type",
  serverAddress: "server.address",
  serverPort: "server.port",
  tier: "lifeguard.pool_tier",
  rows: "lifeguard.rows",
  resent: "lifeguard.resent",
  purpose: "lifeguard.acquire.purpose",
  attempts: "lifeguard.attempts",
  isolation: "lifeguard.transaction.isolation",
  depth: "lifeguard.transaction.depth",
  cause: "lifeguard.heal.cause",
} as const;

/** The attribute of metrics that names the tier. */
export const POOL_TIER = "pool_tier";
/** What conventions call us. */
export const SYSTEM = "postgresql";

/** What an error is called: the SQLSTATE, the code of one of ours, or the class of another's. No message. */
export function errorType(error: unknown): string {
  const state = sqlState(error);
  if (state !== undefined) return state;
  if (error instanceof LifeguardError) return error.code;
  return error instanceof Error ? error.name : "_OTHER";
}

/** The SQLSTATE the server answered with, if it did. */
export function sqlState(error: unknown): string | undefined {
  return error instanceof PostgresError ? error.sqlState : undefined;
}
