/**
 * What clocks in a time zone show. A wall time is written as milliseconds since 1970 as if the zone were UTC.
 *
 * @module
 */

/** Clocks of a zone. */
export interface ZoneClock {
  /** What they show at a moment. */
  wallOf(moment: number): number;
  /** The first moment at which they show a time, or are past it where they never show it. */
  momentOf(wall: number): number;
}

/** Clocks that show UTC. */
const UTC: ZoneClock = { wallOf: (moment) => moment, momentOf: (wall) => wall };

/** The clocks of a zone by its name; `undefined` where there is no such zone. */
export function zoneClock(name: string): ZoneClock | undefined {
  if (name === "UTC") return UTC;
  const format = formatOf(name);
  if (format === undefined) return undefined;
  const wallOf = (moment: number): number => {
    const parts = Object.fromEntries(
      format.formatToParts(moment).map(({ type, value }) => [type, Number(value)]),
    );
    const { year, month, day, hour, minute, second } = parts;
    return Date.UTC(year, month - 1, day, hour, minute, second) + ((moment % 1_000) + 1_000) % 1_000;
  };
  const momentOf = (wall: number): number => {
    // Offsets a day before and after are those there can be: clocks are put once in that time.
    const day = 86_400_000;
    const offsets = [wallOf(wall - day) - (wall - day), wallOf(wall + day) - (wall + day)];
    const moments = offsets.map((offset) => wall - offset).toSorted((a, b) => a - b);
    const exact = moments.find((moment) => wallOf(moment) === wall);
    if (exact !== undefined) return exact;
    // Clocks are put forward past it: the moment at which they are, found to the second.
    let [before, after] = [moments[0] - day, moments[1]];
    while (after - before > 1_000) {
      const middle = before + Math.floor((after - before) / 2_000) * 1_000;
      if (wallOf(middle) < wall) before = middle;
      else after = middle;
    }
    return after;
  };
  return { wallOf, momentOf };
}

function formatOf(timeZone: string): Intl.DateTimeFormat | undefined {
  try {
    return new Intl.DateTimeFormat("en-US", {
      ...{ timeZone, hourCycle: "h23", calendar: "gregory", numberingSystem: "latn" },
      ...{
        year: "numeric",
        month: "numeric",
        day: "numeric",
        hour: "numeric",
        minute: "numeric",
        second: "numeric",
      },
    });
  } catch {
    return undefined;
  }
}
