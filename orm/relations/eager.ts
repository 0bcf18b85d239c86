/**
 * Loading relations together with the rows they belong to.
 *
 * @module
 */
import { ValidationError } from "../../pool/wire/errors.ts";
import type { SelectQuery } from "../building/select_query.ts";
import { clausesOf, outputsOf } from "../compiling/select.ts";
import type { Shape } from "../compiling/shape.ts";
import { finishRows, type OpenRow, readerOf } from "../hydrating/row_reader.ts";
import { loadByJoin } from "./join.ts";
import { loadByLateral } from "./lateral.ts";
import { loadByQuery } from "./load_by_query.ts";
import type { RelatedCall } from "./related_call.ts";
import { RelationValue } from "./relation_value.ts";
import { resultsOf } from "./results.ts";
import { propertiesOf, withColumns } from "./row_keys.ts";

/** What rows are loaded with. */
export interface LoadCall extends RelatedCall {
  /** The shape of the query whose rows they are. */
  readonly shape: Shape;
}

/** One relation to load with a query's rows. */
export interface Loading {
  /** The property it becomes. */
  readonly name: string;
  /** The relation. */
  readonly relation: RelationValue;
  /** How many more are nested in it that are loaded inside of the same statement, where it is itself. */
  readonly depth?: number;
  /**
   * Finds the related rows.
   *
   * @param rows Rows with converted values, to be left as they are.
   * @returns What the property holds for each row.
   */
  load(rows: readonly OpenRow[], call: LoadCall): Promise<readonly unknown[]> | readonly unknown[];
}

/**
 * The query with a relation to be loaded with its rows.
 *
 * @throws {ValidationError} When the relation is of another model, or its name is taken.
 */
export function withRelation(query: SelectQuery, relation: RelationValue): SelectQuery {
  if (!(relation instanceof RelationValue)) {
    throw new ValidationError(
      `with() of ${query.subject}`,
      "what it was given is no relation; declare it with relations(), and give artist.albums or its like",
    );
  }
  const { link, settings } = relation;
  const { source } = query.shape;
  if (source.from.strings[0] !== link.owner.from.strings[0]) {
    throw new ValidationError(
      `with() of ${query.subject}`,
      `${link.subject} is of another model; give relations of "${source.name}"`,
    );
  }
  const others = query.running.relations ?? [];
  if (others.some(({ name }) => name === settings.name)) {
    throw new ValidationError(
      `with() of ${query.subject}`,
      `two relations are named "${settings.name}"; give one another name: .as("…")`,
    );
  }
  return attached(query, relation, others);
}

function attached(query: SelectQuery, relation: RelationValue, others: readonly Loading[]): SelectQuery {
  const { link: { first }, settings: { name, strategy = "query" } } = relation;
  switch (strategy) {
    case "query": {
      const needed = first.when === undefined
        ? first.from
        : [...first.from, ...first.when.map(([column]) => column)];
      const loading: Loading = {
        name,
        relation,
        load: async (rows, call) => resultsOf(relation, await loadByQuery(relation, rows, call)),
      };
      return withColumns(query, needed).relating([...others, loading]);
    }
    case "lateral": {
      const [joined, loading] = loadByLateral(query, relation);
      return joined.relating([...others, loading]);
    }
    case "join": {
      const [joined, loading] = loadByJoin(query, relation);
      return joined.relating([...others, loading]);
    }
    default:
      throw new Error(`BUG: strategy ${strategy satisfies never}`);
  }
}

const CHECKED = new WeakSet<Shape>();

/**
 * Checks that a query whose rows have relations can select what these need besides.
 *
 * @param shape The query's shape.
 * @param subject What errors call it.
 * @throws {ValidationError} When that would make other rows distinct, or the columns differ from those it is combined with.
 */
export function checkRelated(shape: Shape, subject: string): void {
  if (CHECKED.has(shape)) return;
  const { distinct, combine } = clausesOf(shape);
  const isDistinct = distinct.some(({ part }) => part.label !== "on");
  const hidden = outputsOf(shape).filter((output) => output.hidden === true);
  if (hidden.length > 0 && (isDistinct || combine.length > 0)) {
    const names = hidden.map(({ property }) => `"${property.replace(/^~/, "")}"`).join(", ");
    throw new ValidationError(
      `with() of ${subject}`,
      `its rows are ${
        isDistinct ? "distinct" : "combined with others"
      }, and its relations would add ${names} to them; select these columns, and load the relations by "query"`,
    );
  }
  CHECKED.add(shape);
}

/**
 * Loads relations, puts them into their rows, and finishes these.
 *
 * @param loadings The relations.
 * @param rows Rows with converted values.
 * @param call What they are loaded with.
 */
export async function finishRelated(
  loadings: readonly Loading[],
  rows: unknown[],
  { shape, ...given }: Omit<LoadCall, "propertiesOf">,
): Promise<unknown[]> {
  if (rows.length === 0) return rows;
  const call: LoadCall = {
    ...given,
    shape,
    readOnly: shape.pure,
    propertiesOf: (columns) => propertiesOf(shape, columns),
  };
  // All are waited for, so that nothing runs on a transaction whose callback has ended.
  const outcomes = await Promise.allSettled(loadings.map((loading) => loading.load(rows as OpenRow[], call)));
  const values = outcomes.map((outcome) => {
    if (outcome.status === "rejected") throw outcome.reason;
    return outcome.value;
  });
  const { structure, hidden = [] } = readerOf(call.shape);
  // The last first: a property that was added last is taken away without giving up the rows' common layout.
  for (const property of hidden.toReversed()) for (const row of rows as OpenRow[]) delete row[property];
  loadings.forEach(({ name }, index) => {
    const results = values[index];
    for (let i = 0; i < rows.length; i++) (rows as OpenRow[])[i][name] = results[i];
  });
  if (structure === undefined) return finishRows({ conversions: [] }, rows);
  const properties = loadings.map(({ name }): [string, string] => [name, name]);
  return finishRows(
    { conversions: [], structure: { properties: [...structure.properties, ...properties] } },
    rows,
  );
}
