/**
 * What a key in the store is of, read out of its name.
 *
 * @module
 */
import { DEFAULT_PREFIX } from "../../orm/cache/protocol/keys.ts";

/** The row that an entry is of. */
export interface CachedKey {
  /** The key, with its prefix and without a hash tag. */
  readonly key: string;
  /** The table, as keys have it. */
  readonly table: string;
  readonly schemaName: string;
  readonly tableName: string;
  /** PostgreSQL's text of each column of the row's key; undefined where only its MD5 is known. */
  readonly values: readonly string[] | undefined;
}

const HASH_TAG = /^\{\d\d\}:/;

/**
 * What keys of rows match, as Redis matches.
 *
 * @param prefix What all keys begin with.
 * @param isCluster Whether keys have hash tags.
 */
export function rowPattern(prefix: string, isCluster: boolean): string {
  return `${prefix.replaceAll(/[\\*?[\]^]/g, "\\$&")}${isCluster ? "{[0-9][0-9]}:" : ""}model:*`;
}

/**
 * Reads the name of a row's key.
 *
 * @param name The name, with or without a hash tag.
 * @param prefix What all keys begin with.
 * @returns What it is of; undefined when it is no row's.
 */
export function parseRowKey(name: string, prefix: string = DEFAULT_PREFIX): CachedKey | undefined {
  if (!name.startsWith(prefix)) return undefined;
  const rest = name.slice(prefix.length).replace(HASH_TAG, "");
  if (!rest.startsWith("model:")) return undefined;
  const [table, ...id] = splitUnescaped(rest.slice("model:".length), ":");
  const names = splitUnescaped(table, ".");
  if (id.length === 0 || names.length !== 2) return undefined;
  const [schemaName, tableName] = names.map(unescapeName);
  const idText = rest.slice(`model:${table}:`.length);
  const values = /^md5:[0-9a-f]{32}$/.test(idText)
    ? undefined
    : splitUnescaped(idText, ",").map((part) => part.replaceAll(/\\(.)/gs, "$1"));
  return { key: prefix + rest, table, schemaName, tableName, values };
}

/** Splits where a character stands that no `\` is before. */
function splitUnescaped(text: string, at: string): string[] {
  const parts = [""];
  for (let index = 0; index < text.length; index++) {
    if (text[index] === at) parts.push("");
    else {
      parts[parts.length - 1] += text[index];
      if (text[index] === "\\" && index + 1 < text.length) parts[parts.length - 1] += text[++index];
    }
  }
  return parts;
}

function unescapeName(text: string): string {
  return text.replaceAll(/\\(.)/gs, (_, char) => char === "n" ? "\n" : char === "t" ? "\t" : char);
}
