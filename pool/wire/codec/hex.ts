/** Bytes as hexadecimal digits and back. @module */

/** Two lower-case digits for each byte. */
export const HEX_PAIRS: readonly string[] = Array.from(
  { length: 256 },
  (_, byte) => byte.toString(16).padStart(2, "0"),
);

/** The value of the hexadecimal digit with this character code, or -1. */
export function hexDigit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  const lower = code | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

/** Bytes as lower-case hexadecimal digits. */
export function formatHex(bytes: Uint8Array): string {
  let text = "";
  for (let index = 0; index < bytes.length; index++) text += HEX_PAIRS[bytes[index]];
  return text;
}

/** The bytes that the hexadecimal digits of `text` from `start` on stand for; undefined if they are not that. */
export function parseHex(text: string, start = 0): Uint8Array | undefined {
  const digits = text.length - start;
  if (digits % 2 !== 0) return undefined;
  const bytes = new Uint8Array(digits / 2);
  for (let index = 0, at = start; index < bytes.length; index++, at += 2) {
    const high = hexDigit(text.charCodeAt(at));
    const low = hexDigit(text.charCodeAt(at + 1));
    if (high < 0 || low < 0) return undefined;
    bytes[index] = high << 4 | low;
  }
  return bytes;
}
