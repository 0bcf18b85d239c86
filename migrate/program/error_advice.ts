/**
 * What only the program can add to an error of the library: who named the database that cannot be reached, or whose URL
 * cannot be read, since it may be written in five places; and which command makes what is missing.
 *
 * @module
 */
import { ConfigError, ConnectionError, LifeguardError } from "../../pool/wire/errors.ts";
import { isPackedByDeno, UNPACK_IT } from "../../program/packed_runtime.ts";
import { MigrationFileError } from "../files/file_errors.ts";
import type { Settings } from "./resolve_settings.ts";

/** What is said behind the message of an error; often nothing. */
export function errorAdvice(error: unknown, settings: Settings | undefined): string {
  if (settings === undefined) return "";
  if (error instanceof MigrationFileError && error.path === settings.dir) {
    return "; lifeguard migrate new makes it, --dir names another";
  }
  if (error instanceof MigrationFileError && /\.ts$/.test(error.path) && isPackedByDeno()) {
    return `; ${UNPACK_IT}`;
  }
  if (!isOfDatabase(error)) return "";
  const source = settings.sources.get("databaseUrl");
  return source === undefined
    ? `; nobody named the database for lifeguard, so this is the pool's own; name it with --database-url or DATABASE_URL`
    : `; the database is named by ${source}`;
}

/** What the pool calls the place of a setting that is in what it was given. */
const GIVEN: readonly string[] = ["URL", "connection string"];

/** Whether the database cannot be reached, or what names it cannot be read. */
function isOfDatabase(error: unknown): boolean {
  if (error instanceof ConnectionError) return true;
  if (error instanceof ConfigError) return GIVEN.includes(error.source);
  if (!(error instanceof LifeguardError)) return false;
  return error.code === "POOL_TIMEOUT" || /^Cannot connect to /.test(error.message);
}
