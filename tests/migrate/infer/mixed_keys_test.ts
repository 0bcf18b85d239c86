import assert from "node:assert/strict";
import { has } from "../../../orm/mod.ts";
import { test } from "../../harness.ts";
import * as inferred from "./goldens/mixed_keys.ts";
import {
  AUser,
  aUser,
  BUser,
  bUser,
  MixedUser,
  mixedUser,
  Place,
  place,
  Post,
  post,
  PostTag,
  postTag,
  Tag,
  tag,
  User,
  user,
  Visit,
  visit,
} from "./goldens/mixed_keys.ts";
import { SERVERS, withSchema } from "./inferred.ts";
import { mixedKeysSchema } from "./schemas/mixed_keys.ts";

test("inferModels() makes relations of keys of different types that load", SERVERS[0].need, async () => {
  assert.equal("declarations" in inferred, false);
  await withSchema(SERVERS[0], mixedKeysSchema(), async (pool) => {
    const ada = await AUser.insert({ name: "Ada" }, pool);
    const bo = await AUser.insert({ name: "Bo" }, pool);
    assert.equal(typeof ada.id, "bigint");
    await BUser.insert({ id: 7, ownerId: Number(ada.id) }, pool);
    await AUser.updateById(bo.id, { boss: 7 }, pool);
    const one = await User.insert({ aId: Number(ada.id), bId: 7n }, pool);
    await MixedUser.insert({ id: "top", num: "2.00", userUuid: one.id }, pool);
    await MixedUser.insert({ id: "low", parent: "top", n: "2" }, pool);
    const first = await Post.insert({ author: Number(ada.id), editorId: Number(bo.id), cost: 2 }, pool);
    const second = await Post.insert({ author: Number(bo.id) }, pool);
    await Tag.insertMany([{ id: 1n, name: "x" }, { id: 2n, name: "y" }], pool);
    await PostTag.insertMany([
      { postId: BigInt(first.id), tagId: 1 },
      { postId: BigInt(first.id), tagId: 2 },
      { postId: BigInt(second.id), tagId: 2 },
    ], pool);

    const posts = await Post.find().orderBy(Post.id)
      .with(post.authorUser, post.editor, post.tags, post.postTags).all(pool);
    assert.deepEqual(posts.map(({ authorUser }) => authorUser.name), ["Ada", "Bo"]);
    assert.deepEqual(posts.map(({ editor }) => editor?.name), ["Bo", undefined]);
    assert.deepEqual(posts.map(({ tags }) => tags.map(({ name }) => name).sort()), [["x", "y"], ["y"]]);
    assert.deepEqual(posts.map(({ postTags }) => postTags.length), [2, 1]);

    const tags = await Tag.find().orderBy(Tag.id).with(tag.posts, tag.postTags).all(pool);
    assert.deepEqual(tags.map((each) => each.posts.map(({ id }) => id).sort()), [[1], [1, 2]]);
    const [pair] = await PostTag.find().where(PostTag.tagId.eq(1)).with(postTag.post, postTag.tag).all(pool);
    assert.deepEqual([pair.post.id, pair.tag.id], [first.id, 1n]);
    assert.equal(await Post.find().where(has(post.tags, Tag.name.eq("x"))).count(pool), 1);

    const [top, low] = await MixedUser.find().orderBy(MixedUser.id.desc())
      .with(mixedUser.childrenByParent, mixedUser.nUser, mixedUser.user, mixedUser.posts).all(pool);
    assert.deepEqual([top.id, top.user?.id, top.posts.length], ["top", one.id, 1]);
    assert.deepEqual([low.nUser?.id, top.childrenByParent.map(({ id }) => id)], ["top", ["low"]]);

    const authors = await AUser.find().orderBy(AUser.id)
      .with(aUser.postsByAuthor, aUser.postsByEditor, aUser.user, aUser.users).all(pool);
    assert.deepEqual(authors.map(({ postsByAuthor }) => postsByAuthor.length), [1, 1]);
    assert.deepEqual(authors.map(({ postsByEditor }) => postsByEditor.length), [0, 1]);
    assert.deepEqual(authors.map(({ user }) => user?.id), [undefined, 7]);
    assert.deepEqual(authors.map(({ users }) => users.length), [1, 0]);
    const [owned] = await BUser.find().with(bUser.owner, bUser.users).all(pool);
    assert.deepEqual([owned.owner?.name, owned.users.map(({ name }) => name)], ["Ada", ["Bo"]]);
    const [linked] = await User.find().with(user.a, user.b).all(pool);
    assert.deepEqual([linked.a?.name, linked.b?.ownerId], ["Ada", 1]);

    await Place.insertMany([{ x: 1, y: 2n }, { x: 2, y: 1n }], pool);
    await Visit.insert({ id: 1, placeX: 2n, placeY: 1 }, pool);
    const [seen] = await Visit.find().with(visit.place).all(pool);
    assert.deepEqual(seen.place, { x: 2, y: 1n });
    const places = await Place.find().orderBy(Place.x).with(place.visits).all(pool);
    assert.deepEqual(places.map(({ visits }) => visits.length), [0, 1]);

    assert.equal((await AUser.findById(ada.id, pool))?.name, "Ada");
    assert.equal((await MixedUser.findById("low", pool))?.parent, "top");
    assert.equal((await PostTag.findById({ postId: 1n, tagId: 2 }, pool))?.tagId, 2);
  });
});
