/**
 * Lifeguard: a PostgreSQL data platform for Deno and Bun. This is its public surface.
 *
 * @example
 * ```ts
 * import { Pool, sql } from "@lifeguard/core";
 * await using pool = new Pool("pglite:");
 * const answer = await pool.value<number>(sql`select ${40}::int + 2 as answer`);
 * console.assert(answer === 42);
 * ```
 *
 * @module
 */
export * from "./pool/mod.ts";
export * from "./orm/mod.ts";
export * from "./orm/cache/mod.ts";
