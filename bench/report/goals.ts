/** What is to be reached in a scenario, and what was. */
import type { Scenario } from "../scenarios/scenario.ts";
import { RUNTIMES, subjectNamed } from "../subjects.ts";
import type { Figure } from "./json.ts";
import { formatted, formattedRatio, mainFigure } from "./ratios.ts";

/** A line for each goal and runtime that was measured. */
export function goalsOf(scenario: Scenario, figures: readonly Figure[]): readonly string[] {
  return RUNTIMES.flatMap((runtime) =>
    (scenario.goals ?? []).flatMap(({ subject, of, least }) => {
      const reached = mainFigure(scenario, figures, { runtime, subject });
      if (reached === undefined) return [];
      const title = `${runtime}: ${subjectNamed(subject).title}`;
      if (of === undefined) {
        const wanted = `${formatted(least)} ${reached.unit}`;
        return [`${title}: ${formatted(reached.median)}, wanted ${wanted}: ${word(reached.median >= least)}`];
      }
      const measure = mainFigure(scenario, figures, { runtime, subject: of });
      if (measure === undefined) return [];
      const ratio = reached.median / measure.median;
      return [
        `${title}: ${formattedRatio(ratio)} of "${subjectNamed(of).title}", wanted ${
          formattedRatio(least)
        }: ` +
        word(ratio >= least),
      ];
    })
  );
}

function word(isReached: boolean): string {
  return isReached ? "reached" : "missed";
}
