/**
 * Random queries against a naive writer of SQL: clauses in random order, nested conditions, joins, subqueries, common
 * table expressions, sets and groups. The same query is built twice, with other values in between.
 */
import assert from "node:assert/strict";
import {
  and,
  column,
  type Condition,
  cte,
  exists,
  fn,
  from,
  model,
  not,
  notExists,
  or,
  output,
} from "../../../orm/mod.ts";
import type { Pool } from "../../../pool/pool.ts";
import { type Sql, sql } from "../../../pool/sql/sql.ts";
import { randomIntegers, rounds, SEED } from "../../random.ts";
import { testOnServer } from "../../testkit/databases.ts";

const Person = model("people", {
  id: column.integer().primaryKey(),
  firstName: column.text().nullable(),
  age: column.integer().nullable(),
  bossId: column.integer().nullable(),
});

const prepared = {
  models: [Person],
  migrate: [
    sql`insert into people select n, case when n % 7 > 0 then chr(97 + n % 5) end,
      case when n % 4 > 0 then n % 13 end, case when n % 3 > 0 then n / 3 end from generate_series(1, 40) n`,
  ],
};

/** What a random query is made of, as data, so that it can be built and written again with other values. */
type Term =
  | { kind: "compare"; column: Name; operator: "eq" | "ne" | "gt" | "lte"; value: number }
  | { kind: "name"; like: string }
  | { kind: "in"; column: Name; values: number[]; negated: boolean }
  | { kind: "between"; column: Name; low: number; high: number }
  | { kind: "null"; column: Name; negated: boolean }
  | { kind: "sum"; column: Name; plus: number; value: number }
  | { kind: "of condition"; term: Term; is: "true" | "null" | "equal" }
  | { kind: "raw"; one: number; other: number }
  | { kind: "all" | "any"; terms: Term[] }
  | { kind: "not"; term: Term }
  | { kind: "in query"; column: Name; terms: Term[]; limit: number | undefined }
  | { kind: "exists"; terms: Term[]; negated: boolean };
type Name = "id" | "age" | "bossId";

interface Plan {
  readonly kind: "plain" | "grouped" | "derived" | "common" | "set";
  readonly terms: Term[];
  readonly joins: { readonly kind: "join" | "leftJoin"; readonly alias: string; readonly terms: Term[] }[];
  readonly distinct: boolean;
  readonly added: number | undefined;
  readonly order: "asc" | "desc";
  readonly nulls: "first" | "last" | undefined;
  readonly limits: number[];
  readonly offsets: number[];
  readonly set: "union" | "unionAll" | "intersect" | "except";
  readonly having: number | undefined;
  /** In which order the clauses are called. */
  readonly shuffle: number[];
}

/** The naive writer: values are literals. */
const SQL_NAMES: Readonly<Record<Name, string>> = { id: "id", age: "age", bossId: "boss_id" };
const SQL_OPERATORS = { eq: "=", ne: "<>", gt: ">", lte: "<=" } as const;

