/** Catalogs as JSON, to be compared with what a person has looked at. */
import type { Catalog } from "../../../migrate/catalog/objects.ts";

/** Every object by its key, with big integers as `"1n"`. */
export function catalogJson(catalog: Catalog): Record<string, unknown> {
  return JSON.parse(
    JSON.stringify(
      Object.fromEntries(catalog.objects),
      (_, value: unknown) => typeof value === "bigint" ? `${value}n` : value,
    ),
  );
}
