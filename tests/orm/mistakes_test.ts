/**
 * What the compiler says of mistakes: that each is one, and that what it prints says what to do instead. `deno check`
 * compiles them all at once, as a user's program.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { column, model } from "../../orm/mod.ts";
import { runtime, test } from "../harness.ts";

/** A line of a program, and what the compiler's message of it contains. */
type Mistake = readonly [line: string, ...says: readonly string[]];

const PRELUDE = `
import {
  and, belongsTo, column, fn, hasMany, index, model, param, parameters, Pool, relations, type Row, sql,
} from "${new URL("../../mod.ts", import.meta.url).href}";
const User = model("users", {
  id: column.identity().primaryKey(),
  email: column.text().unique(),
  name: column.text(),
  bio: column.text().nullable(),
  createdAt: column.timestamptz().defaultNow(),
});
const Post = model("posts", {
  id: column.bigint().identityAlways().primaryKey(),
  authorId: column.integer().references(() => User.id),
  title: column.text(),
  status: column.enum("post_status", ["draft", "published"]).default("draft"),
  views: column.bigint().default(0n),
  publishedAt: column.timestamptz().nullable(),
});
const PostTag = model("post_tags", {
  postId: column.bigint().primaryKey(),
  tagId: column.integer().primaryKey(),
});
const user = relations(User, { posts: hasMany(Post, Post.authorId) });
const post = relations(Post, { author: belongsTo(User, Post.authorId) });
const pool = new Pool("pglite:");
const maybe = 1 as number | undefined;
declare const row: Row<typeof User>;
export async function mistakes(): Promise<void> {
`;

const NULLS = "nothing is equal to null: use isNull(); undefined is refused: leave the condition out";
const STRINGS = "SQL is written as sql`…`, never as a plain string";
const WHICH = "say which rows first: where(…), or all() when every row is meant";
const SELECTS = "columns, expressions, models or sql by name; only('name') selects columns";

const COLUMNS: readonly Mistake[] = [
  ['User.find().where(User.emial.eq("x"))', "'emial'", "Did you mean 'email'?"],
  ['User.find().where({ emial: "x" })', "Did you mean to write 'email'?"],
  ['User.find().only("emial")', '"emial"', '"email"'],
  ["row.posts", "'posts' does not exist", "email: string", "createdAt: Instant"],
  ['row.name = "x"', "read-only"],
  ['model("x", { find: column.text() })', 'name it differently and add .name(\\"the_column\\")'],
  ['model("x", { id: column.integer() }, { softDeletes: true })', "Did you mean to write 'softDelete'?"],
  ['model("x", { id: column.integer() }, { softDelete: "gone" })', `'true | "id" | undefined'`],
  ['model("x", { id: column.integer() }, { indexes: (x) => [index(x.nope)] })', "'nope' does not exist"],
  ['model("x", { n: column.integer().default("1") })', "'string'", "'number | Sql"],
  ['model("x", { userId: column.text().references(() => User.id) })', "'number'", "'string'"],
];

const CONDITIONS: readonly Mistake[] = [
  ['User.find().where(User.id.eq("1"))', "'string'", "<number>"],
  ['User.find().where({ id: "1" })', "Type 'string' is not assignable to type 'number'"],
  ["User.find().where(User.name.eq(User.id))", 'Column<number, never, "users", "id">', "<string>"],
  ["User.find().where(User.id.eq(maybe))", "'undefined'", NULLS],
  ["User.find().where({ id: maybe })", "Type 'undefined' is not assignable to type 'number'"],
  ["User.find().where(User.bio.eq(null))", "'null'", NULLS],
  ["User.find().where({ name: null })", "Type 'null' is not assignable to type 'string'"],
  ["User.find().where(User.id.in([1, undefined]))", "Type 'undefined' is not assignable to type 'number'"],
  ['User.find().where(User.id.like("1%"))', "Type 'number' is not assignable to type 'string'"],
  [`User.find().where("name = 'x'")`, STRINGS],
  ['User.find().where(and(User.id.eq(1), "x"))', STRINGS],
  ['User.find().orderBy("name")', STRINGS],
  ['User.find().groupBy("name")', STRINGS],
  ['User.find().having("count(*) > 1")', STRINGS],
  ['User.delete().where("true")', STRINGS],
];

const QUERIES: readonly Mistake[] = [
  ["User.find().all()", "Expected 1 arguments, but got 0"],
  ["User.find().select({ n: 1 })", "'number' is not assignable to type 'Selectable'"],
  ['User.find().select("name")', SELECTS],
  ["User.find().select([User.name])", SELECTS],
  ['User.find().limit("10")', "number | Parameter<number>"],
  ["User.find().join(Post)", "Expected 2 arguments, but got 1"],
  [
    "(await User.find().leftJoin(Post, Post.authorId.eq(User.id)).select({ t: Post.title }).one(pool)).t.length",
    "possibly 'null'",
  ],
  [
    'User.find().orderBy(User.name).keyset({ first: 1, after: { name: "x", email: "y" } }, pool)',
    "the query is not ordered by this property: add it to orderBy(), or leave it out",
  ],
  [
    'User.find().orderBy(User.name, User.email).keyset({ first: 1, after: { name: "x" } }, pool)',
    "Property 'email' is missing",
  ],
  ["(await User.find()).length", "'length' does not exist on type 'Query<"],
  ['User.findById("1", pool)', "'string'", "'number'"],
  ["PostTag.findById({ postId: 1n }, pool)", "Property 'tagId' is missing"],
  ['User.on("postgres://")', "'Executor'"],
  ["User.find({ where: { id: 1 } })", "Expected 0 arguments, but got 1"],
  [
    '(await User.find().omit("bio").one(pool)).bio',
    "'bio' does not exist",
    "{ readonly id: number; readonly email",
  ],
];