function writeTerm(term: Term, of: string): string {
  const name = "column" in term ? `${of}.${SQL_NAMES[term.column]}` : "";
  switch (term.kind) {
    case "compare":
      return `(${name} ${SQL_OPERATORS[term.operator]} ${term.value})`;
    case "name":
      return `(${of}.first_name like '${term.like}')`;
    case "in": {
      if (term.values.length === 0) return term.negated ? "(true)" : "(false)";
      return `(${name} ${term.negated ? "not " : ""}in (${term.values.join(", ")}))`;
    }
    case "between":
      return `(${name} >= ${term.low} and ${name} <= ${term.high})`;
    case "null":
      return `(${name} is ${term.negated ? "not " : ""}null)`;
    case "sum":
      return `((${name} + ${term.plus}) * 2 > ${term.value})`;
    case "of condition": {
      const inner = writeTerm(term.term, of);
      if (term.is === "equal") return `(${inner} = ((${of}.age) is null))`;
      return `(${inner} is ${term.is})`;
    }
    case "raw":
      return `(${of}.id = ${term.one} or ${of}.id = ${term.other})`;
    case "all":
    case "any": {
      if (term.terms.length === 0) return term.kind === "all" ? "(true)" : "(false)";
      return `(${
        term.terms.map((each) => writeTerm(each, of)).join(term.kind === "all" ? " and " : " or ")
      })`;
    }
    case "not":
      return `(not ${writeTerm(term.term, of)})`;
    case "in query": {
      const rows = `select i.id from people i where ${writeTerm({ kind: "all", terms: term.terms }, "i")}`;
      return `(${name} in (${rows} order by i.id${term.limit === undefined ? "" : ` limit ${term.limit}`}))`;
    }
    case "exists": {
      const where = writeTerm({ kind: "all", terms: term.terms }, "e");
      return `(${
        term.negated ? "not " : ""
      }exists (select 1 from people e where ${where} and e.boss_id = ${of}.id))`;
    }
  }
}

/** The same term by the API. */
function buildTerm(term: Term, of: typeof Person): Sql {
  const name = "column" in term ? of[term.column] : of.id;
  switch (term.kind) {
    case "compare":
      return name[term.operator](term.value);
    case "name":
      return of.firstName.like(term.like);
    case "in":
      return term.negated ? name.notIn(term.values) : name.in(term.values);
    case "between":
      return name.between(term.low, term.high);
    case "null":
      return term.negated ? name.isNotNull() : name.isNull();
    case "sum":
      return name.plus(term.plus).times(2).gt(term.value);
    case "of condition": {
      const inner = and(buildTerm(term.term, of));
      if (term.is === "equal") return inner.eq(of.age.isNull());
      return term.is === "true" ? (inner as unknown as { isTrue(): Condition }).isTrue() : inner.isNull();
    }
    case "raw":
      return sql`${of.id} = ${term.one} or ${of.id} = ${term.other}`;
    case "all":
      return and(...term.terms.map((each) => buildTerm(each, of)));
    case "any":
      return or(...term.terms.map((each) => buildTerm(each, of)));
    case "not":
      return not(buildTerm(term.term, of));
    case "in query": {
      const inner = Person.as("i") as unknown as typeof Person;
      let query = inner.find().where(buildTerm({ kind: "all", terms: term.terms }, inner)).orderBy(inner.id);
      if (term.limit !== undefined) query = query.limit(term.limit);
      return name.in(query.select({ id: inner.id }));
    }
    case "exists": {
      const inner = Person.as("e") as unknown as typeof Person;
      const query = inner.find().where(buildTerm({ kind: "all", terms: term.terms }, inner))
        .where(inner.bossId.eq(of.id));
      return term.negated ? notExists(query) : exists(query);
    }
  }
}

const NULLS = { first: " nulls first", last: " nulls last" } as const;

