/** A PostgreSQL `interval` as a value, and its text forms. @module */
import { ValidationError } from "../errors.ts";
import { formatFraction } from "./calendar.ts";

/** The parts of an {@link Interval}; those left out are zero. */
export interface IntervalParts {
  /** Whole months, a 32-bit integer; a year is twelve. */
  readonly months?: number;
  /** Whole days, a 32-bit integer; a week is seven. */
  readonly days?: number;
  /** Microseconds, a 64-bit integer. */
  readonly microseconds?: bigint;
}

/**
 * A PostgreSQL `interval`: months, days and microseconds, which PostgreSQL counts apart from each other and which may
 * differ in sign. It is what an interval decodes to where a `Temporal.Duration` cannot hold it.
 *
 * @example
 * ```ts
 * import { Interval } from "@lifeguard/core";
 * const interval = new Interval({ months: 1, days: -1 });
 * if (interval.toString() !== "1 mon -1 days") throw new Error("unexpected");
 * ```
 */
export class Interval {
  /** Whole months. */
  readonly months: number;
  /** Whole days. */
  readonly days: number;
  /** Microseconds. */
  readonly microseconds: bigint;

  /**
   * Creates an interval.
   *
   * @param parts Months, days and microseconds; see {@link IntervalParts}.
   * @throws ValidationError when a part is not an integer that PostgreSQL can hold.
   */
  constructor(parts: IntervalParts) {
    this.months = checkInt4(parts.months ?? 0, "months");
    this.days = checkInt4(parts.days ?? 0, "days");
    const microseconds = parts.microseconds ?? 0n;
    if (typeof microseconds !== "bigint" || BigInt.asIntN(64, microseconds) !== microseconds) {
      throw new ValidationError(
        "the microseconds of an interval",
        "give a bigint between -2^63 and 2^63 - 1",
      );
    }
    this.microseconds = microseconds;
  }

  /** The interval as PostgreSQL prints it: `1 year 2 mons -3 days +04:05:06.789`. */
  toString(): string {
    const { months, days, microseconds } = this;
    let text = "";
    let after = false;
    const parts: readonly (readonly [number, string])[] = [
      [Math.trunc(months / 12), "year"],
      [months % 12, "mon"],
      [days, "day"],
    ];
    for (const [count, unit] of parts) {
      if (count === 0) continue;
      text += `${text === "" ? "" : " "}${after && count > 0 ? "+" : ""}${count} ${unit}${
        count === 1 ? "" : "s"
      }`;
      after = count < 0;
    }
    if (microseconds === 0n && text !== "") return text;
    const size = microseconds < 0n ? -microseconds : microseconds;
    const seconds = Number(size / 1_000_000n);
    const fraction = Number(size % 1_000_000n);
    const sign = microseconds < 0n ? "-" : after ? "+" : "";
    const clock = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60]
      .map((part) => String(part).padStart(2, "0")).join(":");
    return `${text === "" ? "" : `${text} `}${sign}${clock}${fraction === 0 ? "" : formatFraction(fraction)}`;
  }

  /** The same text, so that an interval in JSON is what PostgreSQL takes. */
  toJSON(): string {
    return this.toString();
  }
}

function checkInt4(value: number, part: string): number {
  if ((value | 0) === value) return value;
  throw new ValidationError(
    `the ${part} of an interval`,
    "give an integer between -2147483648 and 2147483647",
  );
}

/** How many months, days or microseconds a unit is. */
const UNITS: Readonly<Record<string, readonly ["months" | "days" | "microseconds", number]>> = {
  year: ["months", 12],
  yr: ["months", 12],
  month: ["months", 1],
  mon: ["months", 1],
  week: ["days", 7],
  day: ["days", 1],
  hour: ["microseconds", 3_600_000_000],
  hr: ["microseconds", 3_600_000_000],
  minute: ["microseconds", 60_000_000],
  min: ["microseconds", 60_000_000],
  second: ["microseconds", 1_000_000],
  sec: ["microseconds", 1_000_000],
  millisecond: ["microseconds", 1_000],
  microsecond: ["microseconds", 1],
};

const PART = /\s*([+-]?\d{1,19})(?:\.(\d{1,6}))? ?([a-z]+?)s?(?=[\s\d+-]|$)/iy;
const CLOCK = /\s*([+-]?)(\d{1,10}):([0-5]\d)(?::([0-5]\d)(?:\.(\d{1,6}))?)?\s*$/y;
const ISO =
  /^P(?!$)(?:([+-]?\d+)Y)?(?:([+-]?\d+)M)?(?:([+-]?\d+)W)?(?:([+-]?\d+)D)?(?:T(?!$)(?:([+-]?\d+)H)?(?:([+-]?\d+)M)?(?:([+-]?)(\d+)(?:\.(\d{1,6}))?S)?)?$/i;

/**
 * Reads PostgreSQL's own text (`1 year -2 days +04:05:06`), whole counts of units (`90 minutes`), or ISO 8601
 * (`P1Y-2DT4H`); undefined if it is none of these or too large.
 */
export function parseInterval(text: string): Interval | undefined {
  const parts = { months: 0n, days: 0n, microseconds: 0n };
  const iso = ISO.exec(text);
  if (iso !== null) {
    parts.months = BigInt(iso[1] ?? 0) * 12n + BigInt(iso[2] ?? 0);
    parts.days = BigInt(iso[3] ?? 0) * 7n + BigInt(iso[4] ?? 0);
    const seconds = fractional(iso[8] ?? "0", iso[9]);
    parts.microseconds = BigInt(iso[5] ?? 0) * 3_600_000_000n + BigInt(iso[6] ?? 0) * 60_000_000n +
      (iso[7] === "-" ? -seconds : seconds);
    return build(parts);
  }
  let at = 0;
  while (at < text.length) {
    CLOCK.lastIndex = at;
    const clock = CLOCK.exec(text);
    if (clock !== null) {
      const size = BigInt(clock[2]) * 3_600_000_000n + BigInt(clock[3]) * 60_000_000n +
        fractional(clock[4] ?? "0", clock[5]);
      parts.microseconds += clock[1] === "-" ? -size : size;
      return build(parts);
    }
    PART.lastIndex = at;
    const part = PART.exec(text);
    const unit = part === null ? undefined : UNITS[part[3].toLowerCase()];
    if (part === null || unit === undefined) return undefined;
    const [field, size] = unit;
    if (part[2] === undefined) parts[field] += BigInt(part[1]) * BigInt(size);
    else if (size === 1_000_000) {
      const seconds = fractional(part[1].replace(/^[+-]/, ""), part[2]);
      parts.microseconds += part[1].startsWith("-") ? -seconds : seconds;
    } else return undefined;
    at = PART.lastIndex;
  }
  return text.trim() === "" ? undefined : build(parts);
}

/** Seconds and their decimal fraction as microseconds. */
function fractional(seconds: string, fraction: string | undefined): bigint {
  return BigInt(seconds) * 1_000_000n + (fraction === undefined ? 0n : BigInt(fraction.padEnd(6, "0")));
}

function build(parts: { months: bigint; days: bigint; microseconds: bigint }): Interval | undefined {
  const { months, days, microseconds } = parts;
  if (BigInt.asIntN(32, months) !== months || BigInt.asIntN(32, days) !== days) return undefined;
  if (BigInt.asIntN(64, microseconds) !== microseconds) return undefined;
  return new Interval({ months: Number(months), days: Number(days), microseconds });
}
