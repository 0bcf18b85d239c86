/**
 * Steps as SQL.
 *
 * @module
 */
import { quoteLiteral } from "../../orm/building/inlined.ts";
import { writeName } from "../../orm/compiling/ddl/write_table.ts";
import { quoteIdentifier } from "../../pool/sql/identifier.ts";
import { cannot, objectName, objectWord, tableOf } from "./object_reference.ts";
import { type Statement, statement, words } from "./statement.ts";
import type { CommentStep, MoveStep, RenameStep, Step } from "./step.ts";
import { writeColumnStep } from "./write_column.ts";
import { writeConstraintStep } from "./write_constraint.ts";
import { writeComment, writeCreate, writeDrop, writeReplace, writeTriggerStep } from "./write_create.ts";
import { writeIndexStep } from "./write_index.ts";
import { writeTableStep } from "./write_table.ts";
import { writeSequenceStep, writeTypeStep } from "./write_type.ts";

export type { Statement } from "./statement.ts";

/**
 * The statements of a step. An object is created with its comment and its columns'; what is inherited is created,
 * changed and dropped by what it is inherited from, and has no statements.
 *
 * @param step The step.
 * @param serverVersion The major version of the server that will run them.
 * @throws {ValidationError} When PostgreSQL cannot do it, or a name cannot be one.
 *
 * @example
 * ```ts
 * import { Schema, writeStep } from "@lifeguard/core/migrate";
 * const schema = new Schema();
 * schema.dropIndex("users_email_idx", { table: "users", concurrently: true });
 * const [statement] = writeStep(schema.steps[0], 18);
 * console.assert(statement.text === 'drop index concurrently "users_email_idx"');
 * console.assert(statement.transaction === false);
 * ```
 */
export function writeStep(step: Step, serverVersion: number): readonly Statement[] {
  switch (step.kind) {
    case "create":
      return writeCreate(step);
    case "drop":
      return writeDrop(step);
    case "replace":
      return writeReplace(step);
    case "rename":
      return [writeRename(step)];
    case "move":
      return [writeMove(step)];
    case "comment":
      return [writeCommentStep(step)];
    case "column":
      return writeColumnStep(step, serverVersion);
    case "table":
      return writeTableStep(step);
    case "type":
      return writeTypeStep(step);
    case "sequence":
      return writeSequenceStep(step);
    case "constraint":
      return writeConstraintStep(step);
    case "index":
      return writeIndexStep(step);
    case "trigger":
      return [writeTriggerStep(step)];
    case "refresh":
      return [statement(
        "refresh materialized view",
        step.concurrently === true ? "concurrently" : "",
        writeName(step.view),
      )];
    case "sql":
      return [{ text: step.text, transaction: step.transaction ?? true }];
    default:
      throw new TypeError(`BUG: ${JSON.stringify(step satisfies never)}`);
  }
}

function writeRename({ object, to }: RenameStep): Statement {
  const name = quoteIdentifier(to);
  switch (object.kind) {
    case "constraint": {
      const table = writeName(tableOf(object));
      return statement("alter table", table, "rename constraint", quoteIdentifier(object.name), "to", name);
    }
    case "extension":
    case "opaque":
      throw cannot(object, "it cannot be renamed; write the statement with sql()");
    default:
      return statement("alter", objectWord(object), objectName(object), "rename to", name);
  }
}

function writeMove({ object, to }: MoveStep): Statement {
  switch (object.kind) {
    case "constraint":
    case "index":
    case "trigger":
    case "policy":
      throw cannot(object, "it is in its table's schema; move the table");
    case "schema":
    case "opaque":
      throw cannot(object, "it cannot be moved; write the statement with sql()");
    default:
      return statement("alter", objectWord(object), objectName(object), "set schema", quoteIdentifier(to));
  }
}

function writeCommentStep({ object, column, to }: CommentStep): Statement {
  if (column === undefined) return writeComment(object, to);
  return {
    text: words(
      `comment on column ${writeName(object)}.${quoteIdentifier(column)} is`,
      to === undefined ? "null" : quoteLiteral(to),
    ),
    transaction: true,
  };
}