function writePlan(plan: Plan): string {
  const last = <Item>(items: readonly Item[]): Item | undefined => items.at(-1);
  const where = (of: string): string => {
    const all = [
      ...plan.terms.map((term) => writeTerm(term, of)),
      ...plan.joins.flatMap(({ alias, kind, terms }) =>
        kind === "join" ? terms.slice(1).map((term) => writeTerm(term, alias)) : []
      ),
    ];
    return all.length === 0 ? "" : ` where ${all.join(" and ")}`;
  };
  const tables = (of: string): string =>
    `people ${of}` +
    plan.joins.map(({ kind, alias, terms }) =>
      ` ${kind === "join" ? "inner" : "left"} join people ${alias} on ${of}.boss_id = ${alias}.id` +
      terms.slice(0, 1).map((term) => ` and ${writeTerm(term, alias)}`).join("")
    ).join("");
  const added = plan.added === undefined ? "" : `, p.id + ${plan.added} as more`;
  const shown = plan.joins.map(({ alias }) => `, ${alias}.first_name as ${alias}_name`).join("");
  const bounds = `${plan.limits.length > 0 ? ` limit ${last(plan.limits)}` : ""}${
    plan.offsets.length > 0 ? ` offset ${last(plan.offsets)}` : ""
  }`;
  const nulls = plan.nulls === undefined ? "" : NULLS[plan.nulls];
  const order = ` order by age ${plan.order}${nulls}, id`;
  const inner = `select ${plan.distinct ? "distinct " : ""}p.id as id, p.age as age${added}${shown} from ${
    tables("p")
  }${where("p")}`;
  switch (plan.kind) {
    case "plain":
      return `${inner}${order}${bounds}`;
    case "grouped":
      return `select p.age as age, count(*)::int as n, sum(p.id)::int as total from ${tables("p")}${
        where("p")
      } group by p.age` +
        `${
          plan.having === undefined ? "" : ` having count(*) > ${plan.having}`
        } order by age ${plan.order}${nulls}${bounds}`;
    case "derived":
      return `select d.id as id, d.age as age from (${inner}) d where d.id > 3${order}${bounds}`;
    case "common":
      return `with d as (${inner}) select d.id as id, d.age as age from d where d.id > 3${order}${bounds}`;
    case "set": {
      const word =
        { union: "union", unionAll: "union all", intersect: "intersect", except: "except" }[plan.set];
      return `select p.id as id, p.age as age from ${tables("p")}${where("p")} ${word} ` +
        `select q.id, q.age from people q where q.id between 5 and 15${order}${bounds}`;
    }
  }
}

/** What the tests call of a query; its type changes with each clause. */
interface AnyQuery {
  where(condition: Sql): AnyQuery;
  having(condition: Sql): AnyQuery;
  groupBy(by: Sql): AnyQuery;
  select(selection: object): AnyQuery;
  join(source: unknown, on: Sql): AnyQuery;
  leftJoin(source: unknown, on: Sql): AnyQuery;
  distinct(): AnyQuery;
  orderBy(...orders: Sql[]): AnyQuery;
  limit(count: number): AnyQuery;
  offset(count: number): AnyQuery;
  union(other: AnyQuery): AnyQuery;
  unionAll(other: AnyQuery): AnyQuery;
  intersect(other: AnyQuery): AnyQuery;
  except(other: AnyQuery): AnyQuery;
  as(name: string): Record<"id" | "age", typeof Person.age>;
  toSQL(): Sql & { readonly pure: boolean };
  all(pool: Pool): Promise<object[]>;
  count(pool: Pool): Promise<number>;
  exists(pool: Pool): Promise<boolean>;
  first(pool: Pool): Promise<object | undefined>;
}

