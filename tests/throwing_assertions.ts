/**
 * Loaded before each example of the docs: `console.assert` only prints, and an example that is wrong would pass.
 *
 * @module
 */
console.assert = (condition?: boolean, ...words: readonly unknown[]): void => {
  if (!condition) throw new Error(["An assertion of the example does not hold", ...words].join(": "));
};