const RELATIONS: readonly Mistake[] = [
  [
    '(await Post.find().with(post.author.only("name")).one(pool)).author.email',
    "'email' does not exist on type '{ readonly name: string; }'",
  ],
  ["User.find().with(user.friends)", "Property 'friends' does not exist on type 'RelationSet<\"users\""],
  [
    "User.find().with(post.author)",
    "this relation is one of the model",
    `Type '"posts"' is not assignable to type '"users"'`,
  ],
  [
    "User.find().with(user.posts.with(user.posts))",
    "this relation is one of the model",
    `Type '"users"' is not assignable to type '"posts"'`,
  ],
  ['User.find().with("posts")', 'RelationOf<"users">'],
  ['User.find().with(user.posts.by("json"))', "LoadStrategy"],
  ["relations(User, { posts: hasMany(Post, User.id) })", `'"users"' is not assignable to type '"posts"'`],
  ["relations(User, { x: belongsTo(Post, Post.authorId) })", `'"posts"' is not assignable to type '"users"'`],
];

const WRITES: readonly Mistake[] = [
  [
    '(await User.delete().all().only("id").returning(pool))[0].name',
    "'name' does not exist on type '{ readonly id: number; }'",
  ],
  ['User.insert({ email: "x", name: "y" })', "Expected 2 arguments, but got 1"],
  ['User.insert({ email: "x" }, pool)', "Property 'name' is missing"],
  ['User.insert({ email: "x", name: "y", nmae: "z" }, pool)', "'nmae' does not exist"],
  [
    'User.insert({ email: undefined, name: "y" }, pool)',
    "Type 'undefined' is not assignable",
  ],
  ['Post.insert({ authorId: 1, title: "x", status: "gone" }, pool)', '"gone"', '"published"'],
  ['Post.insert({ authorId: 1, title: "x", views: 1 }, pool)', "'number'", "bigint"],
  ['Post.insert({ authorId: 1, title: "x", publishedAt: new Date() }, pool)', "'Date'", "Instant"],
  ['Post.insert({ id: 1n, authorId: 1, title: "x" }, pool)', "'id' does not exist"],
  ['User.insertMany({ email: "x", name: "y" }, pool)', "'email' does not exist in type 'readonly "],
  ['User.update({ name: "x" }).run(pool)', WHICH],
  ['User.update({ name: "x" }).returning(pool)', WHICH],
  ["User.delete().run(pool)", WHICH],
  ['Post.update({ views: Post.views.plus("1") }).all().run(pool)', "'string'", "bigint"],
  ['Post.updateById(1n, { tilte: "x" }, pool)', "Did you mean to write 'title'?"],
  ['Post.updateMany([{ title: "x" }], pool)', "Property 'id' is missing"],
  ['User.upsert({ email: "x", name: "y" }, { conflict: ["emial"] }, pool)', `Did you mean '"email"'?`],
];

const GROUPS = { COLUMNS, CONDITIONS, QUERIES, RELATIONS, WRITES };

const ignore = runtime === "deno" ? undefined : "messages are the same on every runtime; Deno compiles them";

test("the compiler refuses each mistake with a message that helps", {
  ignore,
  allow: ["read", "write", "env", "run", "sys"],
  timeout: 240_000,
}, async () => {
  const mistakes = Object.values(GROUPS).flat();
  const messages = await messagesOf(mistakes.map(([line]) => line));
  for (const [index, [line, ...says]] of mistakes.entries()) {
    const message = messages.get(index);
    assert.ok(message !== undefined, `${line} compiles`);
    for (const part of says) assert.ok(message.includes(part), `${line}\nlacks: ${part}\n\n${message}`);
  }
});

test("find() of a model refuses the options other libraries take", () => {
  const User = model("users", { id: column.identity().primaryKey() });
  const find = User.find as (options: unknown) => unknown;
  assert.throws(() => find.call(User, { where: { id: 1 } }), {
    message: 'Cannot use find() of model "users": it was given a plain object, which would not narrow it; ' +
      "say it by where(), limit() and their like",
  });
});

/** What the compiler says, by line. */
async function messagesOf(lines: readonly string[]): Promise<Map<number, string>> {
  const folder = await mkdtemp(join(tmpdir(), "lifeguard-mistakes-"));
  try {
    const file = join(folder, "mistakes.ts");
    await writeFile(file, `${PRELUDE.trim()}\n${lines.map((line) => `${line};`).join("\n")}\n}\n`);
    const output = await check(file);
    const first = PRELUDE.trim().split("\n").length + 1;
    const found = new Map<number, string>();
    for (const message of output.split(/^(?=TS\d+ \[ERROR\])/m)) {
      const place = /mistakes\.ts:(\d+):/.exec(message);
      if (place !== null) found.set(Number(place[1]) - first, message);
    }
    return found;
  } finally {
    await rm(folder, { recursive: true });
  }
}

function check(file: string): Promise<string> {
  const config = fileURLToPath(new URL("../../deno.json", import.meta.url));
  const args = ["check", "--no-lock", "--config", config, file];
  const options = { env: { ...process.env, NO_COLOR: "1" }, maxBuffer: 2 ** 24 };
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, options, (error, stdout, stderr) => {
      if (error === null) reject(new Error("every mistake compiles"));
      else resolve(stdout + stderr);
    });
  });
}
