/**
 * Columns of shapes in the plane, of vectors, and of PostGIS' geometries.
 *
 * @module
 */
import type {
  Box,
  Circle,
  Geometry,
  Line,
  LineSegment,
  Path,
  Point,
  Polygon,
  SparseVector,
} from "../../../pool/wire/codec/mod.ts";
import { ValidationError } from "../../../pool/wire/errors.ts";
import { type ColumnType, plainType } from "../column_type.ts";
import { checkModifier, type NewColumn, newColumn } from "./new_column.ts";

/** What kind of geometry a PostGIS column holds, and in which reference system. */
export interface GeometryOptions {
  /** The kind, such as `"Point"` or `"MultiPolygonZ"`. Default: any. */
  readonly type?: string;
  /** The spatial reference system's number. Default: any (`geography`: 4326). */
  readonly srid?: number;
}

/** The functions that make columns of shapes and vectors. */
export interface ShapeColumns {
  /** `point`: `{ x, y }`. */
  point(): NewColumn<Point>;
  /** `line`: `{ a, b, c }`, the line where a·x + b·y + c = 0. */
  line(): NewColumn<Line>;
  /** `lseg`: `{ start, end }`. */
  lseg(): NewColumn<LineSegment>;
  /** `box`: `{ high, low }`. */
  box(): NewColumn<Box>;
  /** `path`: `{ closed, points }`. */
  path(): NewColumn<Path>;
  /** `polygon`: `{ points }`. */
  polygon(): NewColumn<Polygon>;
  /** `circle`: `{ center, radius }`. */
  circle(): NewColumn<Circle>;
  /**
   * `vector(dimensions)`: numbers of 32 bits. Of the extension `vector` (pgvector).
   *
   * @param dimensions How many; any where it is left out.
   */
  vector(dimensions?: number): NewColumn<readonly number[]>;
  /** `halfvec(dimensions)`: numbers of 16 bits. Of the extension `vector` (pgvector). */
  halfvec(dimensions?: number): NewColumn<readonly number[]>;
  /** `sparsevec(dimensions)`: numbers that are mostly zero. Of the extension `vector` (pgvector). */
  sparsevec(dimensions?: number): NewColumn<SparseVector>;
  /** `geometry`: a shape in a reference system. Of the extension `postgis`. */
  geometry(options?: GeometryOptions): NewColumn<Geometry>;
  /** `geography`: a shape on the globe. Of the extension `postgis`. */
  geography(options?: GeometryOptions): NewColumn<Geometry>;
}

/** See {@link ShapeColumns}. */
export const SHAPES: ShapeColumns = {
  point: () => newColumn(plainType("point", "an object { x, y }")),
  line: () => newColumn(plainType("line", "an object { a, b, c }")),
  lseg: () => newColumn(plainType("lseg", "an object { start, end }")),
  box: () => newColumn(plainType("box", "an object { high, low }")),
  path: () => newColumn(plainType("path", "an object { closed, points }")),
  polygon: () => newColumn(plainType("polygon", "an object { points }")),
  circle: () => newColumn(plainType("circle", "an object { center, radius }")),
  vector: (dimensions) => newColumn(vectorType("vector", "an array of numbers", dimensions)),
  halfvec: (dimensions) => newColumn(vectorType("halfvec", "an array of numbers", dimensions)),
  sparsevec: (dimensions) => newColumn(vectorType("sparsevec", "a SparseVector", dimensions)),
  geometry: (options) => newColumn(geometryType("geometry", options)),
  geography: (options) => newColumn(geometryType("geography", options)),
};

/** pgvector's limit of a column; an index takes fewer: https://github.com/pgvector/pgvector#reference */
const DIMENSIONS: Readonly<Record<string, number>> = {
  vector: 16_000,
  halfvec: 16_000,
  sparsevec: 1_000_000_000,
};

function vectorType(base: string, expected: string, dimensions: number | undefined): ColumnType {
  const range = { what: "number of dimensions", min: 1, max: DIMENSIONS[base] };
  const sql = dimensions === undefined ? base : `${base}(${checkModifier(base, dimensions, range)})`;
  return { ...plainType(sql, expected), extension: "vector" };
}

function geometryType(base: string, options: GeometryOptions = {}): ColumnType {
  const { type, srid } = options;
  if (type !== undefined && !/^[a-z]+$/i.test(type)) {
    throw new ValidationError(`the type of a ${base}`, 'it is no word; give one such as "Point"');
  }
  const modifiers = srid === undefined
    ? type
    : `${type ?? "Geometry"}, ${checkModifier(base, srid, { what: "srid", min: 0, max: 998_999 })}`;
  const sql = modifiers === undefined ? base : `${base}(${modifiers})`;
  return { ...plainType(sql, "a Geometry"), extension: "postgis" };
}
