/** A query is sent as a read only when nothing in it can write or lock, however it is run. */
import assert from "node:assert/strict";
import {
  call,
  column,
  cte,
  exists,
  fn,
  from,
  type Model,
  model,
  not,
  or,
  recursive,
  tableFunction,
  valuesOf,
} from "../../../orm/mod.ts";
import { Pool } from "../../../pool/pool.ts";
import { type Sql, sql } from "../../../pool/sql/sql.ts";
import { test } from "../../harness.ts";
import { FakeExecutor } from "../fake_executor.ts";

const Row = model("rows", { id: column.integer().primaryKey(), name: column.text(), n: column.integer() });
const Soft = model("softs", {
  id: column.integer().primaryKey(),
  deletedAt: column.timestamptz().nullable(),
}, { softDelete: true, defaultScope: (soft) => soft.id.gt(0) });
const Scoped = model("scopeds", { id: column.integer().primaryKey() }, {
  defaultScope: (scoped) => sql`allowed(${scoped.id})`,
});
const Noted = model("noteds", {
  id: column.integer().primaryKey(),
  name: column.text().selectAs((name) => sql`noted(${name})`),
});

/** What any query can be run by. */
interface Runnable {
  all(pool: Pool): Promise<unknown>;
  one(pool: Pool): Promise<unknown>;
  maybeOne(pool: Pool): Promise<unknown>;
  first(pool: Pool): Promise<unknown>;
  count(pool: Pool): Promise<unknown>;
  exists(pool: Pool): Promise<unknown>;
  paginate(request: { size: number }, pool: Pool): Promise<unknown>;
  prepare(): {
    all(values: object, pool: Pool): Promise<unknown>;
    count(values: object, pool: Pool): Promise<unknown>;
  };
}

/** Which of the statements a query is run by are sent as reads. */
async function sentAsReads(query: unknown): Promise<Set<boolean>> {
  const executor = new FakeExecutor();
  const pool = executor.executor as Pool;
  executor.rows = [{ id: 1, name: "x", n: 1, value: 1 }];
  const runnable = query as Runnable;
  await runnable.all(pool);
  await runnable.one(pool);
  await runnable.maybeOne(pool);
  await runnable.first(pool);
  await runnable.count(pool);
  await runnable.exists(pool);
  await runnable.paginate({ size: 3 }, pool);
  await runnable.prepare().all({}, pool);
  await runnable.prepare().count({}, pool);
  assert.ok(executor.statements.length >= 10);
  return new Set(executor.statements.map(({ readOnly }) => readOnly));
}

const derived = (): unknown => Row.find().where(Row.n.gt(1)).select({ id: Row.id }).as("some");
const writing = [
  ["a lock", Row.find().forUpdate()],
  ["a shared lock", Row.find().forKeyShare({ skipLocked: true })],
  ["a fragment", Row.find().where(sql`check_it(id)`)],
  ["a fragment in and()", Row.find().where(or(Row.id.eq(1), not(sql`check_it(id)`)))],
  ["a fragment as an operand", Row.find().where(Row.id.eq(sql<number>`nextval('s')`))],
  ["a fragment in an order", Row.find().orderBy(sql`check_it(id)`)],
  ["a fragment as a group", Row.find().select({ n: fn.count() }).groupBy(sql`check_it(id)`)],
  ["a fragment in having", Row.find().select({ n: fn.count() }).having(sql`check_it(1)`)],
  ["a fragment in distinct on", Row.find().distinctOn(sql`check_it(id)`)],
  ["a fragment in a window", Row.find().window("w", sql`partition by check_it(id)`)],
  ["a fragment nested in a selection", Row.find().select({ a: { b: sql`nextval('s')` } })],
  ["a function", Row.find().where(call<boolean>("check_it", [Row.id]))],
  ["a function inside a function", Row.find().where(fn.lower(call<string>("name_of", [Row.id])).eq("x"))],
  ["a fragment in a filter", Row.find().select({ n: fn.count().filter(sql`check_it(id)`) })],
  ["a fragment in a subquery", Row.find().where(exists(Row.find().where(sql`check_it(id)`)))],
  ["a lock in a subquery", Row.find().where(Row.id.in(Row.find().forUpdate().select({ id: Row.id })))],
  ["a lock in a selected query", Row.find().select({ id: Row.find().forUpdate().select({ id: Row.id }) })],
  ["a lock in a derived source", from(Row.find().forUpdate().as("locked"))],
  ["a fragment in a derived source", from(Row.find().select({ id: sql<number>`nextval('s')` }).as("next"))],
  ["a lock in a common table expression", from(cte("locked", Row.find().forUpdate()))],
  ["one in another", from(cte("outer", from(cte("inner", Row.find().forUpdate()))))],
  ["a lock in a recursive one", from(recursive("tree", Row.find().forUpdate(), (tree) => from(tree)))],
  ["a lock in the other branch", Row.find().union(Row.find().forUpdate())],
  ["a fragment in a join", Row.find().join(Soft, sql`check_it(rows.id)`)],
  ["a lock in a join", Row.find().crossJoin(Row.find().forShare().as("locked"))],
  ["a lateral lock", Row.find().leftJoinLateral(Row.find().forShare().as("locked"))],
  ["a table function", from(tableFunction("make_rows", { columns: { id: "integer" } }))],
  [
    "a table function with values",
    from(tableFunction("make_rows", { columns: { id: "integer" }, args: [1] })),
  ],
  [
    "a joined table function",
    Row.find().crossJoin(tableFunction("make_rows", { columns: { id: "integer" } })),
  ],
  ["a scope", Scoped.find()],
  ["a scope in an alias", Scoped.as("s").find()],
  ["selectAs()", Noted.find()],
  ["selectAs() by only()", Noted.find().only("name")],
  ["selectAs() of a joined model", Row.find().join(Noted, Noted.id.eq(Row.id)).select({ noted: Noted })],
  ["selectAs() in a subquery", from(Noted.find().as("n"))],
] as const;

