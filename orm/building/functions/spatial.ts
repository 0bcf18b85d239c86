/**
 * Functions of PostGIS: https://postgis.net/docs/reference.html. Of a `geography` distances are metres; of a `geometry`
 * they are in its reference system's unit.
 *
 * @module
 */
import type { Geometry } from "../../../pool/wire/codec/mod.ts";
import { Sql } from "../../../pool/sql/sql.ts";
import { Column } from "../column.ts";
import { operator, template } from "../composition.ts";
import type { Condition, Expression, FromOf, NullOf, Operand } from "../expression.ts";
import {
  composed,
  compositionFor,
  invoke,
  type NumberOperand,
  type Result,
  type TextOperand,
} from "./invocation.ts";
import { typed } from "./literal.ts";

/** A geometry: a value, a column, an expression. */
export type GeometryOperand = Operand<Geometry>;

/** GeoJSON: https://www.rfc-editor.org/rfc/rfc7946 */
export interface GeoJson {
  /** Its kind, as `"Point"`. */
  readonly type: string;
  /** Its positions, nested as its kind has them. */
  readonly coordinates?: readonly unknown[];
  /** The parts of a `"GeometryCollection"`. */
  readonly geometries?: readonly GeoJson[];
}

/** A condition on two geometries. */
export type SpatialCondition<A, B> = Condition<NullOf<A> | NullOf<B>, FromOf<A> | FromOf<B>>;

/** Functions of PostGIS. Each is null where an operand is. */
export interface SpatialFunctions {
  /** A point, by its longitude and its latitude where the reference system is of the globe. Default of `srid`: 4326. */
  point<A extends NumberOperand, B extends NumberOperand>(
    x: A,
    y: B,
    srid?: number,
  ): Result<Geometry, A | B>;
  /** A rectangle: `ST_MakeEnvelope(…)`. Default of `srid`: 4326. */
  envelope(box: Envelope): Expression<Geometry, never, never>;
  /** A shape written as WKT, `"POINT(1 2)"`: `ST_GeomFromText(text, srid)`. Default of `srid`: 4326. */
  fromText<A extends TextOperand>(text: A, srid?: number): Result<Geometry, A>;
  /** A shape of GeoJSON: `ST_GeomFromGeoJSON(json)`. */
  fromGeoJson(json: GeoJson): Expression<Geometry, never, never>;
  /** A shape as GeoJSON: `ST_AsGeoJSON(shape)::jsonb`. */
  asGeoJson<A extends GeometryOperand>(shape: A): Result<GeoJson, A>;
  /** A shape as WKT: `ST_AsText(shape)`. */
  asText<A extends GeometryOperand>(shape: A): Result<string, A>;
  /** Whether two are at most so far apart; an index of method `gist` serves it: `ST_DWithin(a, b, distance)`. */
  dWithin<A extends GeometryOperand, B extends GeometryOperand>(
    a: A,
    b: B,
    distance: NumberOperand,
  ): SpatialCondition<A, B>;
  /** How far apart two are: `ST_Distance(a, b)`. */
  distance<A extends GeometryOperand, B extends GeometryOperand>(a: A, b: B): Result<number, A | B>;
  /** How far apart two are, to order by: an index of method `gist` finds the nearest: `a <-> b`. */
  nearness<A extends GeometryOperand, B extends GeometryOperand>(a: A, b: B): Result<number, A | B>;
  /** Whether two have a point in common: `ST_Intersects(a, b)`. */
  intersects<A extends GeometryOperand, B extends GeometryOperand>(a: A, b: B): SpatialCondition<A, B>;
  /** Whether the second lies in the first: `ST_Contains(a, b)`. Geometries alone. */
  contains<A extends GeometryOperand, B extends GeometryOperand>(a: A, b: B): SpatialCondition<A, B>;
  /** Whether the first lies in the second: `ST_Within(a, b)`. Geometries alone. */
  within<A extends GeometryOperand, B extends GeometryOperand>(a: A, b: B): SpatialCondition<A, B>;
  /** Whether no point of the second is outside of the first: `ST_Covers(a, b)`. */
  covers<A extends GeometryOperand, B extends GeometryOperand>(a: A, b: B): SpatialCondition<A, B>;
  /** How large a shape is: `ST_Area(shape)`. */
  area<A extends GeometryOperand>(shape: A): Result<number, A>;
  /** How long a line is: `ST_Length(shape)`. */
  length<A extends GeometryOperand>(shape: A): Result<number, A>;
  /** A point's first coordinate: `ST_X(point)`. Geometries alone. */
  x<A extends GeometryOperand>(point: A): Result<number, A>;
  /** A point's second coordinate: `ST_Y(point)`. Geometries alone. */
  y<A extends GeometryOperand>(point: A): Result<number, A>;
  /** A shape's middle: `ST_Centroid(shape)`. */
  centroid<A extends GeometryOperand>(shape: A): Result<Geometry, A>;
  /** All that is at most so far from a shape: `ST_Buffer(shape, distance)`. */
  buffer<A extends GeometryOperand>(shape: A, distance: NumberOperand): Result<Geometry, A>;
  /** A geometry in another reference system: `ST_Transform(shape, srid)`. */
  transform<A extends GeometryOperand>(shape: A, srid: number): Result<Geometry, A>;
}

