/**
 * Loading inside the statement of the rows a relation belongs to: `left join lateral`, which gathers the related rows of
 * each row as an array of records. Nested relations nest.
 *
 * @module
 */
import { quoteIdentifier } from "../../pool/sql/identifier.ts";
import { Column } from "../building/column.ts";
import { type Composition, list, template } from "../building/composition.ts";
import { and } from "../building/condition.ts";
import { Expression } from "../building/expression.ts";
import type { SelectQuery } from "../building/select_query.ts";
import { OwnSql } from "../building/traits.ts";
import { convertRows, type OpenRow, readerOf } from "../hydrating/row_reader.ts";
import { isShadowed } from "./conditions.ts";
import type { Loading } from "./eager.ts";
import { equalParts } from "./match.ts";
import { rowsOnly, selecting } from "./plain_query.ts";
import { reach } from "./reach.ts";
import { recordLayout, rowOf } from "./record.ts";
import { RelationValue } from "./relation_value.ts";
import { resultsOf } from "./results.ts";
import { keep } from "../building/kept.ts";

/**
 * Adds a relation to a query.
 *
 * @returns The query, and how its rows get what the relation holds.
 * @throws {ValidationError} When a column's type cannot be read inside of another row.
 */
export function loadByLateral(query: SelectQuery, relation: RelationValue): [SelectQuery, Loading] {
  const { settings: { name, pivot }, rows: related, link } = relation;
  const alias = `~${name}`;
  const depth = Math.max(0, ...(related.running.relations ?? []).map((nested) => 1 + (nested.depth ?? -1)));
  const { query: whole } = reach(relation);
  const layout = recordLayout(whole.shape);
  const bare = new RelationValue(link, rowsOnly(related), { name, executor: undefined, pivot });
  let joined = query;
  let from = link.first.from;
  if (isShadowed(relation)) {
    // A table inside hides the one around it, so the key gets another name first, which no other inside has.
    const carried = from.map((column, index) => new Expression(numbered(index).of([column])));
    const carrier = `${alias}_of${depth === 0 ? "" : depth}`;
    joined = lateral(joined, CARRIED.for(carrier).of([new Expression(COMMAS.of(carried))]));
    from = from.map(({ settings }, index) => new Column(carrier, `${index}`, `${index}`, settings));
  }
  const { when = [] } = link.first;
  const inner = selecting(
    reach(bare, (columns) => {
      const conditions = when.map(([column, value]) => column.eq(value));
      const equal = equalParts(columns, from);
      return conditions.length === 0 ? equal : and(equal, ...conditions);
    }).query,
    layout.output,
  );
  joined = lateral(joined, ROWS.for(alias).of([inner.toSQL()]));
  const property = `~${name}`;
  joined = joined.withSelection("add", {
    outputs: [{ property, strings: [`${quoteIdentifier(alias)}."rows"`], hidden: true }],
    fragments: [],
    structure: undefined,
    signature: property,
  });
  const loading: Loading = {
    name,
    relation,
    depth,
    async load(rows, { executor, strict }) {
      const children: OpenRow[] = [];
      const counts: number[] = [];
      for (const row of rows) {
        const records = row[property] as readonly (readonly unknown[])[] | null;
        counts.push(records?.length ?? 0);
        for (const record of records ?? []) children.push(rowOf(layout, record));
      }
      convertRows(readerOf(whole.shape), children);
      const finished = await (strict === true ? whole.strict() : whole).finish(children, executor);
      let start = 0;
      const groups = counts.map((count) =>
        count === 0 ? undefined : Object.freeze(finished.slice(start, start += count))
      );
      return resultsOf(relation, groups);
    },
  };
  return [joined, loading];
}

function lateral(query: SelectQuery, composed: ReturnType<Composition["of"]>): SelectQuery {
  return query.withPart("join", new OwnSql(composed.strings, composed.values, composed), "left join lateral");
}

/** Compositions that hold a name: one for each name. */
class Named {
  readonly #known = new Map<string, Composition>();
  readonly #make: (quoted: string) => Composition;

  constructor(make: (quoted: string) => Composition) {
    this.#make = make;
  }

  for(name: string): Composition {
    let composition = this.#known.get(name);
    if (composition === undefined) {
      composition = this.#make(quoteIdentifier(name));
      keep(this.#known, 1_000, [name, composition]);
    }
    return composition;
  }
}

const ROWS = new Named((name) =>
  template(`(select array_agg(${name}."row") as "rows" from (`, `) as ${name}) as ${name} on true`)
);
const CARRIED = new Named((name) => template("(select ", `) as ${name} on true`));
const COMMAS = list("", ", ", "");
const NUMBERED: Composition[] = [];

function numbered(index: number): Composition {
  return NUMBERED[index] ??= template("", ` as "${index}"`);
}