const reading = [
  [
    "conditions",
    Row.find().where(or(Row.id.eq(1), not(Row.name.like("x%")))).where({ n: 3 }).orderBy(Row.n.desc()),
  ],
  ["soft delete and a scope", Soft.find()],
  [
    "functions",
    Row.find().select({ n: fn.sum(Row.n).filter(Row.n.gt(1)), name: fn.min(fn.lower(Row.name)) }),
  ],
  ["a function said to be pure", Row.find().where(call<boolean>("check_it", [Row.id], { pure: true }))],
  ["a derived source", from(derived() as never)],
  ["a common table expression", from(cte("some", Row.find().where(Row.n.gt(1))))],
  ["values", from(valuesOf("given", { id: "integer" }, [{ id: 1 }]))],
  ["a pure table function", from(tableFunction("make_rows", { columns: { id: "integer" }, pure: true }))],
  ["a union", Row.find().unionAll(Row.find().where(Row.id.eq(2)))],
  ["tags", Row.find().tag({ route: "/" })],
] as const;

test("a query that may write or lock is never sent as a read", async () => {
  for (const [name, query] of writing) {
    assert.deepEqual([name, [...await sentAsReads(query)]], [name, [false]]);
  }
});

test("a query of the ORM's own parts is sent as a read, by every call", async () => {
  for (const [name, query] of reading) {
    assert.deepEqual([name, [...await sentAsReads(query)]], [name, [true]]);
  }
  // A function said to be pure in one place is none where that was not said.
  const [again] = await sentAsReads(Row.find().where(call<boolean>("check_it", [Row.id])));
  assert.equal(again, false);
  const impure = from(tableFunction("make_rows", { columns: { id: "integer" } }));
  assert.deepEqual([...await sentAsReads(impure)], [false]);
});

/** A pool that keeps whether it was told that statements only read. */
class ReadKeeper extends Pool {
  readonly reads: boolean[] = [];

  // deno-lint-ignore no-explicit-any -- both overloads of the pool's are answered alike
  override query(_statement: Sql<any>, options?: any): Promise<any[]> {
    this.reads.push(options?.readOnly === true);
    return Promise.resolve([]);
  }
}

test("findById() is a read unless a scope or a column calls what is not known", async () => {
  await using pool = new ReadKeeper("postgresql://nobody@127.0.0.1:1/none");
  const finds = async (found: Pick<Model<string, Record<never, never>>, "find">): Promise<boolean[]> => {
    const byId = found as unknown as { findById(key: number, pool: Pool): Promise<unknown> };
    await byId.findById(1, pool);
    await Promise.all([byId.findById(1, pool), byId.findById(2, pool)]);
    return pool.reads.splice(0);
  };
  assert.deepEqual(await finds(Row as never), [true, true]);
  assert.deepEqual(await finds(Soft as never), [true, true]);
  assert.deepEqual(await finds(Scoped as never), [false, false]);
  assert.deepEqual(await finds(Noted as never), [false, false]);
});
