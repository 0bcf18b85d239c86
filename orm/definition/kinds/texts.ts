/**
 * Columns of text, bytes and bits, and of what is written as text: JSON, XML, UUIDs, documents to be searched.
 *
 * @module
 */
import { type ColumnType, limitedTextType, plainType, textType } from "../column_type.ts";
import { checkModifier, type NewColumn, newColumn } from "./new_column.ts";

/** The functions that make columns of text and of bytes. */
export interface TextColumns {
  /** `text`. `Value` may be a union of strings. */
  text<Value extends string = string>(): NewColumn<NoInfer<Value>>;
  /** `varchar(length)`, or without a limit. */
  varchar<Value extends string = string>(length?: number): NewColumn<NoInfer<Value>>;
  /** `char(length)`: PostgreSQL fills it up with spaces, which are there when it is read. */
  char<Value extends string = string>(length?: number): NewColumn<NoInfer<Value>>;
  /** `citext`: text compared without regard to case. Of the extension `citext`. */
  citext<Value extends string = string>(): NewColumn<NoInfer<Value>>;
  /** `boolean`. */
  boolean(): NewColumn<boolean>;
  /** `uuid`. */
  uuid(): NewColumn<string>;
  /** `json`: text kept as it was given. */
  json(): NewColumn<unknown>;
  /** `json`. `Value` is the type of its data, which nothing checks at run time. */
  json<Value>(): NewColumn<Value>;
  /** `jsonb`. */
  jsonb(): NewColumn<unknown>;
  /** `jsonb`. `Value` is the type of its data, which nothing checks at run time. */
  jsonb<Value>(): NewColumn<Value>;
  /** `jsonpath`: a path into JSON. */
  jsonpath(): NewColumn<string>;
  /** `xml`. */
  xml(): NewColumn<string>;
  /** `bytea`: bytes. */
  bytea(): NewColumn<Uint8Array>;
  /** `bit(length)`: exactly as many bits, as a string of `0` and `1`. Default 1. */
  bit(length?: number): NewColumn<string>;
  /** `varbit(length)`: at most as many bits, as a string of `0` and `1`; or without a limit. */
  varbit(length?: number): NewColumn<string>;
  /** `tsvector`: a document made ready to be searched, as PostgreSQL prints it. */
  tsvector(): NewColumn<string>;
  /** `tsquery`: what a document is searched for, as PostgreSQL prints it. */
  tsquery(): NewColumn<string>;
  /** `ltree`: a path of labels, `"Top.Science"`. Of the extension `ltree`. */
  ltree(): NewColumn<string>;
  /** `lquery`: a pattern for `ltree`. Of the extension `ltree`. */
  lquery(): NewColumn<string>;
  /** `ltxtquery`: words to be found in an `ltree`. Of the extension `ltree`. */
  ltxtquery(): NewColumn<string>;
  /** `hstore`: strings, or nulls, by keys. Of the extension `hstore`. */
  hstore(): NewColumn<Readonly<Record<string, string | null>>>;
  /** `inet`: an address or a network, `"192.168.0.1/24"`. */
  inet(): NewColumn<string>;
  /** `cidr`: a network, `"192.168.0.0/24"`. */
  cidr(): NewColumn<string>;
  /** `macaddr`: a hardware address of 6 bytes, `"08:00:2b:01:02:03"`. */
  macaddr(): NewColumn<string>;
  /** `macaddr8`: a hardware address of 8 bytes. */
  macaddr8(): NewColumn<string>;
  /** `pg_lsn`: a place in the write-ahead log, `"16/B374D848"`. */
  pgLsn(): NewColumn<string>;
}

/** See {@link TextColumns}. */
export const TEXTS: TextColumns = {
  text: () => newColumn(textType("text")),
  varchar: (length) =>
    newColumn(
      length === undefined
        ? textType("varchar")
        : limitedTextType("varchar", checkModifier("varchar", length, CHARACTERS)),
    ),
  char: (length = 1) => newColumn(limitedTextType("bpchar", checkModifier("char", length, CHARACTERS))),
  citext: () => newColumn({ ...textType("citext"), extension: "citext" }),
  boolean: () =>
    newColumn({
      ...plainType("boolean", "true or false", "bool"),
      accepts: (value) => typeof value === "boolean",
    }),
  uuid: () => newColumn(textType("uuid", "a UUID as a string")),
  json: <Value>() => newColumn<Value>(plainType("json", "what JSON can hold")),
  jsonb: <Value>() => newColumn<Value>(plainType("jsonb", "what JSON can hold")),
  jsonpath: () => newColumn(textType("jsonpath", "a path as a string")),
  xml: () => newColumn(textType("xml", "XML as a string")),
  bytea: () =>
    newColumn({ ...plainType("bytea", "a Uint8Array"), accepts: (value) => value instanceof Uint8Array }),
  bit: (length = 1) => newColumn(bitType("bit", checkModifier("bit", length, BITS))),
  varbit: (length) =>
    newColumn(bitType("varbit", length === undefined ? length : checkModifier("varbit", length, BITS))),
  tsvector: () => newColumn(textType("tsvector")),
  tsquery: () => newColumn(textType("tsquery")),
  ltree: () => newColumn(treeType("ltree")),
  lquery: () => newColumn(treeType("lquery")),
  ltxtquery: () => newColumn(treeType("ltxtquery")),
  hstore: () => newColumn({ ...plainType("hstore", "an object of strings and nulls"), extension: "hstore" }),
  inet: () => newColumn(textType("inet", "an address as a string")),
  cidr: () => newColumn(textType("cidr", "a network as a string")),
  macaddr: () => newColumn(textType("macaddr", "a hardware address as a string")),
  macaddr8: () => newColumn(textType("macaddr8", "a hardware address as a string")),
  pgLsn: () => newColumn(textType("pg_lsn")),
};

/** PostgreSQL's `MaxAttrSize`: https://www.postgresql.org/docs/18/datatype-character.html */
const CHARACTERS = { what: "length", min: 1, max: 10_485_760 } as const;
/** `MaxAttrSize` times the bits of a byte. */
const BITS = { what: "length", min: 1, max: 83_886_080 } as const;

function treeType(name: string): ColumnType {
  return { ...textType(name), extension: "ltree" };
}

function bitType(base: "bit" | "varbit", length: number | undefined): ColumnType {
  const fits = (given: number): boolean =>
    length === undefined || (base === "bit" ? given === length : given <= length);
  const count = length === undefined ? "" : base === "bit" ? `exactly ${length} ` : `at most ${length} `;
  return {
    ...plainType(length === undefined ? base : `${base}(${length})`, `a string of ${count}digits 0 and 1`),
    accepts: (value) => typeof value === "string" && /^[01]*$/.test(value) && fits(value.length),
  };
}
