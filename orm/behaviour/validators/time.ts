/**
 * Validators of dates and times, by the clock of this process. Plain dates and times are taken in its time zone.
 *
 * @module
 */
import { check, type Validator } from "./validator.ts";

/** A moment, or a date or time of day that is one in a time zone. */
export type Moment = Date | Temporal.Instant | Temporal.PlainDate | Temporal.PlainDateTime;

/** Before now; a date before today; code `"past"`. */
export function past(): Validator<Moment> {
  return check("past", "must be in the past", (value) => fromNow(value) < 0);
}

/** After now; a date after today; code `"future"`. */
export function future(): Validator<Moment> {
  return check("future", "must be in the future", (value) => fromNow(value) > 0);
}

/** Milliseconds from now to a moment; for a date from the start of today. */
function fromNow(value: Moment): number {
  const now = new Date();
  if (value instanceof Date) return value.getTime() - now.getTime();
  if ("epochMilliseconds" in value) return value.epochMilliseconds - now.getTime();
  const local = new Date(0);
  local.setHours(0, 0, 0, 0);
  local.setFullYear(value.year, value.month - 1, value.day);
  if ("hour" in value) {
    local.setHours(value.hour, value.minute, value.second, value.millisecond);
    return local.getTime() - now.getTime();
  }
  return local.getTime() - now.setHours(0, 0, 0, 0);
}
