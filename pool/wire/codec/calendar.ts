/**
 * Calendar arithmetic and the ISO text forms shared by the date and time codecs. Days are counted from 2000-01-01
 * in the proleptic Gregorian calendar, as PostgreSQL counts them; year 0 is 1 BC.
 *
 * @module
 */

/** Microseconds in a day. */
export const DAY: number = 86_400_000_000;
/** Days from 1970-01-01 to 2000-01-01. */
export const EPOCH_DAYS: number = 10_957;
/** The last day of JavaScript's `Date` and of `Temporal`, 275760-09-13. */
export const LAST_JAVASCRIPT_DAY: number = 100_000_000 - EPOCH_DAYS;

/** Days from 2000-01-01 to a date (Howard Hinnant, https://howardhinnant.github.io/date_algorithms.html). */
export function daysOf(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468 - EPOCH_DAYS;
}

/**
 * The date that is `days` after 2000-01-01, packed into one number so that nothing is allocated; read it with
 * {@link yearOf}, {@link monthOf} and {@link dayOf}.
 */
export function dateOf(days: number): number {
  const shifted = days + 719_468 + EPOCH_DAYS;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1_460) + Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1;
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return year * 512 + month * 32 + day;
}

/** The year of a packed date. */
export function yearOf(packed: number): number {
  return Math.floor(packed / 512);
}

/** The month, from 1, of a packed date. */
export function monthOf(packed: number): number {
  return packed >> 5 & 15;
}

/** The day of the month, from 1, of a packed date. */
export function dayOf(packed: number): number {
  return packed & 31;
}

function two(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}

/** A day as PostgreSQL prints it, without the era: `2024-02-29`. */
function formatDay(packed: number): string {
  const year = yearOf(packed);
  return `${String(year > 0 ? year : 1 - year).padStart(4, "0")}-${two(monthOf(packed))}-${
    two(dayOf(packed))
  }`;
}

/** A day as PostgreSQL prints it: `2024-02-29`, `0044-03-15 BC`. */
export function formatDate(days: number): string {
  const packed = dateOf(days);
  return packed >= 512 ? formatDay(packed) : `${formatDay(packed)} BC`;
}

/** A day and a time as PostgreSQL prints them: `2024-02-29 12:00:00.5+00`, `0044-03-15 00:00:00 BC`. */
export function formatDateTime(days: number, micros: number, zone: string): string {
  const packed = dateOf(days);
  const text = `${formatDay(packed)} ${formatTime(micros)}${zone}`;
  return packed >= 512 ? text : `${text} BC`;
}

/** A time of day as PostgreSQL prints it: `12:34:56`, `12:34:56.5`, `24:00:00`. */
export function formatTime(micros: number): string {
  const fraction = micros % 1_000_000;
  const seconds = (micros - fraction) / 1_000_000;
  const text = `${two(Math.floor(seconds / 3_600))}:${two(Math.floor(seconds / 60) % 60)}:${
    two(seconds % 60)
  }`;
  return fraction === 0 ? text : text + formatFraction(fraction);
}

/** Microseconds of a second as a decimal fraction without trailing zeros: `.5`. */
export function formatFraction(micros: number): string {
  return `.${String(micros).padStart(6, "0").replace(/0+$/, "")}`;
}

/** An offset in seconds east of UTC as PostgreSQL prints it: `+02`, `-03:30`, `+00:19:32`. */
export function formatOffset(seconds: number): string {
  const size = Math.abs(seconds);
  const minutes = Math.floor(size / 60) % 60;
  let text = `${seconds < 0 ? "-" : "+"}${two(Math.floor(size / 3_600))}`;
  if (minutes !== 0 || size % 60 !== 0) text += `:${two(minutes)}`;
  if (size % 60 !== 0) text += `:${two(size % 60)}`;
  return text;
}

/** What a date, a time, or both were read from a text. */
export interface ParsedDateTime {
  /** Days from 2000-01-01; 0 where the text has no date. */
  days: number;
  /** Microseconds of the day, up to and including 24:00; 0 where the text has no time. */
  micros: number;
  /** Seconds east of UTC; undefined where the text has no offset. */
  offset: number | undefined;
}

