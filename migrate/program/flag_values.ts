/**
 * The values of a command's own flags, checked.
 *
 * @module
 */
import { listed } from "../../pool/wire/configuration/setting.ts";
import { MisuseError } from "../../program/misuse_error.ts";
import type { CommandLine } from "./command_line.ts";

/** A count that a flag gives; undefined where it was not given. */
export function countFlag(line: CommandLine, key: string, flag: string): number | undefined {
  const value = line.own[key];
  if (value === undefined) return undefined;
  const count = Number(value);
  if (Number.isInteger(count) && count > 0 && count <= 1_000_000_000) return count;
  throw new MisuseError(`Cannot use ${flag}: "${value}" is no count; give a whole number above 0`);
}

/** One of some words that a flag gives. */
export function wordFlag<Word extends string>(
  line: CommandLine,
  key: string,
  { flag, words, usual }: { readonly flag: string; readonly words: readonly Word[]; readonly usual: Word },
): Word {
  const value = line.own[key];
  if (value === undefined) return usual;
  const found = words.find((word) => word === value);
  if (found !== undefined) return found;
  throw new MisuseError(`Cannot use ${flag}: "${value}" is not known; give ${listed(words)}`);
}

/** A text that a flag gives. */
export function textFlag(line: CommandLine, key: string): string | undefined {
  const value = line.own[key];
  return typeof value === "string" ? value : undefined;
}

/** The texts of a flag that may be given several times. */
export function textsFlag(line: CommandLine, key: string): readonly string[] {
  const value = line.own[key];
  return Array.isArray(value) ? value : [];
}

/** A version that a flag or an argument gives: fourteen digits, or a file's name that begins with them. */
export function versionOf(value: string | undefined, flag: string): string | undefined {
  if (value === undefined || value === "0") return value;
  const found = /^(?:.*\/)?(\d{14})(?:_[\w-]*(?:\.\w+)?)?$/.exec(value);
  if (found !== null) return found[1];
  throw new MisuseError(
    `Cannot use ${flag}: "${value}" is no version; give fourteen digits, such as 20261123094500`,
  );
}
