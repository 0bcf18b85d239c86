/**
 * The codec of a column's type without a database: with it a default value is written exactly as a parameter would
 * be.
 *
 * @module
 */
import { BUILTIN_RANGES, BUILTIN_TYPES, type BuiltinType } from "../../../pool/wire/codec/builtin_types.ts";
import type { CatalogRow } from "../../../pool/wire/codec/catalog.ts";
import type { Codec } from "../../../pool/wire/codec/codec.ts";
import { CodecRegistry } from "../../../pool/wire/codec/registry.ts";
import type { ColumnType } from "../../definition/column_type.ts";

const BUILTIN: ReadonlyMap<string, BuiltinType> = new Map(
  [...BUILTIN_TYPES, ...BUILTIN_RANGES.flatMap(({ range, multirange }) => [range, multirange])]
    .map((type) => [type[0], type]),
);

/** Above every OID PostgreSQL gives out by itself: these stand in no database. */
const FIRST_OID = 4_000_000_000;

const CODECS = new WeakMap<ColumnType, Codec>();

/** The codec of a type. It takes what the pool takes for a parameter. */
export function codecOf(type: ColumnType): Codec {
  let codec = CODECS.get(type);
  if (codec === undefined) {
    const registry = new CodecRegistry({ dates: "Temporal" in globalThis ? "Temporal" : "Date" });
    const rows: CatalogRow[] = [];
    const oid = addRow(type, rows);
    registry.register(rows);
    CODECS.set(type, codec = registry.get(oid)!);
  }
  return codec;
}

/** Adds the rows the catalogue would have for a type, and returns its OID. */
function addRow(type: ColumnType, rows: CatalogRow[]): number {
  const builtin = BUILTIN.get(type.base);
  const { declared } = type;
  if (type.dimensions > 0) {
    const element = addRow({ ...type, dimensions: 0 }, rows);
    return push(rows, "array", { name: `_${type.base}`, target: element, base: type.base });
  }
  switch (declared?.kind) {
    case "enum":
      return push(rows, "enum", { name: declared.name });
    case "domain":
      return push(rows, "domain", { name: declared.name, target: addRow(declared.type, rows) });
    case "composite": {
      const attributes = declared.attributes.map(({ name, type }) => [name, addRow(type, rows)]);
      return push(rows, "composite", { name: declared.name, attributes: JSON.stringify(attributes) });
    }
  }
  return builtin === undefined ? push(rows, "base", { name: type.base }) : builtin[1];
}

function push(
  rows: CatalogRow[],
  kind: string,
  { name, target = 0, base, attributes = null }: {
    name: string;
    target?: number;
    base?: string;
    attributes?: string | null;
  },
): number {
  const oid = FIRST_OID + rows.length;
  const delimiter = base === "box" ? ";" : ",";
  rows.push({ oid: `${oid}`, schema: "public", name, kind, target: `${target}`, delimiter, attributes });
  return oid;
}
