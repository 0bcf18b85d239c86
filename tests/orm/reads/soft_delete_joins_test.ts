/** Soft-deleted rows stay out of every kind of join, on both sides. */
import assert from "node:assert/strict";
import { column, model } from "../../../orm/mod.ts";
import { sql } from "../../../pool/sql/sql.ts";
import { testOnServer } from "../../testkit/databases.ts";

const User = model("users", {
  id: column.integer().primaryKey(),
  deletedAt: column.timestamptz().nullable(),
}, { softDelete: true });
const Post = model("posts", {
  id: column.integer().primaryKey(),
  userId: column.integer().nullable(),
  deletedAt: column.timestamptz().nullable(),
}, { softDelete: true });
const Plain = model("posts", { id: column.integer().primaryKey(), userId: column.integer().nullable() });

/** Users 1 and 2 are there and 3 is deleted; so is the post 2 of user 1, and the posts 5 of user 2. */
const prepared = {
  models: [User, Post],
  migrate: [
    sql`insert into users values (1, null), (2, null), (3, now())`,
    sql`insert into posts values (1, 1, null), (2, 1, now()), (3, 3, null), (4, null, null), (5, 2, now())`,
  ],
};
const on = Post.userId.eq(User.id);
const shown = { post: Post.id, user: User.id };

/** A query of both sides' keys. */
interface Selected {
  all(): Promise<{ readonly post: number | null; readonly user: number | null }[]>;
  count(): Promise<number>;
  exists(): Promise<boolean>;
}

testOnServer("joins leave out soft-deleted rows of either side, and nothing else", prepared, async (pool) => {
  const posts = Post.on(pool).find().orderBy(User.id, Post.id);
  const pairs = async (query: { select(selection: typeof shown): unknown }): Promise<(number | null)[][]> => {
    const selected = query.select(shown) as Selected;
    const rows = await selected.all();
    assert.equal(await selected.count(), rows.length);
    assert.equal(await selected.exists(), rows.length > 0);
    return rows.map(({ post, user }) => [post, user]);
  };
  assert.deepEqual(await pairs(posts.join(User, on)), [[1, 1]]);
  assert.deepEqual(await pairs(posts.leftJoin(User, on)), [[1, 1], [3, null], [4, null]]);
  assert.deepEqual(await pairs(posts.rightJoin(User, on)), [[1, 1], [null, 2]]);
  assert.deepEqual(await pairs(posts.fullJoin(User, on)), [[1, 1], [null, 2], [3, null], [4, null]]);
  assert.deepEqual(await pairs(posts.crossJoin(User)), [[1, 1], [3, 1], [4, 1], [1, 2], [3, 2], [4, 2]]);
  // Those of the query's own model come back, wherever in the chain that is said.
  const all = [[1, 1], [2, 1], [5, 2]];
  assert.deepEqual(await pairs(posts.rightJoin(User, on).withTrashed()), all);
  assert.deepEqual(await pairs(posts.withTrashed().rightJoin(User, on)), all);
  assert.deepEqual(await pairs(posts.join(User, on).onlyTrashed()), [[2, 1], [5, 2]]);
});

testOnServer(
  "a join keeps rows whose deleted partner is the query's own, by this text",
  prepared,
  async (pool) => {
    const query = Post.find().rightJoin(User, on).select({ user: User.id });
    assert.equal(
      query.toSQL().text,
      'select "users"."id" as "user" from "posts" right join "users" on ("posts"."user_id" = "users"."id") ' +
        'and "users"."deleted_at" is null and "posts"."deleted_at" is null ' +
        'where "posts"."deleted_at" is null and "users"."deleted_at" is null',
    );
    assert.equal((await query.all(pool)).length, 2);
    const onPlain = Plain.userId.eq(User.id);
    const plain = User.find().fullJoin(Plain, onPlain).select({ post: Plain.id, user: User.id }).orderBy(
      Plain.id,
    );
    assert.match(
      plain.toSQL().text,
      / full join "posts" on \("posts"\."user_id" = "users"\."id"\) and "users"\."deleted_at" is null where /,
    );
    assert.deepEqual((await plain.all(pool)).map(({ post, user }) => [post, user]), [
      [1, 1],
      [2, 1],
      [3, null],
      [4, null],
      [5, 2],
    ]);
  },
);