function buildPlan(plan: Plan): AnyQuery {
  const person = Person.as("p") as unknown as typeof Person;
  const query = person.find() as unknown as AnyQuery;
  const aliases = plan.joins.map(({ alias }) => Person.as(alias) as unknown as typeof Person);
  const order = (by: { desc(o: object): Sql; asc(o: object): Sql }): Sql =>
    by[plan.order](plan.nulls === undefined ? {} : { nulls: plan.nulls });
  const bounds: ((query: AnyQuery) => AnyQuery)[] = [
    (query) => plan.limits.reduce((query, limit) => query.limit(limit), query),
    (query) => plan.offsets.reduce((query, offset) => query.offset(offset), query),
  ];
  const joined = (query: AnyQuery): AnyQuery =>
    plan.joins.reduce((query, { kind, terms }, index) => {
      const on = [
        person.bossId.eq(aliases[index].id),
        ...terms.slice(0, 1).map((term) => buildTerm(term, aliases[index])),
      ];
      return query[kind](aliases[index], and(...on));
    }, query);
  const filters = [
    ...plan.terms.map((term) => (query: AnyQuery) => query.where(buildTerm(term, person))),
    ...plan.joins.flatMap(({ kind, terms }, index) =>
      kind === "join"
        ? terms.slice(1).map((term) => (query: AnyQuery) => query.where(buildTerm(term, aliases[index])))
        : []
    ),
  ];
  const names = Object.fromEntries(
    plan.joins.map(({ alias }, index) => [`${alias}_name`, aliases[index].firstName]),
  );
  const selection = {
    id: person.id,
    age: person.age,
    ...(plan.added === undefined ? {} : { more: person.id.plus(plan.added) }),
    ...names,
  };
  const calls = (...clauses: ((query: AnyQuery) => AnyQuery)[]): AnyQuery => {
    const left = [...clauses];
    let built = query;
    // What is selected has its type already: an outer join comes before.
    if (plan.joins.some(({ kind }) => kind === "leftJoin")) {
      built = left.splice(left.indexOf(joined), 1)[0](built);
    }
    for (const place of plan.shuffle) {
      if (left.length === 0) break;
      built = left.splice(place % left.length, 1)[0](built);
    }
    return left.reduce((query, call) => call(query), built);
  };
  const distinct = (query: AnyQuery): AnyQuery => plan.distinct ? query.distinct() : query;
  switch (plan.kind) {
    case "plain":
      return calls(
        joined,
        ...filters,
        ...bounds,
        distinct,
        (query) => query.select({ wrong: person.id }).select(selection),
        (query) => query.orderBy(order(person.age), person.id),
      );
    case "grouped":
      return calls(
        joined,
        ...filters,
        ...bounds,
        (query) => query.groupBy(person.age),
        (query) => query.select({ age: person.age, n: fn.count(), total: fn.sum(person.id) }),
        (query) => plan.having === undefined ? query : query.having(fn.count().gt(plan.having)),
        (query) => query.orderBy(order(person.age)),
      );
    case "derived":
    case "common": {
      const inner = calls(joined, ...filters, distinct, (query) => query.select(selection));
      const source = plan.kind === "derived"
        ? inner.as("d")
        : cte("d", inner as never) as unknown as ReturnType<AnyQuery["as"]>;
      const outer = from(source as never) as unknown as AnyQuery;
      const ordered = outer.where(source.id.gt(3)).select({ id: source.id, age: source.age })
        .orderBy(order(source.age), source.id);
      return bounds.reduce((query, call) => call(query), ordered);
    }
    case "set": {
      const other = Person.find().where(Person.id.between(5, 15)).select({ id: Person.id, age: Person.age });
      const one = calls(joined, ...filters, (query) => query.select({ id: person.id, age: person.age }));
      const both = one[plan.set](other as unknown as AnyQuery);
      return bounds.reduce(
        (query, call) => call(query),
        both.orderBy(order(output("age")), output("id")),
      );
    }
  }
}

/** Makes plans; the same structure with other values where it is told the structure. */
class Planner {
  readonly #below: (below: number) => number;

  constructor(seed: number) {
    this.#below = randomIntegers(seed);
  }

  #pick<Item>(...items: readonly Item[]): Item {
    return items[this.#below(items.length)];
  }