/** A rectangle. */
export interface Envelope {
  /** The least first coordinate. */
  readonly left: number;
  /** The least second coordinate. */
  readonly bottom: number;
  /** The greatest first coordinate. */
  readonly right: number;
  /** The greatest second coordinate. */
  readonly top: number;
  /** The reference system. Default 4326. */
  readonly srid?: number;
}

/** The type that values beside these arguments are of. */
function kindOfShapes(shapes: readonly unknown[]): string {
  const column = shapes.find((shape) => shape instanceof Column);
  return column instanceof Column && column.settings.type.base === "geography" ? "geography" : "geometry";
}

/** Geometries as arguments: nothing else tells PostgreSQL the type of a value. */
function shapesOf(shapes: readonly unknown[]): readonly unknown[] {
  const kind = kindOfShapes(shapes);
  return shapes.map((shape) =>
    shape instanceof Sql || shape === undefined || shape === null ? shape : typed(shape, kind)
  );
}

function number(value: unknown): unknown {
  return typeof value === "number" || typeof value === "bigint" || typeof value === "string"
    ? typed(value, "double precision")
    : value;
}

const POINT = template("ST_SetSRID(ST_MakePoint(", ", ", "), ", ")");
const NEAREST = operator("(", " <-> ", ")");

/**
 * Functions of PostGIS as typed expressions.
 *
 * @example
 * ```ts
 * import { column, createTablesSQL, index, model, st } from "@lifeguard/core";
 * const Cafe = model("cafes", { name: column.text(), place: column.geography({ type: "Point", srid: 4326 }) }, {
 *   indexes: (t) => [index(t.place).using("gist")],
 * });
 * const here = st.point(13.4, 52.5);
 * const query = Cafe.find()
 *   .select({ name: Cafe.name, metres: st.distance(Cafe.place, here) })
 *   .where(st.dWithin(Cafe.place, here, 500))
 *   .orderBy(st.nearness(Cafe.place, here).asc());
 * console.assert(query.toSQL().text.includes('where ST_DWithin("cafes"."place", ST_SetSRID(ST_MakePoint('));
 * console.assert(createTablesSQL([Cafe])[2].text === 'create index "cafes_place_idx" on "cafes" using "gist" ("place")');
 * ```
 */
export const st: SpatialFunctions = Object.freeze<SpatialFunctions>({
  point: (x, y, srid = 4326) => composed(POINT, "point", [number(x), number(y), typed(srid, "integer")]),
  envelope: ({ left, bottom, right, top, srid = 4326 }) =>
    invoke("ST_MakeEnvelope", [...[left, bottom, right, top].map(number), typed(srid, "integer")]),
  fromText: (text, srid = 4326) =>
    invoke("ST_GeomFromText", [text instanceof Sql ? text : typed(text, "text"), typed(srid, "integer")]),
  fromGeoJson: (json) => invoke("ST_GeomFromGeoJSON", [typed(JSON.stringify(json), "text")]),
  asGeoJson: (shape) =>
    composed(
      compositionFor("ST_AsGeoJSON()::jsonb", () => template("ST_AsGeoJSON(", ")::jsonb")),
      "asGeoJson",
      shapesOf([shape]),
    ),
  asText: (shape) => invoke("ST_AsText", shapesOf([shape])),
  dWithin: (a, b, distance) => invoke("ST_DWithin", [...shapesOf([a, b]), number(distance)]),
  distance: (a, b) => invoke("ST_Distance", shapesOf([a, b])),
  nearness: (a, b) => composed(NEAREST, "nearness", shapesOf([a, b])),
  intersects: (a, b) => invoke("ST_Intersects", shapesOf([a, b])),
  contains: (a, b) => invoke("ST_Contains", shapesOf([a, b])),
  within: (a, b) => invoke("ST_Within", shapesOf([a, b])),
  covers: (a, b) => invoke("ST_Covers", shapesOf([a, b])),
  area: (shape) => invoke("ST_Area", shapesOf([shape])),
  length: (shape) => invoke("ST_Length", shapesOf([shape])),
  x: (point) => invoke("ST_X", shapesOf([point])),
  y: (point) => invoke("ST_Y", shapesOf([point])),
  centroid: (shape) => invoke("ST_Centroid", shapesOf([shape])),
  buffer: (shape, distance) => invoke("ST_Buffer", [...shapesOf([shape]), number(distance)]),
  transform: (shape, srid) => invoke("ST_Transform", [...shapesOf([shape]), typed(srid, "integer")]),
});
