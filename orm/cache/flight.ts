/**
 * One read of one key, for everybody who wants it meanwhile: see `keyed_reads.ts`.
 *
 * @module
 */
import type { Found } from "./found.ts";
import { idText } from "./protocol/key_text.ts";

/** One read of one key. */
export class Flight<Value> {
  /** The values of the key's columns. */
  readonly values: readonly unknown[];
  /** The key's values, as they are compared. */
  readonly comparable: unknown;
  /** Its end; undefined when nothing is to be had from the cache. */
  readonly ended: Promise<Found<Value> | undefined>;
  /** Whether it has ended. */
  isEnded = false;
  #resolve!: (found: Found<Value> | undefined) => void;

  /** Begins it. */
  constructor(values: readonly unknown[], comparable: unknown) {
    this.values = values;
    this.comparable = comparable;
    this.ended = new Promise((resolve) => this.#resolve = resolve);
  }

  /** The key's text. */
  get id(): string {
    return idOf(this.values, this.comparable);
  }

  /** Ends it; what comes later changes nothing. */
  end(found: Found<Value> | undefined): void {
    this.isEnded = true;
    this.#resolve(found);
  }
}

/**
 * A key's text. Of several columns, that is what it is compared by too.
 *
 * @param values The values of the key's columns.
 * @param comparable The form in which keys are compared.
 */
export function idOf(values: readonly unknown[], comparable: unknown): string {
  return values.length === 1 ? idText([String(comparable)]) : comparable as string;
}
