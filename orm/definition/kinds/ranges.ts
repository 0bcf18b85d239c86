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
  daterange<Value = Temporal.PlainDate>(): NewColumn<Range<NoInfer<Value>>>;
  /** `tsrange`: of `timestamp`. For a pool with another option `dates`, say so: `column.tsrange<Date>()`. */
  tsrange<Value = Temporal.PlainDateTime>(): NewColumn<Range<NoInfer<Value>>>;
  /** `tstzrange`: of `timestamptz`. For a pool with another option `dates`, say so: `column.tstzrange<Date>()`. */
  tstzrange<Value = Temporal.Instant>(): NewColumn<Range<NoInfer<Value>>>;
  /** `int4multirange`. PostgreSQL 14 or later, as all multiranges. */
  int4multirange(): NewColumn<readonly Range<number>[]>;
  /** `int8multirange`. */
  int8multirange(): NewColumn<readonly Range<bigint>[]>;
  /** `nummultirange`. */
  nummultirange(): NewColumn<readonly Range<string>[]>;
  /** `datemultirange`. */
  datemultirange<Value = Temporal.PlainDate>(): NewColumn<readonly Range<NoInfer<Value>>[]>;
  /** `tsmultirange`. */
  tsmultirange<Value = Temporal.PlainDateTime>(): NewColumn<readonly Range<NoInfer<Value>>[]>;
  /** `tstzmultirange`. */
  tstzmultirange<Value = Temporal.Instant>(): NewColumn<readonly Range<NoInfer<Value>>[]>;
}

/** See {@link RangeColumns}. */
export const RANGES: RangeColumns = {
  int4range: () => newColumn(rangeType("int4range")),
  int8range: () => newColumn(rangeType("int8range", TO_BIGINT)),
  numrange: () => newColumn(rangeType("numrange", TO_STRING)),
  daterange: () => newColumn(rangeType("daterange")),
  tsrange: () => newColumn(rangeType("tsrange")),
  tstzrange: () => newColumn(rangeType("tstzrange")),
  int4multirange: () => newColumn(multirangeType("int4multirange")),
  int8multirange: () => newColumn(multirangeType("int8multirange", TO_BIGINT)),
  nummultirange: () => newColumn(multirangeType("nummultirange", TO_STRING)),
  datemultirange: () => newColumn(multirangeType("datemultirange")),
  tsmultirange: () => newColumn(multirangeType("tsmultirange")),
  tstzmultirange: () => newColumn(multirangeType("tstzmultirange")),
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
