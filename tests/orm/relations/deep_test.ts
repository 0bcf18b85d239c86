/** Relations nested deep: the same by every strategy, and by any mixture of these. */
import assert from "node:assert/strict";
import { belongsTo, column, hasMany, model, relations } from "../../../orm/mod.ts";
import { testOnBoth } from "../../testkit/databases.ts";

const Node = model("nodes", {
  id: column.integer().primaryKey(),
  parentId: column.integer().nullable(),
});
const node = relations(Node, {
  immediatePredecessor: belongsTo(Node, Node.parentId),
  children: hasMany(Node, Node.parentId),
});

/** A row however deep its relations are. */
interface Tree {
  readonly id: number;
  readonly immediatePredecessor?: Tree | null;
  readonly children?: readonly Tree[];
}

type Strategy = "query" | "lateral" | "join";

function up(strategies: readonly Strategy[]): typeof node.immediatePredecessor {
  return strategies.reduceRight<typeof node.immediatePredecessor>(
    (nested, strategy) =>
      node.immediatePredecessor.by(strategy).with(nested) as never as typeof node.immediatePredecessor,
    node.immediatePredecessor,
  );
}

function down(depth: number, strategy: "query" | "lateral"): typeof node.children {
  const children = node.children.orderBy(Node.id).by(strategy);
  return depth === 1 ? children : children.with(down(depth - 1, strategy)) as never as typeof node.children;
}

testOnBoth("relations of relations of relations, six deep", { models: [Node] }, async (pool) => {
  const parents = [null, 1, 1, 2, 4, 5, 6, 7, 9];
  await Node.insertMany(parents.map((parentId, index) => ({ id: index + 1, parentId })), pool);
  const load = async (strategies: readonly Strategy[]): Promise<readonly Tree[]> =>
    await Node.find().orderBy(Node.id).with(up(strategies)).all(pool);
  const expected = await load(Array(6).fill("query"));
  let deepest: Tree | null | undefined = expected[7];
  const seen: number[] = [];
  for (; deepest; deepest = deepest.immediatePredecessor) seen.push(deepest.id);
  assert.deepEqual(seen, [8, 7, 6, 5, 4, 2, 1]);
  assert.equal(expected[8].immediatePredecessor?.immediatePredecessor?.id, 9, "a row that leads to itself");
  for (
    const strategies of [
      Array<Strategy>(6).fill("join"),
      Array<Strategy>(6).fill("lateral"),
      ["join", "query", "lateral", "join", "join", "query"],
      ["lateral", "join", "query", "lateral", "query", "join"],
    ] as const
  ) assert.deepEqual(await load(strategies), expected, strategies.join());
  const trees = async (strategy: "query" | "lateral"): Promise<readonly Tree[]> =>
    await Node.find().orderBy(Node.id).with(down(6, strategy)).all(pool);
  assert.deepEqual(await trees("lateral"), await trees("query"));
});
