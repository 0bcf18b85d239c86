/**
 * A query at run time: its shape, which knows its text, the values of its clauses, and how it runs. Immutable: each
 * call makes a new one.
 *
 * Invariant: `values[n]` are the values of the shape's n-th clause.
 *
 * @module
 */
import { quoteIdentifier } from "../../pool/sql/identifier.ts";
import { assertSql, FRAGMENT, Sql } from "../../pool/sql/sql.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import { groupedText } from "../compiling/grouped_text.ts";
import { derivedOutputs, writeSelect } from "../compiling/select.ts";
import type { Clause, Question, Shape, ShapePart } from "../compiling/shape.ts";
import { QueryCalls } from "../executing/query_calls.ts";
import type { Running } from "../executing/runnable_query.ts";
import { unknownColumn } from "../definition/table.ts";
import { withRelation } from "../relations/eager.ts";
import type { RelationValue } from "../relations/relation_value.ts";
import type { AnyColumn } from "./column.ts";
import { type Composed, list, template } from "./composition.ts";
import { term } from "./condition.ts";
import { Expression } from "./expression.ts";
import { Parameter, UnboundParameter } from "./parameter.ts";
import type { LockOptions } from "./query.ts";
import { type FlatSelection, flattenSelection, outputOf, type Selection } from "./selection.ts";
import { derivedSource, type Joinable, type Source, sourceOf, subqueryFrom } from "./source.ts";
import { tagComment } from "./tag_comment.ts";
import { OwnSql, traitsOf } from "./traits.ts";

const NUMBER: Composed = { strings: ["", ""], values: [], pure: true, stable: true, grouped: false };
const EMPTY: Composed = { strings: [""], values: [], pure: true, stable: true, grouped: false };
const LIST = list("", ", ", "");
const WHOLE = template("(", ")");
const ON = template("", " on ", "");
const ON_TERM = template("", " on (", ")");
const ON_BOTH = template("", " on (", ") and ", "");
const LATERAL = template("lateral ", " on ", "");
const JOINS = {
  join: "join",
  leftJoin: "left join",
  rightJoin: "right join",
  fullJoin: "full join",
} as const;

type Condition = Sql | Readonly<Record<string, unknown>>;

/** A query: see `Query` for what each call does. */
export class SelectQuery extends QueryCalls {
  /** Creates a query; `find()` and `from()` do. */
  constructor(shape: Shape, values: readonly (readonly unknown[])[], running: Running) {
    super(shape, values, running);
  }

  where(condition: Condition): SelectQuery {
    if (!(condition instanceof Sql) && isPlainObject(condition)) return this.#whereEqual(condition);
    if (!(condition instanceof Sql)) assertSql(condition, `the condition of ${this.subject}`);
    return this.withPart("where", term(condition));
  }

  orderBy(...orders: readonly Sql[]): SelectQuery {
    const { shape, values, running } = this.#each("orderBy", orders, "an order");
    return new SelectQuery(shape, values, { ...running, orders: [...running.orders ?? [], ...orders] });
  }

  limit(count: number | Parameter<number>): SelectQuery {
    return this.#bound("limit", count);
  }

  offset(count: number | Parameter<number>): SelectQuery {
    return this.#bound("offset", count);
  }

  select(selection: Selection): SelectQuery {
    this.#refuseRelations("select()");
    return this.withSelection("select", flattenSelection(selection, this.subject));
  }

  only(...properties: readonly string[]): SelectQuery {
    if (properties.length === 0) {
      throw new ValidationError(this.subject, "only() names no property; name some");
    }
    this.#refuseRelations("only()");
    return this.#columns([...new Set(properties)].map((property) => this.#column(property)));
  }

  omit(...properties: readonly string[]): SelectQuery {
    this.#refuseRelations("omit()");
    const omitted = new Set(properties.map((property) => this.#column(property)));
    return this.#columns(
      [...this.shape.source.columns.values()].filter((column) =>
        !omitted.has(column) && column.settings.skipped !== true
      ),
    );
  }

  join(source: Joinable, on: Sql): SelectQuery {
    return this.#join("join", source, on);
  }

  leftJoin(source: Joinable, on: Sql): SelectQuery {
    return this.#join("leftJoin", source, on);
  }

  rightJoin(source: Joinable, on: Sql): SelectQuery {
    return this.#join("rightJoin", source, on);
  }

  fullJoin(source: Joinable, on: Sql): SelectQuery {
    return this.#join("fullJoin", source, on);
  }

  crossJoin(source: Joinable): SelectQuery {
    const joined = sourceOf(source, `a join of ${this.subject}`);
    const query = this.#ctesOf(joined).add(
      { clause: "join", label: "cross join", strings: joined.from.strings },
      joined.from,
    );
    return joined.present === undefined ? query : query.withPart("where", joined.present, "joined");
  }