const DATE = String.raw`([+-]?\d{4,7})-(\d\d)-(\d\d)`;
const TIME = String.raw`(\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,12}))?)?`;
const OFFSET = String.raw` ?(?:(Z)|([+-])(\d\d)(?::?(\d\d)(?::?(\d\d))?)?)?`;
const DATE_ONLY = new RegExp(`^${DATE}( BC)?$`, "i");
const TIME_ONLY = new RegExp(`^${TIME}${OFFSET}$`, "i");
const DATE_TIME = new RegExp(`^${DATE}(?:[T ]${TIME}${OFFSET})?( BC)?$`, "i");

/** Reads `2024-02-29`, `0044-03-15 BC` or `-000043-03-15` as days from 2000-01-01; undefined if it is not a date. */
export function parseDate(text: string): number | undefined {
  const match = DATE_ONLY.exec(text);
  return match === null ? undefined : readDate(match[1], match[2], match[3], match[4]);
}

/** Reads `12:34`, `12:34:56.789` or `24:00:00`, with or without an offset; undefined if it is not a time. */
export function parseTime(text: string): ParsedDateTime | undefined {
  const match = TIME_ONLY.exec(text);
  return match === null ? undefined : readTime(match, 1, 0);
}

/** Reads a date with or without a time, with or without an offset; undefined if it is not that. */
export function parseDateTime(text: string): ParsedDateTime | undefined {
  const match = DATE_TIME.exec(text);
  if (match === null) return undefined;
  const days = readDate(match[1], match[2], match[3], match[13]);
  if (days === undefined) return undefined;
  return match[4] === undefined ? { days, micros: 0, offset: undefined } : readTime(match, 4, days);
}

function readDate(yearText: string, monthText: string, dayText: string, era: string | undefined) {
  const year = era === undefined ? Number(yearText) : 1 - Number(yearText);
  const month = Number(monthText);
  const day = Number(dayText);
  if (month < 1 || month > 12 || day < 1) return undefined;
  const days = daysOf(year, month, day);
  // The arithmetic carries 02-30 into March; a day that does not exist is refused instead.
  return dayOf(dateOf(days)) === day ? days : undefined;
}

/** Reads the eight groups of a time from `match[at]` on. */
function readTime(match: RegExpExecArray, at: number, days: number): ParsedDateTime | undefined {
  const hours = Number(match[at]);
  const minutes = Number(match[at + 1]);
  const seconds = Number(match[at + 2] ?? 0);
  const fraction = match[at + 3] === undefined ? 0 : Math.round(Number(`0.${match[at + 3]}`) * 1_000_000);
  if (minutes > 59 || seconds > 59) return undefined;
  const micros = ((hours * 60 + minutes) * 60 + seconds) * 1_000_000 + fraction;
  if (micros > DAY) return undefined;
  let offset: number | undefined;
  if (match[at + 4] !== undefined) offset = 0;
  else if (match[at + 5] !== undefined) {
    const [east, offsetHours, offsetMinutes, offsetSeconds] = match.slice(at + 5, at + 9);
    const size = Number(offsetHours) * 3_600 + Number(offsetMinutes ?? 0) * 60 + Number(offsetSeconds ?? 0);
    // PostgreSQL takes offsets up to 15:59:59.
    if (size >= 57_600 || Number(offsetMinutes ?? 0) > 59 || Number(offsetSeconds ?? 0) > 59) {
      return undefined;
    }
    offset = east === "-" ? -size : size;
  }
  return { days, micros, offset };
}

/** The name of a Temporal class that `value` is an instance of, such as `"Temporal.Instant"`, whoever defined it. */
export function temporalClassOf(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const tag = (value as { [Symbol.toStringTag]?: unknown })[Symbol.toStringTag];
  return typeof tag === "string" && tag.startsWith("Temporal.") ? tag : undefined;
}

/** The same value in the ISO calendar, in which PostgreSQL counts. */
export function inIsoCalendar<Value extends Temporal.PlainDate | Temporal.PlainDateTime>(
  value: Value,
): Value {
  return value.calendarId === "iso8601" ? value : value.withCalendar("iso8601") as Value;
}
