/**
 * A relation at run time: the way to the related rows, and the query that narrows them. Immutable: each call makes a new
 * one.
 *
 * @module
 */
import type { Executor } from "../../pool/executor.ts";
import type { Sql } from "../../pool/sql/sql.ts";
import { chooseExecutor } from "../executing/executor_argument.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import type { AnyColumn } from "../building/column.ts";
import type { SelectQuery } from "../building/select_query.ts";
import { type Table, unknownColumn } from "../definition/table.ts";
import type { Definition } from "./definitions.ts";
import { loadLazily } from "./lazy.ts";
import { relatedQuery } from "./related_query.ts";
import type { LoadStrategy } from "./relation_types.ts";
import type { Hop } from "./route.ts";

/** What a relation is, however it is narrowed: one object for each relation declared. */
export class Link {
  /** The model's table. */
  readonly owner: Table;
  /** See {@link Definition}. */
  readonly definition: Definition;
  /** What errors call it. */
  readonly subject: string;
  /** Whether it must not be loaded but with the rows it belongs to. */
  readonly strict: boolean;
  #route: readonly Hop[] | undefined;

  constructor(
    definition: Definition,
    owner: Table,
    { name, strict }: { readonly name: string; readonly strict: boolean },
  ) {
    this.definition = definition;
    this.owner = owner;
    this.strict = strict;
    this.subject = `relation "${name}" of model "${owner.name}"`;
  }

  /** The way from the owner to the related model: at least one hop. */
  get route(): readonly Hop[] {
    return this.#route ??= this.definition.route(this.owner, this.subject);
  }

  /** The first hop. */
  get first(): Hop {
    return this.route[0];
  }

  /** The last hop: the same as the first where there is no table in between. */
  get last(): Hop {
    return this.route[this.route.length - 1];
  }
}

/** How a relation is loaded, apart from which rows. */
export interface RelationSettings {
  /** The property it becomes. */
  readonly name: string;
  /** What the model is bound to. */
  readonly executor: Executor | undefined;
  /** See {@link LoadStrategy}. Default `"query"`. */
  readonly strategy?: LoadStrategy;
  /** The columns of the table in between that related rows have besides. */
  readonly pivot?: readonly AnyColumn[];
  /** Whether it was narrowed so that a row which must be related may be missing. */
  readonly narrowed?: boolean;
}

const STRATEGIES = ["query", "lateral", "join"] as const satisfies readonly LoadStrategy[];

/** A relation: see `Relation` for what each call does. */
export class RelationValue {
  /** What it is, however it is narrowed. */
  readonly link: Link;
  /** The related rows, of whatever owner. */
  readonly rows: SelectQuery;
  /** See {@link RelationSettings}. */
  readonly settings: RelationSettings;

  constructor(link: Link, rows: SelectQuery, settings: RelationSettings) {
    this.link = link;
    this.rows = rows;
    this.settings = settings;
    refuseColumnName(link, settings.name);
    Object.freeze(this);
  }

  where(condition: Sql | Readonly<Record<string, unknown>>): RelationValue {
    return this.#narrowed(this.rows.where(condition));
  }

  orderBy(...orders: readonly Sql[]): RelationValue {
    return this.#with(this.rows.orderBy(...orders));
  }

  limit(count: number): RelationValue {
    return this.#with(this.rows.limit(count));
  }

  offset(count: number): RelationValue {
    return this.#narrowed(this.rows.offset(count));
  }

  only(...properties: readonly string[]): RelationValue {
    return this.#with(this.rows.only(...properties));
  }

  pivot(...properties: readonly string[]): RelationValue {
    const { definition: { through }, subject } = this.link;
    if (through === undefined) {
      throw new ValidationError(subject, "there is no table in between; pivot() is for manyToMany()");
    }
    const pivot = properties.map((property) => {
      const column = through.columns.get(property);
      if (column === undefined) throw unknownColumn(through, property);
      if (!this.rows.shape.source.columns.has(property)) return column;
      throw new ValidationError(
        subject,
        `"${property}" is a column of both "${through.name}" and the related model; name one of them differently`,
      );
    });
    return new RelationValue(this.link, this.rows, { ...this.settings, pivot });
  }

  with(...relations: readonly RelationValue[]): RelationValue {
    return this.#with(this.rows.with(...relations));
  }

  withTrashed(): RelationValue {
    return this.#with(this.rows.withTrashed());
  }

  unscoped(): RelationValue {
    return this.#with(this.rows.unscoped());
  }

  as(name: string): RelationValue {
    return new RelationValue(this.link, this.rows, { ...this.settings, name });
  }

  by(strategy: LoadStrategy): RelationValue {
    const { many } = this.link.definition;
    if (!STRATEGIES.includes(strategy)) {
      throw new ValidationError(
        this.link.subject,
        `it is loaded by "${strategy}"; use ${STRATEGIES.join(", ")}`,
      );
    }
    if (many && strategy === "join") {
      throw new ValidationError(
        this.link.subject,
        'it leads to many rows, which a join would repeat; load it by "lateral" or "query"',
      );
    }
    return new RelationValue(this.link, this.rows, { ...this.settings, strategy });
  }

  async of(rows: unknown, executor?: Executor): Promise<unknown> {
    const target = chooseExecutor(this.link.owner.name, executor, this.settings.executor);
    if (Array.isArray(rows)) return await loadLazily(this, rows, target);
    return (await loadLazily(this, [rows], target))[0];
  }

  query(row: unknown): SelectQuery {
    return relatedQuery(this, row);
  }

  #with(query: SelectQuery): RelationValue {
    return new RelationValue(this.link, query, this.settings);
  }

  #narrowed(query: SelectQuery): RelationValue {
    return new RelationValue(this.link, query, { ...this.settings, narrowed: true });
  }
}

function refuseColumnName({ owner, subject }: Link, name: string): void {
  if (typeof name === "string" && name !== "" && name !== "__proto__" && !name.startsWith("~")) {
    if (!owner.columns.has(name)) return;
    throw new ValidationError(
      subject,
      `its name "${name}" is that of a column, and rows can have only one; name it differently`,
    );
  }
  throw new ValidationError(subject, "its name cannot be a property of rows; give another");
}
