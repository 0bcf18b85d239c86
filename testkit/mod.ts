/**
 * Testing applications against PostgreSQL: databases that are there at once and gone afterwards, tests that are rolled
 * back, rows made to order. Works with any test runner.
 *
 * @example
 * ```ts
 * import { sql } from "@lifeguard/core";
 * import { rollback, testPool } from "@lifeguard/core/testkit";
 * await using pool = await testPool({ migrate: [sql`create table users (email text primary key)`] });
 * await rollback(pool, async (db) => {
 *   await db.execute(sql`insert into users values (${"ada@example.org"})`);
 *   console.assert(await db.value(sql`select count(*) from users`) === 1n);
 * });
 * ```
 *
 * @module
 */
export { beginRollback, rollback } from "./rollback.ts";
export { type RollbackOptions, TestTransaction } from "./test_transaction.ts";
export { type RecordedStatements, recordStatements } from "./recorded_statements.ts";
export { SeededRandom } from "./seed.ts";
export type { Migrate, PreparationOptions } from "./preparation.ts";
export { type TestDatabase, testDatabase, type TestDatabaseOptions } from "./test_database.ts";
export { TestPool, testPool, type TestPoolOptions } from "./test_pool.ts";
export { factory } from "./factory.ts";
export type {
  Attribute,
  AttributeContext,
  Attributes,
  CreateArgs,
  Factory,
  FactoryOptions,
  Given,
  NamedAttributes,
  OverrideArgs,
  Overrides,
  RequiredProperties,
  TestedModel,
} from "./factory_types.ts";
export { Parent, ParentValue } from "./parent.ts";
export { FixtureReference, fixtures, ref, rows } from "./fixtures.ts";
export type { AnyFixtureSet, Fixtures, FixtureSet, FixtureValues, LoadedFixtures } from "./fixtures.ts";
