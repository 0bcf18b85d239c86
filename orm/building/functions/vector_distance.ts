/**
 * Distances of pgvector: https://github.com/pgvector/pgvector#vector-functions. Ordered by one, with a limit, an index of
 * method `hnsw` or `ivfflat` whose operator class is of the same distance finds the nearest.
 *
 * @module
 */
import type { SparseVector } from "../../../pool/wire/codec/mod.ts";
import { Sql } from "../../../pool/sql/sql.ts";
import { Column } from "../column.ts";
import { type Composition, operator } from "../composition.ts";
import type { Expression, Operand } from "../expression.ts";
import { composed, type Result } from "./invocation.ts";
import { typed } from "./literal.ts";

/** A column or an expression of type `vector`, `halfvec` or `sparsevec`. */
export type VectorExpression = Expression<readonly number[], unknown> | Expression<SparseVector, unknown>;

/** A vector: an array of numbers, a `SparseVector`, a column, an expression. */
export type VectorOperand = Operand<readonly number[]> | Operand<SparseVector>;

const L2 = operator("(", " <-> ", ")");
const INNER = operator("(", " <#> ", ")");
const COSINE = operator("(", " <=> ", ")");
const L1 = operator("(", " <+> ", ")");

/**
 * The Euclidean distance: `a <-> b`. Operator class `vector_l2_ops`, `halfvec_l2_ops`, `sparsevec_l2_ops`.
 *
 * @param vector The column.
 * @param other What it is compared with.
 *
 * @example
 * ```ts
 * import { column, cosineDistance, createTablesSQL, index, indexKey, l2Distance, model } from "@lifeguard/core";
 * const Item = model("items", { id: column.identity().primaryKey(), embedding: column.vector(3) }, {
 *   indexes: (t) => [index(indexKey(t.embedding, { opclass: "vector_cosine_ops" })).using("hnsw", { m: 16, ef_construction: 64 })],
 * });
 * const nearest = Item.find().orderBy(cosineDistance(Item.embedding, [1, 2, 3]).asc()).limit(5);
 * console.assert(nearest.toSQL().text.endsWith('order by ("items"."embedding" <=> $1::vector) asc limit $2'));
 * const near = Item.find().where(l2Distance(Item.embedding, [1, 2, 3]).lt(0.5));
 * console.assert(near.toSQL().text.endsWith('where ("items"."embedding" <-> $1::vector) < $2'));
 * console.assert(createTablesSQL([Item])[2].text === 'create index "items_embedding_idx" on "items" using "hnsw" ' +
 *   '("embedding" "vector_cosine_ops") with ("m" = 16, "ef_construction" = 64)');
 * ```
 */
export function l2Distance<A extends VectorExpression, B extends VectorOperand>(
  vector: A,
  other: B,
): Result<number, A | B> {
  return distance(L2, vector, other);
}

/**
 * The cosine distance, 1 minus the similarity: `a <=> b`. Operator class `vector_cosine_ops` and its like.
 *
 * @param vector The column.
 * @param other What it is compared with.
 */
export function cosineDistance<A extends VectorExpression, B extends VectorOperand>(
  vector: A,
  other: B,
): Result<number, A | B> {
  return distance(COSINE, vector, other);
}

/**
 * The inner product with the other sign, so that the least is the nearest: `a <#> b`. Operator class `vector_ip_ops` and
 * its like.
 *
 * @param vector The column.
 * @param other What it is compared with.
 */
export function negativeInnerProduct<A extends VectorExpression, B extends VectorOperand>(
  vector: A,
  other: B,
): Result<number, A | B> {
  return distance(INNER, vector, other);
}

/**
 * The taxicab distance: `a <+> b`. Operator class `vector_l1_ops` and its like.
 *
 * @param vector The column.
 * @param other What it is compared with.
 */
export function l1Distance<A extends VectorExpression, B extends VectorOperand>(
  vector: A,
  other: B,
): Result<number, A | B> {
  return distance(L1, vector, other);
}

function distance<A, B>(composition: Composition, vector: unknown, other: unknown): Result<number, A | B> {
  const type = vector instanceof Column ? vector.settings.type.base : undefined;
  const operand = other instanceof Sql || type === undefined ? other : typed(other, type);
  return composed(composition, "a distance", [vector, operand]);
}
