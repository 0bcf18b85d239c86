/** PostGIS geometries as values. @module */
import { ValidationError } from "../errors.ts";
import { formatHex, parseHex } from "./hex.ts";

const SRID_FLAG = 0x2000_0000;

/**
 * A PostGIS `geometry` or `geography`: its extended well-known binary (EWKB), kept byte for byte. In SQL,
 * `ST_AsGeoJSON` and `ST_GeomFromGeoJSON` convert; libraries such as `wkx` read {@link Geometry.ewkb}.
 *
 * @example
 * ```ts
 * import { Geometry } from "@lifeguard/core";
 * const point = Geometry.fromHex("0101000020E6100000000000000000F03F0000000000000040");
 * if (point.srid !== 4326) throw new Error("unexpected");
 * ```
 */
export class Geometry {
  /** The EWKB bytes. */
  readonly ewkb: Uint8Array;

  /**
   * Wraps EWKB bytes without copying them.
   *
   * @param ewkb A byte order, a type, and what follows them.
   * @throws ValidationError when the bytes do not begin as EWKB does.
   */
  constructor(ewkb: Uint8Array) {
    if (!(ewkb instanceof Uint8Array) || ewkb.length < 9 || ewkb[0] > 1) {
      throw new ValidationError(
        "the bytes of a Geometry",
        "they do not begin as EWKB does; give ST_AsEWKB's result",
      );
    }
    this.ewkb = ewkb;
  }

  /**
   * Reads the hexadecimal form, which is the text PostgreSQL prints for a geometry.
   *
   * @param hex The hexadecimal digits of EWKB bytes.
   * @returns The geometry.
   * @throws ValidationError when the text is not that.
   */
  static fromHex(hex: string): Geometry {
    const bytes = typeof hex === "string" ? parseHex(hex) : undefined;
    if (bytes !== undefined) return new Geometry(bytes);
    throw new ValidationError(
      "the text of a Geometry",
      "it is not hexadecimal; use ST_GeomFromText() for WKT",
    );
  }

  /** The spatial reference system's number; 0 when the geometry names none. */
  get srid(): number {
    const view = new DataView(this.ewkb.buffer, this.ewkb.byteOffset, this.ewkb.byteLength);
    const littleEndian = this.ewkb[0] === 1;
    return view.getUint32(1, littleEndian) & SRID_FLAG ? view.getInt32(5, littleEndian) : 0;
  }

  /** The hexadecimal form in capitals, as PostgreSQL prints it. */
  toString(): string {
    return formatHex(this.ewkb).toUpperCase();
  }

  /** The same text, so that a geometry in JSON is what PostgreSQL takes. */
  toJSON(): string {
    return this.toString();
  }
}