  joinLateral(source: Joinable, on: Sql = TRUE): SelectQuery {
    return this.#lateral("join", source, on);
  }

  leftJoinLateral(source: Joinable, on: Sql = TRUE): SelectQuery {
    return this.#lateral("left join", source, on);
  }

  groupBy(...expressions: readonly Sql[]): SelectQuery {
    return this.#each("groupBy", expressions, "a group");
  }

  having(condition: Sql): SelectQuery {
    assertSql(condition, `the condition of having() of ${this.subject}`);
    return this.withPart("having", term(condition));
  }

  window(name: string, definition: Sql): SelectQuery {
    assertSql(definition, `window "${name}" of ${this.subject}`);
    quoteIdentifier(name);
    return this.withPart("window", new Expression(WHOLE.of([definition])), name);
  }

  distinct(): SelectQuery {
    return this.add({ clause: "distinct", label: "", strings: EMPTY.strings }, EMPTY);
  }

  distinctOn(...expressions: readonly Sql[]): SelectQuery {
    for (const each of expressions) assertSql(each, `an expression of distinctOn() of ${this.subject}`);
    if (expressions.length === 0) {
      throw new ValidationError(
        this.subject,
        "distinctOn() names no expression; name some, or use distinct()",
      );
    }
    return this.withPart("distinct", new Expression(LIST.of(expressions)), "on");
  }

  union(other: Joinable): SelectQuery {
    return this.#combine("union", other);
  }

  unionAll(other: Joinable): SelectQuery {
    return this.#combine("union all", other);
  }

  intersect(other: Joinable): SelectQuery {
    return this.#combine("intersect", other);
  }

  intersectAll(other: Joinable): SelectQuery {
    return this.#combine("intersect all", other);
  }

  except(other: Joinable): SelectQuery {
    return this.#combine("except", other);
  }

  exceptAll(other: Joinable): SelectQuery {
    return this.#combine("except all", other);
  }

  forUpdate(options?: LockOptions): SelectQuery {
    return this.#lock("for update", options);
  }

  forNoKeyUpdate(options?: LockOptions): SelectQuery {
    return this.#lock("for no key update", options);
  }

  forShare(options?: LockOptions): SelectQuery {
    return this.#lock("for share", options);
  }

  forKeyShare(options?: LockOptions): SelectQuery {
    return this.#lock("for key share", options);
  }

  withCte(cte: Joinable): SelectQuery {
    return this.#ctesOf(sourceOf(cte, `withCte() of ${this.subject}`));
  }

  withTrashed(): SelectQuery {
    return this.#without("trashed");
  }

  onlyTrashed(): SelectQuery {
    const { trashed } = this.shape.source;
    if (trashed === undefined) {
      throw new ValidationError(
        this.subject,
        "it has no soft delete; give the option softDelete to its model",
      );
    }
    return this.withTrashed().withPart("where", trashed);
  }

  unscoped(): SelectQuery {
    return this.#without("scope");
  }

  tag(tags: Readonly<Record<string, string>>): SelectQuery {
    const comment = tagComment(tags, this.subject);
    return this.add({ clause: "comment", label: comment, strings: EMPTY.strings }, EMPTY);
  }

  with(...relations: readonly RelationValue[]): SelectQuery {
    // deno-lint-ignore no-this-alias -- each makes a new query
    let query: SelectQuery = this;
    for (const relation of relations) query = withRelation(query, relation);
    return query;
  }

  as(name: string): unknown {
    return derivedSource({ name, from: subqueryFrom(this.toSQL(), name) }, derivedOutputs(this.shape));
  }

  toSQL(): Sql {
    return this.statement("all");
  }

  /** The query with what is selected, or selected besides. */
  withSelection(clause: "select" | "only" | "add", selection: FlatSelection): SelectQuery {
    const list = LIST.of(selection.fragments);
    const { outputs, structure, signature } = selection;
    const composed = outputs.some(({ impure }) => impure === true) ? { ...list, pure: false } : list;
    const part: ShapePart = {
      clause,
      label: signature,
      strings: composed.strings,
      selection: { outputs, structure, signature, fragments: [] },
    };
    return this.add(part, composed);
  }

