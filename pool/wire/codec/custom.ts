/** Codecs that a user brings, by type name. @module */

/**
 * A codec for one type, given to a pool by the type's name. Arrays, ranges, domains and composites of the type use it
 * too. `null` never reaches it.
 *
 * @example
 * ```ts
 * import type { CustomCodec } from "@lifeguard/core";
 * const money: CustomCodec<number> = {
 *   encode: (cents) => (cents / 100).toFixed(2),
 *   decode: (text) => Math.round(Number(text.replace(/[$,]/g, "")) * 100),
 * };
 * if (money.decode("$1,234.50") !== 123450) throw new Error("unexpected");
 * ```
 */
export interface CustomCodec<Value = unknown> {
  /** The value's text form, as PostgreSQL's input function takes it. */
  encode(value: Value): string;
  /** Reads the text form, as PostgreSQL's output function writes it. */
  decode(text: string): Value;
  /** The binary form, used instead of the text where it is given. */
  readonly binary?: {
    /** The value's binary form, as PostgreSQL's receive function takes it. */
    encode(value: Value): Uint8Array;
    /** Reads the binary form, as PostgreSQL's send function writes it; the bytes are a copy. */
    decode(bytes: Uint8Array): Value;
  };
}
