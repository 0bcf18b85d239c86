/** What the program that measures and the process that is measured tell each other. */

/** The argument of `child.ts`, as JSON. */
export interface Measurement {
  readonly scenario: string;
  /** The subject's file and variant. */
  readonly file: string;
  readonly variant: string;
  readonly url: string;
  readonly controlUrl: string;
  readonly redisUrl: string | undefined;
  readonly seconds: number;
}

/** What the line with the figures begins with. */
export const FIGURES = "figures: ";
