/** The models that the pages about moving from another ORM share. */
import { belongsTo, column, hasMany, index, manyToMany, model, relations } from "@lifeguard/core";

export const User = model("users", {
  id: column.identity().primaryKey(),
  email: column.text().unique(),
  name: column.text().nullable(),
});

export const Post = model("posts", {
  id: column.bigint().identityAlways().primaryKey(),
  authorId: column.integer().references(() => User.id), // the column author_id
  title: column.varchar(200),
  status: column.enum("post_status", ["draft", "published"]).default("draft"),
  views: column.bigint().default(0n),
  publishedAt: column.timestamptz().nullable(),
}, { indexes: (post) => [index(post.authorId, post.publishedAt.desc())] });

export const Tag = model("tags", { id: column.identity().primaryKey(), label: column.text().unique() });

export const PostTag = model("post_tags", {
  postId: column.bigint().primaryKey().references(() => Post.id),
  tagId: column.integer().primaryKey().references(() => Tag.id),
});

export const user = relations(User, { posts: hasMany(Post, Post.authorId) });
export const post = relations(Post, {
  author: belongsTo(User, Post.authorId),
  tags: manyToMany(Tag, { through: PostTag, from: PostTag.postId, to: PostTag.tagId }),
});
