/**
 * Periods of the calendar, as clocks that show UTC have them: where they begin, and what they are called in a
 * partition's name.
 *
 * @module
 */

/** The length of a period. A week begins on Monday. */
export type Period = "hour" | "day" | "week" | "month" | "quarter" | "year";

/** The lengths of periods. */
export const PERIODS: readonly Period[] = ["hour", "day", "week", "month", "quarter", "year"];

/** Milliseconds since 1970, UTC. */
type Time = number;

/**
 * Where a period begins.
 *
 * @param period Its length.
 * @param time A time within a period.
 * @param offset How many periods later; earlier where it is negative. Default 0.
 */
export function periodStart(period: Period, time: Time, offset = 0): Time {
  const date = new Date(time);
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()];
  switch (period) {
    case "hour":
      return Date.UTC(year, month, day, date.getUTCHours() + offset);
    case "day":
      return Date.UTC(year, month, day + offset);
    case "week":
      return Date.UTC(year, month, day - (date.getUTCDay() + 6) % 7 + 7 * offset);
    case "month":
      return Date.UTC(year, month + offset);
    case "quarter":
      return Date.UTC(year, month - month % 3 + 3 * offset);
    case "year":
      return Date.UTC(year + offset, 0);
  }
}

/** What a partition of the period that begins at a time is called beside its table. */
export function periodSuffix(period: Period, start: Time): string {
  const [year, month, day, hour] = new Date(start).toISOString().split(/[-T:]/);
  switch (period) {
    case "hour":
      return `${year}_${month}_${day}_${hour}`;
    case "day":
    case "week":
      return `${year}_${month}_${day}`;
    case "month":
      return `${year}_${month}`;
    case "quarter":
      return `${year}_q${Math.ceil(Number(month) / 3)}`;
    case "year":
      return year;
  }
}
