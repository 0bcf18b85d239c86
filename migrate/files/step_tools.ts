/**
 * The builder that a migration in TypeScript is given.
 *
 * @module
 */
import { column } from "../../orm/definition/column_builders.ts";
import { constraint } from "../../orm/definition/constraint_definition.ts";
import { index } from "../../orm/definition/index_definition.ts";
import { sql } from "../../pool/sql/sql.ts";
import { Schema } from "../schema/schema.ts";
import { reverseSteps } from "../steps/reverse.ts";
import { writeStep } from "../steps/write_step.ts";
import type { StepTools } from "./written_steps.ts";

/** What builds columns and SQL, so that a migration need import types only. */
export interface MigrationTools {
  /** Builds columns. */
  readonly column: typeof column;
  /** Builds indexes. */
  readonly index: typeof index;
  /** Builds constraints. */
  readonly constraint: typeof constraint;
  /** Makes SQL. */
  readonly sql: typeof sql;
}

const TOOLS: MigrationTools = { column, index, constraint, sql };

/** How steps are made, written and reverted. */
export const STEP_TOOLS: StepTools = {
  async collect(fn) {
    const schema = new Schema();
    await fn(schema, TOOLS);
    return schema.steps;
  },
  write: writeStep,
  reverse: reverseSteps,
};
