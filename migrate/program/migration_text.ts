/**
 * Steps as the text of a migration's file.
 *
 * @module
 */
import type { Catalog } from "../catalog/objects.ts";
import { reverseDiff } from "../diff/reverse_diff.ts";
import type { Step } from "../steps/step.ts";
import { writeStep } from "../steps/write_step.ts";

/** A migration that was made from steps. */
export interface WrittenMigration {
  readonly up: readonly string[];
  /** Undefined where it cannot be taken back as a whole. */
  readonly down: readonly string[] | undefined;
  /** What taking it back does not bring back, or why it cannot be. */
  readonly losses: readonly string[];
}

/** Writes the steps that lead away from a catalog, and what takes them back. */
export function writtenMigration(steps: readonly Step[], from: Catalog): WrittenMigration {
  const text = (which: readonly Step[]): readonly string[] =>
    which.flatMap((step) => writeStep(step, from.serverVersion)).map(({ text }) =>
      text.trim().replace(/;$/, "")
    );
  const { steps: reversal, losses, impossible } = reverseDiff(steps, from);
  return {
    up: text(steps),
    down: impossible.length > 0 ? undefined : text(reversal),
    losses: impossible.length > 0 ? impossible : losses,
  };
}

/** The text of an SQL file. */
export function sqlText({ up, down, losses }: WrittenMigration): string {
  const section = (statements: readonly string[]): string =>
    statements.map((statement) => `${statement};\n`).join("");
  const note = down === undefined ? "cannot be taken back" : "not brought back";
  const notes = losses.map((loss) => `-- ${note}: ${loss.replaceAll("\n", " ")}\n`).join("");
  return down === undefined
    ? `${notes}\n-- up\n${section(up)}`
    : `-- up\n${section(up)}\n-- down\n${notes}${section(down)}`;
}

/** The text of a TypeScript file. */
export function typescriptText({ up, down, losses }: WrittenMigration): string {
  const calls = (statements: readonly string[]): string =>
    statements.map((statement) => `  schema.sql(${template(statement)});\n`).join("");
  const note = down === undefined ? "Cannot be taken back" : "Not brought back";
  const notes = losses.map((loss) => `  // ${note}: ${loss.replaceAll("\n", " ")}\n`).join("");
  const before = down === undefined ? notes : "";
  const after = down === undefined
    ? ""
    : `\nexport function down(schema: Schema): void {\n${notes}${calls(down)}}\n`;
  return `import type { Schema } from "@lifeguard/core/migrate";

export function up(schema: Schema): void {
${before}${calls(up)}}
${after}`;
}

function template(text: string): string {
  return `\`${text.replaceAll("\\", "\\\\").replaceAll("`", "\\`").replaceAll("${", "\\${")}\``;
}
