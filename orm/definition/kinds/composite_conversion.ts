/**
 * How a composite's attributes become what their columns promise.
 *
 * @module
 */
import type { Conversion } from "../column_type.ts";
import type { DeclaredAttribute } from "../declared_type.ts";

/**
 * The conversion of a composite's values.
 *
 * @param attributes Its attributes.
 * @returns The conversion; `undefined` where no attribute has one.
 */
export function compositeConversion(attributes: readonly DeclaredAttribute[]): Conversion | undefined {
  const converted = attributes.flatMap(({ name, type: { conversion } }) =>
    conversion === undefined ? [] : [{ name, conversion }]
  );
  if (converted.length === 0) return undefined;
  return {
    // An attribute that is null tells nothing of the other values': such a composite does not fit.
    fits: (value) =>
      converted.every(({ name, conversion }) => {
        const part = (value as Record<string, unknown>)[name];
        return part !== null && conversion.fits(part);
      }),
    convert: (value) => {
      const result = { ...value as Record<string, unknown> };
      for (const { name, conversion } of converted) {
        const part = result[name];
        if (part !== null && !conversion.fits(part)) result[name] = conversion.convert(part);
      }
      return result;
    },
  };
}
