/**
 * Migrations that somebody has made and not yet written.
 *
 * @module
 */
import { MigrationFileError } from "../files/file_errors.ts";
import type { LoadedMigration, Migration } from "../files/migration.ts";

/**
 * Refuses a migration that would be recorded as applied without having done anything: whoever writes it afterwards would
 * find that it has changed.
 */
export function assertFilled({ path, kind }: Migration, { up, data }: LoadedMigration): void {
  if (up.length > 0 || data !== undefined) return;
  const place = kind === "sql" ? 'below "-- up"' : "in up()";
  throw new MigrationFileError(
    path,
    `it does nothing yet; write what it does ${place} ("select 1" where there is nothing to do), or delete it`,
  );
}
