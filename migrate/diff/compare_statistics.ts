/**
 * Extended statistics: PostgreSQL lists their columns in the order that the table has them in, which is no difference.
 *
 * @module
 */
import type { StatisticsObject } from "../catalog/objects.ts";
import { splitList } from "../catalog/split_list.ts";

/** Whether two statistics are the same but for the order of what they are about. */
export function isSameStatistics(a: StatisticsObject, b: StatisticsObject): boolean {
  return a.definition === b.definition || normal(a) === normal(b);
}

/** The definition with its columns sorted. */
function normal({ definition }: StatisticsObject): string {
  const words: readonly string[] = definition.match(/"(?:[^"]|"")*"|\s+|[^\s"]+/g) ?? [];
  const on = words.indexOf("ON");
  const from = words.lastIndexOf("FROM");
  if (on < 0 || from < on) return definition;
  const items = splitList(words.slice(on + 1, from).join("")).sort();
  return [...words.slice(0, on + 1), items.join(", "), ...words.slice(from)].join(" ").replace(/\s+/g, " ");
}
