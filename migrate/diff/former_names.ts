/**
 * What tables, types and columns were called before steps gave them other names.
 *
 * @module
 */
import type { TableName } from "../catalog/objects.ts";
import type { Step } from "../steps/step.ts";

/** Tells names from before steps. */
export class FormerNames {
  /** Tables and types. */
  readonly #objects = new Map<string, string>();
  /** Columns, of tables by their former names. */
  readonly #columns = new Map<string, string>();

  /** Reads what steps rename. */
  constructor(steps: readonly Step[]) {
    for (const step of steps) {
      if (step.kind === "rename" && (step.object.kind === "table" || step.object.kind === "enum")) {
        const { schema } = step.object;
        this.#objects.set(idOf(schema, step.to), this.object(step.object).name);
      }
      if (step.kind !== "column" || step.change.type !== "rename") continue;
      const { schema, name } = this.object(step.table);
      this.#columns.set(idOf(schema, name, step.change.to), this.column(step.table, step.column));
    }
  }

  /** The former name of a table or a type. */
  object({ schema, name }: TableName): TableName {
    return { schema, name: this.#objects.get(idOf(schema, name)) ?? name };
  }

  /** The former name of a column of a table with its present name. */
  column(table: TableName, column: string): string {
    const { schema, name } = this.object(table);
    return this.#columns.get(idOf(schema, name, column)) ?? column;
  }
}

function idOf(...names: readonly (string | undefined)[]): string {
  return JSON.stringify(names);
}
