/** PostgreSQL's geometric types as plain objects. @module */

/** A point of a plane. */
export interface Point {
  /** The abscissa. */
  readonly x: number;
  /** The ordinate. */
  readonly y: number;
}

/** An infinite line, `a`·x + `b`·y + `c` = 0. */
export interface Line {
  /** The factor of x. */
  readonly a: number;
  /** The factor of y. */
  readonly b: number;
  /** The constant. */
  readonly c: number;
}

/** A line segment. */
export interface LineSegment {
  /** One end. */
  readonly start: Point;
  /** The other end. */
  readonly end: Point;
}

/** A rectangle; PostgreSQL sorts its corners. */
export interface Box {
  /** The upper right corner. */
  readonly high: Point;
  /** The lower left corner. */
  readonly low: Point;
}

/** A path, open or closed. */
export interface Path {
  /** Whether the last point is joined to the first. */
  readonly closed: boolean;
  /** The points in order. */
  readonly points: readonly Point[];
}

/** A polygon. */
export interface Polygon {
  /** The corners in order. */
  readonly points: readonly Point[];
}

/** A circle. */
export interface Circle {
  /** The center. */
  readonly center: Point;
  /** The radius, not negative. */
  readonly radius: number;
}
