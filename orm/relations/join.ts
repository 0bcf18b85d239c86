/**
 * Loading a relation to one row by a join: its columns come in the row it belongs to.
 *
 * @module
 */
import { quoteIdentifier } from "../../pool/sql/identifier.ts";
import { Column } from "../building/column.ts";
import { and } from "../building/condition.ts";
import type { SelectQuery } from "../building/select_query.ts";
import { type Joinable, SOURCE, type Source, subqueryFrom } from "../building/source.ts";
import { outputsOf } from "../compiling/select.ts";
import { convertRows, type OpenRow, readerOf } from "../hydrating/row_reader.ts";
import type { Loading } from "./eager.ts";
import { equalParts } from "./match.ts";
import { reach } from "./reach.ts";
import type { RelationValue } from "./relation_value.ts";
import { resultsOf } from "./results.ts";
import { propertiesOf, withColumns } from "./row_keys.ts";

/**
 * Adds a relation to a query.
 *
 * @returns The query, and how its rows get what the relation holds.
 */
export function loadByJoin(query: SelectQuery, relation: RelationValue): [SelectQuery, Loading] {
  const { link: { first }, settings: { name } } = relation;
  const alias = `~${name}`;
  const { query: reached, keyColumns } = reach(relation);
  const related = withColumns(reached, keyColumns);
  const keys = propertiesOf(related.shape, keyColumns);
  const outputs = outputsOf(related.shape).map((output, index) => ({
    ...output,
    place: placeOf(alias, output.property, index),
  }));
  const source: Source = { name: alias, from: subqueryFrom(related.toSQL(), alias), columns: new Map() };
  const own = keys.map((property, index) =>
    new Column(alias, property, property, keyColumns[index].settings)
  );
  const when = (first.when ?? []).map(([column, value]) => column.eq(value));
  const on = equalParts(own, first.from);
  const joined = query.leftJoin(
    { [SOURCE]: source } as unknown as Joinable,
    when.length === 0 ? on : and(on, ...when),
  ).withSelection("add", {
    outputs: outputs.map(({ property, place, conversion }) => ({
      property: place,
      strings: [`${quoteIdentifier(alias)}.${quoteIdentifier(property)}`],
      conversion,
      hidden: true,
    })),
    fragments: [],
    structure: undefined,
    signature: `${alias} ${outputs.map(({ property }) => property).join("\0")}`,
  });
  const presence = outputs.find(({ property }) => property === keys[0])!.place;
  const loading: Loading = {
    name,
    relation,
    async load(rows, { executor, strict }) {
      const found: OpenRow[] = [];
      for (const row of rows) {
        if (row[presence] === null) continue;
        const child: OpenRow = {};
        for (const { property, place } of outputs) child[property] = row[place];
        found.push(child);
      }
      convertRows(readerOf(related.shape), found);
      const finished = await (strict === true ? related.strict() : related).finish(found, executor);
      let next = 0;
      return resultsOf(relation, rows.map((row) => row[presence] === null ? undefined : [finished[next++]]));
    },
  };
  return [joined, loading];
}

const UTF8 = new TextEncoder();
/** How many bytes of a name PostgreSQL keeps. */
const NAME_BYTES = 63;

/** Where in a row a related row's property is: under a number where nested names grew too long. */
function placeOf(alias: string, property: string, index: number): string {
  const place = `${alias}.${property}`;
  return UTF8.encode(place).length <= NAME_BYTES ? place : `${alias}.~${index}`;
}
