/**
 * Storage parameters as SQL text.
 *
 * @module
 */
import { quoteLiteral } from "../../orm/building/inlined.ts";
import { quoteIdentifier } from "../../pool/sql/identifier.ts";

/** `with (fillfactor = '70')`; empty without parameters. */
export function writeParameters(parameters: Readonly<Record<string, string>>): string {
  const list = parameterList(parameters);
  return list === "" ? "" : `with (${list})`;
}

/** `fillfactor = '70'`, with commas. */
export function parameterList(parameters: Readonly<Record<string, string>>): string {
  return Object.entries(parameters)
    .map(([name, value]) => `${parameterName(name)} = ${quoteLiteral(value)}`).join(", ");
}

/** A parameter's name; those of the TOAST table have `toast.` in front. */
export function parameterName(name: string): string {
  return name.startsWith("toast.") ? `toast.${quoteIdentifier(name.slice(6))}` : quoteIdentifier(name);
}
