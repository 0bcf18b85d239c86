/**
 * Keys of rows: where in a row they are, and how two rows' keys are found to be equal as PostgreSQL would.
 *
 * @module
 */
import type { AnyColumn } from "../building/column.ts";
import type { SelectQuery } from "../building/select_query.ts";
import { outputOf } from "../building/selection.ts";
import { outputsOf } from "../compiling/select.ts";
import type { Shape } from "../compiling/shape.ts";
import { comparableOf } from "../definition/comparable_value.ts";
import type { OpenRow } from "../hydrating/row_reader.ts";

/** Where the values of some columns are in a shape's rows; undefined for what is not selected. */
type Places = readonly (string | undefined)[];

const PLACES = new WeakMap<Shape, WeakMap<readonly AnyColumn[], Places>>();

/** The properties of a shape's rows that hold columns, of which those not selected are undefined. */
function placesOf(shape: Shape, columns: readonly AnyColumn[]): Places {
  let known = PLACES.get(shape);
  if (known === undefined) PLACES.set(shape, known = new WeakMap());
  let places = known.get(columns);
  if (places === undefined) {
    const outputs = outputsOf(shape);
    places = columns.map(({ strings, settings }) =>
      outputs.find((output) =>
        output.settings === settings && output.strings[0] === strings[0] && output.strings.length === 1
      )?.property
    );
    known.set(columns, places);
  }
  return places;
}

/**
 * The query with columns selected besides, for the ORM's own use, where its selection has not got them.
 *
 * @param query The query.
 * @param columns Columns of what it selects from or joins.
 */
export function withColumns(query: SelectQuery, columns: readonly AnyColumn[]): SelectQuery {
  const places = placesOf(query.shape, columns);
  const missing = columns.filter((_, index) => places[index] === undefined);
  if (missing.length === 0) return query;
  return query.withSelection("add", {
    outputs: missing.map((column) => {
      const property = `~${column.table}.${column.property}`;
      return { ...outputOf(property, column), strings: column.strings, bare: false, hidden: true };
    }),
    fragments: missing,
    structure: undefined,
    signature: missing.map(({ property }) => property).join("\0"),
  });
}

/**
 * The properties of a query's rows that hold columns.
 *
 * @param shape The query's shape, after {@link withColumns}.
 * @param columns The columns.
 */
export function propertiesOf(shape: Shape, columns: readonly AnyColumn[]): readonly string[] {
  return placesOf(shape, columns).map((property) => {
    if (property === undefined) throw new Error("BUG: a key is read that was not selected");
    return property;
  });
}

/** The same, or undefined where one is not selected. */
export function selectedProperties(
  shape: Shape,
  columns: readonly AnyColumn[],
): readonly string[] | undefined {
  const places = placesOf(shape, columns);
  return places.includes(undefined) ? undefined : places as readonly string[];
}

/**
 * From a row to its key: a primitive that is the same for keys that PostgreSQL says are equal, or undefined when a part
 * of it is null.
 */
export type KeyOf = (row: OpenRow) => unknown;

/**
 * How keys are read of rows.
 *
 * @param properties Where the parts of the key are.
 * @param columns Their columns.
 * @param others The columns they are equal to, whose values may be of another kind.
 */
export function keyReader(
  properties: readonly string[],
  columns: readonly AnyColumn[],
  others: readonly AnyColumn[],
): KeyOf {
  const canonicals = columns.map(({ settings }, index) =>
    comparableOf(settings.type, others[index].settings.type)
  );
  if (properties.length === 1) {
    const [property, canonical] = [properties[0], canonicals[0]];
    if (canonical === undefined) return (row) => row[property] ?? undefined;
    return (row) =>
      row[property] === null || row[property] === undefined ? undefined : canonical(row[property]);
  }
  return (row) => {
    let key = "";
    for (let i = 0; i < properties.length; i++) {
      const value = row[properties[i]];
      if (value === null || value === undefined) return undefined;
      const part = String(canonicals[i]?.(value) ?? value);
      key += `${part.length}:${part}`;
    }
    return key;
  };
}
