/** Values in a form that `deepStrictEqual` compares rightly: it sees nothing inside a Temporal value, and the order of keys is no matter. */
export function canonical(value: unknown): unknown {
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Date) return `Date ${value.toISOString()}`;
  const tag = (value as { [Symbol.toStringTag]?: string })[Symbol.toStringTag];
  if (tag?.startsWith("Temporal.") === true) return `${tag} ${value}`;
  if (Array.isArray(value)) return value.map(canonical);
  if (value instanceof Uint8Array) return `Uint8Array ${[...value]}`;
  const entries = Object.entries(value).map(([key, part]) => [key, canonical(part)] as const)
    .sort(([left], [right]) => left < right ? -1 : 1);
  return [value.constructor?.name ?? "Object", ...entries];
}
