/**
 * The name of what is put aside while the new one has its own.
 *
 * @module
 */

/** The name of an enum while the new one has its own. */
export function asideName(name: string): string {
  return `lifeguard_old_${[...name].slice(0, 12).join("")}_${hash(name)}`;
}

function hash(text: string): string {
  let value = 0x811c9dc5;
  for (const char of text) value = Math.imul(value ^ char.codePointAt(0)!, 0x01000193) >>> 0;
  return value.toString(36);
}