  /** The query with one more clause. */
  add(part: ShapePart, { values, pure, stable }: Composed): SelectQuery {
    return new SelectQuery(
      this.shape.with(part, { pure, stable }),
      [...this.values, values],
      this.running,
    );
  }

  /** The query with a fragment as one more clause. */
  withPart(clause: Clause, fragment: Sql, label = ""): SelectQuery {
    const { strings, values } = fragment;
    const { pure, stable } = traitsOf(fragment);
    return this.add({ clause, label, strings }, { strings, values, pure, stable, grouped: false });
  }

  /** The statement of a question. */
  statement(question: Question): Sql {
    const { strings, text, order } = this.shape.grouped
      ? groupedText(this.shape, question, this.values)
      : this.shape.text(question, writeSelect);
    return new OwnSql(strings, this.#ordered(order), this.shape, text);
  }

  protected override get self(): SelectQuery {
    return this;
  }

  protected override make(
    shape: Shape,
    values: readonly (readonly unknown[])[],
    running: Running,
  ): SelectQuery {
    return new SelectQuery(shape, values, running);
  }

  #ordered(order: readonly number[]): readonly unknown[] {
    const { values } = this;
    let found: readonly unknown[] | undefined;
    let gathered: unknown[] | undefined;
    for (const position of order) {
      const part = values[position];
      if (part.length === 0) continue;
      if (gathered !== undefined) { for (const value of part) gathered.push(value); }
      else if (found === undefined) found = part;
      else gathered = [...found, ...part];
    }
    return gathered ?? found ?? [];
  }

