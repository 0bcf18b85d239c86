import type { CatalogRow } from "../../../../pool/wire/codec/mod.ts";

/** A row of the catalog query, with what a test does not care about filled in. */
export function catalogRow(row: Partial<CatalogRow> & Pick<CatalogRow, "oid" | "name" | "kind">): CatalogRow {
  return { schema: "public", target: "0", delimiter: ",", attributes: null, ...row };
}