  #some<Item>(most: number, make: () => Item): Item[] {
    return Array.from({ length: this.#below(most + 1) }, make);
  }

  #term(depth: number): Term {
    const below = this.#below;
    const column = this.#pick<Name>("id", "age", "bossId");
    switch (this.#below(depth > 0 ? 12 : 7)) {
      case 0:
        return { kind: "compare", column, operator: this.#pick("eq", "ne", "gt", "lte"), value: below(20) };
      case 1:
        return { kind: "name", like: this.#pick("a%", "_", "%e%", "") };
      case 2:
        return { kind: "in", column, values: this.#some(3, () => below(20)), negated: below(2) === 0 };
      case 3:
        return { kind: "between", column, low: below(10), high: below(30) };
      case 4:
        return { kind: "null", column, negated: below(2) === 0 };
      case 5:
        return { kind: "sum", column, plus: below(5), value: below(40) };
      case 6:
        return { kind: "raw", one: below(40), other: below(40) };
      case 7:
        return { kind: "not", term: this.#term(depth - 1) };
      case 8:
        return { kind: "of condition", term: this.#term(depth - 1), is: this.#pick("true", "null", "equal") };
      case 9:
        return { kind: this.#pick("all", "any"), terms: this.#some(3, () => this.#term(depth - 1)) };
      case 10: {
        const limit = below(2) === 0 ? undefined : below(20);
        return { kind: "in query", column, terms: this.#some(2, () => this.#term(0)), limit };
      }
      default:
        return { kind: "exists", terms: this.#some(2, () => this.#term(0)), negated: below(2) === 0 };
    }
  }

  plan(): Plan {
    const below = this.#below;
    return {
      kind: this.#pick("plain", "plain", "grouped", "derived", "common", "set"),
      terms: this.#some(4, () => this.#term(2)),
      joins: ["j", "k"].slice(0, below(3)).map((alias) => ({
        kind: this.#pick("join", "leftJoin"),
        alias,
        terms: this.#some(2, () => this.#term(1)),
      })),
      distinct: below(4) === 0,
      added: below(2) === 0 ? undefined : below(100),
      order: this.#pick("asc", "desc"),
      nulls: this.#pick(undefined, "first", "last"),
      limits: this.#some(2, () => below(12)),
      offsets: this.#some(2, () => below(4)),
      set: this.#pick("union", "unionAll", "intersect", "except"),
      having: below(2) === 0 ? undefined : below(3),
      shuffle: Array.from({ length: 30 }, () => below(1000)),
    };
  }

  /** The same structure with other values. */
  revalued<Value>(value: Value, key?: string): Value {
    const below = this.#below;
    if (key === "shuffle") return value;
    if (typeof value === "number") return below(20) as Value;
    if (Array.isArray(value)) return value.map((item) => this.revalued(item)) as Value;
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [name, this.revalued(item, name)]),
    ) as Value;
  }
}

testOnServer("Query finds what plain SQL finds, by the same text each time", {
  ...prepared,
  timeout: 300_000,
}, async (pool) => {
  console.log(`seed ${SEED}`);
  const planner = new Planner(SEED);
  for (let round = 0; round < rounds(150, 5_000); round++) {
    const plan = planner.plan();
    const other = planner.revalued(plan);
    const built = [plan, other, plan].map(buildPlan);
    const statements = built.map((query) => query.toSQL());
    assert.equal(statements[0].text, statements[1].text, "values change no text");
    assert.equal(statements[0].strings.length, statements[0].values.length + 1);
    const about = `round ${round}: ${statements[0].text}\n${writePlan(plan)}`;
    for (const [index, each] of [plan, other].entries()) {
      const query = built[index];
      const expected = await pool.query<object>(sql.unsafe(writePlan(each)));
      const rows = await query.all(pool);
      assert.deepEqual(rows.map((row) => ({ ...row })), expected.map((row) => ({ ...row })), about);
      if (each.kind === "plain" || index === 0) {
        assert.equal(await query.count(pool), expected.length, about);
        assert.equal(await query.exists(pool), expected.length > 0, about);
        assert.deepEqual(await query.first(pool), rows[0], about);
      }
    }
    assert.deepEqual(statements[2].values, statements[0].values);
    const again = buildPlan(other).toSQL();
    assert.deepEqual(again.values, statements[1].values);
    // What is made of templates without fragments inside is found again by identity, not only by its characters, as
    // long as there are not too many shapes.
    if (round < 200 && !JSON.stringify(plan).includes('"raw"')) {
      assert.ok(again.strings === statements[0].strings, about);
    }
  }
});
