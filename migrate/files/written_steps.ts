/**
 * Steps as statements.
 *
 * @module
 */
import type { Statement } from "../steps/statement.ts";
import type { StepsReversal } from "../steps/reverse.ts";
import type { Step } from "../steps/step.ts";
import { type MigrationStatement, migrationStatements } from "./migration_statement.ts";
import { splitStatements } from "./statement.ts";

/** The steps that a function makes, and how they are written and reverted. */
export interface StepTools {
  /** Runs a function with a builder; returns the steps it made. */
  readonly collect: (
    fn: (schema: unknown, tools: unknown) => void | Promise<void>,
  ) => Promise<readonly Step[]>;
  /** The SQL of a step. */
  readonly write: (step: Step, serverVersion: number) => readonly Statement[];
  /** What reverts steps, last first. */
  readonly reverse: (steps: readonly Step[]) => StepsReversal;
}

/** Statements and the text that their places are in. */
export interface WrittenSteps {
  readonly statements: readonly MigrationStatement[];
  readonly text: string;
}

/** The statements of steps, one after the other. */
export function writeSteps(steps: readonly Step[], serverVersion: number, tools: StepTools): WrittenSteps {
  const statements: MigrationStatement[] = [];
  const texts: string[] = [];
  for (const written of steps.flatMap((step) => tools.write(step, serverVersion))) {
    for (const statement of migrationStatements(splitStatements(written.text), written.text)) {
      statements.push({ ...statement, transaction: statement.transaction && written.transaction });
      texts.push(`${statement.text};\n`);
    }
  }
  return { statements, text: texts.join("") };
}
