/**
 * Renames from the command line: `users:people`, `public.users.mail:email`, `mood.sad:blue`.
 *
 * @module
 */
import { listed } from "../../pool/wire/configuration/setting.ts";
import { MisuseError } from "../../program/misuse_error.ts";
import { columnKey, objectKey } from "../catalog/object_key.ts";
import type { Catalog, CatalogObject } from "../catalog/objects.ts";
import type { Rename } from "../diff/rename.ts";

interface Named {
  /** The ways in which a person may write it. */
  readonly names: readonly string[];
  readonly rename: (to: string) => Rename;
}

/** Finds what flags name in the catalog from which things are renamed; tables before what is in them. */
export function renamesOf(flags: readonly string[], from: Catalog): readonly Rename[] {
  const renames: Rename[] = [];
  for (const flag of flags) {
    const [, old, to] = /^([^:]+):([^:]+)$/.exec(flag) ?? [];
    if (old === undefined) {
      throw new MisuseError(
        `Cannot use --rename: "${flag}" is not old:new; write users:people or users.mail:email`,
      );
    }
    const found = nameable(from, renames).filter(({ names }) => names.includes(old));
    if (found.length === 1) {
      renames.push(found[0].rename(lastName(to)));
      continue;
    }
    const problem = found.length === 0
      ? "there is nothing of this name to rename; give a table, a column as users.mail, or another object"
      : `this may be ${listed(found.map(({ names }) => names[0]))}; write it in full`;
    throw new MisuseError(`Cannot rename "${old}": ${problem}`);
  }
  return renames;
}

/** The new name of what may be written in full, and quoted: `users.email`, `"E-Mail"`. */
function lastName(text: string): string {
  const [, last = text] = /(?:^|\.)("(?:[^"]|"")*"|[^."]+)$/.exec(text) ?? [];
  return last.startsWith('"') ? last.slice(1, -1).replaceAll('""', '"') : last;
}

/** A rename as its flag has it, for a shell. */
export function renameFlag({ key, label, to }: Rename): string {
  const old = key.slice(key.indexOf(":") + 1).replace(/^public\./, "");
  const text = `${label === undefined ? old : `${old}.${quoted(label)}`}:${quoted(to)}`;
  return `--rename ${/^[\w.:]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`}`;
}

function nameable(from: Catalog, renames: readonly Rename[]): readonly Named[] {
  return [...from.objects.values()].flatMap((object): readonly Named[] => {
    const key = objectKey(object);
    // What is in a table that was just renamed is known by the table's new name.
    const name = renames.find((rename) => rename.key === key && rename.kind === object.kind)?.to ??
      object.name;
    return [
      {
        names: writings(object, object.name),
        rename: (to) => ({ kind: object.kind, key, to }),
      },
      ...columnsOf(object, name),
      ...labelsOf(object),
    ];
  });
}

function columnsOf(object: CatalogObject, name: string): readonly Named[] {
  if (object.kind !== "table") return [];
  const { schema } = object;
  return object.columns.map((column) => ({
    names: [...new Set([name, object.name])].flatMap((table) => writings(object, table, column.name)),
    rename: (to) => ({
      kind: "column",
      key: columnKey({ ...(schema === undefined ? {} : { schema }), name }, column.name),
      to,
    }),
  }));
}

function labelsOf(object: CatalogObject): readonly Named[] {
  if (object.kind !== "enum") return [];
  return object.labels.map((label) => ({
    names: writings(object, object.name, label),
    rename: (to) => ({ kind: "enum label", key: objectKey(object), label, to }),
  }));
}

/** With and without the schema, bare and quoted as a key has it. */
function writings({ schema }: CatalogObject, ...path: readonly string[]): readonly string[] {
  const ways = (
    names: readonly string[],
  ): readonly string[] => [names.join("."), names.map(quoted).join(".")];
  return [...new Set([...(schema === undefined ? [] : ways([schema, ...path])), ...ways(path)])];
}

function quoted(name: string): string {
  return /^[a-z_][a-z0-9_$]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}
