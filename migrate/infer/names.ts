/**
 * Names for models, properties and constants: each used once, the same for the same database in any order.
 *
 * @module
 */
import type { ReservedProperties } from "../../orm/model_types.ts";
import { columnName } from "../../orm/definition/column_name.ts";
import { stringText } from "./sql_text.ts";
import { camelCase, wordsOf } from "./words.ts";

/** Names that stand in every file, and those of the language that a reader would take for something else. */
const RESERVED: ReadonlySet<string> = new Set([
  ..."belongsTo column constraint declare hasMany hasOne index indexKey manyToMany model policy relations sql trigger"
    .split(" "),
  ..."Column Declaration Range Sql Temporal".split(" "),
  ..."Array BigInt Boolean Date Error Function Infinity Map NaN Number Object Promise Proxy RegExp Set String"
    .split(" "),
  ..."Symbol Uint8Array WeakMap Deno Bun".split(" "),
  ..."arguments await break case catch class const continue debugger default delete do else enum eval export"
    .split(" "),
  ..."extends false finally for function if implements import in instanceof interface let new null package"
    .split(" "),
  ..."private protected public return static super switch this throw true try typeof undefined var void while"
    .split(" "),
  ..."with yield declarations".split(" "),
]);

/** The properties a model has itself, and those of every object. */
const RESERVED_PROPERTIES: ReadonlySet<string> = new Set<string>(
  [
    ...[
      "Row",
      "Insert",
      "Update",
      "Key",
      "find",
      "findById",
      "record",
      "edit",
      "fromJSON",
      "on",
      "as",
      "extend",
      "insert",
      "insertMany",
      "update",
      "updateById",
      "updateMany",
      "delete",
      "forceDelete",
      "restore",
      "deleteById",
      "deleteMany",
      "upsert",
      "upsertMany",
      "merge",
    ] satisfies (keyof ReservedProperties)[],
    ...["refresh", "constructor", "prototype", "then", "toJSON", "toString", "valueOf", "hasOwnProperty"],
  ],
);

/** Names of one scope, each given once. */
export class Names {
  readonly #taken: Set<string>;

  /** @param taken Names that are given already. */
  constructor(taken: Iterable<string> = RESERVED) {
    this.#taken = new Set(taken);
  }

  /** The first of some names that is free, else the last with a number; it is taken then. */
  take(candidates: readonly string[]): string {
    const last = candidates.at(-1)!;
    let name = candidates.find((candidate) => !this.#taken.has(candidate));
    for (let count = 2; name === undefined; count++) {
      if (!this.#taken.has(`${last}${count}`)) name = `${last}${count}`;
    }
    this.#taken.add(name);
    return name;
  }
}

/**
 * The properties of a table's columns.
 *
 * @param columns The columns' names.
 * @returns The properties by column.
 */
export function propertiesOf(columns: readonly string[]): ReadonlyMap<string, string> {
  const names = new Names(RESERVED_PROPERTIES);
  const wanted = new Map(columns.map((column) => [column, camelCase(wordsOf(column))]));
  // Those whose name follows from the property come first, and then by name, so that the order does not matter.
  const rank = (column: string): number => columnName(wanted.get(column)!) === column ? 0 : 1;
  const sorted = columns.toSorted((one, other) => rank(one) - rank(other) || (one < other ? -1 : 1));
  const given = new Map(sorted.map((column) => {
    const name = wanted.get(column)!;
    return [column, names.take([name, `${name}Column`])];
  }));
  return new Map(columns.map((column) => [column, given.get(column)!]));
}

/** A property of an object as source. */
export function propertyKey(name: string): string {
  return /^[\p{ID_Start}_$][\p{ID_Continue}$]*$/u.test(name) ? name : stringText(name);
}

/** `NAMEDATALEN - 1`. */
const MAX_BYTES = 63;

const encoder = new TextEncoder();

/**
 * The name PostgreSQL gives a constraint or a sequence that has none: `makeObjectName` of
 * https://github.com/postgres/postgres/blob/REL_18_STABLE/src/backend/commands/indexcmds.c
 *
 * @param table The table's name.
 * @param columns The columns' names with underscores between them; empty for a primary key.
 * @param label What it is: `pkey`, `key`, `fkey`, `seq`.
 */
export function postgresName(table: string, columns: string, label: string): string {
  const room = MAX_BYTES - label.length - 1 - (columns === "" ? 0 : 1);
  let [first, second] = [byteLength(table), byteLength(columns)];
  while (first + second > room) first > second ? first-- : second--;
  const parts = [clipped(table, first), ...(columns === "" ? [] : [clipped(columns, second)]), label];
  return parts.join("_");
}

/** As much of a text as fits into so many bytes, without half a character. */
function clipped(given: string, bytes: number): string {
  if (byteLength(given) <= bytes) return given;
  let result = "";
  let length = 0;
  for (const character of given) {
    length += byteLength(character);
    if (length > bytes) break;
    result += character;
  }
  return result;
}

function byteLength(given: string): number {
  return encoder.encode(given).length;
}
