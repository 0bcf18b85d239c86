/**
 * Columns of ranges and multiranges.
 *
 * @module
 */
import { Range } from "../../../pool/wire/codec/mod.ts";
import {
  arrayConversion,
  type ColumnType,
  type Conversion,
  plainType,
  TO_BIGINT,
  TO_STRING,
} from "../column_type.ts";
import { type NewColumn, newColumn } from "./new_column.ts";

/** The functions that make columns of ranges; a multirange is an array of ranges. */
export interface RangeColumns {
  /** `int4range`: a range of `integer`. */
  int4range(): NewColumn<Range<number>>;
  /** `int8range`: a range of `bigint`, whose bounds are bigints whatever the pool's options. */
  int8range(): NewColumn<Range<bigint>>;
  /** `numrange`: a range of `numeric`, whose bounds are strings whatever the pool's options. */
  numrange(): NewColumn<Range<string>>;
  /** `daterange`. For a pool with another option `dates`, say so: `column.daterange<string>()`. */
  daterange(): NewColumn<Range<Temporal.PlainDate>>;
  /** `daterange`, with bounds of another type. */
  daterange<Bound>(): NewColumn<Range<Bound>>;
  /** `tsrange`: of `timestamp`. For a pool with another option `dates`, say so: `column.tsrange<Date>()`. */
  tsrange(): NewColumn<Range<Temporal.PlainDateTime>>;
  /** `tsrange`, with bounds of another type. */
  tsrange<Bound>(): NewColumn<Range<Bound>>;
  /** `tstzrange`: of `timestamptz`. For a pool with another option `dates`, say so: `column.tstzrange<Date>()`. */
  tstzrange(): NewColumn<Range<Temporal.Instant>>;
  /** `tstzrange`, with bounds of another type. */
  tstzrange<Bound>(): NewColumn<Range<Bound>>;
  /** `int4multirange`. PostgreSQL 14 or later, as all multiranges. */
  int4multirange(): NewColumn<readonly Range<number>[]>;
  /** `int8multirange`. */
  int8multirange(): NewColumn<readonly Range<bigint>[]>;
  /** `nummultirange`. */
  nummultirange(): NewColumn<readonly Range<string>[]>;
  /** `datemultirange`. */
  datemultirange(): NewColumn<readonly Range<Temporal.PlainDate>[]>;
  /** `datemultirange`, with bounds of another type. */
  datemultirange<Bound>(): NewColumn<readonly Range<Bound>[]>;
  /** `tsmultirange`. */
  tsmultirange(): NewColumn<readonly Range<Temporal.PlainDateTime>[]>;
  /** `tsmultirange`, with bounds of another type. */
  tsmultirange<Bound>(): NewColumn<readonly Range<Bound>[]>;
  /** `tstzmultirange`. */
  tstzmultirange(): NewColumn<readonly Range<Temporal.Instant>[]>;
  /** `tstzmultirange`, with bounds of another type. */
  tstzmultirange<Bound>(): NewColumn<readonly Range<Bound>[]>;
}

/** See {@link RangeColumns}. */
export const RANGES: RangeColumns = {
  int4range: () => newColumn(rangeType("int4range")),
  int8range: () => newColumn(rangeType("int8range", TO_BIGINT)),
  numrange: () => newColumn(rangeType("numrange", TO_STRING)),
  daterange: <Bound>() => newColumn<Range<Bound>>(rangeType("daterange")),
  tsrange: <Bound>() => newColumn<Range<Bound>>(rangeType("tsrange")),
  tstzrange: <Bound>() => newColumn<Range<Bound>>(rangeType("tstzrange")),
  int4multirange: () => newColumn(multirangeType("int4multirange")),
  int8multirange: () => newColumn(multirangeType("int8multirange", TO_BIGINT)),
  nummultirange: () => newColumn(multirangeType("nummultirange", TO_STRING)),
  datemultirange: <Bound>() => newColumn<readonly Range<Bound>[]>(multirangeType("datemultirange")),
  tsmultirange: <Bound>() => newColumn<readonly Range<Bound>[]>(multirangeType("tsmultirange")),
  tstzmultirange: <Bound>() => newColumn<readonly Range<Bound>[]>(multirangeType("tstzmultirange")),
};

function rangeType(name: string, bound?: Conversion): ColumnType {
  const type = plainType(name, "a Range");
  return bound === undefined ? type : { ...type, conversion: rangeConversion(bound) };
}

function multirangeType(name: string, bound?: Conversion): ColumnType {
  const type = plainType(name, "an array of Ranges");
  return bound === undefined ? type : { ...type, conversion: arrayConversion(rangeConversion(bound)) };
}

/** A range whose bounds are converted. One without bounds tells nothing of the others: it does not fit. */
function rangeConversion({ fits, convert }: Conversion): Conversion {
  const converted = (bound: unknown): unknown => bound === null || fits(bound) ? bound : convert(bound);
  return {
    fits: (value) => {
      const { lower, upper } = value as Range;
      return lower === null ? upper !== null && fits(upper) : fits(lower);
    },
    convert: (value) => {
      const { lower, upper, bounds, empty } = value as Range;
      return empty ? value : new Range(converted(lower), converted(upper), { bounds });
    },
  };
}