  #each(clause: Clause, fragments: readonly Sql[], what: string): SelectQuery {
    // deno-lint-ignore no-this-alias -- each makes a new query
    let query: SelectQuery = this;
    for (const fragment of fragments) {
      if (!(fragment instanceof Sql)) assertSql(fragment, `${what} of ${this.subject}`);
      query = query.withPart(clause, fragment);
    }
    return query;
  }

  #join(kind: keyof typeof JOINS, source: Joinable, on: Sql): SelectQuery {
    const joined = sourceOf(source, `a join of ${this.subject}`);
    assertSql(on, `the condition of the join of "${joined.name}"`);
    this.#refuseSelected(kind, joined.name);
    const { present } = joined;
    const outward = kind === "rightJoin" || kind === "fullJoin";
    const parts = [composedSql(joined.from), on];
    const composed = present !== undefined
      ? ON_BOTH.of([...parts, present])
      : (outward && this.shape.source.present !== undefined ? ON_TERM : ON).of(parts);
    const query = this.#ctesOf(joined).add(
      { clause: "join", label: JOINS[kind], strings: composed.strings },
      composed,
    );
    // What a right join keeps are rows that matched nothing, deleted ones among them.
    return outward && present !== undefined ? query.withPart("where", present, "joined") : query;
  }

  #lateral(label: string, source: Joinable, on: Sql): SelectQuery {
    const joined = sourceOf(source, `a join of ${this.subject}`);
    assertSql(on, `the condition of the join of "${joined.name}"`);
    if (label === "left join") this.#refuseSelected("leftJoin", joined.name);
    const composed = LATERAL.of([composedSql(joined.from), on]);
    return this.#ctesOf(joined).add({ clause: "join", label, strings: composed.strings }, composed);
  }

  #ctesOf({ name, cte }: Source): SelectQuery {
    if (cte === undefined) return this;
    const { definition, recursive } = cte;
    const known = this.shape.parts.findIndex(({ clause, label }) => clause === "cte" && label === name);
    if (known !== -1) {
      const same = isSame(this.shape.parts[known].strings, definition.strings) &&
        isSame(this.values[known], definition.values);
      if (same) return this;
      throw new ValidationError(
        this.subject,
        `two different common table expressions of it are named "${name}"; name one differently`,
      );
    }
    return this.add({ clause: "cte", label: name, strings: definition.strings, recursive }, definition);
  }

  #combine(label: string, other: Joinable): SelectQuery {
    const late = this.shape.parts.find(({ clause }) =>
      ["orderBy", "limit", "offset", "lock"].includes(clause)
    );
    if (late !== undefined) {
      throw new ValidationError(
        this.subject,
        `${label} comes after ${late.clause}, which belongs to the whole; call it after ${label}`,
      );
    }
    const fragment = (other as unknown as Partial<Record<typeof FRAGMENT, Sql>>)?.[FRAGMENT];
    assertSql(fragment, `the other query of ${label} of ${this.subject}`);
    const composed = WHOLE.of([fragment]);
    return this.add({ clause: "combine", label, strings: composed.strings }, composed);
  }

  #lock(strength: string, { of, noWait = false, skipLocked = false }: LockOptions = {}): SelectQuery {
    if (noWait && skipLocked) {
      throw new ValidationError(`the lock of ${this.subject}`, "it has noWait and skipLocked; choose one");
    }
    const tables = of === undefined ? [] : Array.isArray(of) ? of as readonly Joinable[] : [of as Joinable];
    const names = tables.map((table) => quoteIdentifier(sourceOf(table, `the lock of ${this.subject}`).name));
    const text = strength + (names.length > 0 ? ` of ${names.join(", ")}` : "") +
      (noWait ? " nowait" : skipLocked ? " skip locked" : "");
    return this.add({ clause: "lock", label: text, strings: [text] }, {
      ...EMPTY,
      pure: false,
      stable: false,
    });
  }

  #without(label: string): SelectQuery {
    return this.add({ clause: "without", label, strings: EMPTY.strings }, EMPTY);
  }

  /** What is selected has its type by then: nothing in it may become null by a join that comes later. */
  #refuseSelected(kind: keyof typeof JOINS, name: string): void {
    if (kind === "join") return;
    const selection = this.shape.parts.findLast(({ clause }) => clause === "select")?.selection;
    if (selection === undefined) return;
    const prefix = `${quoteIdentifier(name)}.`;
    const named = kind !== "rightJoin" &&
      selection.outputs.some(({ strings }) => strings.some((text) => text.includes(prefix)));
    const nested = kind !== "leftJoin" && selection.structure !== undefined;
    if (!named && !nested) return;
    throw new ValidationError(
      this.subject,
      `${kind}() of "${name}" comes after select(), whose ${
        named ? "columns of it" : "nested objects"
      } it may leave null; call select() after it`,
    );
  }

  /** A selection of what is named has no place for relations, so it comes first. */
  #refuseRelations(call: string): void {
    if (this.running.relations === undefined || this.running.relations.length === 0) return;
    throw new ValidationError(
      this.subject,
      `${call} comes after with(), whose relations it would leave out; call it before with()`,
    );
  }

  #columns(columns: readonly AnyColumn[]): SelectQuery {
    if (columns.length === 0) {
      throw new ValidationError(this.subject, "omit() leaves no column; leave out fewer");
    }
    return this.withSelection("only", {
      outputs: columns.map((column) => outputOf(column.property, column)),
      fragments: columns,
      structure: undefined,
      signature: columns.map((column) => column.property).join("\0"),
    });
  }

  #column(property: string): AnyColumn {
    const column = this.shape.source.columns.get(property);
    if (column === undefined) throw unknownColumn(this.shape.source, property);
    return column;
  }

  #whereEqual(filter: Readonly<Record<string, unknown>>): SelectQuery {
    // deno-lint-ignore no-this-alias -- each condition makes a new query
    let query: SelectQuery = this;
    for (const property of Object.keys(filter)) {
      const column = this.#column(property);
      const value = filter[property];
      query = query.withPart("where", value === null ? column.isNull() : column.eq(value));
    }
    return query;
  }

  #bound(clause: "limit" | "offset", count: number | Parameter<number>): SelectQuery {
    const check = (value: unknown): void => {
      if (Number.isSafeInteger(value) && value as number >= 0) return;
      throw new ValidationError(
        `the ${clause} of ${this.subject}`,
        "it is not a whole number from 0; give one",
      );
    };
    let value: unknown = count;
    if (count instanceof Parameter) value = new UnboundParameter(count.slot.name, false, check);
    else check(count);
    return this.add({ clause, label: "", strings: NUMBER.strings }, { ...NUMBER, values: [value] });
  }
}

// A computed name would need a type that is inferred from another file.
Object.defineProperty(SelectQuery.prototype, FRAGMENT, {
  get(this: SelectQuery): Sql {
    return this.toSQL();
  },
});

const TRUE: Sql = new Expression({ strings: ["true"], values: [], pure: true, stable: true, grouped: false });

/** A composition's result as a fragment, to be a part of another. */
function composedSql(composed: Composed): OwnSql {
  return new OwnSql(composed.strings, composed.values, composed);
}

function isSame(one: readonly unknown[], other: readonly unknown[]): boolean {
  return one === other || one.length === other.length && one.every((item, i) => Object.is(item, other[i]));
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
