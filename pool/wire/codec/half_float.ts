/** Sixteen-bit floats (IEEE 754 binary16), which not every runtime's DataView reads. @module */

const single = new Float32Array(1);
const singleBits = new Uint32Array(single.buffer);

/** The number that these sixteen bits stand for. */
export function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = bits >> 10 & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The sixteen bits of the half float nearest to a number, to even at a tie; infinity when it is too large. */
export function toHalf(value: number): number {
  single[0] = value;
  const bits = singleBits[0];
  const sign = bits >>> 16 & 0x8000;
  const size = Math.abs(value);
  if (Number.isNaN(value)) return 0x7e00;
  if (size >= 65_520) return sign | 0x7c00;
  // Scaled so that the last bit of the half float is the unit, and rounded to even there.
  const exponent = Math.max(-14, size === 0 ? -14 : Math.floor(Math.log2(size)));
  const scaled = size * 2 ** (10 - exponent);
  let units = Math.floor(scaled);
  const rest = scaled - units;
  if (rest > 0.5 || (rest === 0.5 && units % 2 === 1)) units++;
  // A carry out of the fraction raises the exponent by itself.
  return sign | (units < 1024 ? units : (exponent + 14 << 10) + units);
}
