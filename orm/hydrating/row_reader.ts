/**
 * The steps from the pool's rows to those the query promises: values are converted where the pool's options differ from
 * what was declared, nested objects are built, and the rows are frozen.
 *
 * @module
 */
import type { Structure } from "../building/selection.ts";
import { clausesOf, isOuterJoined, outputsOf } from "../compiling/select.ts";
import type { Shape } from "../compiling/shape.ts";
import type { Conversion } from "../definition/column_type.ts";

/** A row whose values are still being worked on. */
export type OpenRow = Record<string, unknown>;

/** How one property's values are converted. */
export interface PropertyConversion extends Conversion {
  /** The property. */
  readonly property: string;
}

/** How rows are read. */
export interface RowReader {
  /** Which properties may have to be converted. */
  readonly conversions: readonly PropertyConversion[];
  /** How rows are built of the output columns; undefined when these are the properties. */
  readonly structure?: Structure;
  /** Properties that are selected for the ORM's own use, and taken away at the end. */
  readonly hidden?: readonly string[];
}

/** The reader of a shape's rows, made once. */
export function readerOf(shape: Shape): RowReader {
  return shape.derived(makeReader);
}

function makeReader(shape: Shape): RowReader {
  const outputs = outputsOf(shape);
  const { select, add } = clausesOf(shape);
  const selected = select.at(-1)?.part.selection?.structure;
  const structure = selected === undefined || isOuterJoined(shape) ? selected : withoutPresence(selected);
  const added = add.flatMap(({ part }) => part.selection?.outputs ?? []);
  const hidden = added.filter((output) => output.hidden === true).map((output) => output.property);
  const shown = added.filter((output) => output.hidden !== true);
  return {
    conversions: conversionsOf(outputs),
    ...(structure === undefined ? {} : {
      structure: {
        properties: [
          ...structure.properties,
          ...shown.map(({ property }): [string, string] => [property, property]),
        ],
      },
    }),
    ...(hidden.length === 0 ? {} : { hidden }),
  };
}

/** Which of some output columns may have to be converted. */
export function conversionsOf(
  outputs: readonly { readonly property: string; readonly conversion?: Conversion }[],
): readonly PropertyConversion[] {
  return outputs.flatMap(({ property, conversion }) =>
    conversion === undefined ? [] : [{ property, ...conversion }]
  );
}

/** Converts values, in place, where the pool's are not those that were promised. */
export function convertRows({ conversions }: RowReader, rows: readonly unknown[]): void {
  for (const conversion of conversions) convertProperty(conversion, rows as readonly OpenRow[]);
}

/** The last step: builds nested objects, takes away what is hidden, and freezes. The rows are the reader's own. */
export function finishRows<Row>({ structure, hidden }: RowReader, rows: unknown[]): Row[] {
  for (const property of hidden ?? []) for (const row of rows as OpenRow[]) delete row[property];
  if (structure === undefined) {
    for (let i = 0; i < rows.length; i++) Object.freeze(rows[i]);
    return rows as Row[];
  }
  for (let i = 0; i < rows.length; i++) rows[i] = build(structure, rows[i] as OpenRow);
  return rows as Row[];
}

/** Converts and finishes rows nothing else has to be done with. */
export function readRows<Row>(reader: RowReader, rows: unknown[]): Row[] {
  convertRows(reader, rows);
  return finishRows(reader, rows);
}

/** Without an outer join every structure is there, whatever is null in it. */
function withoutPresence({ properties }: Structure): Structure {
  return {
    properties: properties.map(([property, from]): [string, string | Structure] => [
      property,
      typeof from === "string" ? from : withoutPresence(from),
    ]),
  };
}

function build({ properties, presence }: Structure, row: OpenRow): unknown {
  if (presence?.every((column) => row[column] === null)) return null;
  const object: OpenRow = {};
  for (const [property, from] of properties) {
    const value = typeof from === "string" ? row[from] : build(from, row);
    if (property === "__proto__") setOwn(object, property, value);
    else object[property] = value;
  }
  return Object.freeze(object);
}

/** A property of whatever name: an assignment to `__proto__` would change what the object inherits from. */
function setOwn(object: OpenRow, property: string, value: unknown): void {
  Object.defineProperty(object, property, { value, enumerable: true, writable: true, configurable: true });
}

/** The pool decodes all values of a column alike: when the first fits, all do, unless it is an array's. */
function convertProperty({ property, fits, convert }: PropertyConversion, rows: readonly OpenRow[]): void {
  for (const row of rows) {
    const value = row[property];
    if (value === null) continue;
    if (!fits(value)) row[property] = convert(value);
    else if (!Array.isArray(value)) return;
  }
}
