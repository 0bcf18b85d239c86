/**
 * What a migration does to views and materialized views.
 *
 * @module
 */
import type { Sql } from "../../pool/sql/sql.ts";
import { checkOptions, type Name, nameOf } from "./name.ts";
import { defined, materializedOf, viewOf, type ViewOptions } from "./named_objects.ts";
import { SchemaRoutines } from "./schema_routines.ts";
import type { DropOptions, IfNotExists } from "./schema_steps.ts";

/** What a materialized view is. */
export interface MaterializedViewOptions extends ViewOptions, IfNotExists {
  /** Leaves it empty until it is refreshed. Default false. */
  readonly withNoData?: boolean;
}

/** The part of {@link Schema} that is about views and materialized views. */
export class SchemaViews extends SchemaRoutines {
  /**
   * Creates a view of a query.
   *
   * @example
   * ```ts
   * import { sql } from "@lifeguard/core";
   * import { Schema, writeStep } from "@lifeguard/core/migrate";
   * const schema = new Schema();
   * schema.createView("adults", sql`select * from users where age >= ${18}`);
   * const [statement] = writeStep(schema.steps[0], 18);
   * console.assert(statement.text === 'create view "adults" as select * from users where age >= 18');
   * ```
   */
  createView(
    name: Name,
    query: string | Sql,
    options: ViewOptions & { readonly recursive?: boolean } = {},
  ): void {
    this.step({ kind: "create", object: viewOf(name, query, options, "createView()") });
  }

  /**
   * Puts another query in a view's place, from what it `was`; its columns must still be there.
   *
   * @example
   * ```ts
   * import { sql } from "@lifeguard/core";
   * import { Schema, writeStep } from "@lifeguard/core/migrate";
   * const schema = new Schema();
   * schema.replaceView("adults", sql`select * from users where age >= ${21}`);
   * const [{ text }] = writeStep(schema.steps[0], 18);
   * console.assert(text === 'create or replace view "adults" as select * from users where age >= 21');
   * ```
   */
  replaceView(
    name: Name,
    query: string | Sql,
    options: ViewOptions & { readonly was?: string | Sql } = {},
  ): void {
    const { was, ...rest } = options;
    const to = viewOf(name, query, rest, "replaceView()");
    const from = viewOf(name, was ?? "select", rest, "replaceView()");
    this.step({ kind: "replace", from, to, ...(was === undefined ? { unknownBefore: true } : {}) });
  }

  /**
   * Drops a view; its query as it `was` makes it possible to revert it.
   *
   * @example
   * ```ts
   * import { Schema, writeStep } from "@lifeguard/core/migrate";
   * const schema = new Schema();
   * schema.dropView("adults", { was: "select * from users where age >= 18" });
   * const [{ text }] = writeStep(schema.steps[0], 18);
   * console.assert(text === 'drop view "adults"');
   * ```
   */
  dropView(name: Name, options: DropOptions & { readonly was?: string | Sql } = {}): void {
    const { was, ...rest } = options;
    this.drop(viewOf(name, was ?? "select", {}, "dropView()"), rest, was !== undefined);
  }

  /**
   * Creates a materialized view of a query.
   *
   * @example
   * ```ts
   * import { Schema, writeStep } from "@lifeguard/core/migrate";
   * const schema = new Schema();
   * schema.createMaterializedView("counts", "select count(*) from users", { withNoData: true });
   * const [{ text }] = writeStep(schema.steps[0], 18);
   * console.assert(text === 'create materialized view "counts" as select count(*) from users with no data');
   * ```
   */
  createMaterializedView(name: Name, query: string | Sql, options: MaterializedViewOptions = {}): void {
    const { withNoData, ifNotExists, ...rest } = options;
    this.step({
      kind: "create",
      object: materializedOf(name, query, rest, "createMaterializedView()"),
      ...defined({ withNoData, ifNotExists }),
    });
  }

  /**
   * Fills a materialized view anew; `concurrently` while it is read, which takes a unique index of it.
   *
   * @example
   * ```ts
   * import { Schema, writeStep } from "@lifeguard/core/migrate";
   * const schema = new Schema();
   * schema.refreshMaterializedView("counts", { concurrently: true });
   * const [{ text }] = writeStep(schema.steps[0], 18);
   * console.assert(text === 'refresh materialized view concurrently "counts"');
   * ```
   */
  refreshMaterializedView(name: Name, options: { readonly concurrently?: boolean } = {}): void {
    checkOptions(options, ["concurrently"], "refreshMaterializedView()");
    const view = nameOf(name, "refreshMaterializedView()");
    this.step({ kind: "refresh", view, ...(options.concurrently === true ? { concurrently: true } : {}) });
  }

  /**
   * Drops a materialized view; its query as it `was` makes it possible to revert it.
   *
   * @example
   * ```ts
   * import { Schema, writeStep } from "@lifeguard/core/migrate";
   * const schema = new Schema();
   * schema.dropMaterializedView("counts", { ifExists: true });
   * const [{ text }] = writeStep(schema.steps[0], 18);
   * console.assert(text === 'drop materialized view if exists "counts"');
   * ```
   */
  dropMaterializedView(name: Name, options: DropOptions & { readonly was?: string | Sql } = {}): void {
    const { was, ...rest } = options;
    this.drop(materializedOf(name, was ?? "select", {}, "dropMaterializedView()"), rest, was !== undefined);
  }
}
