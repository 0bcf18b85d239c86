/**
 * Finds the types and extensions that tables use.
 *
 * @module
 */
import { ValidationError } from "../../../pool/wire/errors.ts";
import type { ColumnType } from "../../definition/column_type.ts";
import type { DeclaredType } from "../../definition/declared_type.ts";
import type { Table } from "../../definition/table.ts";
import { writeType } from "./write_type.ts";

/**
 * Collects what is to be there before the tables.
 *
 * @param tables The tables.
 * @returns The types, each after those it is made of, and the extensions.
 * @throws {ValidationError} When two columns declare a type of one name differently.
 */
export function collectTypes(
  tables: readonly Table[],
): { readonly types: readonly DeclaredType[]; readonly extensions: readonly string[] } {
  const types = new Map<string, DeclaredType>();
  const extensions = new Set<string>();
  const add = ({ declared, extension }: ColumnType): void => {
    if (extension !== undefined) extensions.add(extension);
    if (declared === undefined) return;
    if (declared.kind === "domain") add(declared.type);
    if (declared.kind === "composite") declared.attributes.forEach(({ type }) => add(type));
    const name = `${declared.schema ?? ""}.${declared.name}`;
    const known = types.get(name);
    if (known !== undefined && writeType(known) !== writeType(declared)) {
      throw new ValidationError(
        `type "${declared.name}"`,
        "two columns declare it differently; keep it in one constant and use that",
      );
    }
    if (known === undefined) types.set(name, declared);
  };
  for (const table of tables) {
    for (const column of table.columns.values()) add(column.settings.type);
  }
  return { types: [...types.values()], extensions: [...extensions] };
}
