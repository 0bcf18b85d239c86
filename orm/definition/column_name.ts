/**
 * From the property's name to the column's.
 *
 * @module
 */

/**
 * The column name a property has by default: `firstName` → `first_name`, `userID` → `user_id`.
 *
 * @param property The property's name in the model.
 * @returns The name in snake case.
 */
export function columnName(property: string): string {
  return property
    .replace(/([\p{Ll}\d])(\p{Lu})/gu, "$1_$2")
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, "$1_$2")
    .toLowerCase();
}
