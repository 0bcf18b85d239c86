/**
 * How a row's identity and lookups are read from what the stream says of a table.
 *
 * What cannot be known exactly is told as a change of the whole table, never left out: a key that the replica identity
 * does not give, a column that is not there any more.
 *
 * @module
 */
import { idText } from "../../../orm/cache/protocol/key_text.ts";
import { tableText } from "../../../orm/cache/protocol/keys.ts";
import {
  type Delete,
  type Insert,
  type Relation,
  type Tuple,
  UNCHANGED,
  type Update,
} from "../../../pool/wire/replication/pgoutput/message.ts";
import type { TableRows } from "./table_rows.ts";

/** A table to follow. */
export interface FollowedTable {
  /** `schema.table`, as in keys. */
  readonly name: string;
  /** The columns of its key, in the key's order. */
  readonly key: readonly string[];
  /** Lists of columns of which values are told with changes. */
  readonly lookups: readonly (readonly string[])[];
}

/** A list of lookup columns. */
interface LookupPlan {
  readonly name: string;
  readonly columns: readonly number[];
}

/** What is done with the rows of a relation. */
export class RelationPlan {
  /** The table's name. */
  readonly table: string;
  /** Why changes of it are changes of all of it; undefined where rows can be told. */
  readonly problem: string | undefined;
  /** The columns to read, by their place. */
  readonly wanted: readonly boolean[];
  readonly #key: readonly number[];
  readonly #lookups: readonly LookupPlan[];
  /** Whether an update that says nothing of the old row has left its key as it was. */
  readonly #isKeyTold: boolean;

  /**
   * Makes the plan for a relation.
   *
   * @param relation What the stream says of it.
   * @param followed The tables to follow, by name.
   */
  constructor(relation: Relation, followed: ReadonlyMap<string, FollowedTable>) {
    this.table = tableText(relation.schema === "" ? "pg_catalog" : relation.schema, relation.name);
    const table = followed.get(this.table);
    const place = (column: string): number => relation.columns.findIndex(({ name }) => name === column);
    this.#key = table?.key.map(place) ?? [];
    this.#lookups = (table?.lookups ?? []).map((columns) => ({
      name: columns.join("+"),
      columns: columns.map(place),
    }));
    const all = [...this.#key, ...this.#lookups.flatMap(({ columns }) => columns)];
    this.problem = table === undefined
      ? "it was not followed yet when it changed"
      : this.#key.length === 0 || all.includes(-1)
      ? "its columns have changed"
      : undefined;
    this.wanted = relation.columns.map((_, index) => all.includes(index));
    this.#isKeyTold = relation.replicaIdentity === "f" ||
      this.#key.every((column) => relation.columns[column]?.isKey === true);
  }

  /** Adds what a change says to the rows of its table. */
  add(change: Insert | Update | Delete, rows: TableRows): void {
    if (change.kind === "insert") {
      if (!this.#addId(change.new, undefined, rows)) return;
      return this.#addLookups(change.new, undefined, rows);
    }
    if (!this.#isKeyTold) return rows.give("its replica identity does not tell its key");
    const { old } = change;
    if (old !== undefined) {
      if (!this.#addId(old.tuple, undefined, rows)) return;
      this.#addOldLookups(old.tuple, rows);
    }
    if (change.kind === "delete") return;
    const known = old?.tuple;
    if (this.#addId(change.new, known, rows)) this.#addLookups(change.new, known, rows);
  }

  #addId(tuple: Tuple, old: Tuple | undefined, rows: TableRows): boolean {
    if (this.#key.length === 1) {
      const text = known(tuple, old, this.#key[0]);
      if (typeof text === "string") {
        rows.addId(idText([text]));
        return true;
      }
    } else {
      const parts = this.#parts(this.#key, tuple, old);
      if (parts !== undefined) {
        rows.addId(idText(parts));
        return true;
      }
    }
    rows.give("a change does not tell its key");
    return false;
  }

  /** Nothing can be looked up by null. */
  #addLookups(tuple: Tuple, old: Tuple | undefined, rows: TableRows): void {
    for (const { name, columns } of this.#lookups) {
      const values = columns.map((column) => known(tuple, old, column));
      // What an update leaves as it was maps to the same rows as before.
      if (values.includes(null) || values.every((value) => value === UNCHANGED)) continue;
      const parts = this.#parts(columns, tuple, old);
      if (parts === undefined) return rows.give(`a change does not tell "${name}"`);
      rows.addLookup(name, idText(parts));
    }
  }

  /** Of an old row there may be the key only. */
  #addOldLookups(tuple: Tuple, rows: TableRows): void {
    for (const { name, columns } of this.#lookups) {
      const parts = this.#parts(columns, tuple, undefined);
      if (parts !== undefined) rows.addLookup(name, idText(parts));
    }
  }

  #parts(columns: readonly number[], tuple: Tuple, old: Tuple | undefined): string[] | undefined {
    const parts: string[] = [];
    for (const column of columns) {
      const text = known(tuple, old, column);
      if (typeof text !== "string") return undefined;
      parts.push(text);
    }
    return parts;
  }
}

/** A value; the old one where it was left as it was. */
function known(tuple: Tuple, old: Tuple | undefined, column: number): Tuple[number] | undefined {
  const value = tuple[column];
  return value === UNCHANGED && typeof old?.[column] === "string" ? old[column] : value;
}
