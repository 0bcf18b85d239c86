// Inferred from a database. What is changed here is lost when it is inferred again.
import {
  belongsTo,
  type Column,
  column,
  constraint,
  hasMany,
  manyToMany,
  model,
  relations,
  type Sql,
  sql,
} from "../../../../mod.ts";

export const MixedUser = model("users", {
  id: column.varchar(36).primaryKey(),
  parent: column.text().nullable().references((): Column<string> => MixedUser.id),
  num: column.numeric(10, 2).nullable().unique(),
  n: column.numeric().nullable(),
  userUuid: column.uuid().nullable().references(() => User.id),
  start: column.timestamptz({ precision: 0 }).nullable().unique(),
}, {
  schema: "Mixed",
  constraints: (t) => [
    constraint.foreignKey([t.n], (): readonly Sql[] => [MixedUser.num]),
  ],
});

export const AUser = model("users", {
  id: column.bigint().identity().primaryKey(),
  name: column.text(),
  boss: column.integer().nullable().references((): Column<number> => BUser.id),
}, { schema: "a" });

export const BUser = model("users", {
  id: column.integer().primaryKey(),
  ownerId: column.integer().nullable(),
}, {
  schema: "b",
  constraints: (t) => [
    constraint.foreignKey([t.ownerId], (): readonly Sql[] => [AUser.id]),
  ],
});

export const Place = model("places", {
  x: column.integer().primaryKey(),
  y: column.bigint().primaryKey(),
});

export const PostTag = model("post_tags", {
  postId: column.bigint().primaryKey(),
  tagId: column.integer().primaryKey(),
}, {
  constraints: (t) => [
    constraint.foreignKey([t.postId], () => [Post.id]),
    constraint.foreignKey([t.tagId], () => [Tag.id]),
  ],
});

export const Post = model("posts", {
  id: column.serial().primaryKey(),
  author: column.integer(),
  editorId: column.smallint().nullable(),
  cost: column.integer().nullable(),
}, {
  constraints: (t) => [
    constraint.foreignKey([t.author], () => [AUser.id]),
    constraint.foreignKey([t.cost], () => [MixedUser.num]),
    constraint.foreignKey([t.editorId], () => [AUser.id]),
  ],
});

export const Tag = model("tags", {
  id: column.bigserial().primaryKey(),
  name: column.text().nullable(),
});

export const User = model("users", {
  id: column.uuid().default(sql`gen_random_uuid()`).primaryKey(),
  aId: column.smallint().nullable(),
  bId: column.bigint().nullable(),
}, {
  constraints: (t) => [
    constraint.foreignKey([t.aId], () => [AUser.id]),
    constraint.foreignKey([t.bId], () => [BUser.id]),
  ],
});

export const Visit = model("visits", {
  id: column.integer().primaryKey(),
  placeX: column.bigint().nullable(),
  placeY: column.smallint().nullable(),
}, {
  constraints: (t) => [
    constraint.foreignKey([t.placeX, t.placeY], () => [Place.x, Place.y]),
  ],
});

export const mixedUser = relations(MixedUser, {
  nUser: belongsTo(MixedUser, MixedUser.n, { key: MixedUser.num }),
  parentUser: belongsTo(MixedUser, MixedUser.parent),
  user: belongsTo(User, MixedUser.userUuid),
  childrenByN: hasMany(MixedUser, MixedUser.n, { key: MixedUser.num }),
  childrenByParent: hasMany(MixedUser, MixedUser.parent),
  posts: hasMany(Post, Post.cost, { key: MixedUser.num }),
});

export const aUser = relations(AUser, {
  user: belongsTo(BUser, AUser.boss),
  users: hasMany(BUser, BUser.ownerId),
  postsByAuthor: hasMany(Post, Post.author),
  postsByEditor: hasMany(Post, Post.editorId),
  usersByA: hasMany(User, User.aId),
});

export const bUser = relations(BUser, {
  owner: belongsTo(AUser, BUser.ownerId),
  users: hasMany(AUser, AUser.boss),
  usersByB: hasMany(User, User.bId),
});

export const place = relations(Place, {
  visits: hasMany(Visit, [Visit.placeX, Visit.placeY]),
});

export const postTag = relations(PostTag, {
  post: belongsTo(Post, PostTag.postId),
  tag: belongsTo(Tag, PostTag.tagId),
});

export const post = relations(Post, {
  authorUser: belongsTo(AUser, Post.author),
  user: belongsTo(MixedUser, Post.cost, { key: MixedUser.num }),
  editor: belongsTo(AUser, Post.editorId),
  postTags: hasMany(PostTag, PostTag.postId),
  tags: manyToMany(Tag, { through: PostTag, from: PostTag.postId, to: PostTag.tagId }),
});

export const tag = relations(Tag, {
  postTags: hasMany(PostTag, PostTag.tagId),
  posts: manyToMany(Post, { through: PostTag, from: PostTag.tagId, to: PostTag.postId }),
});

export const user = relations(User, {
  a: belongsTo(AUser, User.aId),
  b: belongsTo(BUser, User.bId),
  users: hasMany(MixedUser, MixedUser.userUuid),
});

export const visit = relations(Visit, {
  place: belongsTo(Place, [Visit.placeX, Visit.placeY]),
});
