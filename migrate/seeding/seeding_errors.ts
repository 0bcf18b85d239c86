/**
 * Why seeds and backfills do not come to their end. Each class has a code with a heading in `docs/errors.md`.
 *
 * @module
 */
import { LifeguardError } from "../../pool/wire/errors.ts";

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

function isRetryable(cause: unknown): boolean {
  return cause instanceof LifeguardError && cause.retryable;
}

/** A seed failed. */
export class SeedFailedError extends LifeguardError {
  /** "SEED_FAILED": the heading to read in `docs/errors.md`. */
  readonly code = "SEED_FAILED";
  /** Its file's name without the suffix. */
  readonly seed: string;

  /** Creates the error; `place` says where in its file, and which statement. */
  constructor(seed: string, place: string, cause: unknown) {
    super(
      `Cannot sow seed "${seed}": ${place} failed: ${messageOf(cause)}; correct it and sow again. ` +
        "Nothing of it is sown; those before it are",
      { cause, retryable: isRetryable(cause) },
    );
    this.seed = seed;
  }
}

/** A batch of a backfill failed. */
export class BackfillFailedError extends LifeguardError {
  /** "BACKFILL_FAILED": the heading to read in `docs/errors.md`. */
  readonly code = "BACKFILL_FAILED";
  /** The backfill's name. */
  readonly backfill: string;
  /** How many rows are done and stay so. */
  readonly rows: number;

  /** Creates the error from the backfill, its table, and how far it is. */
  constructor(
    backfill: string,
    { table, rows }: { readonly table: string; readonly rows: number },
    cause: unknown,
  ) {
    super(
      `Cannot go on with backfill "${backfill}": the batch of table "${table}" behind its first ${rows} rows failed: ` +
        `${messageOf(cause)}; correct it and run it again. The rows before are done and stay so`,
      { cause, retryable: isRetryable(cause) },
    );
    this.backfill = backfill;
    this.rows = rows;
  }
}
