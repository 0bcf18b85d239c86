/**
 * Objects without what roles may do with them, which is no part of a definition: it is never compared.
 *
 * @module
 */
import type { CatalogObject } from "../catalog/objects.ts";

/** Whether roles may do with it, or with a column of it, what they could not by themselves, or the other way round. */
export function isGranted(object: CatalogObject): boolean {
  return object.privileges !== undefined ||
    ("columns" in object && object.columns.some(({ granted }) => granted !== undefined));
}

/** An object as whoever runs the declarations makes it: who may do what with it is no part of its definition. */
export function withoutRights(given: CatalogObject): CatalogObject {
  const { owner: _, privileges: __, settings = [], ...rest } = given;
  const own = settings.filter(({ isLocal }) => isLocal !== true);
  const object = own.length === 0 ? rest : { ...rest, settings: own };
  if (!("columns" in object)) return object;
  return { ...object, columns: object.columns.map(({ granted: _, ...column }) => column) };
}
