/**
 * What a migration does to functions, triggers and policies.
 *
 * @module
 */
import { ValidationError } from "../../pool/wire/errors.ts";
import type { CatalogObject, PolicyObject, TriggerObject } from "../catalog/objects.ts";
import { checkName, checkOptions, type Name, nameOf } from "./name.ts";
import {
  functionOf,
  type FunctionOptions,
  identityOf,
  placeOf,
  policyOf,
  type PolicyOptions,
  triggerOf,
  type TriggerOptions,
} from "./routines.ts";
import type { DropOptions } from "./schema_steps.ts";
import { SchemaTypes } from "./schema_types.ts";

/** The part of {@link Schema} that is about functions, triggers and policies. */
export class SchemaRoutines extends SchemaTypes {
  /**
   * Creates a function or a procedure.
   *
   * @example
   * ```ts
   * import { column, Pool, sql } from "@lifeguard/core";
   * import { Schema, writeStep } from "@lifeguard/core/migrate";
   * const schema = new Schema();
   * schema.createFunction("add", { arguments: "a integer, b integer default 1", returns: "integer", body: "select a + b" });
   * await using pool = new Pool("pglite:");
   * for (const { text } of schema.steps.flatMap((step) => writeStep(step, 18))) await pool.execute(sql.unsafe(text));
   * const { sum } = await pool.one<{ sum: number }>(sql`select add(2) as sum`);
   * console.assert(sum === 3);
   * ```
   */
  createFunction(name: Name, options: FunctionOptions): void {
    const object = functionOf(name, options);
    if (options.replace !== true) {
      this.step({ kind: "create", object });
    } else if (options.was === undefined) {
      this.step({ kind: "create", object, unknownBefore: true });
    } else {
      this.step({ kind: "replace", from: functionOf(name, { ...options.was, replace: true }), to: object });
    }
  }

  /**
   * Drops a function or a procedure, which its arguments' types identify: `dropFunction("add", "integer, integer")`.
   *
   * @example
   * ```ts
   * import { Schema, writeStep } from "@lifeguard/core/migrate";
   * const schema = new Schema();
   * schema.dropFunction("add", "integer, integer");
   * const [{ text }] = writeStep(schema.steps[0], 18);
   * console.assert(text === 'drop function "add"(integer, integer)');
   * ```
   */
  dropFunction(
    name: Name,
    args: string,
    options: DropOptions & { readonly procedure?: boolean; readonly was?: FunctionOptions } = {},
  ): void {
    const { procedure = false, was, ...rest } = options;
    const of = nameOf(name, "dropFunction()");
    if (typeof args !== "string") {
      throw new ValidationError(
        "dropFunction()",
        'its arguments are not given; give their types, "" for none',
      );
    }
    const object: CatalogObject = was !== undefined ? functionOf(name, was) : {
      kind: "function",
      ...of,
      dependsOn: [],
      isProcedure: procedure,
      identity: identityOf(args),
      arguments: args,
      language: "sql",
      definition: "",
    };
    this.drop(object, rest, was !== undefined);
  }

  /**
   * Creates a trigger.
   *
   * @example
   * ```ts
   * import { Schema, writeStep } from "@lifeguard/core/migrate";
   * const schema = new Schema();
   * schema.createTrigger("stamped", { table: "users", when: "before", on: ["insert", "update"], function: "stamp" });
   * const [{ text }] = writeStep(schema.steps[0], 18);
   * console.assert(
   *   text === 'create trigger "stamped" before insert or update on "users" for each row execute function "stamp"()',
   * );
   * ```
   */
  createTrigger(name: string, options: TriggerOptions): void {
    this.step({ kind: "create", object: triggerOf(name, options) });
  }

  /**
   * Drops a trigger of a table; say what it `was` if the migration is to be reverted.
   *
   * @example
   * ```ts
   * import { Schema, writeStep } from "@lifeguard/core/migrate";
   * const schema = new Schema();
   * schema.dropTrigger("stamped", { table: "users" });
   * const [{ text }] = writeStep(schema.steps[0], 18);
   * console.assert(text === 'drop trigger "stamped" on "users"');
   * ```
   */
  dropTrigger(
    name: string,
    options: DropOptions & { readonly table: Name; readonly was?: Omit<TriggerOptions, "table"> },
  ): void {
    const { table, was, ...rest } = options;
    const object: TriggerObject = was !== undefined ? triggerOf(name, { ...was, table }) : {
      kind: "trigger",
      name: checkName(name, "dropTrigger()"),
      ...placeOf(nameOf(table, "the table of dropTrigger()")),
      dependsOn: [],
      definition: "",
      enabled: "origin",
    };
    this.drop(object, rest, was !== undefined);
  }

  /**
   * Creates a policy of row-level security; `enableRowSecurity()` of the table has it applied.
   *
   * @example
   * ```ts
   * import { sql } from "@lifeguard/core";
   * import { Schema, writeStep } from "@lifeguard/core/migrate";
   * const schema = new Schema();
   * schema.createPolicy("own", { table: "notes", using: sql`owner = current_user` });
   * const [{ text }] = writeStep(schema.steps[0], 18);
   * console.assert(text === 'create policy "own" on "notes" to public using (owner = current_user)');
   * ```
   */
  createPolicy(name: string, options: PolicyOptions): void {
    this.step({ kind: "create", object: policyOf(name, options) });
  }

  /**
   * Changes whom a policy is about, and its conditions, from what it `was` to what it is.
   *
   * @example
   * ```ts
   * import { sql } from "@lifeguard/core";
   * import { Schema, writeStep } from "@lifeguard/core/migrate";
   * const schema = new Schema();
   * schema.alterPolicy("own", { table: "notes", was: { using: sql`true` }, to: { using: sql`owner = current_user` } });
   * const [{ text }] = writeStep(schema.steps[0], 18);
   * console.assert(text === 'alter policy "own" on "notes" to public using (owner = current_user)');
   * ```
   */
  alterPolicy(
    name: string,
    options: {
      readonly table: Name;
      readonly was: Omit<PolicyOptions, "table">;
      readonly to: Omit<PolicyOptions, "table">;
    },
  ): void {
    checkOptions(options, ["table", "was", "to"], "alterPolicy()");
    const { table, was, to } = options;
    this.step({
      kind: "replace",
      from: policyOf(name, { ...was, table }),
      to: policyOf(name, { ...to, table }),
    });
  }

  /**
   * Drops a policy of a table; say what it `was` if the migration is to be reverted.
   *
   * @example
   * ```ts
   * import { Schema, writeStep } from "@lifeguard/core/migrate";
   * const schema = new Schema();
   * schema.dropPolicy("own", { table: "notes" });
   * const [{ text }] = writeStep(schema.steps[0], 18);
   * console.assert(text === 'drop policy "own" on "notes"');
   * ```
   */
  dropPolicy(
    name: string,
    options: DropOptions & { readonly table: Name; readonly was?: Omit<PolicyOptions, "table"> },
  ): void {
    const { table, was, ...rest } = options;
    const object: PolicyObject = policyOf(name, { ...was, table });
    this.drop(object, rest, was !== undefined);
  }
}
