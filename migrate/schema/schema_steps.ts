/**
 * The steps that a migration collects, and statements of its own.
 *
 * @module
 */
import type { Sql } from "../../pool/sql/sql.ts";
import { quoteIdentifier } from "../../pool/sql/identifier.ts";
import type { CatalogObject } from "../catalog/objects.ts";
import { ignoreStep } from "../lint/ignore.ts";
import type { Step } from "../steps/step.ts";
import { bodyOf, checkOptions } from "./name.ts";

/** How something is created that may be there already. */
export interface IfNotExists {
  /** Leaves alone what is there already. Default false. */
  readonly ifNotExists?: boolean;
}

/** How something is dropped. */
export interface DropOptions {
  /** Does nothing where it is not there. Default false. */
  readonly ifExists?: boolean;
  /** Drops what depends on it, too. Default false. */
  readonly cascade?: boolean;
}

/** What is undone where a statement of one's own is reverted. */
export interface SqlOptions {
  /** The statements that revert it. */
  readonly down?: string | Sql;
  /** False for what PostgreSQL takes outside of transactions only. */
  readonly transaction?: boolean;
}

/** The part of {@link Schema} that collects steps. */
export class SchemaSteps {
  readonly #steps: Step[] = [];

  /** What was done so far, in order. */
  get steps(): readonly Step[] {
    return this.#steps;
  }

  /** Adds a step as it is, such as one that a comparison of catalogs made. */
  step(step: Step): void {
    this.#steps.push(step);
  }

  /**
   * Runs statements of one's own; give `down` if the migration is to be reverted.
   *
   * @example
   * ```ts
   * import { sql } from "@lifeguard/core";
   * import { Schema } from "@lifeguard/core/migrate";
   * const schema = new Schema();
   * schema.sql(sql`update users set active = ${true}`);
   * schema.sql("create cast (text as citext) with inout", { down: "drop cast (text as citext)" });
   * console.assert(schema.steps.length === 2);
   * ```
   */
  sql(text: string | Sql, options: SqlOptions = {}): void {
    checkOptions(options, ["down", "transaction"], "sql()");
    const { down, transaction } = options;
    this.step({
      kind: "sql",
      text: bodyOf(text, "the statement of sql()"),
      ...(down === undefined ? {} : { down: bodyOf(down, 'the option "down" of sql()') }),
      ...(transaction === undefined ? {} : { transaction }),
    });
  }

  /**
   * Says that a rule of the lint does not matter for the next step, and why; `docs/migration-lints.md` has the rules.
   *
   * @example
   * ```ts
   * import { lintSteps, Schema } from "@lifeguard/core/migrate";
   * const schema = new Schema();
   * schema.ignore("table-dropped", "nobody has used it since March");
   * schema.dropTable("drafts");
   * console.assert(lintSteps(schema.steps, { serverVersion: 18 }).length === 0);
   * ```
   */
  ignore(rule: string, reason: string): void {
    this.step(ignoreStep(rule, reason));
  }

  /** Drops an object; `isKnown` says whether its record is whole. */
  protected drop(
    object: CatalogObject,
    options: DropOptions & { readonly concurrently?: boolean },
    isKnown = false,
  ): void {
    const known = object.kind === "index" ? ["ifExists", "cascade", "concurrently"] : ["ifExists", "cascade"];
    checkOptions(options, known, `the drop of ${quoteIdentifier(object.name)}`);
    const { ifExists, cascade, concurrently } = options;
    this.step({
      kind: "drop",
      object,
      ...(ifExists === true ? { ifExists } : {}),
      ...(cascade === true ? { cascade } : {}),
      ...(concurrently === true ? { concurrently } : {}),
      ...(isKnown ? {} : { unknownBefore: true }),
    });
  }

  /** Creates an object. */
  protected create(object: CatalogObject, options: IfNotExists): void {
    checkOptions(options, ["ifNotExists"], `the creation of ${quoteIdentifier(object.name)}`);
    this.step({ kind: "create", object, ...(options.ifNotExists === true ? { ifNotExists: true } : {}) });
  }
}
