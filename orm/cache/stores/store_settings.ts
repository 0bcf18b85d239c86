/**
 * The settings that stores have in common.
 *
 * @module
 */
import { ConfigError } from "../../../pool/wire/errors.ts";

/** Their defaults, in milliseconds. */
export const STORE_DEFAULTS = { timeout: 50, ticketLife: 5_000, tombstoneLife: 10_000 } as const;

/**
 * Checks settings that are counts or milliseconds.
 *
 * @param settings The settings.
 * @param names Which of them are to be whole numbers above 0.
 * @throws {ConfigError} When one is not.
 */
export function checkStoreSettings<Name extends string>(
  settings: Readonly<Record<Name, number>>,
  names: readonly Name[],
): void {
  for (const name of names) {
    const value = settings[name];
    if (Number.isSafeInteger(value) && value > 0) continue;
    throw new ConfigError(name, `"${value}" is no whole number above 0`);
  }
}
