/**
 * Reading while tables come and go. Rows of the catalogs are of one snapshot, but the functions that write definitions
 * look at what is there at that moment: of what was dropped meanwhile they say nothing, or fail. Then all is read again.
 *
 * @module
 */
import { pause } from "../../pool/pause.ts";
import { PostgresError } from "../../pool/wire/postgres_error.ts";

/** `internal_error`: how PostgreSQL says that what it has just been asked about is gone. */
const GONE = "XX000";

/** How often the catalogs are read before that is given up. */
const MAX_READS = 20;

/** Milliseconds between the first two readings; each pause is longer by as much. */
const PAUSE = 10;

class MovedCatalogError extends Error {
  override readonly name = "MovedCatalogError";
}

/**
 * A text that PostgreSQL has of everything that is there.
 *
 * @param text The text, null of what is gone.
 * @returns The text.
 * @throws {Error} When it is gone, so that all is read again.
 */
export function told(text: string | null): string {
  if (text === null) throw new MovedCatalogError("An object was dropped while the catalogs were read");
  return text;
}

/** Reads until nothing was dropped meanwhile. */
export async function readUnmoved<T>(read: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  for (let reads = 1;; reads++) {
    try {
      return await read();
    } catch (error) {
      if (!hasMoved(error)) throw error;
      if (reads === MAX_READS) {
        throw new Error(
          "Cannot read the catalogs: objects were dropped each time while it was done; do it when they stay",
          { cause: error },
        );
      }
      await pause(reads * PAUSE, signal);
    }
  }
}

function hasMoved(error: unknown): boolean {
  return error instanceof MovedCatalogError || (error instanceof PostgresError && error.sqlState === GONE);
}
